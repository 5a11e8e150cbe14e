"""`obs dataset`: the interactions behind a number, as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from obs_lib.cli.console import Config, day_of, say, write_new_lines
from obs_lib.pipeline.dataset import Choice, behind_incident, metric_named
from obs_lib.pipeline.dataset_lines import dataset as lines_of
from obs_lib.pipeline.night import days_between
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import Day

app = typer.Typer()


class Way(StrEnum):
    """How interactions are chosen."""

    WORST = "worst"
    DRAWN = "drawn"
    STRATIFIED = "stratified"


@app.command()
def dataset(
    out: Annotated[Path, typer.Option(help="File to write, JSON Lines; it must not exist.")],
    day: Annotated[
        Day | None, typer.Argument(parser=day_of, metavar="DAY", help="Day in UTC; that of the incident by default.")
    ] = None,
    to: Annotated[
        Day | None, typer.Option(parser=day_of, metavar="DAY", help="Last day, to choose from several.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Metric whose interactions to take, such as toxicity_rate.")
    ] = None,
    incident: Annotated[
        str | None, typer.Option(metavar="ID", help="Incident whose days, metric and place to take.")
    ] = None,
    segment: Annotated[
        list[str] | None, typer.Option(metavar="TAG=VALUE", help="Only of this segment; may be given again.")
    ] = None,
    how: Annotated[Way, typer.Option(help="The worst, drawn by chance, or every stratum.")] = Way.WORST,
    n: Annotated[int, typer.Option("-n", min=1, max=100_000, help="Interactions to take.")] = 50,
    config: Config = None,
) -> None:
    """Write the interactions behind a metric, an incident or a segment, masked, one a line.

    The lines are read as logs (format `native`), as labels once `value` is filled in (format `labels`), by `obs score`, by `obs
    bench` and by `obs gate`. The same lake gives the same lines.
    """
    ws = open_workspace(config)
    named = metric_named(metric) if metric else None
    days, place = (tuple(days_between(day, to or day)) if day else ()), tuple(segment or ())
    if incident:
        of_incident, leading, where = behind_incident(ws, incident)
        days, named, place = days or of_incident, named or leading, place or where
    if not days:
        raise typer.BadParameter("say which DAY, or which --incident")
    lines = list(lines_of(ws, Choice(days, named, place, how.value, n)))
    write_new_lines(out, lines)
    say(f"{len(lines)} interactions in {out}" + (f", by {named.name}" if named else ""))
