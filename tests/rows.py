"""Rows of tables as tests make and compare them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.rows import Rows
from obs_lib.lake.table import Table


def frame_of(table: Table, columns: dict[str, list[Any]]) -> pd.DataFrame:
    """A frame with the table's columns and types; counts are nullable integers, absent texts are missing values."""
    arrays = [pa.array(columns[name], kind) for name, kind in table.types.items()]
    nullable = {pa.int64(): pd.Int64Dtype()}
    return pa.Table.from_arrays(arrays, names=list(table.names)).to_pandas(types_mapper=nullable.get)


def digest_of_table(rows: pa.Table, key: tuple[str, ...]) -> str:
    """Name of rows in any order."""
    return digest_of_rows(Rows.of(rows.sort_by([(name, "ascending") for name in key])))
