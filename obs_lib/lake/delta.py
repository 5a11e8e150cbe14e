"""The Delta tables under one root: read, and written again when another writer came first."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from pyarrow.dataset import Dataset

from obs_lib.errors import LakeConflict, LakeError
from obs_lib.lake.damage import damaged_files
from obs_lib.lake.durable import sync_commit
from obs_lib.lake.faults import explained, explanation, is_damage, is_fault, is_no_reply, said
from obs_lib.lake.kept import KeptTables
from obs_lib.lake.log import entry_path
from obs_lib.lake.place import Place
from obs_lib.lake.table import DAY, Table
from obs_lib.lake.tables import DAYS, SETTLED
from obs_lib.lake.version import property_of, refuse_later, refuse_others, version_of
from obs_lib.records import Day

PROPERTIES = {"delta.dataSkippingNumIndexedCols": "0", "delta.enableExpiredLogCleanup": "false"}
"""Of every table. Delta's log would keep the smallest and largest text of every column and file: readers choose files by day
and need none. It would drop old entries as soon as a checkpoint stands for them: maintenance does, when that lies on the disk.
"""

_PARTITIONS = {DAYS: [DAY, "step"], SETTLED: []}  # of the others by day
_TRIES = 12  # 8 processes on one day needed up to 4; each try waits longer
_LOOK_BACK = 100  # commits that others may have made since
_COMMIT = "obs.commit"
"""What a commit is known by, for whoever was not told whether it went through."""

_T = TypeVar("_T")


class DeltaTables:
    """Every table of one place, made when first written.

    any_version : whether the place may hold another release's lake, as it may for a migration alone. LakeError from every
    method where it does and may not.
    """

    def __init__(self, place: Place, *, any_version: bool = False) -> None:
        self.place = place
        self._kept = KeptTables(place)
        self._admitted, self._any_version = any_version, any_version

    def open(self, table: Table) -> DeltaTable | None:
        """The table as it stands now, the caller's own: nobody moves it on. None where nothing was ever written."""
        self._admit(table)
        return self._of_our_version(table, self.place.opened(table))

    def current(self, table: Table) -> DeltaTable | None:
        """The same, kept and moved on by the thread's next call: for what is done with before that."""
        self._admit(table)
        return self._of_our_version(table, self._kept.current(table))

    def version(self) -> int | None:
        """The schema version of what is stored; None where nothing is. LakeError where a later release has written it."""
        days = self._kept.current(DAYS)
        if days is None:
            return None
        refuse_later(days, self.place.root)
        return version_of(days)

    def made(self, table: Table) -> DeltaTable:
        """The table, made unless it is there, or another process has just made it."""
        opened = self.current(table)
        if opened is None:
            opened = self._create(table, self.place.uri(table), self.place.storage)
            self.sync(table, 0)
        return opened

    def first_entry(self, table: Table) -> bytes:
        """What the log of such a table begins with."""
        with tempfile.TemporaryDirectory() as elsewhere:
            self._create(table, elsewhere, None)
            return entry_path(Path(elsewhere), 0).read_bytes()

    def _create(self, table: Table, uri: str, storage: dict[str, str] | None) -> DeltaTable:
        return DeltaTable.create(
            uri,
            table.schema,
            mode="ignore",
            partition_by=_PARTITIONS.get(table, [DAY]),
            configuration=PROPERTIES | (property_of() if table is DAYS else {}),
            storage_options=storage,
            raise_if_key_not_exists=False,
        )

    def sync(self, table: Table, version: int) -> None:
        """Have the disk of a local lake hold what a commit added."""
        if self.place.folder is not None:
            sync_commit(self.place.folder / table.name, version)

    def scan(
        self,
        table: Table,
        days: Iterable[Day] | None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Sequence[object]] | None = None,
    ) -> pa.Table:
        """Rows whatever the state of their day, in no order; all days when `days` is None.

        No rows where the table does not exist yet. `columns` narrows the columns, `where` the rows, to those whose column
        holds one of the values. LakeDamaged for the first day whose file is damaged or gone.
        """
        names = list(columns) if columns is not None else table.schema.names
        schema = pa.schema([table.schema.field(name) for name in names])
        among = dict(where or {}) if days is None else {DAY: [str(day) for day in days], **(where or {})}
        if among.get(DAY) == []:
            return schema.empty_table()
        chosen = None
        for name, values in among.items():
            one_of = pc.field(name).isin(pa.array(list(values), table.schema.field(name).type))
            chosen = one_of if chosen is None else chosen & one_of

        def read(opened: DeltaTable) -> pa.Table:
            return self.dataset(table, opened, among.get(DAY)).to_table(columns=names, filter=chosen).cast(schema)

        rows = self.reading(table, read, among.get(DAY))
        return schema.empty_table() if rows is None else rows

    def reading(
        self, table: Table, read: Callable[[DeltaTable], _T], days: Sequence[object] | None = None
    ) -> _T | None:
        """What `read` makes of the table as it stands now; None where nothing was ever written.

        days : whose files it reads, all when None. LakeDamaged for the first of them that is damaged or gone, LakeError for
        what else fails.
        """
        for again in (True, False):
            opened = self.current(table)
            if opened is None:
                return None
            try:
                return read(opened)
            except BaseException as error:
                if not is_fault(error):
                    raise
                if not again:
                    problem = next(damaged_files(self, table, opened, days), None) if is_damage(error) else None
                    raise (problem or explanation(error, self.place.uri(table))) from error
                # Old versions may have gone in this very moment, and with them files that the table had when it was opened.
                self._kept.forget(table)
        raise AssertionError("unreachable")

    def dataset(self, table: Table, opened: DeltaTable, days: Sequence[object] | None = None) -> Dataset:
        """The files of an opened table that may hold rows of these days, of all when None; read when asked for."""
        return opened.to_pyarrow_dataset(
            schema=table.schema,
            filesystem=self.place.native_files(table),
            file_pruning_predicate=None if days is None else [(DAY, "in", list(days))],
        )

    def write(self, table: Table, rows: pa.Table, replace: str | None = None) -> None:
        """Add rows or, where `replace` is a predicate, put them in the place of those that it holds for; in one commit.

        When it returns, the commit lies on the disk or in the bucket. A store that takes a commit and whose answer is lost
        has taken it: the log says so. LakeConflict when other writers keep coming first, LakeFull when there is no room,
        LakeError for what else fails.
        """
        name = uuid4().hex
        for attempt in range(_TRIES):
            try:
                return explained(partial(self._write_once, table, rows, replace, name), self.place.uri(table))
            except (CommitFailedError, TableNotFoundError, LakeError) as error:
                cause = error.__cause__ or error
                conflict = isinstance(error, CommitFailedError | TableNotFoundError)
                if not conflict and not is_no_reply(cause):
                    raise
                if self._went_through(table, name):
                    return None
                if attempt == _TRIES - 1:
                    raise self._given_up(table, conflict, cause) from cause
                # The wait grows, and is random so that two do not march in step.
                time.sleep(random.uniform(0.01, 0.05) * 2 ** min(attempt, 6))  # noqa: S311 - spreads retries only
        raise AssertionError("unreachable")

    def _write_once(self, table: Table, rows: pa.Table, replace: str | None, name: str) -> None:
        opened = self.made(table)
        self._kept.forget(table)  # what a failed commit leaves of it is not known
        properties = CommitProperties(custom_metadata={_COMMIT: name})
        # Where properties are given at all, compression is none unless it is named.
        files = WriterProperties(compression="SNAPPY", max_row_group_size=table.row_group)
        write = partial(write_deltalake, opened, rows, commit_properties=properties, writer_properties=files)
        # merge: a lake learns the columns that have come since it was made
        if replace is None:
            write(mode="append", schema_mode="merge")
        else:
            write(mode="overwrite", predicate=replace, schema_mode="merge")
        self.sync(table, opened.version())
        self._kept.keep(table, opened)

    def _went_through(self, table: Table, name: str) -> bool:
        """Whether the log holds the commit of that name."""
        try:
            opened = self.place.opened(table)
            recent = [] if opened is None else opened.history(_LOOK_BACK)
        except (LakeError, DeltaError, OSError):
            return False  # asked again after the next try
        return any(entry.get(_COMMIT) == name for entry in recent)

    def _given_up(self, table: Table, conflict: bool, cause: BaseException) -> LakeError:
        where = self.place.uri(table)
        if not conflict:
            return LakeError(f"the store does not answer: {said(cause)}", where=where, fix="run the step again")
        return LakeConflict(
            "another writer keeps replacing the same day",
            rule="one writer a day and table",
            where=where,
            fix="run the step again when the other has ended",
        )

    def _admit(self, table: Table) -> None:
        """Before the first look at any other table: which version the lake has stands with `days`."""
        if not self._admitted and table is not DAYS:
            self.current(DAYS)

    def _of_our_version(self, table: Table, opened: DeltaTable | None) -> DeltaTable | None:
        if table is DAYS and not self._any_version:
            if opened is not None:
                refuse_others(opened, self.place.root)
            self._admitted = True
        return opened
