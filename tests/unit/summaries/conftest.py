from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from obs_lib.lake.tables import INTERACTIONS, SCORES

Maker = Callable[..., pd.DataFrame]


def _frame(table: Any, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the lake gives them back: the table's columns and types."""
    import pyarrow as pa

    columns = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in table.types.items()}
    return pa.table(columns).to_pandas()


@pytest.fixture
def interactions() -> Maker:
    def make(*rows: dict[str, Any]) -> pd.DataFrame:
        stamp = pd.Timestamp("2023-06-02T12:00:00Z")
        filled = [
            {"request_id": f"r{n:04d}", "timestamp": stamp, "error_logged": False} | row for n, row in enumerate(rows)
        ]
        return _frame(INTERACTIONS, filled)

    return make


@pytest.fixture
def scores() -> Maker:
    def make(*rows: dict[str, Any]) -> pd.DataFrame:
        fixed = {"version": "1", "case": "c", "status": "SCORED", "note": "", "inclusion_probability": 1.0}
        return _frame(SCORES, [fixed | row for row in rows])

    return make
