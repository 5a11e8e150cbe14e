"""From the drifted distances of a day to one weighed change for each segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from obs_lib.alerts.conditions import Condition, number
from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue.distances import TOKEN_ADJUSTED, changed_metric, family, is_change, subject
from obs_lib.records import ALL, DriftVerdict, Severity

CAUSE = "change"
# Percentiles at equal tokens weigh by this name: what tokens do not explain is the server itself. A mean is left out,
# since one request that hangs can move it.
EQUAL_TOKENS = "token-adjusted latency"
_MOST_EFFECTS = 50.0  # an effect this many times the smallest is as strong as can be told

Signal = Mapping[str, object]


def change_conditions(drift: pd.DataFrame, metrics: pd.DataFrame, options: AlertOptions) -> list[Condition]:
    """Return at most one condition a segment, with all its signals as evidence, strongest first.

    drift : the day's rows of the table. metrics : the day's rows of the table.
    A changed metric is a signal where it changed for the worse and tokens do not explain it; a drifted distance always is.
    The score is
    1 - product over families of (1 - weight * strength), the strength of the family's strongest signal, so that
    several families together weigh much and one noisy metric alone little.
    """
    outages = _outages(metrics, options)
    signals: dict[str, list[dict[str, object]]] = {}
    for segment, signal in _signals(drift):
        signals.setdefault(segment, []).append(signal)
    segments = sorted({*signals, *outages}, key=lambda segment: (segment != ALL, segment))
    return [_condition(one, signals.get(one, []), outages.get(one), options) for one in segments]


def score(signals: Sequence[Signal], options: AlertOptions) -> float:
    """Return the composite score of one segment's signals, in [0, 1)."""
    strongest: dict[str, float] = {}
    for signal in signals:
        name, strength = str(signal["family"]), number(signal["strength"]) or 0.0
        weight = options.family_weights.get(str(signal.get("basis", name)), options.default_weight)
        strongest[name] = max(strongest.get(name, 0.0), weight * strength)
    left = 1.0
    for _, weighed in sorted(strongest.items()):
        left *= 1 - weighed
    return 1 - left


def strength(effect: float, threshold: float | None) -> float:
    """Return 1 - 2^-(|effect| / threshold): 0.5 at the smallest effect that counts, 0.94 at four times it.

    >>> strength(-0.2, 0.05)
    0.9375
    """
    times = abs(effect) / threshold if threshold else _MOST_EFFECTS
    return 1 - float(2.0 ** -min(times, _MOST_EFFECTS))


def _signals(drift: pd.DataFrame) -> Iterator[tuple[str, dict[str, object]]]:
    for row in drift[drift["verdict"] == DriftVerdict.DRIFTED.value].to_dict("records"):
        name, effect = str(row["name"]), number(row["effect"])
        if effect is None or not _adverse(name, effect):
            continue
        fact: dict[str, object] = {
            "metric": subject(name),
            "family": family(name),
            "effect": effect,
            "unit": str(row["unit"]),
            "p_adjusted": number(row["p_adjusted"]),
            "strength": strength(effect, number(row["threshold"])),
            **_values(name, {str(key): value for key, value in row.items()}),
        }
        if name.startswith(TOKEN_ADJUSTED):
            fact["note"] = "with prompts and answers as long as in the baseline"
            if (metric := changed_metric(name)) is not None and metric.quantile is not None:
                fact["basis"] = EQUAL_TOKENS
        yield str(row["segment"]), fact


def _values(name: str, row: Mapping[str, Any]) -> dict[str, object]:
    base, moved = number(row["baseline_value"]), number(row["effect"])
    if is_change(name) and base is not None and moved is not None:
        return {"value": base + moved, "baseline": base}
    return {
        "value": number(row["statistic"]),
        "null_mean": number(row["null_mean"]),
        "null_high": number(row["null_high"]),
    }


def _adverse(name: str, effect: float) -> bool:
    if not is_change(name):
        return True
    metric = changed_metric(name)
    if metric is None or metric.direction is None:
        return False
    return effect > 0 if metric.direction == "lower_is_better" else effect < 0


def _outages(metrics: pd.DataFrame, options: AlertOptions) -> dict[str, dict[str, object]]:
    """Segments in which most requests fail, whatever the baseline."""
    rows = metrics[(metrics["metric"] == "error_rate") & (metrics["status"] == "OK")].to_dict("records")
    found = {}
    for row in rows:
        value, n = number(row["value"]), int(row["n"])
        if value is not None and value >= options.outage_error_rate and n >= options.min_interactions:
            limit = options.outage_error_rate
            fact = {"metric": "error_rate", "family": "errors", "value": value, "limit": limit, "unit": "share", "n": n}
            found[str(row["segment"])] = {**fact, "strength": 1.0}
    return found


def _condition(
    segment: str, signals: Sequence[dict[str, object]], outage: dict[str, object] | None, options: AlertOptions
) -> Condition:
    # An outage tells the error rate itself; its change would say the same twice.
    told = [signal for signal in signals if outage is None or signal["metric"] != outage["metric"]]
    evidence = sorted(told, key=lambda signal: (-(number(signal["strength"]) or 0.0), str(signal["metric"])))
    if outage is not None:
        everything = (outage, *evidence)
        title = "Outage: most requests fail"
        return Condition("change", segment, CAUSE, Severity.P0, title, 1.0, everything)
    total = score(evidence, options)
    severity = Severity.P1 if total >= options.p1_score else Severity.P2 if total >= options.p2_score else Severity.P3
    named = list(dict.fromkeys(str(signal["family"]) for signal in evidence))
    title = f"Change in {', '.join(named)}"
    return Condition("change", segment, CAUSE, severity, title, total, tuple(evidence))
