"""Look whether everything that `days` names is there and reads as it was written; and mend what can be mended at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from obs_lib.errors import LakeDamaged
from obs_lib.lake.lake import Lake
from obs_lib.lake.lock import alone
from obs_lib.lake.log import damaged_entries, replace_damaged
from obs_lib.lake.maintenance import days_held
from obs_lib.lake.steps import DROPPED, StepRecord
from obs_lib.lake.table import Table
from obs_lib.lake.tables import DAYS, OPERATIONS, REPORTS, SETTLED, TABLES
from obs_lib.pipeline.pages import page
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day

ASIDE = "damaged"
"""The folder beside the staged files in which damaged entries of logs are kept."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not as it was written. day : "" for what concerns a whole table. repair : the command that mends it."""

    table: str
    day: str
    problem: str
    repair: str


def verify(ws: Workspace, tell: Tell = lambda _: None) -> list[Damage]:
    """Everything in the lake that is damaged, by table and day. Reads every file and changes nothing."""
    found: list[Damage] = []
    for table in TABLES:
        tell(table.name)
        found += list(_of_log(ws.lake, table)) or _of_files(ws.lake, table)
    whole = {damage.table for damage in found if not damage.day}
    if not whole & {DAYS.name, SETTLED.name}:
        known = {(damage.table, damage.day) for damage in found}
        records = ws.lake.records()
        for table in TABLES:
            if table.step is not None and table.name not in whole:
                of_table = [
                    one for one in records if one.step == table.step and (table.name, str(one.day)) not in known
                ]
                tell(table.name)
                found += _of_rows(ws, table, of_table)
        found += _of_pages(ws, {day for table, day in known if table == REPORTS.name})
    return sorted(found, key=lambda damage: (damage.table, damage.day))


def repair(ws: Workspace, tell: Tell = lambda _: None) -> list[str]:
    """Mend what hinders tables from being opened: damaged entries of their logs. Returns a line for each.

    What an entry said is lost, and a copy of it is kept. `verify` says afterwards which days that touched.
    """
    done: list[str] = []
    with alone(ws.lake):
        for table in TABLES if ws.lake.local else ():
            tell(table.name)
            done += _mend_log(ws.lake, table)
        for damage in _of_files(ws.lake, OPERATIONS):
            if damage.day and ws.lake.keep_sound_rows(OPERATIONS, dt.date.fromisoformat(damage.day)):
                done += [f"{OPERATIONS.name} of {damage.day}: {damage.problem}; what could be read is kept"]
    return done


def _mend_log(lake: Lake, table: Table) -> Iterator[str]:
    aside = lake.files / ASIDE / table.name
    for path, problem in list(damaged_entries(_folder(lake, table))):
        aside.mkdir(parents=True, exist_ok=True)
        if path.exists():
            shutil.copy2(path, aside / path.name)
        replace_damaged(path, lake.first_entry(table))
        yield f"{path}: {problem}; the log goes on without it, and a copy lies in {aside}"


def _folder(lake: Lake, table: Table) -> Path:
    return Path(lake.root.removeprefix("file://")) / table.name


def _of_log(lake: Lake, table: Table) -> Iterator[Damage]:
    if lake.local:
        for path, problem in damaged_entries(_folder(lake, table)):
            yield Damage(table.name, "", f"{os.path.basename(path)} of its log: {problem}", "obs maintain --repair")


def _of_files(lake: Lake, table: Table) -> Iterator[Damage]:
    try:
        for error in lake.damaged(table):
            yield _damage(error)
    except LakeDamaged as error:  # its log cannot be read
        yield _damage(error)


def _damage(error: LakeDamaged) -> Damage:
    day = "" if error.day is None else str(error.day)
    repairs = {OPERATIONS.name: "obs maintain --repair"}
    afresh = _afresh(day) if day else "from a backup"
    file = str(error.where).rpartition("/")[2]
    return Damage(error.table, day, f"{file}: {error.found}", repairs.get(error.table, afresh))


def _of_rows(ws: Workspace, table: Table, records: Sequence[StepRecord]) -> Iterator[Damage]:
    """Days whose rows are not those that `days` names. Rows that maintenance dropped are missing by right."""
    held, dropped = days_held(ws.lake, table), {record.day for record in ws.lake.records(step=DROPPED)}
    oldest = _oldest_kept(ws, table)
    for record in records:
        wanted = record.digests.get(table.name)
        if wanted is None or not record.readable:
            continue
        missing_by_right = record.day not in held and (record.day in dropped or record.day < oldest)
        if not missing_by_right and not ws.lake.stands(table, record.day, wanted):
            yield Damage(table.name, str(record.day), "its rows are not those that `days` names", _afresh(record.day))


def _oldest_kept(ws: Workspace, table: Table) -> Day:
    """The day before which the settings let the table's rows go."""
    age = getattr(ws.settings.retention, f"{table.retention}_days", None)
    return dt.date.min if age is None else dt.datetime.now(dt.UTC).date() - dt.timedelta(days=age)


def _of_pages(ws: Workspace, unreadable: set[str]) -> Iterator[Damage]:
    """Pages that are not as they were rendered; one that is gone is rendered by the next fold."""
    days = [one.day for one in ws.lake.records(step="render") if one.readable and str(one.day) not in unreadable]
    reports = ws.lake.read_sound(REPORTS, days)
    for day, digest in zip(reports["day"], reports["digest"], strict=True):
        rendered = page(ws, dt.date.fromisoformat(day))
        if rendered is not None and hashlib.sha256(rendered).hexdigest()[:32] != digest:
            yield Damage("pages", day, "the page is not the one that was rendered", _afresh(day))


def _afresh(day: object) -> str:
    return f"obs run {day} --afresh"
