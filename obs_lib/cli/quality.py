"""`obs score`, `obs bench evaluators`: what the evaluators say of a file, and how well they agree with people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from obs_lib.bench.evaluators import Bench
from obs_lib.bench.score_file import score_file
from obs_lib.cli.bench_printing import print_bench, write_bench
from obs_lib.cli.console import Config, progress, say
from obs_lib.pipeline.workspace import open_workspace

app = typer.Typer()
bench = typer.Typer(no_args_is_help=True)
app.add_typer(bench, name="bench", help="Measure the evaluators against people's labels.")


@app.command()
def score(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON Lines, plain or gzipped: fields of the native format, or `text`."),
    ],
    evaluator: Annotated[str, typer.Option(help="Name of an evaluator, as `obs config check` lists them.")],
    out: Annotated[str, typer.Option(help="File for the results, a line each; - for stdout.")],
    config: Config = None,
) -> None:
    """Score every line of FILE with one evaluator, and write one result a line, in the same order."""
    ws = open_workspace(config)
    with progress(f"score {evaluator}") as tell:
        counts = score_file(ws, file, evaluator, out, tell=tell)
    statuses = ", ".join(f"{n:,} {name}" for name, n in sorted(counts.items(), reverse=True))
    say(f"{counts.total():,} lines: {statuses or 'nothing to score'}")


@bench.command("evaluators")
def evaluators(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Labelled sets, <task>_<name>.jsonl or .jsonl.gz.")],
    config: Config = None,
    json: Annotated[str | None, typer.Option(help="Write everything as JSON to this file; - for stdout.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Tasks or sets to measure; may be given again.")] = None,
    use: Annotated[list[str] | None, typer.Option(metavar="TASK=NAME", help="Another evaluator for a task.")] = None,
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="Resamples of the bootstrap.")] = 1000,
) -> None:
    """Score every labelled set in DIR and print how well the evaluators agree with the labels, with 95% intervals."""
    pairs = [(task, name) for task, _, name in (given.partition("=") for given in use or ())]
    if not all(name for _, name in pairs):
        raise typer.BadParameter("--use takes TASK=NAME, such as toxicity=toxic-bert")
    with progress("bench") as tell:
        agreement = Bench(open_workspace(config), dict(pairs), tuple(only or ()), resamples, tell).run(folder)
    if json:
        write_bench(agreement, json)
    if json != "-":
        print_bench(agreement)
