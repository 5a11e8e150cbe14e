"""Digests that name content: of plain values, and of a table's day whatever its row order, chunks or file layout."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_LENGTH = 32  # hex digits: 128 bits are plenty to name the days of a lake, and still readable in a report


def digest_of(*parts: object) -> str:
    """Name of some plain values (anything that JSON can hold); equal values give equal names, on every machine.

    >>> digest_of("ingest", 1) == digest_of("ingest", 1)
    True
    >>> digest_of("ab", "c") == digest_of("a", "bc")
    False
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def digest_of_table(table: pa.Table, key: tuple[str, ...]) -> str:
    """Name of a table's content: rows sorted by `key`, each column as its type, its nulls and its values.

    Nulls are filled before hashing, because what lies under a null differs between a table that was computed and the
    same table read back from a file.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = table.sort_by([(name, "ascending") for name in key]) if table.num_rows else table
    state = hashlib.sha256(str(table.num_rows).encode())
    for field, column in zip(table.schema, table.columns, strict=True):
        state.update(f"\x00{field.name}\x00{field.type}\x00".encode())
        plain = column.cast(pa.int64()) if pa.types.is_timestamp(field.type) else column
        empty = pa.scalar(b"" if pa.types.is_binary(field.type) else _EMPTY.get(str(plain.type), 0), type=plain.type)
        for part in (pc.is_valid(plain), pc.fill_null(plain, empty)):
            _hash_column(state, part)
    return state.hexdigest()[:_LENGTH]


_EMPTY: dict[str, object] = {"string": "", "bool": False, "double": 0.0}


def _hash_column(state: hashlib._Hash, column: pa.ChunkedArray) -> None:
    """Feed a column without nulls into `state` in one fixed layout."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
        state.update(np.ascontiguousarray(pc.binary_length(array).to_numpy(zero_copy_only=False)).tobytes())
        state.update(
            pc.binary_join(pa.array([array.cast(pa.binary()).to_pylist()], pa.list_(pa.binary())), b"")[0].as_py()
        )
    else:
        state.update(np.ascontiguousarray(array.to_numpy(zero_copy_only=False)).tobytes())
