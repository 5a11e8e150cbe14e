"""A table's rows on their way from a source to the lake: written down as they come, given back sorted, each key once.

A day may hold more text than memory. Only the keys of all rows are in memory at once (some 100 bytes a row); the rows lie in
a scratch folder. When all have come, they are dealt to buckets of neighbouring keys, each small enough to sort by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_lib.lake.rows import Rows
from obs_lib.lake.table import Table
from obs_lib.lake.tables import QUARANTINE
from obs_lib.sources.entries import Entry
from obs_lib.sources.validate import excerpt

_ROWS = 5_000  # written at once
_BYTES = 32 << 20  # of texts written at once, and of a bucket
_START = 800  # bytes of an entry, enough for an excerpt
_TO = "to"


Complete = Callable[[dict[str, list[Any]]], None]


class Masking(Protocol):
    """What becomes of texts before they touch the disk.

    rows : of a table's rows; the same columns, and no more rows. excerpts : of the starts of entries, one for each.
    """

    def rows(self, table: Table, batch: pa.RecordBatch) -> pa.RecordBatch: ...

    def excerpts(self, starts: list[str]) -> list[str]: ...


class Spool:
    """Rows of one table. Of rows with equal keys the one added last counts.

    masking : None where rows are written down as logged. complete : fills in columns of many rows at once, which are by name,
    before they are masked; None where rows come with all that they have.
    """

    def __init__(
        self, table: Table, folder: Path, masking: Masking | None = None, complete: Complete | None = None
    ) -> None:
        self.table, self.size, self._masking, self._complete = table, 0, masking, complete
        self._folder, self._file = folder, folder / f"{table.name}.arrow"
        text, number = pa.string(), pa.int64()
        # Where a row stood goes along, in columns of another kind of name, in case a later one takes its place.
        place = [("_source", number), ("_origin", text), ("_number", number), ("_start", pa.binary())]
        self._schema = pa.schema([*table.types.items(), *place])
        self._held: dict[str, list[Any]] = {name: [] for name in self._schema.names}
        self._keys: list[pa.Table] = []
        self._bytes = self._written = 0
        self._writer: pa.RecordBatchStreamWriter | None = None

    def add(self, record: dict[str, Any], entry: Entry, source: int) -> None:
        """Take a row in: a record of the table's columns; those that it lacks are null."""
        row = record | {
            "_source": source,
            "_origin": entry.origin,
            "_number": entry.number,
            "_start": entry.raw[:_START],
        }
        for name, column in self._held.items():
            column.append(row.get(name))
        self._bytes += sum(len(value) for value in record.values() if value.__class__ is str)
        self.size += 1
        if len(self._held["_number"]) == _ROWS or self._bytes >= _BYTES:
            self._write()

    def rows(self) -> Rows:
        """Every key's last row, sorted by key, and its `_source`. Nothing can be added afterwards."""
        self._close()
        names = [*self.table.names, "_source"]

        schema = pa.schema([self._schema.field(name) for name in names])
        return Rows(schema, self._kept, lambda: (batch.select(names) for batch in self._sorted()))

    def replaced(self) -> Iterator[tuple[str, int, bytes]]:
        """Origin, number and start of the entries whose rows a later one of the same key replaced, in their order."""
        self._close()
        if self._kept == self.size:
            return

        for start, batch in self._spooled():
            lost = batch.filter(pa.array(self._target[start : start + batch.num_rows] < 0))
            yield from zip(*(lost[name].to_pylist() for name in ("_origin", "_number", "_start")), strict=True)

    # -- how -------------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        if self._complete is not None:
            self._complete(self._held)
        batch = pa.RecordBatch.from_pydict(self._held, schema=self._schema)
        if self._masking is not None:
            batch = self._masked(batch, self._masking)
        self._writer = self._writer or _stream(self._file, self._schema)
        self._writer.write_batch(batch)
        self._keys.append(pa.table({name: batch[name] for name in self.table.key}))
        self._held = {name: [] for name in self._held}
        self._written += batch.nbytes
        self._bytes = 0

    def _masked(self, batch: pa.RecordBatch, masking: Masking) -> pa.RecordBatch:
        """The batch as it may be written down. Of a table of rejects rows may be missing: each is its own key."""
        rows = masking.rows(self.table, batch.select([*self.table.names, "_source", "_origin", "_number"]))
        self.size -= batch.num_rows - rows.num_rows
        if self.table is QUARANTINE:  # whose rows nobody replaces
            return rows.append_column("_start", pa.nulls(rows.num_rows, pa.binary()))
        starts = masking.excerpts([excerpt(raw) for raw in batch["_start"].to_pylist()])
        return rows.append_column("_start", pa.array([start.encode() for start in starts], pa.binary()))

    def _close(self) -> None:
        if self._held["_number"]:
            self._write()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @property
    def _kept(self) -> int:
        return int((self._target >= 0).sum())

    @cached_property
    def _target(self) -> np.ndarray:
        """Each spooled row's place in the sorted order; -1 where a later row has its key."""
        target = np.full(self.size, -1, dtype=np.int64)
        if not self.size:
            return target
        keys = pa.concat_tables(self._keys).append_column("came", pa.array(np.arange(self.size)))
        order = pc.sort_indices(keys, [(name, "ascending") for name in (*self.table.key, "came")])
        self._keys.clear()
        same = np.ones(self.size - 1, dtype=bool)
        for (
            name
        ) in self.table.key:  # one after the other: of a large day the sorted keys alone are hundreds of megabytes
            ordered = keys[name].take(order).combine_chunks()
            same &= pc.equal(ordered.slice(0, self.size - 1), ordered.slice(1)).to_numpy(zero_copy_only=False)
        last = np.append(~same, True)
        target[order.to_numpy()[last]] = np.arange(int(last.sum()))
        return target

    def _sorted(self) -> Iterator[pa.RecordBatch]:

        for bucket in self._buckets:
            with pa.ipc.open_stream(str(bucket)) as stream:
                yield from stream.read_all().sort_by(_TO).combine_chunks().to_batches()

    @cached_property
    def _buckets(self) -> list[Path]:
        """Files of neighbouring rows, in order: each kept row is in that of its place."""
        size = max(_ROWS, int(_BYTES * self.size / max(self._written, 1)))
        schema = self._schema.append(pa.field(_TO, pa.int64()))
        paths = [self._folder / f"{self.table.name}-{n}.arrow" for n in range(-(-self._kept // size))]
        writers = [_stream(path, schema) for path in paths]
        for start, batch in self._spooled():
            to = self._target[start : start + batch.num_rows]
            numbered = pa.RecordBatch.from_arrays([*batch.columns, pa.array(to)], schema=schema)
            for n in np.unique(to[to >= 0] // size).tolist():
                writers[n].write_batch(numbered.filter(pa.array((to >= n * size) & (to < (n + 1) * size))))
        for writer in writers:
            writer.close()
        return paths

    def _spooled(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Each batch as it came, with the number of its first row."""
        if not self.size:
            return
        start = 0
        with pa.ipc.open_stream(str(self._file)) as stream:
            for batch in stream:
                yield start, batch
                start += batch.num_rows


def _stream(path: Path, schema: pa.Schema) -> pa.RecordBatchStreamWriter:

    return pa.ipc.new_stream(str(path), schema, options=pa.ipc.IpcWriteOptions(compression="zstd"))
