"""Keep the lake small: drop what is older than the settings keep, join small files, let old versions go.

Three steps, each safe beside running nights, safe to kill and to run twice. What is kept reads as before, to the digest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from obs_lib.lake.lock import alone
from obs_lib.lake.maintenance import (
    checkpoint,
    compact,
    days_held,
    drop_days,
    keep_no_statistics,
    settle,
    vacuum,
)
from obs_lib.lake.table import Group, Table, naming_last
from obs_lib.lake.tables import TABLES
from obs_lib.pipeline.at_work import remove_left_behind
from obs_lib.pipeline.closing import close
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.judging import judge_ledger
from obs_lib.pipeline.migrate import up_to_date
from obs_lib.pipeline.quotes import quotes_of_closed
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState

_JUST_WRITTEN = dt.timedelta(days=1)
"""An old day that is being run again keeps its rows until its night is over."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Maintained:
    """What one step did to one table: days dropped, files joined or files removed. Zero is not told."""

    step: str
    table: str
    count: int


def maintain(
    ws: Workspace, *, now: dt.datetime | None = None, dry_run: bool = False, tell: Tell = lambda _: None
) -> list[Maintained]:
    """All steps, one after another. now : defaults to the clock; ages are counted from it."""
    now = now or dt.datetime.now(dt.UTC)
    done = []
    tell("drop old days")
    done += drop_old(ws, now, dry_run)
    tell("join files")
    done += join_files(ws, now, dry_run)
    tell("old versions")
    return done + drop_versions(ws, dry_run)


def drop_old(ws: Workspace, now: dt.datetime, dry_run: bool = False) -> list[Maintained]:
    """Drop the days that are older than `retention` says, and close them, so that the fold does not take them up again."""
    retention = ws.settings.retention
    groups: tuple[tuple[int | None, Group], ...] = (
        (retention.rows_days, "rows"),
        (retention.gpu_days, "gpu"),
        (retention.summaries_days, "summaries"),
        (retention.operations_days, "operations"),
    )
    done = []
    with _maintenance(ws, dry_run):
        for age, group in groups:
            if age is not None:
                old = _old_days(ws, tables_of(group), now - dt.timedelta(days=age), now)
                if group == "rows" and not dry_run:
                    close(ws.lake, _without_baseline(ws, {day for days in old.values() for day in days}))
                done += [_drop(ws, table, days, dry_run) for table, days in old.items() if days]
        if retention.rows_days is not None:
            done.append(_drop_verdicts(ws, (now - dt.timedelta(days=retention.rows_days)).date(), dry_run))
            done.append(_drop_pages(ws, (now - dt.timedelta(days=retention.rows_days)).date(), dry_run))
    return [step for step in done if step.count]


def join_files(ws: Workspace, now: dt.datetime, dry_run: bool = False) -> list[Maintained]:
    """Join each day's small files, and the states of days that are over."""
    settled_before = (now - dt.timedelta(days=ws.settings.retention.settle_days)).date()
    done = []
    with _maintenance(ws, dry_run):
        for table in TABLES:
            if not dry_run:
                keep_no_statistics(ws.lake, table)
            done.append(Maintained("join", table.name, compact(ws.lake, table, dry_run)))
        if not dry_run:
            done.append(Maintained("join", "days", settle(ws.lake, settled_before)))
    return [step for step in done if step.count]


def drop_versions(ws: Workspace, dry_run: bool = False) -> list[Maintained]:
    """Remove files that only versions older than `retention.vacuum_hours` need and what killed nights left; sum up the logs."""
    done = []
    with _maintenance(ws, dry_run):
        if not dry_run:
            done.append(Maintained("remove", "staging", remove_left_behind(ws.lake.files)))
        for table in TABLES:
            if not dry_run:
                checkpoint(ws.lake, table)
            done.append(
                Maintained(
                    "vacuum", table.name, vacuum(ws.lake, table, ws.settings.retention.vacuum_hours, dry_run=dry_run)
                )
            )
    return [step for step in done if step.count]


@contextmanager
def _maintenance(ws: Workspace, dry_run: bool) -> Iterator[None]:
    """Alone at it; a lake of an earlier release is migrated first, unless nothing may be written."""
    if dry_run:  # which may be of somebody who must not write here
        yield
        return
    up_to_date(ws.lake)
    with alone(ws.lake):
        yield


def tables_of(group: Group) -> tuple[Table, ...]:
    """The tables whose days go together. "rows": all that hold texts or ids of people, or can be led back to them."""
    return naming_last(table for table in TABLES if table.retention == group)


def _old_days(ws: Workspace, tables: Sequence[Table], oldest: dt.datetime, now: dt.datetime) -> dict[Table, list[Day]]:
    """For each table its days before `oldest`, without those that some step has just written or is writing."""
    held = {table: days_held(ws.lake, table) for table in tables}
    busy = {day for days in held.values() for day, written in days.items() if now - written < _JUST_WRITTEN}
    busy |= {record.day for record in ws.lake.records() if record.state is StepState.WRITING}
    return {table: sorted(day for day in held[table] if day < oldest.date() and day not in busy) for table in tables}


def _without_baseline(ws: Workspace, dropped: set[Day]) -> set[Day]:
    """The days, and those after them that would be held against them."""
    reach = range(ws.settings.drift.history_days + 1)
    return {day + dt.timedelta(days=ahead) for day in dropped for ahead in reach}


def _drop(ws: Workspace, table: Table, days: list[Day], dry_run: bool) -> Maintained:
    gone = dry_run or drop_days(ws.lake, table, days)
    return Maintained("drop", table.name, len(days) if gone else 0)


def _drop_verdicts(ws: Workspace, oldest: Day, dry_run: bool) -> Maintained:
    """What judges said of old days: their reasons quote answers."""
    return Maintained("drop", "judges", 0 if dry_run else judge_ledger(ws.lake).forget_before(str(oldest)))


def _drop_pages(ws: Workspace, oldest: Day, dry_run: bool) -> Maintained:
    """Pages show example answers, so they go with the rows, those of others that they quote too; verdicts stay in `reports`."""
    past = history(ws)
    quoting = {day for day, quoted in quotes_of_closed(ws, past).items() if min(quoted) < oldest}
    gone = [day for day in past.days if day < oldest and (dry_run or past.closed(day))]
    old = [day for day in sorted({*gone, *quoting}) if page_path(ws, day).is_file()]
    for day in old if not dry_run else []:
        page_path(ws, day).unlink(missing_ok=True)
    return Maintained("drop", "pages", len(old))
