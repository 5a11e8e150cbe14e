"""Whether an evaluator is the same that scored the baseline days: the same version, and the same scores on the anchors.

Where it is not, the difference between two days' rates is the evaluator's as much as the model's, and says nothing of either.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import EVALUATOR_CHANGES
from obs_lib.records import Day, EvaluatorChange, EvaluatorVerdict

Incomparable = Mapping[str, frozenset[Day]]
"""By evaluator, the baseline days that it scored otherwise."""


class _Score(NamedTuple):
    version: str
    status: str
    value: float | None


_Scores = dict[str, _Score]
"""What an evaluator made of each anchor on a day."""


class _Shift(NamedTuple):
    reason: str
    anchors: int
    moved: int
    largest: float | None
    worst: str
    before: str


def evaluator_changes(
    today: pd.DataFrame, window: Mapping[Day, pd.DataFrame], options: DriftOptions
) -> list[EvaluatorChange]:
    """Compare each evaluator of today with each baseline day. Frames are rows of the table `anchors`.

    A day without a row for an evaluator (an older lake, or not run) says nothing and is taken as comparable.
    """
    of_day = {day: _by_evaluator(rows) for day, rows in window.items()}
    return [
        _change(name, rows, {day: scores.get(name) for day, scores in of_day.items()}, options)
        for name, rows in sorted(_by_evaluator(today).items())
    ]


def incomparable(changes: Sequence[EvaluatorChange]) -> Incomparable:
    """The days that must not be a baseline, by evaluator."""
    return {change.evaluator: frozenset(change.away) for change in changes if change.away}


def to_frame(changes: Sequence[EvaluatorChange]) -> pd.DataFrame:
    """Rows of the table `evaluator_changes`, without `day`."""
    rows = [
        {
            "evaluator": change.evaluator,
            "version": change.version,
            "verdict": change.verdict.value,
            "reason": change.reason,
            "away": json.dumps([day.isoformat() for day in change.away]),
            "comparable": change.comparable,
            "anchors": change.anchors,
            "moved": change.moved,
            "largest": change.largest,
            "worst": change.worst,
            "before": change.before,
        }
        for change in changes
    ]
    return pd.DataFrame(rows, columns=list(EVALUATOR_CHANGES.names))


def from_frame(frame: pd.DataFrame) -> list[EvaluatorChange]:
    """Rows of the table as they come back from the lake, in their order."""
    return [
        EvaluatorChange(
            evaluator=str(row["evaluator"]),
            version=str(row["version"]),
            verdict=EvaluatorVerdict(row["verdict"]),
            away=tuple(dt.date.fromisoformat(day) for day in json.loads(row["away"])),
            comparable=int(row["comparable"]),
            reason=str(row["reason"]),
            anchors=int(row["anchors"]),
            moved=int(row["moved"]),
            largest=None if pd.isna(row["largest"]) else float(row["largest"]),
            worst=str(row["worst"]),
            before=str(row["before"]),
        )
        for row in frame.to_dict("records")
    ]


def _change(name: str, rows: _Scores, window: Mapping[Day, _Scores | None], options: DriftOptions) -> EvaluatorChange:
    away: dict[Day, _Shift] = {}
    for day, before in sorted(window.items()):
        shift = _shift(rows, before, options.anchor_band) if before else None
        if shift is not None:
            away[day] = shift
    comparable = len(window) - len(away)
    if not away:
        return EvaluatorChange(name, _version(rows), EvaluatorVerdict.SAME, comparable=comparable)
    verdict = EvaluatorVerdict.MOVED if comparable < options.min_days else EvaluatorVerdict.MIXED
    return EvaluatorChange(name, _version(rows), verdict, tuple(away), comparable, *away[max(away)])


def _by_evaluator(rows: pd.DataFrame) -> dict[str, _Scores]:
    found: dict[str, _Scores] = {}
    columns = (rows[name].tolist() for name in ("evaluator", "anchor", "version", "status", "value"))
    for evaluator, anchor, version, status, value in zip(*columns, strict=True):
        found.setdefault(evaluator, {})[anchor] = _Score(version, status, None if pd.isna(value) else value)
    return found


def _version(rows: _Scores) -> str:
    return next(iter(rows.values())).version


def _shift(rows: _Scores, before: _Scores, band: float) -> _Shift | None:
    """How the scores of the same anchors differ; None where they do not and the version is the same."""
    if rows == before:  # so on nearly all days
        return None
    both = sorted(rows.keys() & before.keys())
    apart = {anchor: far for anchor in both if (far := _apart(rows[anchor], before[anchor])) is not None}
    moved = sum(far > band for far in apart.values())
    versions = _version(rows), _version(before)
    if versions[0] == versions[1] and not moved:
        return None
    # Of equally far ones the first by its name, so that the row is the same every time.
    worst = min(apart, key=lambda anchor: (-apart[anchor], anchor), default="")
    largest = apart.get(worst, 0.0)
    reason = "version" if versions[0] != versions[1] else "scores"
    return _Shift(reason, len(both), moved, largest if largest != math.inf else None, worst, versions[1])


def _apart(now: _Score, before: _Score) -> float | None:
    """Without an end where a score came or went; None where there was none on either day."""
    if now.status != before.status:
        return math.inf
    return None if now.value is None or before.value is None else abs(now.value - before.value)
