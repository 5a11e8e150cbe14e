"""Whether an evaluator is the same that scored the baseline days: the same version, and the same scores on the anchors.

Where it is not, the difference between two days' rates is the evaluator's as much as the model's, and says nothing of either.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import EVALUATOR_CHANGES
from obs_lib.records import Day, EvaluatorChange, EvaluatorVerdict

Incomparable = Mapping[str, frozenset[Day]]
"""By evaluator, the baseline days that it scored otherwise."""


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
    return [_change(str(name), rows, window, options) for name, rows in today.groupby("evaluator", sort=True)]


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


def _change(
    name: str, rows: pd.DataFrame, window: Mapping[Day, pd.DataFrame], options: DriftOptions
) -> EvaluatorChange:
    version = str(rows["version"].iloc[0])
    away: dict[Day, _Shift] = {}
    for day, frame in sorted(window.items()):
        before = frame[frame["evaluator"] == name]
        shift = _shift(rows, before, options.anchor_band) if len(before) else None
        if shift is not None:
            away[day] = shift
    comparable = len(window) - len(away)
    if not away:
        return EvaluatorChange(name, version, EvaluatorVerdict.SAME, comparable=comparable)
    verdict = EvaluatorVerdict.MOVED if comparable < options.min_days else EvaluatorVerdict.MIXED
    return EvaluatorChange(name, version, verdict, tuple(away), comparable, *away[max(away)])


def _shift(rows: pd.DataFrame, before: pd.DataFrame, band: float) -> _Shift | None:
    """How the scores of the same anchors differ; None where they do not and the version is the same."""
    if _scores(rows).equals(_scores(before)):  # so on nearly all days, and known much sooner than by matching anchors
        return None
    both = rows.merge(before, on="anchor", suffixes=("", "_before"))
    apart = (both["value"] - both["value_before"]).abs()
    turned = both["status"] != both["status_before"]
    moved = turned | (apart > band)
    versions = str(rows["version"].iloc[0]), str(before["version"].iloc[0])
    if versions[0] == versions[1] and not moved.any():
        return None
    scored = both.assign(apart=apart.where(~turned, float("inf"))).dropna(subset=["apart"])
    # Of equally far ones the first by its name, so that the row is the same every time.
    worst = scored.sort_values(["apart", "anchor"], ascending=[False, True]).head(1)
    largest = float(worst["apart"].iloc[0]) if len(worst) else 0.0
    known = largest if largest != float("inf") else None
    reason = "version" if versions[0] != versions[1] else "scores"
    named = str(worst["anchor"].iloc[0]) if len(worst) else ""
    return _Shift(reason, len(both), int(moved.sum()), known, named, versions[1])


def _scores(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["anchor", "version", "status", "value"]].reset_index(drop=True)
