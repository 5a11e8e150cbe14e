"""How bad an incident is, with the arithmetic that a reader can follow.

P0  harmful content was delivered, or the service fails completely: never waits for company (a signal says so itself)
P1  one family changed by more than its metric's severe effect, or several families together reach `p1_score`
P2  quality or answers changed; or several families together reach `p2_score`
P3  anything else that is beyond chance and large enough to count
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue import metric_of
from obs_lib.catalogue.distances import title_of
from obs_lib.records import Severity, Signal

_MOST_EFFECTS = 50.0  # an effect this many times the smallest is as strong as can be told


class Graded(NamedTuple):
    """A severity and why: one sentence without a full stop."""

    severity: Severity
    score: float
    why: str


def strength(effect: float, threshold: float | None) -> float:
    """1 - 2^-(|effect| / threshold): 0.5 at the smallest effect that counts, 0.94 at four times it.

    >>> strength(-0.2, 0.05)
    0.9375
    """
    times = abs(effect) / threshold if threshold else _MOST_EFFECTS
    return 1 - float(2.0 ** -min(times, _MOST_EFFECTS))


def composite(signals: Sequence[Signal], options: AlertOptions) -> float:
    """1 - product over families of (1 - weight x strength of the strongest signal), in [0, 1): one alone weighs little."""
    strongest: dict[str, float] = {}
    for signal in signals:
        if signal.objective is not None:  # a breach says the same as the change beside it
            continue
        family = signal.family or signal.metric
        weight = options.family_weights.get(signal.basis or family, options.default_weight)
        strongest[family] = max(strongest.get(family, 0.0), weight * (signal.strength or 0.0))
    left = 1.0
    for _, weighed in sorted(strongest.items()):
        left *= 1 - weighed
    return 1 - left


def grade(signals: Sequence[Signal], options: AlertOptions) -> Graded:
    """The severity of signals that have one cause; the worst of what each says alone and of all together."""
    total = composite(signals, options)
    families = len({signal.family for signal in signals if signal.objective is None})
    together = f"composite {total:.2f} of {families} {'family' if families == 1 else 'families'}"
    candidates = [graded for signal in signals if (graded := _alone(signal, total)) is not None]
    if total >= options.p1_score and families > 1:
        candidates.append(Graded(Severity.P1, total, f"{together}, P1 from {options.p1_score:g}"))
    if total >= options.p2_score:
        candidates.append(Graded(Severity.P2, total, f"{together}, P2 from {options.p2_score:g}"))
    candidates.append(Graded(Severity.P3, total, f"{together}, P2 from {options.p2_score:g}"))
    return min(candidates, key=lambda graded: graded.severity)


def _alone(signal: Signal, total: float) -> Graded | None:
    """What one signal is worth whatever else there is; None for nothing of its own."""
    if signal.severity is not None:
        why = signal.note or f"{title_of(signal.metric)} is beyond its objective"
        return Graded(signal.severity, max(total, signal.strength or 0.0), why)
    metric, effect = metric_of(signal.metric), signal.effect
    if metric is None or effect is None:
        return (
            Graded(Severity.P2, total, "answers are otherwise than chance explains")
            if signal.family == "answers"
            else None
        )
    severe = metric.severe_effect
    if severe is not None:
        limit = severe * abs(signal.baseline or 0.0) if metric.relative else severe
        if abs(effect) >= limit > 0:
            return Graded(Severity.P1, total, f"{metric.title} alone is P1 from {_written(severe, metric.relative)}")
    return Graded(Severity.P2, total, f"{metric.title} is a measure of quality") if metric.evaluator else None


def _written(effect: float, relative: bool) -> str:
    return f"{effect:.0%} of its baseline" if relative else f"{effect:g}"
