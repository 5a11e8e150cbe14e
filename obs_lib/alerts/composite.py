"""From the drifted distances of a day to one weighed change for each segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from obs_lib.alerts.conditions import Condition, number
from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue.distances import CHANGE, TOKEN_ADJUSTED, changed_metric, family, is_change, subject
from obs_lib.records import ALL, DriftVerdict, Severity, Signal

CAUSE = "change"
# Percentiles at equal tokens weigh by this name: what tokens do not explain is the server itself. A mean is left out,
# since one request that hangs can move it.
EQUAL_TOKENS = "token-adjusted latency"
_OUTAGE = "error_rate"
_MOST_EFFECTS = 50.0  # an effect this many times the smallest is as strong as can be told


def change_conditions(drift: pd.DataFrame, metrics: pd.DataFrame, options: AlertOptions) -> list[Condition]:
    """Return at most one condition a segment, with all its signals as evidence, strongest first.

    drift : the day's rows of the table. metrics : the day's rows of the table.
    A changed metric is a signal where it changed for the worse and tokens do not explain it; a drifted distance always is.
    The score is
    1 - product over families of (1 - weight * strength), the strength of the family's strongest signal, so that
    several families together weigh much and one noisy metric alone little.
    """
    outages = _outages(metrics, options)
    signals: dict[str, list[Signal]] = {}
    for segment, signal in _signals(drift):
        signals.setdefault(segment, []).append(signal)
    segments = sorted({*signals, *outages}, key=lambda segment: (segment != ALL, segment))
    return [_condition(segment, signals.get(segment, []), outages.get(segment), options) for segment in segments]


def score(signals: Sequence[Signal], options: AlertOptions) -> float:
    """Return the composite score of one segment's signals, in [0, 1)."""
    strongest: dict[str, float] = {}
    for signal in signals:
        name = signal.family or signal.metric
        weight = options.family_weights.get(signal.basis or name, options.default_weight)
        strongest[name] = max(strongest.get(name, 0.0), weight * (signal.strength or 0.0))
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


def _signals(drift: pd.DataFrame) -> Iterator[tuple[str, Signal]]:
    """What drifted for the worse, with its segment."""
    for row in drift[drift["verdict"] == DriftVerdict.DRIFTED.value].to_dict("records"):
        name, effect = str(row["name"]), number(row["effect"])
        if effect is not None and _adverse(name, effect):
            yield str(row["segment"]), _signal(name, effect, {str(key): value for key, value in row.items()})


def _signal(name: str, effect: float, row: Mapping[str, Any]) -> Signal:
    signal = Signal(
        subject(name),
        unit=str(row["unit"]),
        family=family(name),
        strength=strength(effect, number(row["threshold"])),
        effect=effect,
        p_adjusted=number(row["p_adjusted"]),
    )
    baseline = number(row["baseline_value"])
    if not is_change(name) or baseline is None:
        null_mean, null_high = number(row["null_mean"]), number(row["null_high"])
        return replace(signal, value=number(row["statistic"]), null_mean=null_mean, null_high=null_high)
    signal = replace(signal, value=baseline + effect, baseline=baseline)
    if not name.startswith(TOKEN_ADJUSTED):
        return signal
    metric = changed_metric(name)
    basis = EQUAL_TOKENS if metric is not None and metric.quantile is not None else None
    return replace(signal, note="with prompts and answers as long as in the baseline", basis=basis)


def _adverse(name: str, effect: float) -> bool:
    if not is_change(name):
        return True
    metric = changed_metric(name)
    if metric is None or metric.direction is None:
        return False
    return effect > 0 if metric.direction == "lower_is_better" else effect < 0


def _outages(metrics: pd.DataFrame, options: AlertOptions) -> dict[str, Signal]:
    """Segments in which most requests fail, whatever the baseline."""
    rows = metrics[(metrics["metric"] == _OUTAGE) & (metrics["status"] == "OK")].to_dict("records")
    outages = {}
    for row in rows:
        value, n = number(row["value"]), int(row["n"])
        if value is not None and value >= options.outage_error_rate and n >= options.min_interactions:
            outages[str(row["segment"])] = Signal(
                _OUTAGE,
                value,
                "share",
                family=family(CHANGE + _OUTAGE),
                strength=1.0,
                limit=options.outage_error_rate,
                n=n,
            )
    return outages


def _condition(segment: str, signals: Sequence[Signal], outage: Signal | None, options: AlertOptions) -> Condition:
    # An outage tells the error rate itself; its change would say the same twice.
    others = [signal for signal in signals if outage is None or signal.metric != outage.metric]
    evidence = tuple(sorted(others, key=lambda signal: (-(signal.strength or 0.0), signal.metric)))
    if outage is not None:
        title = "Outage: most requests fail"
        return Condition("change", segment, CAUSE, Severity.P0, title, 1.0, (outage, *evidence))
    total = score(evidence, options)
    severity = Severity.P1 if total >= options.p1_score else Severity.P2 if total >= options.p2_score else Severity.P3
    families = dict.fromkeys(signal.family or signal.metric for signal in evidence)
    return Condition("change", segment, CAUSE, severity, f"Change in {', '.join(families)}", total, evidence)
