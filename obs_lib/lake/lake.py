"""The lake: Delta tables partitioned by day, opened, read and replaced one day at a time.

A Delta commit is atomic for one table only. So a step marks its day WRITING in `days`, replaces its tables' day, and marks
it READY with the digests last; readers take only days that are READY (or NO_DATA: written, and known to be empty). A step
that is killed in between leaves the day unreadable, never half new, and is simply run again.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable
from pyarrow.fs import FileSystem

from obs_lib.connections import Connections, none_known, object_store_options
from obs_lib.errors import ConfigError, DayNotReady, LakeDamaged, LakeError
from obs_lib.lake.damage import damaged_files, digests_of_day, repair_of, sound_rows
from obs_lib.lake.days import DayWriter
from obs_lib.lake.delta import DeltaTables
from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.durable import sync_checkpoint
from obs_lib.lake.files import live_files
from obs_lib.lake.options import LakeOptions
from obs_lib.lake.place import Place
from obs_lib.lake.rows import Rows, rows_of
from obs_lib.lake.steps import DROPPED, StepRecord, StepRecords
from obs_lib.lake.table import DAY, Table
from obs_lib.lake.tables import NEVER_EMPTY, OPERATIONS, TABLES
from obs_lib.records import Day, StepState

_CONDITIONAL_WRITES = frozenset({"", "file", "s3", "s3a", "gs", "az", "abfs", "abfss"})


class Lake:
    """All tables under one root. Cheap to construct; tables are created when first written."""

    def __init__(self, options: LakeOptions, connections: Connections = none_known) -> None:
        scheme = urlsplit(options.root).scheme
        if scheme not in _CONDITIONAL_WRITES and not options.single_writer:
            raise ConfigError(
                "this store has no conditional writes, so two writers could lose each other's work",
                rule="one of local, s3, gs, az, or lake.single_writer: true",
                found=options.root,
                where="lake.root",
            )
        self.root = options.root.rstrip("/")
        self.local = scheme in ("", "file")
        if options.files is None and not self.local:
            raise ConfigError(
                "a lake in a bucket needs a shared folder for staged shards and pages", where="lake.files", fix="set it"
            )
        folder = Path(self.root.removeprefix("file://"))  # of a local lake
        self.files = Path(options.files) if options.files else folder / "files"
        store = object_store_options(scheme, connections(options.connection)) if options.connection else {}
        unsafe = {"AWS_S3_ALLOW_UNSAFE_RENAME": "true"} if options.single_writer and not self.local else {}
        self._use(DeltaTables(Place(self.root, store | unsafe or None, folder if self.local else None)))

    def _use(self, tables: DeltaTables) -> None:
        self._tables, self._steps, self._days = tables, StepRecords(tables), DayWriter(tables)

    @property
    def storage(self) -> dict[str, str] | None:
        """Options of the object store, for maintenance; None for none."""
        return self._tables.place.storage

    @property
    def version(self) -> int | None:
        """The schema version of what is stored; None where nothing is. LakeError where a later release has written it.

        All other methods refuse an earlier release's lake too, with LakeError, until it has been migrated.
        """
        return self._tables.version()

    def of_any_version(self) -> Lake:
        """The same lake for a migration, which may look at what another release has written."""
        lake = copy.copy(self)
        lake._use(DeltaTables(self._tables.place, any_version=True))
        return lake

    # -- reading ---------------------------------------------------------------------------------------------------

    def records(self, days: Iterable[Day] | None = None, step: str | None = None) -> list[StepRecord]:
        """What `days` holds, sorted by day and step; all days when `days` is None."""
        return self._steps.records(days, step)

    def record(self, day: Day, step: str) -> StepRecord | None:
        """What `days` holds of one step of one day; None when it never ran."""
        return next(iter(self.records([day], step)), None)

    def read(
        self,
        table: Table,
        days: Sequence[Day],
        columns: Sequence[str] | None = None,
        where: Mapping[str, Sequence[object]] | None = None,
    ) -> pd.DataFrame:
        """The rows of those of `days` whose step is READY or NO_DATA, sorted by day and key.

        Other days give no rows. Columns come in the table's order, `day` first; `columns` narrows them, `where` the rows,
        to those whose column holds one of the values. LakeDamaged for a day whose files are damaged or gone.
        """
        ready = list(days)
        if table.step is not None:
            records = [record for record in self.records(days, table.step) if record.readable]
            ready = [record.day for record in records]
            if table in NEVER_EMPTY:
                self._refuse_lost(table, [record for record in records if record.state is StepState.READY])
        rows = self._tables.scan(table, ready, columns, where)
        order = [name for name in (DAY, *table.key) if name in rows.column_names]
        frame: pd.DataFrame = rows.sort_by([(name, "ascending") for name in order]).to_pandas()
        return frame

    def read_sound(
        self,
        table: Table,
        days: Sequence[Day],
        columns: Sequence[str] | None = None,
        where: Mapping[str, Sequence[object]] | None = None,
    ) -> pd.DataFrame:
        """The same without the days whose files are damaged or gone, for who shows what there is."""
        days = list(days)
        while True:
            try:
                return self.read(table, days, columns, where)
            except LakeDamaged as error:
                if error.day not in days:
                    raise
                days.remove(error.day)

    def rows(self, table: Table, days: Iterable[Day] | None, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows whatever the state of their day, in no order; for maintenance, which must see what readers must not."""
        return self._tables.scan(table, days, columns)

    def open(self, table: Table) -> DeltaTable | None:
        """The Delta table as it stands now, for maintenance; None where nothing was ever written."""
        return self._tables.open(table)

    def made(self, table: Table) -> DeltaTable:
        """The same, made where nothing was ever written."""
        return self._tables.made(table)

    def sync(self, table: Table, version: int) -> None:
        """Have the disk of a local lake hold what a commit added; in a bucket it is there already. For maintenance."""
        self._tables.sync(table, version)

    def sync_checkpoint(self, table: Table, version: int) -> None:
        """The same for the checkpoint of a version, before entries go that it stands for."""
        if (folder := self._tables.place.folder) is not None:
            sync_checkpoint(folder / table.name, version)

    def filesystem(self, table: Table) -> FileSystem:
        """The table's folder, paths relative to it, for maintenance."""
        return self._tables.place.filesystem(table)

    def read_ready(self, table: Table, day: Day, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The rows of one day, which must be READY or NO_DATA; DayNotReady otherwise."""
        record = self.record(day, table.step or "")
        if not _readable(record):
            raise DayNotReady(
                f"{table.name} of {day} cannot be read: its step `{table.step}` is not finished",
                found=record.state.value if record else "never run",
                where=self.root,
                fix=f"run `obs run {day}`",
            )
        return self.read(table, [day], columns)

    def first_entry(self, table: Table) -> bytes:
        """What the log of such a table begins with, for one whose own is damaged."""
        return self._tables.first_entry(table)

    def damaged(self, table: Table) -> Iterator[LakeDamaged]:
        """An error for each file of a table that is damaged or gone; every one is read to its end."""
        opened = self.open(table)
        return iter(()) if opened is None else damaged_files(self._tables, table, opened)

    def stands(self, table: Table, day: Day, digest: str) -> bool:
        """Whether the rows that lie in the table are those of that digest. Reads all of them."""

        def named(opened: DeltaTable) -> bool:
            return digest in digests_of_day(self._tables, table, opened, day)

        try:
            there = self._tables.reading(table, named, [str(day)])
        except LakeDamaged:
            return False
        return digest in digests_of_day(self._tables, table, None, day) if there is None else there

    def _refuse_lost(self, table: Table, records: Sequence[StepRecord]) -> None:
        """LakeDamaged where a day has no file although its step wrote rows. A disk that lost a commit looks like that."""
        opened = self._tables.current(table) if records else None
        held = set() if opened is None else set(live_files(opened)["day"].to_pylist())
        gone = [record.day for record in records if str(record.day) not in held]
        dropped = {record.day for record in self.records(gone, DROPPED)} if gone else set()
        for day in gone:
            if day not in dropped:
                raise LakeDamaged(
                    f"`days` says that {table.name} has been written, and it holds nothing of {day}",
                    table=table.name,
                    day=day,
                    where=self._tables.place.uri(table),
                    fix=repair_of(table, day),
                )

    # -- writing ---------------------------------------------------------------------------------------------------

    def commit(
        self,
        day: Day,
        step: str,
        frames: Mapping[Table, pd.DataFrame | Rows],
        *,
        inputs: str,
        state: StepState = StepState.READY,
        note: str = "",
    ) -> StepRecord:
        """Replace the day of each table and mark the step. Writing the same content again changes no table that holds it.

        frames : the tables' columns without `day`; as Rows where a day may be larger than memory.

        LakeFull, LakeConflict or LakeError when it cannot; the day then reads as before where that could be restored,
        else as unfinished.
        """
        before = self.record(day, step)
        tables = {table: rows_of(table, day, frame) for table, frame in frames.items()}
        digests = {table.name: digest_of_rows(rows) for table, rows in tables.items()}
        after = StepRecord(day, step, state, inputs, digests, note)
        old = before.digests if before and before.readable else {}
        changed = {
            table: rows
            for table, rows in tables.items()
            if old.get(table.name) != digests[table.name] or not self.stands(table, day, digests[table.name])
        }
        if before == after and not changed:
            return after
        if changed:
            self._steps.mark(StepRecord(day, step, StepState.WRITING, inputs, {}, ""))
            self._replace(day, changed, before)
        self._steps.mark(after)
        return after

    def fail(self, day: Day, step: str, error: Exception) -> None:
        """Mark a step FAILED with the error's text, unless an earlier good result stands: that one stays in force."""
        self.log("failure", f"{day} {step}", "FAILED", str(error))
        if not _readable(self.record(day, step)):
            self._steps.mark(StepRecord(day, step, StepState.FAILED, "", {}, str(error)[:500]))

    def lose(self, error: LakeDamaged) -> bool:
        """Mark the step FAILED whose result the error says cannot be read; False where it is marked or made anew by now.

        Its inputs and digests stay, so that it is known what was lost. Who rests on the day sees one that failed.
        """
        step = next((table.step for table in TABLES if table.name == error.table), None)
        if error.table == OPERATIONS.name and error.day is not None:
            return self.keep_sound_rows(OPERATIONS, error.day)
        before = self.record(error.day, step) if error.day is not None and step is not None else None
        if before is None or not before.readable or before.state is StepState.NO_DATA:
            return False
        self.log("failure", f"{before.day} {before.step}", "FAILED", str(error))
        self._steps.mark(replace(before, state=StepState.FAILED, note=str(error)[:500]))
        return True

    def keep_sound_rows(self, table: Table, day: Day) -> bool:
        """Write a day of a table that only grows again from those of its files that can be read; whether any cannot."""

        def sound(opened: DeltaTable) -> pa.Table | None:
            return sound_rows(self._tables, table, opened, day)

        rows = self._tables.reading(table, sound, [str(day)])
        if rows is not None:
            self._tables.write(table, rows, f"{DAY} = '{day}'")
        return rows is not None

    def log(self, kind: str, subject: str, outcome: str, detail: str = "") -> None:
        """Append one row to `operations`, the only table that knows wall-clock time."""
        now = dt.datetime.now(dt.UTC)
        row = {"at": now, "kind": kind, "subject": subject, "outcome": outcome, "detail": detail[:2000]}
        self.append(OPERATIONS, now.date(), pd.DataFrame([row]))

    def append(self, table: Table, day: Day, frame: pd.DataFrame) -> None:
        """Append rows to a table that no step replaces."""
        self._tables.write(table, rows_of(table, day, frame).table())

    def _replace(self, day: Day, tables: Mapping[Table, Rows], before: StepRecord | None) -> None:
        """Replace the day in each table; where that fails, what `before` says is true again, if it was good."""
        if before is not None and before.readable:
            try:
                return self._days.replace_all_or_none(day, tables)
            except LakeDamaged:
                pass  # what stood cannot be put back
            except LakeError:
                self._steps.mark(before)
                raise
        for table, rows in tables.items():
            self._days.replace(table, day, rows)
        return None


def _readable(record: StepRecord | None) -> bool:
    return record is not None and record.readable
