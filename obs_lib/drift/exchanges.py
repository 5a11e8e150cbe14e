"""How far a day's prompts, and its answers to alike prompts, stand from those of its baseline, without a prompt asked twice.

Two distances of one sketch: people asking about something else moves the first and not the second; another model moves the
second and not the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from obs_lib.catalogue.distances import ANSWER_DRIFT, TOPIC_DRIFT, DistanceDefinition
from obs_lib.drift.change import too_few
from obs_lib.records import Day, Distance
from obs_lib.stats.covariance_analysis import residuals
from obs_lib.stats.exchange_sums import ExchangeSums, Floats
from obs_lib.stats.pseudo_f import Null, null_of, squared_distance

LEAST_OVERLAP = 0.5
"""Of prompts: one less the squared multiple correlation of "is it today?" with the prompt (1: no prompt tells the day)."""


@dataclass(frozen=True, slots=True)
class Exchanges:
    """The exchanges of one day in one segment. encoder : whose vectors are summed up."""

    day: Day
    encoder: str
    sums: ExchangeSums

    @property
    def rows(self) -> int:
        """Exchanges in all."""
        return self.sums.rows


def topic_drift(segment: str, today: Exchanges, window: Sequence[Exchanges]) -> Distance:
    """Measure the squared maximum mean discrepancy between today's prompts and the window's, at least two days."""
    days = [*window, today]
    sums, counts = np.array([day.sums.topics for day in days]), _counts(days)
    return _distance(TOPIC_DRIFT, segment, days, squared_distance(sums, counts), null_of(sums, counts))


def answer_drift(segment: str, today: Exchanges, window: Sequence[Exchanges]) -> Distance:
    """Measure the squared distance between today's answers and the window's, at least two days, at equal prompts.

    In standard deviations of what prompts leave open, over all directions. Not measured where prompts overlap so little that
    nothing but extrapolation would compare their answers.
    """
    days = [*window, today]
    counts, n = _counts(days), np.array([float(day.rows) for day in days])
    prompts, answers = (np.array([getattr(day.sums, name) for day in days]) for name in ("prompts", "answers"))
    left = residuals(prompts, answers, counts, np.sum([day.sums.scatter for day in days], axis=0))
    precision = 1 / n[-1] + 1 / n[:-1].sum()
    overlap = precision / (precision + left.leverage)
    if overlap < LEAST_OVERLAP:
        note = f"today's prompts are too unlike the baseline's (overlap {overlap:.2f}, needs {LEAST_OVERLAP})"
        return too_few(ANSWER_DRIFT.name, segment, ANSWER_DRIFT.unit, note, [day.day for day in window])
    null = null_of(left.sums, counts, (left.leverage, left.leverage_before))
    return _distance(ANSWER_DRIFT, segment, days, squared_distance(left.sums, counts), null)


def _counts(days: Sequence[Exchanges]) -> Floats:
    return np.array([day.sums.counts for day in days])


def _distance(
    definition: DistanceDefinition, segment: str, days: Sequence[Exchanges], squared: float, null: Null
) -> Distance:
    return Distance(
        name=definition.name,
        segment=segment,
        statistic=squared,
        null_mean=null.mean,
        null_high=null.quantile(0.95),
        p_value=null.p_value(squared),
        effect=squared - null.mean,
        unit=definition.unit,
        n_baseline=sum(day.rows for day in days[:-1]),
        n_current=days[-1].rows,
        baseline_days=tuple(day.day for day in days[:-1]),
    )
