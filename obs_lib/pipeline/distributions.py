"""The distributions of one range of days against those of another: what was asked, took and cost, and how answers scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields

import numpy as np
import pandas as pd

from obs_lib.drift.distributions import Apart, Rows
from obs_lib.lake.tables import INTERACTIONS, SCORES
from obs_lib.pipeline.ranges import ready_days
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, ScoreStatus

NUMBERS = (
    "input_tokens",
    "output_tokens",
    "ttft_ms",
    "tpot_ms",
    "total_latency_ms",
    "cost_usd",
    "quality_score",
)
WORDS = ("model_version", "provider", "finish_reason", "error_kind", "prompt_language", "response_language")


def compare_distributions(ws: Workspace, baseline: Sequence[Day], current: Sequence[Day]) -> pd.DataFrame:
    """Return a row for each column and distance, columns as in `Apart`; columns that a range hardly has are left out.

    Columns are NUMBERS and WORDS of `interactions`, and `score:<evaluator>`, weighted by how answers were drawn.
    ConfigError and DayNotReady as of `compare_ranges`.
    """
    days = ready_days(ws, baseline, current)
    rows = [*_of_interactions(ws, *days), *_of_scores(ws, *days)]
    return pd.DataFrame([asdict(one) for one in rows], columns=[item.name for item in fields(Apart)])


def _of_interactions(ws: Workspace, baseline: Sequence[Day], current: Sequence[Day]) -> Iterator[Apart]:
    frame = ws.lake.read(INTERACTIONS, [*baseline, *current], ["day", *NUMBERS, *WORDS])
    rows = _rows(ws, frame, current)
    for name in NUMBERS:
        yield from rows.numbers(name, frame[name], np.ones(len(frame)))
    for name in WORDS:
        yield from rows.words(name, frame[name])


def _of_scores(ws: Workspace, baseline: Sequence[Day], current: Sequence[Day]) -> Iterator[Apart]:
    columns = ["day", "evaluator", "status", "value", "inclusion_probability"]
    scored = {"status": [ScoreStatus.SCORED.value]}
    frame = ws.lake.read(SCORES, [*baseline, *current], columns, where=scored).dropna(subset=["value"])
    for name, part in frame.groupby("evaluator", sort=True):
        weights = 1 / part["inclusion_probability"].to_numpy(dtype=np.float64)
        yield from _rows(ws, part, current).numbers(f"score:{name}", part["value"], weights)


def _rows(ws: Workspace, frame: pd.DataFrame, current: Sequence[Day]) -> Rows:
    day = frame["day"].to_numpy(dtype=object)
    return Rows(day, np.isin(day.astype(str), [str(one) for one in current]), ws.settings.drift.min_answers)
