"""The data files that a version of a table consists of."""

from __future__ import annotations

import pyarrow as pa
from deltalake import DeltaTable


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
