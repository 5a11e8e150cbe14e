"""`obs labels`: what people should label."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated

import typer

labels_app = typer.Typer(no_args_is_help=True, help="People's labels.")

_FORMATS = ["%Y-%m-%d"]


@labels_app.command("sample")
def sample(
    day: Annotated[dt.datetime, typer.Argument(formats=_FORMATS, metavar="DAY", help="Day in UTC, scored already.")],
    score: Annotated[str, typer.Option(help="Name of the score to hold against people, such as groundedness.")],
    out: Annotated[Path, typer.Option(help="File to write, JSON Lines; it must not exist.")],
    to: Annotated[dt.datetime | None, typer.Option(formats=_FORMATS, help="Last day, to draw from several.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=100_000, help="Answers to draw.")] = 200,
    show_scores: Annotated[
        bool, typer.Option("--show-scores", help="Write the score too; it may lead people.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; default $OBS_CONFIG, else ./obs.yaml.")
    ] = None,
) -> None:
    """Draw scored answers of DAY for people to label, with the probability with which each was drawn.

    Fill in `value` (true or false) line by line, in the order of the file, and read the file as a source of format `labels`.
    """
    from obs_lib.cli.commands import errors
    from obs_lib.pipeline.label_sample import label_sample
    from obs_lib.pipeline.night import days_between
    from obs_lib.pipeline.workspace import open_workspace

    days = days_between(day.date(), (to or day).date())
    rows = list(label_sample(open_workspace(config), days, score, n, show_scores=show_scores))
    try:
        with out.open("x", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    except FileExistsError:
        raise typer.BadParameter(
            f"{out} is there already, perhaps with people's work in it", param_hint="--out"
        ) from None
    errors.print(f"{len(rows)} answers to label in {out}", soft_wrap=True, markup=False)
