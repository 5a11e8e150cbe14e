"""Rows of the tables that alerts read, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

METRIC: dict[str, Any] = {
    "metric": "refusal_rate",
    "segment": "all",
    "status": "OK",
    "value": 0.1,
    "low": 0.08,
    "high": 0.12,
    "std_error": 0.01,
    "n": 300,
    "n_skipped": 0,
    "n_failed": 0,
    "note": "",
}
DRIFT: dict[str, Any] = {
    "name": "change:refusal_rate",
    "segment": "all",
    "verdict": "DRIFTED",
    "statistic": 0.2,
    "null_mean": 0.0,
    "null_high": 0.02,
    "p_value": 1e-6,
    "p_adjusted": 1e-5,
    "threshold": 0.05,
    "effect": 0.2,
    "unit": "share",
    "baseline_value": 0.1,
    "n_baseline": 2100,
    "n_current": 300,
    "baseline_days": "[]",
    "note": "",
}


def _frame(defaults: dict[str, Any], rows: tuple[dict[str, Any], ...]) -> pd.DataFrame:
    return pd.DataFrame([{**defaults, **row} for row in rows], columns=list(defaults))


@pytest.fixture(scope="session")
def metrics() -> Callable[..., pd.DataFrame]:
    """metrics({column: value}, ...): one row each, the rest ordinary."""
    return lambda *rows: _frame(METRIC, rows)


@pytest.fixture(scope="session")
def drift() -> Callable[..., pd.DataFrame]:
    """drift({column: value}, ...): one row each, the rest a clear change for the worse."""
    return lambda *rows: _frame(DRIFT, rows)
