"""A whole table written anew, a day at a time, and put in the place of the old one in a single commit.

The new files lie in the table's folder and belong to no version until the commit, so readers see all of the old rows or all
of the new ones, and a run that is killed leaves files that maintenance removes. The outcome stands in the log with the commit:
a second run finds there that the work is done, and what came of it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.transaction import AddAction, RemoveAction
from pyarrow.fs import FileSystem

from obs_lib.lake.table import DAY, Table

_APPLICATION = "obs.migration"
_OUTCOME = "obs.outcome"


class Swap:
    """New files for an opened table: `put` each day, then `commit`. As a context it removes them where it came to an error."""

    def __init__(self, table: Table, opened: DeltaTable, files: FileSystem) -> None:
        self._table, self._opened, self._files = table, opened, files
        self._partitions = opened.metadata().partition_columns
        self._added: list[AddAction | RemoveAction] = []
        self._committing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # A commit that fails may have succeeded (a store that did not answer), and then they are the table's.
        if kind is not None and issubclass(kind, Exception) and not self._committing:
            for action in self._added:
                self._files.delete_file(action.path)

    def put(self, day: str, rows: pa.Table, written: dt.datetime) -> None:
        """One file of a day's rows. written : when they were first written, which is kept."""
        partition: dict[str, str | None] = {DAY: day} if DAY in self._partitions else {}
        folder = f"{DAY}={day}/" if partition else ""
        path = f"{folder}part-{uuid4()}.parquet"
        if folder:
            self._files.create_dir(folder)
        with self._files.open_output_stream(path) as file:
            pq.write_table(rows.drop_columns(list(partition)), file)
        size = self._files.get_file_info(path).size
        statistics = json.dumps({"numRecords": rows.num_rows})
        self._added.append(AddAction(path, size, partition, int(written.timestamp() * 1000), True, statistics))

    def commit(self, version: int, outcome: Mapping[str, object], days: Iterable[str] | None = None) -> None:
        """Put the files in the place of all rows, or of those of `days`; the columns become today's.

        version : of the schema that this migration leads to. outcome : what a later run must know. CommitFailedError where
        another writer came first.
        """
        properties = CommitProperties(
            custom_metadata={_OUTCOME: json.dumps(outcome)},
            app_transactions=[Transaction(_APPLICATION, version)],
            max_commit_retries=0,
        )
        self._committing = True
        chosen = None if days is None else [(DAY, "in", sorted(days))]
        self._opened.create_write_transaction(
            self._added,
            "overwrite",
            self._table.schema,
            partition_by=self._partitions,
            partition_filters=chosen,
            commit_properties=properties,
        )


def outcome_of_swap(opened: DeltaTable, version: int) -> dict[str, Any] | None:
    """The outcome that the swap to that schema version left; None where the table has not been swapped."""
    if (opened.transaction_version(_APPLICATION) or 0) < version:
        return None
    outcomes = (entry.get(_OUTCOME) for entry in opened.history())
    return next((dict(json.loads(outcome)) for outcome in outcomes if outcome is not None), None)
