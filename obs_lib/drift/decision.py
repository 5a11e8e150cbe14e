"""What to make of a day's distances: false alarms are controlled over everything that was measured that day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from obs_lib.catalogue.distances import CHANGE, DISTANCES, TOKEN_ADJUSTED, changed_metric, is_change, subject
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import DRIFT
from obs_lib.records import Distance, DriftVerdict
from obs_lib.stats.multiple_testing import benjamini_hochberg

MOST_LEFT = 0.5  # part of a change that may be left at equal tokens where tokens explain it


@dataclass(frozen=True, slots=True)
class Decision:
    """A distance with its verdict."""

    distance: Distance
    verdict: DriftVerdict
    p_adjusted: float | None
    """Benjamini-Hochberg adjusted over the day, in (0, 1]; None for a distance that was not measured."""
    threshold: float | None
    """The smallest effect that counts, in the distance's unit; None where it depends on a missing baseline."""


def drift_rows(distances: Sequence[Distance], options: DriftOptions) -> pd.DataFrame:
    """Decide over all distances of one day: rows of the `drift` table, without `day`, in the distances' order."""
    return pd.DataFrame([_row(decision) for decision in decide(distances, options)], columns=list(DRIFT.names))


def decide(distances: Sequence[Distance], options: DriftOptions) -> list[Decision]:
    """Decide over all distances of one day, in their order.

    DRIFTED: adjusted p at most `false_discovery_rate` and an effect of at least its smallest. Distances count upwards
    only, changes both ways. EXPLAINED: a change that would be DRIFTED, were it not for the tokens: at equal tokens the
    metric is STABLE, and at least half of the change is gone. TOO_FEW: nothing was measured. Segments overlap and
    metrics hang together, which Benjamini-Hochberg allows as long as they do so positively (Benjamini and Yekutieli
    2001).
    """
    measured = [distance for distance in distances if distance.p_value is not None]
    adjusted = iter(benjamini_hochberg([distance.p_value or 0.0 for distance in measured]))
    decisions = [
        _decision(distance, None if distance.p_value is None else float(next(adjusted)), options)
        for distance in distances
    ]
    by_name = {(decision.distance.name, decision.distance.segment): decision for decision in decisions}
    return [_explain(decision, by_name.get(_token_adjusted(decision.distance))) for decision in decisions]


def smallest_effect(distance: Distance, options: DriftOptions) -> float | None:
    """Return the smallest effect of a distance that counts, in its unit; None without a baseline to relate to.

    What the settings say of it by name; else what its definition says; else what the settings say of its unit.
    """
    metric = changed_metric(distance.name)
    definition = metric or DISTANCES.get(distance.name)
    own = options.by_name.get(subject(distance.name), definition.smallest_effect if definition else None)
    if own is not None:
        return own
    if metric is not None and not metric.relative:
        return options.min_share
    relative = options.min_slowdown if distance.name.startswith(TOKEN_ADJUSTED) else options.min_relative
    return None if distance.baseline_value is None else relative * abs(distance.baseline_value)


def _decision(distance: Distance, p_adjusted: float | None, options: DriftOptions) -> Decision:
    threshold = smallest_effect(distance, options)
    if p_adjusted is None or distance.effect is None or threshold is None:
        return Decision(distance, DriftVerdict.TOO_FEW, p_adjusted, threshold)
    size = abs(distance.effect) if is_change(distance.name) else distance.effect
    drifted = p_adjusted <= options.false_discovery_rate and size >= threshold and size > 0
    return Decision(distance, DriftVerdict.DRIFTED if drifted else DriftVerdict.STABLE, p_adjusted, threshold)


def _token_adjusted(distance: Distance) -> tuple[str, str]:
    return TOKEN_ADJUSTED + distance.name.removeprefix(CHANGE), distance.segment


def _explain(change: Decision, adjusted: Decision | None) -> Decision:
    """The change with what its counterpart at equal tokens makes of it."""
    raw, left = change.distance.effect, None if adjusted is None else adjusted.distance.effect
    if adjusted is None or change.verdict is not DriftVerdict.DRIFTED or not raw or left is None:
        return change
    explained = adjusted.verdict is DriftVerdict.STABLE and left / raw <= MOST_LEFT
    return replace(change, verdict=DriftVerdict.EXPLAINED) if explained else change


def _row(decision: Decision) -> dict[str, object]:
    distance = decision.distance
    return {
        "name": distance.name,
        "segment": distance.segment,
        "verdict": decision.verdict.value,
        "statistic": distance.statistic,
        "null_mean": distance.null_mean,
        "null_high": distance.null_high,
        "p_value": distance.p_value,
        "p_adjusted": decision.p_adjusted,
        "threshold": decision.threshold,
        "effect": distance.effect,
        "unit": distance.unit,
        "baseline_value": distance.baseline_value,
        "n_baseline": distance.n_baseline,
        "n_current": distance.n_current,
        "baseline_days": json.dumps([day.isoformat() for day in distance.baseline_days]),
        "note": distance.note,
    }
