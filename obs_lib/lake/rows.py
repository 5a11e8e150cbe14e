"""Rows of one day that may be more than memory holds: sorted batches that can be gone through again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from obs_lib.lake.table import Table
from obs_lib.records import Day


@dataclass(frozen=True)
class Rows:
    """`count` rows of one schema in the order of their table's key, each key once.

    batches : gives the rows from the first on, each time it is called. Only one batch need be in memory at a time.
    """

    schema: pa.Schema
    count: int
    batches: Callable[[], Iterator[pa.RecordBatch]]

    @classmethod
    def of(cls, table: pa.Table) -> Rows:
        """Rows that are in memory already."""
        return cls(table.schema, table.num_rows, lambda: iter(table.to_batches()))

    def table(self) -> pa.Table:
        """All of them at once."""
        return pa.Table.from_batches(self.batches(), self.schema)

    def portions(self, most_bytes: int) -> Iterator[pa.Table]:
        """The same rows as tables of about `most_bytes` at most each; one without rows where there are none."""
        held: list[pa.RecordBatch] = []
        size = 0
        for batch in self.batches():
            if held and size + batch.nbytes > most_bytes:
                yield pa.Table.from_batches(held, self.schema)
                held, size = [], 0
            held.append(batch)
            size += batch.nbytes
        if held or not self.count:
            yield pa.Table.from_batches(held, self.schema)

    def blocks(self, size: int) -> Iterator[pa.RecordBatch]:
        """The same rows in batches of exactly `size` rows, the last one smaller, whatever sizes they come in."""
        held: list[pa.RecordBatch] = []
        rows = 0
        for batch in self.batches():
            while batch.num_rows:
                part = batch.slice(0, size - rows)
                batch = batch.slice(part.num_rows)
                held.append(part)
                rows += part.num_rows
                if rows == size:
                    yield pa.concat_batches(held)
                    held, rows = [], 0
        if held:
            yield pa.concat_batches(held)


def rows_of(table: Table, day: Day, frame: pd.DataFrame | Rows) -> Rows:
    """The frame as rows of `table` for `day`: known columns only, in order, of the table's types, sorted by key.

    Rows are sorted already. A missing column or a value of another type is a bug of the step that made the frame, so it
    raises as one.
    """
    names, schema = list(table.names), pa.schema(list(table.types.items()))
    if isinstance(frame, Rows):
        batches = frame.batches
        return Rows(
            table.schema, frame.count, lambda: (_with_day(table, day, batch.select(names)) for batch in batches())
        )
    rows = pa.Table.from_pandas(frame[names], schema=schema, preserve_index=False).replace_schema_metadata(None)
    rows = rows.sort_by([(name, "ascending") for name in table.key])
    return Rows.of(pa.Table.from_batches([_with_day(table, day, batch) for batch in rows.to_batches()], table.schema))


def _with_day(table: Table, day: Day, batch: pa.RecordBatch) -> pa.RecordBatch:
    column = pa.repeat(pa.scalar(str(day)), batch.num_rows)
    return pa.RecordBatch.from_arrays([column, *batch.columns], schema=table.schema)
