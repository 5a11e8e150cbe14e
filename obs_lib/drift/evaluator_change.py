"""Whether an evaluator is the same that scored the baseline days: the same version, and the same scores on the anchors.

Where it is not, the difference between two days' rates is the evaluator's as much as the model's, and says nothing of either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import EVALUATOR_CHANGES
from obs_lib.records import Day


class EvaluatorVerdict(StrEnum):
    """SAME: as on every baseline day. MIXED: some baseline days were scored otherwise and are left out. MOVED: so many were
    that the others do not make a baseline.
    """

    SAME = "SAME"
    MIXED = "MIXED"
    MOVED = "MOVED"


@dataclass(frozen=True, slots=True)
class EvaluatorChange:
    """One evaluator of a day against the baseline days.

    away : baseline days that are not comparable, oldest first. comparable : how many others know this evaluator.
    reason : "version" or "scores", of the latest day away; "" for none.
    anchors : how many anchors both days scored. moved : how many of them stand beyond the band. largest : the largest
    difference, in score units; None where a score came or went. worst : the anchor with it.
    before : the version of the latest day away.
    """

    evaluator: str
    version: str
    verdict: EvaluatorVerdict
    away: tuple[Day, ...] = ()
    comparable: int = 0
    reason: str = ""
    anchors: int = 0
    moved: int = 0
    largest: float | None = None
    worst: str = ""
    before: str = ""


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
            "evaluator": one.evaluator,
            "version": one.version,
            "verdict": one.verdict.value,
            "reason": one.reason,
            "away": json.dumps([day.isoformat() for day in one.away]),
            "comparable": one.comparable,
            "anchors": one.anchors,
            "moved": one.moved,
            "largest": one.largest,
            "worst": one.worst,
            "before": one.before,
        }
        for one in changes
    ]
    return pd.DataFrame(rows, columns=[name for name, _ in EVALUATOR_CHANGES.columns])


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
