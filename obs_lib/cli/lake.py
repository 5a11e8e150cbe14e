"""`obs maintain`, `obs forget`: what is done to a lake as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from obs_lib.cli.console import Config, DryRun, progress, say
from obs_lib.cli.printing import print_rows
from obs_lib.errors import LakeError
from obs_lib.pipeline.forget import forget as erase
from obs_lib.pipeline.maintain import maintain as tidy
from obs_lib.pipeline.migrate import migrate as bring_over
from obs_lib.pipeline.verify import repair as mend
from obs_lib.pipeline.verify import verify as read_all
from obs_lib.pipeline.workspace import Workspace, open_workspace

app = typer.Typer()


@app.command()
def maintain(
    config: Config = None,
    dry_run: DryRun = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only read every file, and list what is damaged and what mends it.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Only mend damaged logs of tables, then list what else is damaged.")
    ] = False,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Only bring the lake of an earlier release to this one's names.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --migrate: nights that look at work were killed.")
    ] = False,
) -> None:
    """Drop what is older than the settings keep, join small files, and let old versions go.

    Safe beside running nights. What is kept reads as before. The lake of an earlier release is brought over by the first night
    or maintenance; --migrate does it before, and nothing else. --verify ends with 4 where something is damaged.
    """
    if sum((dry_run, verify, repair, migrate)) > 1:
        raise typer.BadParameter("give one of --dry-run, --verify, --repair, --migrate")
    if force and not migrate:
        raise typer.BadParameter("--force goes with --migrate")
    ws = open_workspace(config)
    if migrate:
        with progress("migrate") as tell:
            migrated = bring_over(ws.lake, tell, force=force)
        print_rows(migrated)
        say("the lake has this release's names" if migrated else "nothing to do")
        return
    if verify or repair:
        _verify(ws, repair)
        return
    with progress("maintain") as tell:
        done = tidy(ws, dry_run=dry_run, tell=tell)
    print_rows(done)
    if not done:
        say("nothing to do")


def _verify(ws: Workspace, repair: bool) -> None:
    if repair:
        with progress("repair") as tell:
            for line in mend(ws, tell):
                say(line)
    with progress("verify") as tell:
        damaged = read_all(ws, tell)
    print_rows(damaged)
    if damaged:
        raise typer.Exit(LakeError.exit_code)
    say("everything is as it was written")


@app.command()
def forget(
    user: Annotated[str | None, typer.Option(help="Id of the person, as the logs give it.")] = None,
    request: Annotated[str | None, typer.Option(help="Id of one request.")] = None,
    config: Config = None,
    dry_run: DryRun = False,
    force: Annotated[bool, typer.Option("--force", help="Nights that look at work were killed.")] = False,
) -> None:
    """Erase a person or a request from every table and every kept version, and re-make what showed them.

    Prints what was removed by day and table. Your log files are not touched; what is read from them later is left out.
    """
    if not (name := user or request) or (user and request):
        raise typer.BadParameter("give one id, with --user or with --request")
    ws = open_workspace(config)
    with progress("forget") as tell:
        removed = erase(ws, "user" if user else "request", name, dry_run=dry_run, force=force, tell=tell)
    print_rows(removed)
    total = sum(rows.rows for rows in removed)
    outcome = "would be removed" if dry_run else "removed; numbers, pages and old versions are made anew"
    say(f"{total} rows {outcome}" if total else "nothing was found")
    logs = ", ".join(source.where for source in ws.settings.sources)
    say(f"the log files are not ours and stay as they are: {logs}")
