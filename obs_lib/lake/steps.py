"""What `days` says: the state of each step of each day, and the digests of what it wrote."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow.dataset import Dataset, FileSystemDataset, ParquetFileFragment

from obs_lib.lake.delta import DeltaTables
from obs_lib.lake.faults import is_damage, said
from obs_lib.lake.files import live_files
from obs_lib.lake.table import Table
from obs_lib.lake.tables import DAYS, SETTLED
from obs_lib.records import Day, StepState

DROPPED = "drop"
"""The step by which maintenance says that it has dropped rows of a day, or those of its baseline."""

_DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What `days` says of one step of one day. `digests` maps table to the digest of what the step wrote.

    A FAILED one with digests is of a step whose result stood and was lost: see `lost`.
    """

    day: Day
    step: str
    state: StepState
    inputs: str
    digests: Mapping[str, str]
    note: str

    @property
    def readable(self) -> bool:
        """Whether readers may take what the step wrote."""
        return self.state in (StepState.READY, StepState.NO_DATA)

    @property
    def lost(self) -> bool:
        """Whether the step had a good result that cannot be read any more; `note` says which file, and what mends it."""
        return self.state is StepState.FAILED and bool(self.digests)


_ByDay = dict[Day, list[StepRecord]]


class _File(NamedTuple):
    """A data file in force. day, step : of which it holds records; None where those of many."""

    path: str
    day: str | None
    step: str | None


class StepRecords:
    """The records of a lake. Each of their files is read once.

    A data file of Delta never changes, and no later one bears its name. So what was read of it stays true, and only which
    files are in force is asked anew each time.
    """

    def __init__(self, tables: DeltaTables) -> None:
        self._tables = tables
        self._read: dict[Table, dict[str, _ByDay]] = {DAYS: {}, SETTLED: {}}
        self._listed: dict[Table, tuple[DeltaTable, int, list[_File]]] = {}

    def records(self, days: Iterable[Day] | None = None, step: str | None = None) -> list[StepRecord]:
        """Sorted by day and step; of all days when `days` is None, of all steps when `step` is."""
        chosen = None if days is None else set(days)
        current = self._of(DAYS, chosen, step)
        # Read second, because rows move from `days` to here; what `days` says is newer.
        settled = self._of(SETTLED, chosen, step)
        newest = {(record.day, record.step): record for record in (*settled, *current)}
        return [newest[key] for key in sorted(newest)]

    def mark(self, record: StepRecord) -> None:
        """Put the record in the place of what `days` says of that step of that day."""
        rows = rows_of_records(DAYS, [record])
        self._tables.write(DAYS, rows, f"day = '{record.day}' AND step = '{record.step}'")

    def _of(self, table: Table, days: set[Day] | None, step: str | None) -> list[StepRecord]:
        if days == set():
            return []
        return self._tables.reading(table, lambda opened: self._chosen(table, opened, days, step)) or []

    def _chosen(self, table: Table, opened: DeltaTable, days: set[Day] | None, step: str | None) -> list[StepRecord]:
        live = self._files(table, opened)
        names = None if days is None else {None, *map(str, days)}  # a file of `days_settled` bears no day
        wanted = [
            file.path
            for file in live
            if (names is None or file.day in names) and (step is None or file.step in (None, step))
        ]
        known = self._known(table, opened, live, wanted)
        return [
            record
            for path in wanted
            for day in (known[path] if days is None else days & known[path].keys())
            for record in known[path][day]
            if step in (None, record.step)
        ]

    def _files(self, table: Table, opened: DeltaTable) -> list[_File]:
        """The files in force, listed once a version: a night asks many times between two of its writes."""
        listed = self._listed.get(table)
        if listed is None or listed[0] is not opened or listed[1] != opened.version():
            live = live_files(opened)
            columns = (live[name].to_pylist() for name in ("path", "day", "step"))
            files = [_File(*file) for file in zip(*columns, strict=True)]
            listed = self._listed[table] = (opened, opened.version(), files)
        return listed[2]

    def _known(self, table: Table, opened: DeltaTable, live: list[_File], wanted: list[str]) -> Mapping[str, _ByDay]:
        """The records of the wanted files, by path; those not read before are read now, those no more in force forgotten."""
        known = self._read[table]
        missing = set(wanted) - known.keys()
        if missing:
            known = {file.path: known[file.path] for file in live if file.path in known}
            every = self._tables.dataset(table, opened)
            files = [file for file in every.get_fragments() if file.path in missing]
            try:
                read = self._records_in(table, every, files)
            except Exception as error:
                if table is SETTLED or not is_damage(error):  # of many days, there
                    raise
                of = {file.path: file for file in live}
                read = {}
                for file in files:
                    read |= self._records_or_damage(table, every, file, of[file.path])
            known |= read
            # What is damaged is looked at again: it may be put back.
            self._read[table] = {path: records for path, records in known.items() if not _any_damaged(records)}
        return known

    def _records_in(self, table: Table, every: Dataset, files: list[ParquetFileFragment]) -> dict[str, _ByDay]:
        known: dict[str, _ByDay] = {file.path: {} for file in files}
        rows = FileSystemDataset(files, table.schema, every.format, every.filesystem).to_table(
            columns=[*table.schema.names, "__filename"]
        )
        for row in rows.to_pylist():
            record = _record(row)
            known[row["__filename"]].setdefault(record.day, []).append(record)
        return known

    def _records_or_damage(
        self, table: Table, every: Dataset, file: ParquetFileFragment, of: _File
    ) -> dict[str, _ByDay]:
        """The records of one file; where it is damaged, one that says so: the day is made again, and stops no other."""
        try:
            return self._records_in(table, every, [file])
        except Exception as error:
            if not is_damage(error):
                raise
            note = f"what `days` says of it is damaged: {said(error)}; `obs run {of.day} --afresh`"[:500]
            day = dt.date.fromisoformat(str(of.day))
            return {file.path: {day: [StepRecord(day, str(of.step), StepState.FAILED, _DAMAGED, {}, note)]}}


def rows_of_records(table: Table, records: Iterable[StepRecord]) -> pa.Table:
    """Records as rows of DAYS or SETTLED, sorted by day and step."""
    rows = [
        {
            "day": str(record.day),
            "step": record.step,
            "state": record.state.value,
            "inputs": record.inputs,
            "digests": json.dumps(dict(record.digests), sort_keys=True),
            "note": record.note,
        }
        for record in sorted(records, key=lambda record: (record.day, record.step))
    ]
    return pa.Table.from_pylist(rows, schema=table.schema)


def _any_damaged(records: _ByDay) -> bool:
    return any(record.inputs == _DAMAGED for of_day in records.values() for record in of_day)


def _record(row: Mapping[str, str]) -> StepRecord:
    return StepRecord(
        dt.date.fromisoformat(row["day"]),
        row["step"],
        StepState(row["state"]),
        row["inputs"],
        json.loads(row["digests"]),
        row["note"],
    )
