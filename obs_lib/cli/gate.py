"""`obs gate`: a file of answers against objectives and the lake's days, with an exit code for a pipeline of tests."""

from __future__ import annotations

import json as jsons
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from obs_lib.bench.gate import FALSE_ALARMS, Check, GateReport, Verdict, gate
from obs_lib.catalogue import metric_of
from obs_lib.cli.console import Config, Json, day_of, output, progress, say
from obs_lib.pipeline.night import days_between
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import ALL
from obs_lib.reporting import numbers

app = typer.Typer()
_LOOKS = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.UNKNOWN: "dim"}


@app.command("gate")
def gate_command(
    suite: Annotated[
        Path,
        typer.Argument(metavar="SUITE", help="JSON Lines: fields of the native format, such as `obs dataset` writes."),
    ],
    against: Annotated[str, typer.Option(metavar="DAYS", help="Days of the lake: DAY, or FIRST..LAST.")],
    segment: Annotated[
        str, typer.Option(metavar="TAG=VALUE", help="Segment of the days that the suite is like.")
    ] = ALL,
    evaluator: Annotated[
        list[str] | None,
        typer.Option(help="Only this evaluator; may be given again. By default those that nights run."),
    ] = None,
    false_alarms: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Share of false alarms among failed checks.")
    ] = FALSE_ALARMS,
    config: Config = None,
    json: Json = False,
) -> None:
    """Score the answers of SUITE and hold them against the objectives and against DAYS of the lake.

    Exit code 0: nothing is worse beyond chance. 1: a check failed, or an answer could not be scored. 2: settings, arguments, or
    nothing to check. 3: SUITE cannot be read. 4: the lake cannot.
    """
    first, _, last = against.partition("..")
    days = days_between(day_of(first), day_of(last or first))
    ws = open_workspace(config)
    with progress("gate") as tell:
        found = gate(ws, suite, days, segment=segment, false_alarms=false_alarms, only=evaluator or (), tell=tell)
    if json:
        facts = asdict(found) | {"days": [str(day) for day in found.days]}
        print(jsons.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(found)
    if not found.passed:
        raise typer.Exit(1)


def _print(found: GateReport) -> None:
    """A row a check, the failed ones first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("verdict", "metric", "against", "suite", "95% interval", "n", "reference", "p", "note"):
        table.add_column(name, overflow="fold")
    order = [Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS]
    for check in sorted(found.checks, key=lambda check: order.index(check.verdict)):
        table.add_row(Text(check.verdict.value, style=_LOOKS[check.verdict]), *map(Text, _cells(check)))
    output().print(table)
    for fault in found.faults:
        say(fault)
    failed = sum(check.verdict is Verdict.FAIL for check in found.checks)
    outcome = "passed" if found.passed else f"failed: {numbers.plural(failed, 'check')}"
    if found.faults:
        outcome += f", {numbers.plural(len(found.faults), 'fault')}"
    say(f"{found.answers:,} answers against {numbers.plural(len(found.days), 'day')} of {found.segment}: {outcome}")


def _cells(check: Check) -> tuple[str, ...]:
    metric = metric_of(check.metric)
    unit = metric.unit if metric else ""
    written = [("-" if value is None else numbers.write(value, unit)) for value in (check.value, check.reference)]
    p_value = "-" if check.p_adjusted is None else numbers.p_value(check.p_adjusted)
    interval = numbers.interval(check.low, check.high, unit)
    return check.metric, check.against, written[0], interval, f"{check.n:,}", written[1], p_value, check.note
