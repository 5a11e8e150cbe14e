"""Rows of the lake's tables as a report reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

TableRow = Mapping[str, Any]
"""A row of one of the lake's tables by its columns, None for null."""


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table with None wherever pandas says NaN, NaT or NA."""
    columns = {
        str(name): frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame.columns
    }
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
