"""What to make of a day's distances: false alarms are controlled over everything that was judged that day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from obs_lib.drift import token_adjusted
from obs_lib.drift.change import PREFIX
from obs_lib.drift.kl import NAME as TOKEN_KL
from obs_lib.drift.options import DriftOptions
from obs_lib.drift.semantic import NAME as SEMANTIC
from obs_lib.lake.tables import DRIFT
from obs_lib.records import Distance, DriftVerdict

BOTH_WAYS = (PREFIX, token_adjusted.PREFIX)
MOST_LEFT = 0.5  # part of a change that may be left at equal tokens where tokens explain it
ABSOLUTE_UNITS = frozenset({"share", "probability", "score"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A distance with its verdict.

    p_adjusted : Benjamini-Hochberg adjusted over the day; None for TOO_FEW.
    threshold : the smallest effect that counts, in the distance's unit; None where it depends on a missing baseline.
    """

    distance: Distance
    verdict: DriftVerdict
    p_adjusted: float | None
    threshold: float | None


def decide(distances: Sequence[Distance], options: DriftOptions) -> pd.DataFrame:
    """Judge all distances of one day and return them as rows of the `drift` table, without `day`, in their order."""
    return pd.DataFrame([_row(one) for one in judge(distances, options)], columns=[name for name, _ in DRIFT.columns])


def judge(distances: Sequence[Distance], options: DriftOptions) -> list[Judged]:
    """Judge all distances of one day, in their order.

    DRIFTED: adjusted p at most `false_discovery_rate` and an effect of at least its smallest. Distances count upwards
    only, changes both ways. EXPLAINED: a change that would be DRIFTED, were it not for the tokens: at equal tokens the
    metric is STABLE, and at least half of the change is gone. TOO_FEW: nothing was measured. Segments overlap and
    metrics hang together, which Benjamini-Hochberg allows as long as they do so positively (Benjamini and Yekutieli
    2001).
    """
    measured = [distance for distance in distances if distance.p_value is not None]
    adjusted = iter(benjamini_hochberg([distance.p_value or 0.0 for distance in measured]))
    found = [_judge(one, None if one.p_value is None else float(next(adjusted)), options) for one in distances]
    by_name = {(one.distance.name, one.distance.segment): one for one in found}
    return [_explain(one, by_name.get(_token_adjusted(one.distance))) for one in found]


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return adjusted p-values in the order given (Benjamini and Hochberg 1995).

    >>> benjamini_hochberg([0.04, 0.001, 0.03]).round(3).tolist()
    [0.04, 0.003, 0.04]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    return adjusted


def smallest_effect(distance: Distance, options: DriftOptions) -> float | None:
    """Return the smallest effect of a distance that counts, in its unit; None without a baseline to relate to."""
    if distance.name == SEMANTIC:
        return options.min_semantic
    if distance.name == TOKEN_KL:
        return options.min_token_kl
    if (own := options.min_changes.get(_metric(distance))) is not None:
        return own
    if distance.unit in ABSOLUTE_UNITS:
        return options.min_share
    relative = options.min_slowdown if distance.name.startswith(token_adjusted.PREFIX) else options.min_relative
    return None if distance.baseline_value is None else relative * abs(distance.baseline_value)


def _judge(distance: Distance, p_adjusted: float | None, options: DriftOptions) -> Judged:
    threshold = smallest_effect(distance, options)
    if p_adjusted is None or distance.effect is None or threshold is None:
        return Judged(distance, DriftVerdict.TOO_FEW, p_adjusted, threshold)
    size = abs(distance.effect) if distance.name.startswith(BOTH_WAYS) else distance.effect
    drifted = p_adjusted <= options.false_discovery_rate and size >= threshold and size > 0
    return Judged(distance, DriftVerdict.DRIFTED if drifted else DriftVerdict.STABLE, p_adjusted, threshold)


def _metric(distance: Distance) -> str:
    return distance.name.removeprefix(PREFIX).removeprefix(token_adjusted.PREFIX)


def _token_adjusted(distance: Distance) -> tuple[str, str]:
    return token_adjusted.PREFIX + distance.name.removeprefix(PREFIX), distance.segment


def _explain(judged: Judged, adjusted: Judged | None) -> Judged:
    """The change with what its counterpart at equal tokens makes of it."""
    raw, left = judged.distance.effect, None if adjusted is None else adjusted.distance.effect
    if adjusted is None or judged.verdict is not DriftVerdict.DRIFTED or not raw or left is None:
        return judged
    explained = adjusted.verdict is DriftVerdict.STABLE and left / raw <= MOST_LEFT
    return replace(judged, verdict=DriftVerdict.EXPLAINED) if explained else judged


def _row(judged: Judged) -> dict[str, object]:
    one = judged.distance
    return {
        "name": one.name,
        "segment": one.segment,
        "verdict": judged.verdict.value,
        "statistic": one.statistic,
        "null_mean": one.null_mean,
        "null_high": one.null_high,
        "p_value": one.p_value,
        "p_adjusted": judged.p_adjusted,
        "threshold": judged.threshold,
        "effect": one.effect,
        "unit": one.unit,
        "baseline_value": one.baseline_value,
        "n_baseline": one.n_baseline,
        "n_current": one.n_current,
        "baseline_days": json.dumps([day.isoformat() for day in one.baseline_days]),
        "note": one.note,
    }
