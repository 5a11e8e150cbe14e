"""`obs power`: what changes of a metric the nights of this service can show. Reads the lake, changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from obs_lib.catalogue import metric_of
from obs_lib.cli.console import Config, Json, say
from obs_lib.cli.printing import print_frame
from obs_lib.drift.change import NIGHTS
from obs_lib.drift.power import Power
from obs_lib.pipeline.power import label_power
from obs_lib.pipeline.power import power as power_of
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import ALL

app = typer.Typer()

_TIMES = (0.5, 1, 2, 5, 10)


@app.command()
def power(
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="Name of a metric, as `obs metrics DAY` lists them.")],
    segment: Annotated[str, typer.Option(help="`all`, or a segment such as route=chat.")] = ALL,
    change: Annotated[
        float | None,
        typer.Option(min=0, help="A change that should be seen, in the metric's unit: 0.05 is 5 points of a share."),
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Of the rate as people's labels correct it, between two windows.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say what changes of METRIC a night can show, and how many answers smaller ones need.

    Each number is the smallest change that comes out with 80% at the level in force, for the scatter that this service's own
    days show: of one night, and of several that lie together at the new level. With --change also the answers a day that
    it needs. With --labels the same of people's labels: what two windows of so many labels each tell apart (two-sided at 5%),
    and how far the corrected rate's interval reaches.
    """
    if labels:
        _of_labels(config, metric, change, json)
        return
    day, found = power_of(open_workspace(config), metric, segment)
    defined = metric_of(metric)
    if not json:
        unit = defined.unit if defined else ""
        say(
            f"{metric} in {segment} on {day}, about {found.answers:,} answers a day; smallest change seen with 80%, in {unit}"
        )
    print_frame(pd.DataFrame(_smallest(found) if change is None else _needed(found, change)), json)


def _of_labels(config: Path | None, metric: str, change: float | None, json: bool) -> None:
    day, found = label_power(open_workspace(config), metric)
    if not json:
        say(f"{metric} corrected by {found.labels:,} labels of the window up to {day}; changes seen with 80%")
    rows: list[dict[str, float]]
    if change:
        rows = [{"labels_a_window": found.needed(change)}]
    else:
        numbers = [max(round(times * found.labels), 2) for times in _TIMES]
        rows = [{"labels_a_window": n, "change": found.smallest(n), "plus_minus": found.reach(n)} for n in numbers]
    print_frame(pd.DataFrame(rows), json)


def _smallest(found: Power) -> list[dict[str, float]]:
    rows = []
    for times in _TIMES:
        answers = max(round(times * found.answers), 2)
        rows.append(
            {"answers_a_day": answers} | {_column(nights): found.smallest(nights, answers) for nights in NIGHTS}
        )
    return rows


def _needed(found: Power, change: float) -> list[dict[str, object]]:
    return [{"nights": nights, "answers_a_day": found.needed(change, nights)} for nights in NIGHTS]


def _column(nights: int) -> str:
    return f"{nights} night" + ("s" if nights > 1 else "")
