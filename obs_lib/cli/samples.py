"""`obs sample-logs`: logs to try everything with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from obs_lib.cli.console import day_of, say
from obs_lib.records import Day
from obs_lib.samples.generate import write_samples

app = typer.Typer()


@app.command("sample-logs")
def sample_logs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write to; made where it is not there.")],
    first: Annotated[Day, typer.Argument(parser=day_of, metavar="FIRST", help="First day, in UTC.")],
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 21,
) -> None:
    """Write generated example logs of two routes into FOLDER.

    A file a day, from FIRST on.
    """
    write_samples(folder, first, days)
    say(f"{days} days of sample logs in {folder}")
