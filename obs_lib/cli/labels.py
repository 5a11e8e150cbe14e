"""`obs labels sample`: what people should label."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from obs_lib.cli.console import Config, DayArgument, day_of, say, write_new_lines
from obs_lib.pipeline.label_sample import label_sample
from obs_lib.pipeline.night import days_between
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import Day

app = typer.Typer()
labels = typer.Typer(no_args_is_help=True)
app.add_typer(labels, name="labels", help="People's labels.")


@labels.command()
def sample(
    day: DayArgument,
    score: Annotated[str, typer.Option(help="Name of the score to hold against people, such as groundedness.")],
    out: Annotated[Path, typer.Option(help="File to write, JSON Lines; it must not exist.")],
    to: Annotated[
        Day | None, typer.Option(parser=day_of, metavar="DAY", help="Last day, to draw from several.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=100_000, help="Answers to draw.")] = 200,
    show_scores: Annotated[
        bool, typer.Option("--show-scores", help="Write the score too; it may lead people.")
    ] = False,
    config: Config = None,
) -> None:
    """Draw scored answers of DAY for people to label, with the probability with which each was drawn.

    Fill in `value` (true or false) line by line, in the order of the file, and read the file as a source of format `labels`.
    """
    rows = list(label_sample(open_workspace(config), days_between(day, to or day), score, n, show_scores=show_scores))
    write_new_lines(out, rows)
    say(f"{len(rows)} answers to label in {out}")
