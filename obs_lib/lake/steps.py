"""What `days` says: the state of each step of each day, and the digests of what it wrote."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow.dataset import FileSystemDataset

from obs_lib.lake.delta import DeltaTables
from obs_lib.lake.table import Table
from obs_lib.lake.tables import DAYS, SETTLED
from obs_lib.records import Day, StepState


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What `days` says of one step of one day. `digests` maps table to the digest of what the step wrote."""

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


class StepRecords:
    """The records of a lake. Each of their files is read once.

    A data file of Delta never changes, and no later one bears its name. So what was read of it stays true, and only which
    files are in force is asked anew each time.
    """

    def __init__(self, tables: DeltaTables) -> None:
        self._tables = tables
        self._read: dict[Table, dict[str, list[StepRecord]]] = {DAYS: {}, SETTLED: {}}

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
        opened = None if days == set() else self._tables.current(table)
        if opened is None:
            return []
        live = live_files(opened)
        names = None if days is None else {None, *map(str, days)}  # a file of `days_settled` bears no day
        wanted = [
            path
            for path, day, of in zip(*(live[name].to_pylist() for name in ("path", "day", "step")), strict=True)
            if (names is None or day in names) and (step is None or of in (None, step))
        ]
        known = self._known(table, opened, live["path"].to_pylist(), wanted)
        return [
            record
            for path in wanted
            for record in known[path]
            if (days is None or record.day in days) and step in (None, record.step)
        ]

    def _known(
        self, table: Table, opened: DeltaTable, live: list[str], wanted: list[str]
    ) -> Mapping[str, list[StepRecord]]:
        """The records of the wanted files, by path; those not read before are read now, those no more in force forgotten."""
        known = self._read[table]
        missing = set(wanted) - known.keys()
        if missing:
            known = {path: known[path] for path in live if path in known} | {path: [] for path in missing}
            every = self._tables.dataset(table, opened)
            files = [file for file in every.get_fragments() if file.path in missing]
            rows = FileSystemDataset(files, table.schema, every.format, every.filesystem).to_table(
                columns=[*table.schema.names, "__filename"]
            )
            for row in rows.to_pylist():
                known[row["__filename"]].append(_record(row))
            self._read[table] = known
        return known


def live_files(opened: DeltaTable) -> pa.Table:
    """Files of the current version: `path` (relative), `size_bytes`, `written` (milliseconds since 1970), `day`, `step`.

    `day` and `step` are those of the partition; null where the table has no such partition.
    """
    files = pa.table(opened.get_add_actions(flatten=True))

    def partition(name: str) -> pa.ChunkedArray:
        column = f"partition.{name}"
        values = files[column] if column in files.column_names else pa.nulls(files.num_rows)
        return values.cast(pa.string())

    return pa.table(
        {
            "path": files["path"].cast(pa.string()),
            "size_bytes": files["size_bytes"],
            "written": files["modification_time"].cast(pa.int64()),
            "day": partition("day"),
            "step": partition("step"),
        }
    )


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


def _record(row: Mapping[str, str]) -> StepRecord:
    return StepRecord(
        dt.date.fromisoformat(row["day"]),
        row["step"],
        StepState(row["state"]),
        row["inputs"],
        json.loads(row["digests"]),
        row["note"],
    )
