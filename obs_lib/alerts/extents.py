"""How far the metrics of an incident moved at their worst, and what today's values say against that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from obs_lib.records import ALL, Extent, Incident, Signal

TWICE = 2.0  # times its worst, from which a metric has grown
STANDS = 0.5  # part of an incident's worst change that is still there where its level stands


def extended(signals: Iterable[Signal], known: Iterable[Extent] = ()) -> tuple[Extent, ...]:
    """The worst that each metric and segment of an incident has shown; strongest family first as it began."""
    extents = {(extent.metric, extent.segment): extent for extent in known}
    for signal in signals:
        if signal.effect is None:
            continue
        key = (signal.metric, signal.segment or ALL)
        before = extents.get(key)
        if before is None:
            extents[key] = Extent(signal.family or signal.metric, *key, signal.baseline, signal.effect)
        elif abs(signal.effect) > abs(before.worst):
            extents[key] = replace(before, worst=signal.effect)
    return tuple(extents.values())


def has_grown(signal: Signal, extents: Iterable[Extent]) -> bool:
    """Whether a signal shows twice the worst that its metric has shown in any segment."""
    known = [one.worst for one in extents if one.family == signal.family and one.metric == signal.metric]
    return signal.effect is not None and _twice(signal.effect, max(known, key=abs, default=0.0))


def grown_unseen(incident: Incident, values: Mapping[tuple[str, str], float]) -> list[Signal]:
    """What has grown to twice its worst while the comparison, whose baseline its first days disturb, calls it chance."""
    signals = []
    for extent in incident.extents:
        value = values.get((extent.metric, extent.segment))
        if value is None or extent.baseline is None or not _twice(value - extent.baseline, extent.worst):
            continue
        signals.append(
            Signal(
                extent.metric,
                value,
                segment=extent.segment,
                family=extent.family,
                strength=1.0,
                effect=value - extent.baseline,
                baseline=extent.baseline,
                note="against the days before it began",
            )
        )
    return signals


def level_stands(incident: Incident, values: Mapping[tuple[str, str], float]) -> bool:
    """Whether what led the incident is still nearer to its worst than to what was before it; False where nobody can tell."""
    for extent in sorted(incident.extents, key=lambda extent: extent.family != incident.lead):
        value = values.get((extent.metric, extent.segment))
        if value is not None and extent.baseline is not None and extent.worst:
            return (value - extent.baseline) / extent.worst >= STANDS
    return False


def _twice(effect: float, worst: float) -> bool:
    """Whether an effect goes the same way, twice as far; what never moved does not grow."""
    return bool(worst) and effect / worst >= TWICE
