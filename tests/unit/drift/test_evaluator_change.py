from __future__ import annotations

import datetime as dt

import pytest

from obs_lib.drift.evaluator_change import from_frame, to_frame
from obs_lib.lake.tables import EVALUATOR_CHANGES
from obs_lib.records import EvaluatorChange, EvaluatorVerdict

DAYS = (dt.date(2024, 3, 1), dt.date(2024, 3, 2))
CHANGES = [
    EvaluatorChange("format", "1", EvaluatorVerdict.SAME, comparable=7),
    EvaluatorChange("refusal", "2", EvaluatorVerdict.MOVED, DAYS, 1, "version", 40, 3, 0.4, "a", "1"),
    EvaluatorChange("toxicity", "1", EvaluatorVerdict.MIXED, DAYS[:1], 5, "scores", 40, 1, None, "b", "1"),
]


@pytest.mark.parametrize("changes", [CHANGES, CHANGES[:1], []])
def test_rows_are_the_tables_columns_and_come_back(changes: list[EvaluatorChange]) -> None:
    frame = to_frame(changes)
    assert list(frame.columns) == list(EVALUATOR_CHANGES.names)
    assert from_frame(frame) == changes
