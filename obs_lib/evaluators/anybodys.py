"""Anybody's evaluator as the night knows evaluators: given answers only, checked row by row, and never able to stop it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.outcomes import (
    NO_SESSION,
    Case,
    Outcome,
    cases,
    failed,
    reason_to_skip,
    scored,
    skipped,
    to_frame,
)
from obs_lib.records import SESSION, ScoreStatus, Vectors

_COLUMNS = ("status", "value", "note", "evidence")
_MOST_EVIDENCE = 20_000  # characters of JSON


class Anybodys:
    """Implements `records.Evaluator` around a `score(frame)`, or `score(frame, vectors)` where there is `texts(frame)`.

    The frame has the columns that it needs, one row for each answer, and an index of its own; requests that failed or have
    no answer are skipped before. What comes back is a frame of the same index with `value` (in [0, 1], or none) and, where
    it has more to say, `status` (SCORED, SKIPPED, FAILED), `note` and `evidence` (a mapping, or JSON). Where `score` raises,
    each row is asked for by itself, so that only the rows at fault are FAILED.
    """

    def __init__(self, own: Any, score: Score) -> None:
        self._own, self._reads_vectors = own, callable(getattr(own, "texts", None))
        self.name, self.needs = score.name, score.needs
        self.version, self.describe = str(own.version), str(own.describe)

    def texts(self, batch: pd.DataFrame) -> list[str]:
        """What it asks for; nothing where that breaks, and then the rows that lack their vectors are FAILED."""
        if not self._reads_vectors:
            return []
        try:
            return [text for text in self._own.texts(self._given(batch)) if isinstance(text, str)]
        except (Exception, SystemExit):  # noqa: BLE001 - anybody's code; `score` breaks in turn and says why
            return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        """The rows that `records.Evaluator` promises, whatever the evaluator does."""
        reasons = [self._reason(case) for case in cases(batch)]
        given = self._given(batch)
        outcomes = iter(self._outcomes(given, vectors))
        return to_frame([next(outcomes) if reason is None else skipped(reason) for reason in reasons], batch.index)

    def _given(self, batch: pd.DataFrame) -> pd.DataFrame:
        answered = [self._reason(case) is None for case in cases(batch)]
        columns = [name for name in Case._fields if name in self.needs]
        return batch.reindex(columns=columns)[answered].reset_index(drop=True)

    def _reason(self, case: Case) -> str | None:
        return reason_to_skip(case) or (NO_SESSION if SESSION in self.needs and case.session is None else None)

    def _outcomes(self, given: pd.DataFrame, vectors: Vectors) -> list[Outcome]:
        if given.empty:
            return []
        try:
            return self._asked(given, vectors)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - anybody's code; its failure is data
            if len(given) == 1:
                return [failed(f"{type(error).__name__}: {error}")]
        rows = (given.iloc[[n]].reset_index(drop=True) for n in range(len(given)))
        return [outcome for row in rows for outcome in self._outcomes(row, vectors)]

    def _asked(self, given: pd.DataFrame, vectors: Vectors) -> list[Outcome]:
        frame = given.copy()
        scored_frame = self._own.score(frame, vectors) if self._reads_vectors else self._own.score(frame)
        if not isinstance(scored_frame, pd.DataFrame):
            raise TypeError(f"score returned {type(scored_frame).__name__}, not a DataFrame")
        if not scored_frame.index.equals(given.index):
            raise ValueError(f"score returned {len(scored_frame)} rows of another index for {len(given)} rows")
        if "value" not in scored_frame:
            raise ValueError("score returned no column value")
        columns = [scored_frame[name] if name in scored_frame else [None] * len(scored_frame) for name in _COLUMNS]
        return [_outcome(*row) for row in zip(*columns, strict=True)]


def _outcome(status: object, value: object, note: object, evidence: object) -> Outcome:
    """One row as it is kept, FAILED where it breaks a rule."""
    number = None if _missing(value) else value
    reason = "" if _missing(note) else str(note)
    if _missing(status):
        status = ScoreStatus.SKIPPED if number is None else ScoreStatus.SCORED
    if str(status) == ScoreStatus.SKIPPED:
        return skipped(reason or "no value")
    if str(status) == ScoreStatus.FAILED:
        return failed(reason or "no reason given")
    if str(status) != ScoreStatus.SCORED:
        return failed(f"status must be one of {', '.join(ScoreStatus)}; found {str(status)[:50]!r}")
    if not isinstance(number, Real | np.bool_) or not 0 <= float(number) <= 1:  # NaN is neither
        return failed(f"value must be a number from 0 to 1; found {str(value)[:50]!r}")
    return scored(float(number), _evidence(evidence))


def _evidence(given: object) -> Mapping[str, object] | None:
    """What a reader is shown: a mapping; other JSON, and text, under a key of its own."""
    if _missing(given):
        return None
    try:
        known = json.loads(given) if isinstance(given, str) else given
        text = json.dumps(known, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        known = text = str(given)
    if len(text) > _MOST_EVIDENCE:
        return {"left_out": f"{len(text):,} characters of evidence, of which {_MOST_EVIDENCE:,} are kept at most"}
    return known if isinstance(known, Mapping) else {"evidence": known}


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


class LeftOut:
    """Implements `records.Evaluator` in the place of one that was planned and cannot be loaded any more: every row FAILED."""

    needs: frozenset[str] = frozenset()
    describe = "Left out: it cannot be loaded."

    def __init__(self, name: str, version: str) -> None:
        self.name, self.version = name, version

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return to_frame([failed("the evaluator cannot be loaded here")] * len(batch), batch.index)
