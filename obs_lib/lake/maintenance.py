"""Maintenance of the lake: what it holds, dropping days, fewer files, fewer old versions. Content and digests never change.

Every operation here works on one snapshot of a table and commits against it. Where a night has replaced the same day in the
meantime, Delta refuses the commit; the operation then leaves that day for its next turn. So maintenance is safe beside
running nights, may be killed at any moment, and may run twice.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake
from deltalake.exceptions import CommitFailedError
from pyarrow.fs import FileSelector, FileType

from obs_lib.errors import LakeConflict
from obs_lib.lake.delta import PROPERTIES
from obs_lib.lake.files import live_files
from obs_lib.lake.lake import Lake
from obs_lib.lake.table import Table
from obs_lib.lake.tables import DAYS, SETTLED, TABLES
from obs_lib.records import Day

_AT_ONCE = 200  # values in one condition
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Size:
    """What one table takes. files, bytes : of the current version. stored : bytes with old versions, without the log."""

    table: str
    files: int
    bytes: int
    stored: int
    versions: int


def sizes(lake: Lake) -> list[Size]:
    """What every table takes that was ever written."""
    taken = []
    for table in TABLES:
        opened = lake.open(table)
        if opened is not None:
            live = live_files(opened)["size_bytes"].to_pylist()
            stored = sum(size for _, size, _ in stored_files(lake, table))
            taken.append(Size(table.name, len(live), sum(live), stored, opened.version() + 1))
    return taken


def days_held(lake: Lake, table: Table) -> dict[Day, dt.datetime]:
    """The days that a table has rows of, each with the moment (UTC) when its newest file was written."""
    opened = lake.open(table)
    if opened is None or table is SETTLED:
        return {}
    files = live_files(opened)
    newest: dict[Day, dt.datetime] = {}
    for day, written in zip(files["day"].to_pylist(), files["written"].to_pylist(), strict=True):
        name, moment = dt.date.fromisoformat(day), dt.datetime.fromtimestamp(written / 1000, dt.UTC)
        newest[name] = max(moment, newest.get(name, moment))
    return newest


def drop_days(lake: Lake, table: Table, days: Sequence[Day]) -> bool:
    """Remove whole days from a table; their files go when old versions do. False when a writer came in between."""
    opened = lake.open(table)
    if opened is None or not days:
        return True
    named = ", ".join(f"'{day}'" for day in days)
    return _unless_changed(partial(opened.delete, f"day IN ({named})"))


def delete_moments(lake: Lake, table: Table, day: Day, column: str, moments: Sequence[dt.datetime]) -> None:
    """Remove the rows of a day that bear one of these moments, to the microsecond.

    Only moments are named, never texts: what a deletion was told stands in the table's log.
    """
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    numbers = [(moment - epoch) // dt.timedelta(microseconds=1) for moment in moments]
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        named = ", ".join(f"arrow_cast({n}, 'Timestamp(Microsecond, Some(\"UTC\"))')" for n in some)
        for _ in range(_TRIES):
            opened = lake.open(table)
            if opened is None or _unless_changed(partial(opened.delete, f"day = '{day}' AND {column} IN ({named})")):
                break
        else:
            raise LakeConflict("other writers keep adding to this day", where=f"{lake.root}/{table.name} {day}")


def settle(lake: Lake, before: Day) -> int:
    """Move the rows of `days` that are of days before `before` into one file; returns how many moved.

    First they are written there, then removed here, and `Lake.records` reads here first: nobody ever misses one. A
    row that a step marks in the meantime stays here, and what stands here is newer.
    """
    opened = lake.open(DAYS)
    if opened is None:
        return 0
    files = opened.to_pyarrow_dataset(schema=DAYS.schema, filesystem=lake.filesystem(DAYS))
    rows = files.to_table(filter=pc.field("day") < str(before)).cast(DAYS.schema).to_pylist()
    if not rows:
        return 0
    moving = {(row["day"], row["step"]): row for row in rows}
    settled = {(row["day"], row["step"]): row for row in lake.rows(SETTLED, None).to_pylist()} | moving
    to = lake.made(SETTLED)
    write_deltalake(
        to, pa.Table.from_pylist([settled[key] for key in sorted(settled)], schema=SETTLED.schema), mode="overwrite"
    )
    lake.sync(SETTLED, to.version())
    return len(moving) if _unless_changed(partial(opened.delete, f"day < '{before}'")) else 0


def compact(lake: Lake, table: Table, dry_run: bool = False) -> int:
    """Join the files of each day that has several; returns how many files became fewer. Rows stay as they are."""
    opened = lake.open(table)
    if opened is None or table in (DAYS, SETTLED):  # one row a file by its partitions; see `settle`
        return 0
    many = {day: n for day, n in Counter(live_files(opened)["day"].to_pylist()).items() if n > 1}
    if dry_run:
        return sum(many.values()) - len(many)
    before = sum(many.values())
    for day in sorted(many):
        _unless_changed(partial(_join, lake, table, day))
    after = [day for day in live_files(lake.open(table) or opened)["day"].to_pylist() if day in many]
    return before - len(after)


def _join(lake: Lake, table: Table, day: str) -> None:
    opened = lake.open(table)
    if opened is not None:
        opened.optimize.compact(partition_filters=[("day", "=", day)])
        lake.sync(table, opened.version())


def vacuum(lake: Lake, table: Table, hours: int, *, full: bool = True, dry_run: bool = False) -> int:
    """Remove files that no version of the last `hours` needs; returns how many.

    full : also those that no version knows, which a killed writer left or a running one is about to commit.
    """
    opened = lake.open(table)
    if opened is None:
        return 0
    return len(opened.vacuum(hours, dry_run=dry_run, enforce_retention_duration=False, full=full))


def checkpoint(lake: Lake, table: Table) -> None:
    """Sum up the log, so that opening the table reads one file; Delta's own rule (30 days) then clears old entries."""
    opened = lake.open(table)
    if opened is not None:
        opened.create_checkpoint()
        lake.sync_checkpoint(table, opened.version())
        opened.cleanup_metadata()


def keep_no_statistics(lake: Lake, table: Table) -> None:
    """From now on the table's log says nothing of what its rows hold."""
    opened = lake.open(table)
    if opened is not None and not PROPERTIES.items() <= opened.metadata().configuration.items():
        _unless_changed(partial(opened.alter.set_table_properties, PROPERTIES))


def stored_files(lake: Lake, table: Table) -> list[tuple[str, int, dt.datetime]]:
    """(path, bytes, moment of writing) of every data file in a table's folder, whether any version knows it or not."""
    everything = lake.filesystem(table).get_file_info(FileSelector("", recursive=True, allow_not_found=True))
    return [
        (info.path, info.size, info.mtime)
        for info in everything
        if info.type is FileType.File and not info.path.startswith("_delta_log/")
    ]


def _unless_changed(commit: Callable[[], object]) -> bool:
    """Call `commit`; False when another writer changed the same rows first."""
    try:
        commit()
    except CommitFailedError:
        return False
    return True
