"""What to make of a day's distances: false alarms are controlled over everything that was measured that day."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
from scipy.special import stdtrit

from obs_lib.catalogue.distances import CHANGE, DISTANCES, TOKEN_ADJUSTED, changed_metric, family, is_change, subject
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import DRIFT
from obs_lib.records import Distance, DriftVerdict
from obs_lib.stats.intervals import Z
from obs_lib.stats.multiple_testing import benjamini_hochberg

_POWER = 0.8
_LEAST_RATE = 1e-4
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
    detectable: float | None = None
    """The smallest effect that this night would have shown with 80%, in the distance's unit; None where unknown."""


def drift_rows(distances: Sequence[Distance], options: DriftOptions) -> pd.DataFrame:
    """Decide over all distances of one day: rows of the `drift` table, without `day`, in the distances' order."""
    rows = [_row(decision) | {"level": options.level} for decision in decide(distances, options)]
    return pd.DataFrame(rows, columns=list(DRIFT.names))


def decide(distances: Sequence[Distance], options: DriftOptions) -> list[Decision]:
    """Decide over all distances of one day, in their order.

    The night's level (`DriftOptions.level`) is the chance of any false alarm when nothing has changed. Each family of distances
    has an equal part of it, and within a family Benjamini and Hochberg's procedure: segments overlap and metrics hang
    together, which it allows as long as they do so positively (Benjamini and Yekutieli 2001).

    DRIFTED: adjusted p at most the level, and an effect whose 95% interval reaches the smallest one that counts. Distances
    count upwards only, changes both ways. UNSURE: so large, and p by itself at most the level. EXPLAINED: a change that
    would be DRIFTED, were it not for the tokens: at equal tokens it is not, and at least half of it is gone. TOO_FEW:
    nothing was measured.
    """
    adjusted = _adjusted(distances)
    alone = cuts([distance.name for distance in distances if distance.p_value is not None], options.level)
    decisions = [
        _decision(distance, p_adjusted, alone.get(family(distance.name), options.level), options)
        for distance, p_adjusted in zip(distances, adjusted, strict=True)
    ]
    by_name = {(decision.distance.name, decision.distance.segment): decision for decision in decisions}
    return [_explain(decision, by_name.get(_token_adjusted(decision.distance))) for decision in decisions]


def _families(distances: Sequence[Distance]) -> dict[str, list[int]]:
    """Positions of the measured distances by family."""
    families: dict[str, list[int]] = {}
    for position, distance in enumerate(distances):
        if distance.p_value is not None:
            families.setdefault(family(distance.name), []).append(position)
    return families


def _adjusted(distances: Sequence[Distance]) -> list[float | None]:
    """p-values that hold for all of a night's distances together; None of what was not measured."""
    adjusted: list[float | None] = [None] * len(distances)
    families = _families(distances)
    for members in families.values():
        within = benjamini_hochberg([distances[position].p_value or 0.0 for position in members])
        for position, p_value in zip(members, within, strict=True):
            adjusted[position] = min(1.0, len(families) * float(p_value))
    return adjusted


def cuts(measured: Sequence[str], level: float) -> dict[str, float]:
    """The p-value under which a distance alone in its family would be DRIFTED, by family. measured : the distances' names."""
    sizes = Counter(family(name) for name in measured)
    return {name: level / len(sizes) / size for name, size in sizes.items()}


def detectable(std_error: float, freedom: float, cut: float, rate: float | None = None) -> float:
    """Return the smallest effect that comes out under a p-value with 80%, in the unit of its standard error.

    std_error : of the effect if nothing had changed. rate : of a share, what it was; a share that rises also scatters more,
    which the arcsine of its root does not.
    """
    reach = float(stdtrit(freedom, 1 - cut / 2) + stdtrit(freedom, _POWER)) * std_error
    if rate is None:
        return reach
    rare = min(max(rate, _LEAST_RATE), 1 - _LEAST_RATE)
    angle = math.asin(math.sqrt(rare)) + reach / (2 * math.sqrt(rare * (1 - rare)))
    return math.sin(min(angle, math.pi / 2)) ** 2 - rare


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


def _decision(distance: Distance, p_adjusted: float | None, cut: float, options: DriftOptions) -> Decision:
    threshold = smallest_effect(distance, options)
    visible = _detectable(distance, cut)
    if p_adjusted is None or distance.effect is None or threshold is None:
        return Decision(distance, DriftVerdict.TOO_FEW, p_adjusted, threshold, visible)
    size = abs(distance.effect) if is_change(distance.name) else distance.effect
    counts = size > 0 and size + Z * (distance.std_error or 0.0) >= threshold
    verdict = DriftVerdict.STABLE
    if counts and p_adjusted <= options.level:
        verdict = DriftVerdict.DRIFTED
    elif counts and (distance.p_value or 0.0) <= options.level:
        verdict = DriftVerdict.UNSURE
    return Decision(distance, verdict, p_adjusted, threshold, visible)


def _detectable(distance: Distance, cut: float) -> float | None:
    if not distance.std_error or not distance.freedom:
        return None
    rate = distance.baseline_value if distance.unit == "share" else None
    return detectable(distance.std_error, distance.freedom, cut, rate)


def _token_adjusted(distance: Distance) -> tuple[str, str]:
    return TOKEN_ADJUSTED + distance.name.removeprefix(CHANGE), distance.segment


def _explain(change: Decision, adjusted: Decision | None) -> Decision:
    """The change with what its counterpart at equal tokens makes of it."""
    raw, left = change.distance.effect, None if adjusted is None else adjusted.distance.effect
    if adjusted is None or change.verdict is not DriftVerdict.DRIFTED or not raw or left is None:
        return change
    explained = adjusted.verdict is not DriftVerdict.DRIFTED and left / raw <= MOST_LEFT
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
        "detectable": decision.detectable,
        "nights": distance.nights,
        "unit": distance.unit,
        "baseline_value": distance.baseline_value,
        "n_baseline": distance.n_baseline,
        "n_current": distance.n_current,
        "baseline_days": json.dumps([day.isoformat() for day in distance.baseline_days]),
        "note": distance.note,
    }
