"""The Delta tables under one root: kept open, read, and written again when another writer came first."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from pyarrow.dataset import Dataset
from pyarrow.fs import FileInfo, FileSystem, FileType, LocalFileSystem, SubTreeFileSystem

from obs_lib.errors import LakeConflict, LakeError, LakeFull
from obs_lib.lake.bucket import bucket_files
from obs_lib.lake.table import Table
from obs_lib.lake.tables import DAYS
from obs_lib.records import Day

_T = TypeVar("_T")
NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""Delta's log keeps the smallest and largest text of every column and file. Readers choose files by day and need none."""

_TRIES = 12  # 8 processes on one day needed up to 4; each try waits longer
_NO_ROOM = ("No space left", "os error 28", "File too large", "os error 27", "Disk quota", "os error 122")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table that was opened, its folder, and the newest entry of its log: (version, written in ns, bytes)."""

    handle: DeltaTable
    files: FileSystem
    entry: tuple[int, int, int] | None


class DeltaTables:
    """Every table under `root`, made when first written.

    Opening a table reads its log from the last checkpoint on, which takes longer than reading a day. So each thread
    keeps the tables that it has opened and, before each use, looks whether their log has moved on: what another process
    has committed is seen as if the table had been opened anew.

    folder : the root as a path; None where it is a bucket.
    """

    def __init__(self, root: str, storage: dict[str, str] | None, folder: Path | None) -> None:
        self.root, self.storage, self._folder = root, storage, folder
        self._threads = threading.local()

    def open(self, table: Table) -> DeltaTable | None:
        """The table as it stands now, the caller's own: nobody moves it on. None where nothing was ever written."""
        try:
            return self._explained(table, partial(DeltaTable, self.uri(table), storage_options=self.storage))
        except TableNotFoundError:
            return None

    def current(self, table: Table) -> DeltaTable | None:
        """The same, kept and moved on by the thread's next call: for what is done with before that."""
        kept = self._kept.pop(table, None)
        if kept is not None and self._moved_on(table, kept):
            return kept.handle
        opened = self.open(table)
        return None if opened is None else self._keep(table, opened)

    def scan(
        self,
        table: Table,
        days: Iterable[Day] | None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Sequence[object]] | None = None,
    ) -> pa.Table:
        """Rows whatever the state of their day, in no order; all days when `days` is None.

        No rows where the table does not exist yet. `columns` narrows the columns, `where` the rows, to those whose column
        holds one of the values.
        """
        names = list(columns) if columns is not None else table.schema.names
        schema = pa.schema([table.schema.field(name) for name in names])
        among = dict(where or {}) if days is None else {"day": [str(day) for day in days], **(where or {})}
        opened = None if among.get("day") == [] else self.current(table)
        if opened is None:
            return schema.empty_table()
        chosen = None
        for name, values in among.items():
            one = pc.field(name).isin(pa.array(list(values), table.schema.field(name).type))
            chosen = one if chosen is None else chosen & one
        rows: pa.Table = self.dataset(table, opened, among.get("day")).to_table(columns=names, filter=chosen)
        return rows.cast(schema)

    def dataset(self, table: Table, opened: DeltaTable, days: Sequence[object] | None = None) -> Dataset:
        """The files of an opened table that may hold rows of these days, of all when None; read when asked for."""
        return opened.to_pyarrow_dataset(
            schema=table.schema,
            filesystem=self._native_files(table),
            file_pruning_predicate=None if days is None else [("day", "in", list(days))],
        )

    def write(self, table: Table, rows: pa.Table, replace: str | None = None) -> None:
        """Add rows or, where `replace` is a predicate, put them in the place of those that it holds for; in one commit.

        LakeConflict when other writers keep coming first, LakeFull when there is no room, LakeError for what else fails.
        """
        for attempt in range(_TRIES):
            try:
                return self._explained(table, partial(self._write_once, table, rows, replace))
            except (CommitFailedError, TableNotFoundError) as error:
                if attempt == _TRIES - 1:
                    raise LakeConflict(
                        "another writer keeps replacing the same day",
                        rule="one writer a day and table",
                        where=self.uri(table),
                        fix="run the step again when the other has ended",
                    ) from error
                # The wait grows, and is random so that two do not march in step.
                time.sleep(random.uniform(0.01, 0.05) * 2 ** min(attempt, 6))  # noqa: S311 - spreads retries only
        raise AssertionError("unreachable")

    def filesystem(self, table: Table) -> FileSystem:
        """The table's folder, paths relative to it."""
        return self._native_files(table) or bucket_files(self.uri(table), self.storage)

    def uri(self, table: Table) -> str:
        """Where the table lies."""
        return f"{self.root}/{table.name}"

    # -- how -------------------------------------------------------------------------------------------------------

    @property
    def _kept(self) -> dict[Table, _Kept]:
        """Of this thread alone: another thread's next call must not move on what this one is reading."""
        kept: dict[Table, _Kept] = self._threads.__dict__.setdefault("kept", {})
        return kept

    def _moved_on(self, table: Table, kept: _Kept) -> bool:
        """Bring a kept table to its newest version; False where it has to be opened anew."""
        entry, newer = _entries(kept.files, kept.handle.version())
        if entry is None or entry != kept.entry:
            return False
        if newer is None:
            self._kept[table] = kept
            return True
        try:
            kept.handle.update_incremental()
        except (DeltaError, OSError):
            return False
        self._keep(table, kept.handle)
        return True

    def _keep(self, table: Table, handle: DeltaTable) -> DeltaTable:
        files = self.filesystem(table)
        self._kept[table] = _Kept(handle, files, _entries(files, handle.version())[0])
        return handle

    def _write_once(self, table: Table, rows: pa.Table, replace: str | None) -> None:

        opened = self.current(table) or self._made(table)
        self._kept.pop(table, None)  # what a failed commit leaves of it is not known
        # merge: a lake of an earlier release learns the columns that have come since
        if replace is None:
            write_deltalake(opened, rows, mode="append", schema_mode="merge")
        else:
            write_deltalake(opened, rows, mode="overwrite", predicate=replace, schema_mode="merge")
        self._keep(table, opened)

    def _made(self, table: Table) -> DeltaTable:
        """The table, made unless another process has just done so."""
        return DeltaTable.create(
            self.uri(table),
            table.schema,
            mode="ignore",
            partition_by=["day", "step"] if table is DAYS else ["day"],
            configuration=NO_STATISTICS,
            storage_options=self.storage,
        )

    def _native_files(self, table: Table) -> FileSystem | None:
        """Arrow's own access to a local lake; None for Delta's, which calls Python from Arrow's threads.

        Those threads can still be reading ahead when the process ends, and then abort it although all work is done.
        """
        if self._folder is None:
            return None
        return SubTreeFileSystem(str(self._folder / table.name), LocalFileSystem())

    def _explained(self, table: Table, act: Callable[[], _T]) -> _T:
        """Call `act`; what it raises of Delta or the system comes as an error of ours, unless another try may help."""
        try:
            return act()
        except (CommitFailedError, TableNotFoundError):
            raise
        except (DeltaError, OSError) as error:
            if any(sign in str(error) for sign in _NO_ROOM):
                raise LakeFull(
                    "there is no room left to write",
                    where=self.uri(table),
                    fix="free some space and run the step again",
                ) from error
            raise LakeError(
                f"the table cannot be read or written: {str(error)[:300]}", where=self.uri(table)
            ) from error


def _entries(files: FileSystem, version: int) -> list[tuple[int, int, int] | None]:
    """The log's entry of a version and that of the next one; None for one that is not there.

    Versions are numbered without gaps. So a table whose newest entry is still the same file and has no follower stands as it
    stood; an entry that is another file, or gone, is of a log that was cleaned, or of a table made anew under the name.
    """
    names = [f"_delta_log/{number:020}.json" for number in (version, version + 1)]
    return [_entry(number, info) for number, info in enumerate(files.get_file_info(names), version)]


def _entry(version: int, info: FileInfo) -> tuple[int, int, int] | None:

    return (version, info.mtime_ns, info.size) if info.type is FileType.File else None
