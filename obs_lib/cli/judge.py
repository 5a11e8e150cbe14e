"""`obs judge compare`: two answers before a judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from obs_lib.cli.console import Config, say
from obs_lib.pipeline.judge_comparison import compare_file, position_bias
from obs_lib.pipeline.workspace import open_workspace

app = typer.Typer()
judge_app = typer.Typer(no_args_is_help=True)
app.add_typer(judge_app, name="judge", help="Language models as judges.")


@judge_app.command()
def compare(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON Lines of {id, prompt, a, b}, also contexts and reference.")
    ],
    judge: Annotated[str, typer.Option(help="Name of an entry of `judges` with a pairwise rubric.")],
    config: Config = None,
) -> None:
    """Let a judge say which of two answers is better, in both orders.

    Prints one JSON result a line, and on stderr how the order sways the judge. Ends with 1 where a pair failed.
    """
    failed, winners = 0, []
    for result in compare_file(open_workspace(config), file, judge):
        typer.echo(json.dumps(result, ensure_ascii=False))
        if result["status"] == "FAILED":
            failed += 1
        else:
            winners.append((result["shown_first"], result["shown_second"]))
    if bias := position_bias(winners):
        say(bias)
    if failed:
        say(f"{failed} pair(s) failed")
        raise typer.Exit(1)
