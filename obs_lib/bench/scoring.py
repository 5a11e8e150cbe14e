"""Rows to results by evaluators, exactly as a night scores them: equal cases once, in its batches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypedDict

import pandas as pd

from obs_lib.bench.lines import Line
from obs_lib.models.encoder import Encoder
from obs_lib.models.vectors import gather
from obs_lib.pipeline.cases import distinct_cases
from obs_lib.pipeline.evaluate import score_batch
from obs_lib.records import CASE_COLUMNS, Evaluator, ScoreStatus


class Result(TypedDict):
    """One line of the output. value is None unless status is SCORED; note says why; evidence is what a reader looks at."""

    id: str | int | float | None
    evaluator: str
    status: str
    value: float | None
    note: str
    evidence: Any


def score_rows(evaluator: Evaluator, rows: Sequence[Line], encoder: Encoder, batch_size: int) -> list[Result]:
    """A result for each row, in order; a row that could not be read is FAILED with its line number."""
    return score_by_each((evaluator,), rows, encoder, batch_size)[evaluator.name]


def score_by_each(
    evaluators: Sequence[Evaluator], rows: Sequence[Line], encoder: Encoder, batch_size: int
) -> dict[str, list[Result]]:
    """`score_rows` of several evaluators by name; a text that several read is encoded once."""
    readable = [row for row in rows if row.problem is None]
    frame = pd.DataFrame([row.columns for row in readable], columns=list(CASE_COLUMNS), dtype=object)
    cases, case_of = distinct_cases(frame.where(frame.notna(), None))
    vectors = gather(sorted({text for one in evaluators for text in one.texts(cases)}), {}, encoder)
    results: dict[str, list[Result]] = {}
    for evaluator in evaluators:
        by_case: dict[str, Result] = {}
        for start in range(0, len(cases), batch_size):
            batch = cases.iloc[start : start + batch_size].reset_index(drop=True)
            for row in score_batch(evaluator, batch, vectors).to_dict("records"):
                by_case[row["case"]] = _result(evaluator.name, row)
        names = iter(case_of)
        results[evaluator.name] = [
            {**by_case[next(names)], "id": row.id} if row.problem is None else _broken(evaluator.name, row)
            for row in rows
        ]
    return results


def _result(evaluator: str, row: dict[Any, Any]) -> Result:
    scored = row["status"] == ScoreStatus.SCORED.value
    evidence = row["evidence"]
    return {
        "id": None,
        "evaluator": evaluator,
        "status": str(row["status"]),
        "value": float(row["value"]) if scored else None,
        "note": str(row["note"]),
        "evidence": json.loads(evidence) if isinstance(evidence, str) else None,
    }


def _broken(evaluator: str, row: Line) -> Result:
    return {
        "id": row.id,
        "evaluator": evaluator,
        "status": ScoreStatus.FAILED.value,
        "value": None,
        "note": row.problem or "",
        "evidence": None,
    }
