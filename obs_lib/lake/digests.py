"""Digests that name a table's day by its content, whatever its row order, chunks or file layout."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_lib.digests import LENGTH
from obs_lib.lake.rows import Rows

_BLOCK = 4_096  # rows; part of what a digest means. Small, because a block of long texts must stay under Arrow's 2 GB


def digest_of_rows(rows: Rows) -> str:
    """Name of sorted rows: their number and, block by block, each column as its type, its nulls and its values.

    Blocks have one fixed size, so the name rests on content alone and a day of any size needs memory for one block. Nulls
    are filled before hashing, because what lies under a null differs between rows that were computed and the same rows
    read back from a file.
    """
    state = hashlib.sha256(str(rows.count).encode())
    for block in rows.blocks(_BLOCK) if rows.count else [pa.RecordBatch.from_pylist([], rows.schema)]:
        for field, column in zip(block.schema, block.columns, strict=True):
            _hash_column(state, field, column)
    return state.hexdigest()[:LENGTH]


_EMPTY: dict[str, object] = {"string": "", "bool": False, "double": 0.0}


def _hash_column(state: hashlib._Hash, field: pa.Field, column: pa.Array) -> None:
    """Feed a column of one block into `state` in one fixed layout."""
    state.update(f"\x00{field.name}\x00{field.type}\x00".encode())
    plain = column.cast(pa.int64()) if pa.types.is_timestamp(field.type) else column
    empty = pa.scalar(b"" if pa.types.is_binary(field.type) else _EMPTY.get(str(plain.type), 0), type=plain.type)
    for part in (pc.is_valid(plain), pc.fill_null(plain, empty)):
        _hash_values(state, part)


def _hash_values(state: hashlib._Hash, array: pa.Array) -> None:

    if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
        state.update(np.ascontiguousarray(pc.binary_length(array).to_numpy(zero_copy_only=False)).tobytes())
        state.update(_joined(array))
    else:
        state.update(np.ascontiguousarray(array.to_numpy(zero_copy_only=False)).tobytes())


def _joined(array: pa.Array) -> memoryview:
    """The bytes of all texts one after another, as they lie in memory."""
    _, offsets, data = array.buffers()
    if data is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]
