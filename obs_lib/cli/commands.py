"""The commands of `obs`. Progress and messages go to stderr; stdout carries only what was asked for.

Exit codes: 0 done; 1 some days failed or an unforeseen error of the tree; 2 settings or arguments; 3 logs, or no GPU to sample;
4 lake.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from obs_lib import __version__
from obs_lib.cli.labels import labels_app
from obs_lib.errors import DayNotReady, NoGpu, ObsError
from obs_lib.redaction.secrets import mask_secrets

if TYPE_CHECKING:
    import pandas as pd

    from obs_lib.lake.tables import Table
    from obs_lib.pipeline.workspace import Workspace

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="The LLM night watch, without Airflow.")
config_app = typer.Typer(no_args_is_help=True, help="Look at the settings.")
app.add_typer(config_app, name="config")
bench_app = typer.Typer(no_args_is_help=True, help="Measure the evaluators against people's labels.")
app.add_typer(bench_app, name="bench")
app.add_typer(labels_app, name="labels")
errors = Console(stderr=True, highlight=False)

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; default $OBS_CONFIG, else ./obs.yaml.")]
DayArgument = Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DAY", help="Day in UTC.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def run_app() -> None:
    """Run a command; a deliberate error becomes one message and its exit code."""
    # Numeric results depend on the thread count, so it comes from the settings; tokenizers' own threads only add noise.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        app()
    except ObsError as error:
        errors.print(f"[bold red]{type(error).__name__}[/]", end=" ")
        errors.print(mask_secrets(str(error)), markup=False)
        sys.exit(error.exit_code)
    except OSError as error:
        errors.print(mask_secrets(f"cannot go on: {error}"), markup=False)
        sys.exit(ObsError.exit_code)


@app.command()
def run(
    day: DayArgument,
    config: Config = None,
    late: Annotated[bool, typer.Option(help="Also look again at the last days for late logs.")] = True,
    deliver: Annotated[bool, typer.Option(help="Send what pages to the channels in $OBS_NOTIFY_URLS.")] = True,
) -> None:
    """Run one night: read, score and sum up DAY, then compare, alert, render and deliver."""
    from obs_lib.pipeline.night import fold, run_day, run_late_days
    from obs_lib.pipeline.render import page_path
    from obs_lib.pipeline.workspace import open_workspace

    ws = open_workspace(config)
    with errors.status(f"{day.date()}") as status:

        def tell(step: str) -> None:
            status.update(f"{day.date()} {step}")

        read = run_day(ws, day.date(), tell=tell)
        again = run_late_days(ws, day.date(), tell) if late else []
        rendered = fold(ws, tell)
        sent = _deliver(ws) if deliver else {}
    errors.print(
        f"{day.date()} {read['state']}: {read['interactions']} interactions, {read['quarantined']} line(s) rejected"
    )
    if again:
        errors.print(f"late logs: {', '.join(map(str, again))} run again")
    errors.print(f"{len(rendered)} report(s) rendered{_sent(sent)}; {page_path(ws, day.date())}", soft_wrap=True)


@app.command()
def ingest(
    day: DayArgument,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read, and change nothing in the lake.")] = False,
    json: Json = False,
) -> None:
    """Read the logs of DAY into the lake, and print what was read, rejected and why."""
    from obs_lib.cli.printing import print_preview
    from obs_lib.pipeline.preview import ingest_and_tell, preview
    from obs_lib.pipeline.workspace import open_workspace

    ws = open_workspace(config)
    with errors.status(f"{day.date()} ingest"):
        found = preview(ws, day.date()) if dry_run else ingest_and_tell(ws, day.date())
    print_preview(found, json)


@app.command()
def backfill(
    first: DayArgument,
    last: DayArgument,
    config: Config = None,
    jobs: Annotated[int, typer.Option(min=1, help="Days at the same time.")] = 1,
) -> None:
    """Run every day from FIRST to LAST, then the fold over all that changed. Sends nothing."""
    from rich.progress import Progress

    from obs_lib.pipeline.night import days_between, fold, run_days
    from obs_lib.pipeline.workspace import open_workspace

    days = days_between(first.date(), last.date())
    ws = open_workspace(config)
    failed = 0
    with Progress(console=errors) as progress:
        bar = progress.add_task("nights", total=len(days))
        for day, error in run_days(config, days, jobs):
            progress.update(bar, advance=1, description=str(day))
            if error is not None:
                failed += 1
                progress.console.print(mask_secrets(f"{day} failed: {error}"), markup=False)
        progress.update(bar, description="fold")
        rendered = fold(ws, lambda step: progress.update(bar, description=step))
    errors.print(f"{len(days) - failed} of {len(days)} days done, {len(rendered)} report(s) rendered")
    if failed:
        raise typer.Exit(1)


@app.command()
def report(day: DayArgument, config: Config = None, html: Annotated[bool, typer.Option("--html")] = False) -> None:
    """Print the report of DAY: as text, or its HTML page with --html."""
    from obs_lib.pipeline.pages import page, text
    from obs_lib.pipeline.workspace import open_workspace

    ws = open_workspace(config)
    if html:
        found = page(ws, day.date())
        if found is None:
            raise DayNotReady(f"there is no report of {day.date()}", fix=f"run `obs run {day.date()}`")
        sys.stdout.buffer.write(found)
    else:
        typer.echo(text(ws, day.date()))


@app.command()
def metrics(day: DayArgument, config: Config = None, json: Json = False) -> None:
    """Print the metrics of DAY."""
    from obs_lib.cli.printing import print_frame
    from obs_lib.lake.tables import METRICS

    columns = ["metric", "segment", "value", "low", "high", "n", "n_skipped", "n_failed"]
    more = ["status", "std_error", "note"] if json else []
    print_frame(_shown(METRICS, day.date(), config)[columns + more], json)


@app.command()
def alerts(day: DayArgument, config: Config = None, json: Json = False) -> None:
    """Print the alerts and open incidents of DAY."""
    from obs_lib.cli.printing import print_frame
    from obs_lib.lake.tables import ALERTS

    columns = ["severity", "state", "segment", "title", "first_day", "notify"]
    more = ["kind", "last_day", "score", "evidence"] if json else []
    print_frame(_shown(ALERTS, day.date(), config)[columns + more], json)


@app.command()
def forget(
    user: Annotated[str | None, typer.Option(help="Id of the person, as the logs give it.")] = None,
    request: Annotated[str | None, typer.Option(help="Id of one request.")] = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be removed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Nights that look at work were killed.")] = False,
) -> None:
    """Erase a person or a request from every table and every kept version, and re-make what showed them.

    Prints what was removed by day and table. Your log files are not touched; what is read from them later is left out.
    """
    from obs_lib.cli.printing import print_rows
    from obs_lib.pipeline.forget import forget as erase
    from obs_lib.pipeline.workspace import open_workspace

    if not (name := user or request) or (user and request):
        raise typer.BadParameter("give one id, with --user or with --request")
    ws = open_workspace(config)
    with errors.status("forget") as status:
        removed = erase(ws, "user" if user else "request", name, dry_run=dry_run, force=force, tell=status.update)
    print_rows(removed)
    total = sum(one.rows for one in removed)
    what = "would be removed" if dry_run else "removed; numbers, pages and old versions are made anew"
    errors.print(f"{total} rows {what}" if total else "nothing was found", soft_wrap=True)
    logs = ", ".join(source.where for source in ws.settings.sources)
    errors.print(f"the log files are not ours and stay as they are: {logs}", soft_wrap=True, markup=False)


@app.command()
def maintain(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be done.")] = False,
) -> None:
    """Drop what is older than the settings keep, join small files, and let old versions go."""
    from obs_lib.cli.printing import print_rows
    from obs_lib.pipeline.maintain import maintain as keep
    from obs_lib.pipeline.workspace import open_workspace

    ws = open_workspace(config)
    with errors.status("maintain") as status:
        done = keep(ws, dry_run=dry_run, tell=status.update)
    print_rows(done)
    if not done:
        errors.print("nothing to do")


@app.command()
def compare(
    file: Annotated[Path, typer.Argument(help="JSON Lines of {id, prompt, a, b}, also contexts and reference.")],
    judge: Annotated[str, typer.Option(help="Name of an entry of `judges` with a pairwise rubric.")],
    config: Config = None,
) -> None:
    """Let a judge say which of two answers is better, in both orders; prints one JSON result a line, and how orders sway it."""
    from json import dumps

    from obs_lib.pipeline.comparing import compare_file, position_bias
    from obs_lib.pipeline.workspace import open_workspace

    failed, winners = 0, []
    for result in compare_file(open_workspace(config), file, judge):
        typer.echo(dumps(result, ensure_ascii=False))
        if result["status"] == "FAILED":
            failed += 1
        else:
            winners.append((result["shown_first"], result["shown_second"]))
    if said := position_bias(winners):
        errors.print(said)
    if failed:
        errors.print(f"{failed} pair(s) failed")
        raise typer.Exit(1)


@config_app.command("check")
def config_check(config: Config = None) -> None:
    """Read the settings and say whether they hold, and whether the models they name are there."""
    from obs_lib.evaluators.by_model import load_models
    from obs_lib.models.processor import advice, computes_bfloat16
    from obs_lib.pipeline.plan import choose
    from obs_lib.pipeline.workspace import open_workspace
    from obs_lib.settings.loading import config_path

    ws = open_workspace(config)
    path = config_path(config)
    chosen = choose(ws.evaluators, ws.settings.scoring.evaluators)  # reads their weights
    for judge in ws.judges:
        judge.check()  # its connection; asks nobody
    told = {
        "settings": f"{path or 'no file, all defaults'} ({ws.settings.digest()})",
        "lake": ws.lake.root,
        "encoder": ws.encoder.identity,
        "evaluators": ", ".join(one.name for one in chosen),
        "judges": ", ".join(one.name for one in ws.judges) or "none",
        "redaction": ws.redactor.describe,
        **{f"  {metric}": model for metric, model in load_models(ws.settings.evaluators).items()},
    }
    for what, value in told.items():
        typer.echo(f"{what:<14} {value}")
    typer.echo("good")
    if hint := advice(ws.settings.models, computes_bfloat16()):
        errors.print(f"hint: {hint}", soft_wrap=True, markup=False)


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="JSON Lines, plain or gzipped: fields of the native format, or `text`.")],
    evaluator: Annotated[str, typer.Option(help="Name of an evaluator, as `obs config check` lists them.")],
    out: Annotated[str, typer.Option(help="File for the results, a line each; - for stdout.")],
    config: Config = None,
) -> None:
    """Score every line of FILE with one evaluator, and write one result a line, in the same order."""
    from obs_lib.bench.score_file import score_file
    from obs_lib.pipeline.workspace import open_workspace

    ws = open_workspace(config)
    with errors.status(f"score {evaluator}") as status:
        counts = score_file(ws, file, evaluator, out, tell=status.update)
    told = ", ".join(f"{n:,} {name}" for name, n in sorted(counts.items(), reverse=True))
    errors.print(f"{counts.total():,} lines: {told or 'nothing to score'}", soft_wrap=True)


@bench_app.command("evaluators")
def bench_evaluators(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Labelled sets, <task>_<name>.jsonl or .jsonl.gz.")],
    config: Config = None,
    json: Annotated[str | None, typer.Option(help="Write everything as JSON to this file; - for stdout.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Tasks or sets to measure; may be given again.")] = None,
    use: Annotated[list[str] | None, typer.Option(metavar="TASK=NAME", help="Another evaluator for a task.")] = None,
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="Resamples of the bootstrap.")] = 1000,
) -> None:
    """Score every labelled set in DIR and print how well the evaluators agree with the labels, with 95% intervals."""
    from obs_lib.bench.evaluators import Bench
    from obs_lib.cli.bench_printing import print_bench, write_bench
    from obs_lib.pipeline.workspace import open_workspace

    pairs = [(task, name) for task, _, name in (each.partition("=") for each in use or ())]
    if not all(name for _, name in pairs):
        raise typer.BadParameter("--use takes TASK=NAME, such as toxicity=toxic-bert")
    with errors.status("bench") as status:
        bench = Bench(open_workspace(config), dict(pairs), tuple(only or ()), resamples, status.update)
        found = bench.run(folder)
    if json:
        write_bench(found, json)
    if json != "-":
        print_bench(found)


@app.command("sample-logs")
def sample_logs(
    folder: Path,
    first: DayArgument,
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 21,
) -> None:
    """Write generated example logs of two routes into FOLDER, a file a day from FIRST on."""
    from obs_lib.samples.generate import write_samples

    write_samples(folder, first.date(), days)
    errors.print(f"{days} days of sample logs in {folder}", soft_wrap=True)


@app.command("gpu-sample")
def gpu_sample(
    out: Annotated[Path, typer.Option(help="Folder for the samples, a file a UTC day.")],
    interval: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two samples.")] = 5.0,
    count: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many; until SIGTERM or Ctrl-C if absent.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="This machine's name in the samples; default its host name.")] = None,
    if_present: Annotated[bool, typer.Option("--if-present", help="Where there is no GPU, end with 0.")] = False,
) -> None:
    """Sample every GPU of this machine through NVML, as JSON lines."""
    import socket

    from obs_lib.gpu.files import DailyFiles
    from obs_lib.gpu.nvml import NvmlGpus
    from obs_lib.gpu.sampler import Sampler, SystemClock

    def tell(line: str) -> None:
        errors.print(line, markup=False, soft_wrap=True)

    name = host or socket.gethostname()
    try:
        with SystemClock() as clock:
            Sampler(NvmlGpus, DailyFiles(out, name, tell), clock, name, tell).run(interval, count)
    except NoGpu as error:
        if not if_present:
            raise
        tell(str(error))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _shown(table: Table, day: dt.date, config: Path | None) -> pd.DataFrame:
    """One day of a table as it may be shown."""
    from obs_lib.pipeline.workspace import open_workspace
    from obs_lib.redaction.columns import shown_rows

    ws = open_workspace(config)
    return shown_rows(ws.lake.read_ready(table, day), ws.redactor)


def _deliver(ws: Workspace) -> dict[str, int]:
    from obs_lib.pipeline.notify import notify
    from obs_lib.settings.environment import notify_urls

    return notify(ws, notify_urls())


def _sent(sent: dict[str, int]) -> str:
    parts = [f", {sent[name]} message(s) {name}" for name in ("sent", "failed") if sent.get(name)]
    return "".join(parts)
