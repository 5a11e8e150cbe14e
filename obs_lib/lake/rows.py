"""Rows of one day that may be more than memory holds: sorted batches that can be gone through again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa


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
