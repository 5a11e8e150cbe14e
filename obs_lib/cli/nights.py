"""`obs run`, `obs ingest`, `obs backfill`: whole nights, or their first step."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from obs_lib.cli.console import Config, DayArgument, Json, day_of, messages, progress, say
from obs_lib.cli.printing import print_file_preview, print_preview, sent_text
from obs_lib.errors import LakeError, ObsError
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.export import Exported, export, exported_text, failed_text
from obs_lib.pipeline.file_preview import preview_file
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.night import days_between, fold, run_day, run_days, run_late_days
from obs_lib.pipeline.notify import notify as notify_people
from obs_lib.pipeline.preview import ingest_and_preview, preview
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import Day
from obs_lib.redaction.secrets import mask_secrets
from obs_lib.settings.environment import notify_urls

app = typer.Typer()


@app.command()
def run(
    day: DayArgument,
    config: Config = None,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Write every table of DAY again, whatever stands there.")
    ] = False,
    late: Annotated[bool, typer.Option(help="Also look again at the last days for late logs.")] = True,
    notify: Annotated[
        bool, typer.Option(help="Send what is worth a message by `delivery.routes` and $OBS_NOTIFY_URLS.")
    ] = True,
) -> None:
    """Run one night: read, score and sum up DAY, then compare, alert, render, notify and export.

    Ends with 4 while the lake holds a day that cannot be read: it is left out of what other days are held against.
    """
    ws = open_workspace(config)
    with progress(str(day)) as tell:
        read = run_day(ws, day, tell=tell, afresh=afresh)
        late_days = run_late_days(ws, day, tell) if late else []
        rendered = fold(ws, tell)
        sent = notify_people(ws, Ways(notify_urls())) if notify else {}
        exported = export(ws, tell)
    say(f"{day} {read['state']}: {read['interactions']} interactions, {read['quarantined']} line(s) rejected")
    if late_days:
        say(f"run again for late logs or verdicts: {', '.join(map(str, late_days))}")
    say(f"{len(rendered)} report(s) rendered{sent_text(sent)}; {page_path(ws, day)}")
    _say_exported(exported)
    _end_with_lost(ws)


def day_or_file(text: str) -> dt.date | Path:
    """The file of that name, else the day."""
    return path if (path := Path(text)).is_file() else day_of(text)


@app.command()
def ingest(
    day: Annotated[
        Any, typer.Argument(parser=day_or_file, metavar="DAY", help="Day in UTC; with --dry-run also a file.")
    ],
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read, and change nothing in the lake.")] = False,
    json: Json = False,
) -> None:
    """Read the logs of DAY into the lake, and print what was read, rejected and why.

    A file in place of the day, with --dry-run: which format it is in, what of it would be read and what not, without settings.
    """
    if isinstance(day, Path):
        if not dry_run:
            raise typer.BadParameter(
                "a file can only be looked at: add --dry-run; `sources` of obs.yaml say what is read"
            )
        with progress(f"{day.name}"):
            told = preview_file(day)
        print_file_preview(told, json)
        return
    ws = open_workspace(config)
    with progress(f"{day} ingest"):
        summary = preview(ws, day) if dry_run else ingest_and_preview(ws, day)
    print_preview(summary, json)


@app.command()
def backfill(
    first: Annotated[Day, typer.Argument(parser=day_of, metavar="FIRST", help="First day, in UTC.")],
    last: Annotated[Day, typer.Argument(parser=day_of, metavar="LAST", help="Last day, itself run too.")],
    config: Config = None,
    jobs: Annotated[int, typer.Option(min=1, help="Days at the same time.")] = 1,
) -> None:
    """Run every day from FIRST to LAST, then the fold over all that changed.

    Nobody is notified; receivers of `exports` get what is new. A day that fails stops no other; the command then ends with 1,
    or with 4 where it was the lake.
    """
    days = days_between(first, last)
    ws = open_workspace(config)
    codes = []
    with Progress(console=messages) as bars:
        bar = bars.add_task("nights", total=len(days))
        for day, error in run_days(config, days, jobs):
            bars.update(bar, advance=1, description=str(day))
            if error is not None:
                codes.append(error.exit_code if isinstance(error, ObsError) else ObsError.exit_code)
                say(mask_secrets(f"{day} failed: {error}"))
        bars.update(bar, description="fold")
        rendered = fold(ws, lambda step: bars.update(bar, description=step))
        exported = export(ws, lambda step: bars.update(bar, description=step))
    say(f"{len(days) - len(codes)} of {len(days)} days done, {len(rendered)} report(s) rendered")
    _say_exported(exported)
    _end_with_lost(ws)
    if codes:
        raise typer.Exit(LakeError.exit_code if LakeError.exit_code in codes else 1)


def _say_exported(exported: list[Exported]) -> None:
    """What went to receivers of scores and numbers, if there are any; a failure ends no night."""
    if exported:
        say(exported_text(exported))
    for line in failed_text(exported):
        say(line)


def _end_with_lost(ws: Workspace) -> None:
    """Name the steps whose result cannot be read any more; the lake's exit code where there are any."""
    lost = history(ws).lost
    for record in lost:
        say(mask_secrets(f"{record.day} {record.step} is lost: {record.note}"))
    if lost:
        raise typer.Exit(LakeError.exit_code)
