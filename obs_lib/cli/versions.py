"""`obs compare-versions`: two versions of a model or of its prompt, side by side. Reads the lake, changes nothing."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from obs_lib.cli.console import FIRST, LAST, Config, Json, day_of, output, say
from obs_lib.cli.printing import print_json
from obs_lib.drift.side_by_side import Line
from obs_lib.pipeline.version_reports import page_of
from obs_lib.pipeline.versions import FALSE_ALARMS, SideBySide, compare_versions
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import ALL, Day
from obs_lib.reporting import numbers
from obs_lib.reporting.safe import visible
from obs_lib.stats.intervals import Estimate

app = typer.Typer()
_LOOKS = {"differs": "bold", "unsure": "yellow", "too few": "dim", "none shown": "dim"}


class Versions(StrEnum):
    """Whose versions they are."""

    MODEL = "model_version"
    PROMPT = "prompt_version"


@app.command("compare-versions")
def compare_versions_command(
    a: Annotated[str, typer.Argument(metavar="A", help="Version that is compared with.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Version that is compared.")],
    first: Annotated[
        Day | None, typer.Option("--from", parser=day_of, metavar="DAY", help="First day; by default of the lake.")
    ] = None,
    last: Annotated[
        Day | None, typer.Option("--to", parser=day_of, metavar="DAY", help="Last day; by default of the lake.")
    ] = None,
    by: Annotated[Versions, typer.Option(help="Column that names the versions.")] = Versions.MODEL,
    segment: Annotated[str, typer.Option(help="`all`, or a segment such as route=chat.")] = ALL,
    false_alarms: Annotated[
        float, typer.Option(min=0.0001, max=0.2, help="Chance of any false difference, over all tests.")
    ] = FALSE_ALARMS,
    config: Config = None,
    json: Json = False,
    html: Annotated[bool, typer.Option("--html", help="Print an HTML page of its own.")] = False,
) -> None:
    """Compare version B with version A, metric by metric.

    They are held against each other at the same mix of segments, and on the prompts that both answered. Where segments are
    set, a difference of all answers is divided into what another mix of segments makes and what is left at the same mix.
    Differences are B minus A, intervals hold 95%, p and verdicts control false alarms over all tests together.
    """
    ws = open_workspace(config)
    known = [record.day for record in ws.lake.records(step="ingest")]
    days = [day for day in known if (first or FIRST) <= day <= (last or LAST)]
    found = compare_versions(ws, (a, b), days, by=by.value, segment=segment, false_alarms=false_alarms)
    if json:
        print_json(asdict(found) | {"lines": [_facts(line) for line in found.lines]})
        return
    if html:
        sys.stdout.buffer.write(page_of(ws, found, false_alarms).encode())
        return
    _print(found)


def _facts(line: Line) -> dict[str, Any]:
    """A line for machines, its estimates with their names."""
    named = {name: value and value._asdict() for name, value in (("a", line.a), ("b", line.b))}
    return asdict(line) | named | {"difference": line.difference and line.difference._asdict()}


def _print(found: SideBySide) -> None:
    """A row for each metric and each way to compare it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    headings = ("metric", "on", visible(found.a), visible(found.b), "n", "difference", "95% interval", "p", "verdict")
    for name in headings:
        table.add_column(Text(name), overflow="fold")
    shown = ""
    for line in found.lines:
        cells = ["" if line.metric == shown else line.metric, *_cells(line)]
        table.add_row(*map(Text, cells), Text(line.verdict, style=_LOOKS.get(line.verdict, "")))
        shown = line.metric
    output().print(table)
    answers = " and ".join(f"{n:,} of {name}" for n, name in ((found.n_a, found.a), (found.n_b, found.b)))
    say(f"answers in {found.segment}: {answers}; prompts that both answered: {found.prompts:,}")
    if not found.days_of_both:
        say("no day has both: whatever else changed between their days is part of the differences")


def _cells(line: Line) -> list[str]:
    apart = line.difference
    n = f"{line.n_a:,} / {line.n_b:,}" if line.n_a != line.n_b else f"{line.n_a:,}"
    levels = [_level(estimate, line.unit) for estimate in (line.a, line.b)]
    if apart is None:
        return [line.on, *levels, n, numbers.NONE, line.note, ""]
    interval = numbers.NONE
    if apart.low is not None and apart.high is not None:
        ends = (numbers.change(end, line.unit) for end in (apart.low, apart.high))
        interval = " to ".join(ends)
    p_value = "" if line.p_adjusted is None else numbers.p_value(line.p_adjusted)
    return [line.on, *levels, n, numbers.change(apart.value, line.unit), interval, p_value]


def _level(estimate: Estimate | None, unit: str) -> str:
    if estimate is None:
        return ""
    interval = numbers.interval(estimate.low, estimate.high, unit)
    return numbers.write(estimate.value, unit) + (f" ({interval})" if interval else "")
