"""`obs export`: scores and numbers of a day, sent to other systems by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from obs_lib.cli.console import Config, DayArgument, progress, say
from obs_lib.pipeline.export import export_day, exported_text, failed_text
from obs_lib.pipeline.workspace import open_workspace

app = typer.Typer()


@app.command()
def export(
    day: DayArgument,
    to: Annotated[
        str | None, typer.Option("--to", metavar="NAME", help="One receiver, by its name in `exports`.")
    ] = None,
    config: Config = None,
) -> None:
    """Send the scores of DAY to the receivers that `exports` names, whether or not they have them.

    Ends with 1 where one failed. Scores that are sent again take the place of what is there, but over OTLP, which
    knows no ids: there they stand twice. Receivers of numbers show those of
    the newest day; of another they show them where they are named, until the next night.
    """
    ws = open_workspace(config)
    with progress(f"{day} export"):
        done = export_day(ws, day, to)
    say(exported_text(done))
    failed = list(failed_text(done))
    for line in failed:
        say(line)
    if failed:
        raise typer.Exit(1)
