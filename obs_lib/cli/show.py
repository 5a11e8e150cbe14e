"""`obs days`, `obs report`, `obs metrics`: print what nights have found. Reads the lake, changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from obs_lib.cli.console import Config, DayArgument, Json
from obs_lib.cli.printing import print_days, print_frame
from obs_lib.errors import DayNotReady
from obs_lib.lake.table import Table
from obs_lib.lake.tables import METRICS
from obs_lib.pipeline.day_list import lake_days
from obs_lib.pipeline.pages import page, text
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import Day
from obs_lib.redaction.columns import shown_rows

app = typer.Typer()


@app.command()
def days(config: Config = None, json: Json = False) -> None:
    """List the days of the lake: how far each has come, and what its report says.

    `state` is READY, NO_DATA (a day without logs), or WRITING or FAILED with the steps that are being written or that failed.
    With --json also the state of every step.
    """
    print_days(lake_days(open_workspace(config)), json)


@app.command()
def report(
    day: DayArgument,
    config: Config = None,
    html: Annotated[bool, typer.Option("--html", help="Print the page as it was rendered.")] = False,
) -> None:
    """Print the report of DAY: as text, or its HTML page with --html."""
    ws = open_workspace(config)
    if not html:
        typer.echo(text(ws, day))
        return
    rendered = page(ws, day)
    if rendered is None:
        raise DayNotReady(f"there is no report of {day}", fix=f"run `obs run {day}`")
    sys.stdout.buffer.write(rendered)


@app.command()
def metrics(day: DayArgument, config: Config = None, json: Json = False) -> None:
    """Print the metrics of DAY."""
    columns = ["metric", "segment", "value", "low", "high", "n", "n_skipped", "n_failed", "note"]
    more = ["status", "std_error"] if json else []
    print_frame(_rows(METRICS, day, config)[columns + more], json)


def _rows(table: Table, day: Day, config: Path | None) -> pd.DataFrame:
    """One day of a table as it may be shown."""
    ws = open_workspace(config)
    return shown_rows(table, ws.lake.read_ready(table, day), ws.redactor)
