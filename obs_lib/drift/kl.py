"""How far the words of a day's answers stand from those of its baseline: a divergence beside what chance gives."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from obs_lib.catalogue.distances import TOKEN_KL
from obs_lib.records import Day, Distance

SMOOTHING = 0.5  # added to every count (Jeffreys), so that a word that one side never used keeps the divergence finite
LEAST_KL = 1e-9  # nats; keeps the logarithm of an exactly zero divergence finite
LEAST_LOG_SPREAD = 0.1  # the null's spread counts as at least 10%: few days, or equal ones, look steadier than they are


@dataclass(frozen=True, slots=True)
class Tokens:
    """The output tokens of one day in one segment.

    answers : interactions behind them; None where unknown (the number of tokens stands in for it).
    """

    day: Day
    counts: Mapping[str, int]
    answers: int | None = None

    @property
    def total(self) -> int:
        """Tokens in all."""
        return sum(self.counts.values())


def decode(payload: bytes) -> dict[str, int]:
    """Return {token: count} of a `tokens` sketch (zlib over JSON)."""
    return cast("dict[str, int]", json.loads(zlib.decompress(payload)))


def kl_divergence(current: ArrayLike, baseline: ArrayLike, smoothing: float = SMOOTHING) -> float:
    """Return KL(current || baseline) in nats of two aligned arrays of counts.

    `smoothing` is added to every count of the union vocabulary; categories that neither side has are left out.

    >>> round(kl_divergence([50, 30, 20, 0], [40, 40, 10, 10]), 10)
    0.1440011138
    """
    p, q = np.asarray(current, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    seen = (p + q) > 0
    p, q = p[seen] + smoothing, q[seen] + smoothing
    p, q = p / p.sum(), q / q.sum()
    return max(0.0, float(np.sum(p * np.log(p / q))))


def token_kl(segment: str, today: Tokens, window: Sequence[Tokens]) -> Distance:
    """Measure KL(today || pooled window) against the same divergence of each window day from the rest of the window.

    The window's own days say what chance and ordinary variation give (a closed formula breaks down in a vocabulary's
    long tail). Their logarithms are about normal, so today's is held against Student's t prediction interval with b - 1
    degrees of freedom. A divergence of noise falls about as 1 / n; where today has fewer answers than a window day
    had, that day's divergence is scaled up to today's size. Answers, not tokens, are counted for it, since the words
    of one answer hang together. `window` needs at least two days, each with tokens.
    """
    counts = _aligned([*window, today])
    pooled, b = counts[:-1].sum(axis=0), len(window)
    statistic = kl_divergence(counts[-1], pooled)
    null = np.array([kl_divergence(row, pooled - row) for row in counts[:-1]]) * _size_scale(today, window)

    logs = np.log(np.maximum(null, LEAST_KL))
    centre = float(logs.mean())
    spread = max(float(logs.std(ddof=1)), LEAST_LOG_SPREAD) * float(np.sqrt(1 + 1 / b))
    t = (float(np.log(max(statistic, LEAST_KL))) - centre) / spread
    null_mean = float(null.mean())
    return Distance(
        name=TOKEN_KL.name,
        segment=segment,
        statistic=statistic,
        null_mean=null_mean,
        null_high=float(np.exp(centre + stdtrit(b - 1, 0.95) * spread)),
        p_value=max(float(stdtr(b - 1, -t)), 1e-300),
        effect=statistic - null_mean,
        unit=TOKEN_KL.unit,
        n_baseline=int(pooled.sum()),
        n_current=int(counts[-1].sum()),
        baseline_days=tuple(day.day for day in window),
    )


def _aligned(days: Sequence[Tokens]) -> NDArray[np.float64]:
    """Counts of shape (days, words of any day)."""
    place: dict[str, int] = {}
    for day in days:
        for token in day.counts:
            place.setdefault(token, len(place))
    counts = np.zeros((len(days), len(place)))
    for row, day in zip(counts, days, strict=True):
        row[[place[token] for token in day.counts]] = list(day.counts.values())
    return counts


def _size_scale(today: Tokens, window: Sequence[Tokens]) -> NDArray[np.float64]:
    """How much more noise today's sample size carries than that of each window day; at least 1."""
    answers = [day.answers for day in (*window, today)]
    sizes = answers if all(answers) else [day.total for day in (*window, today)]
    *days, now = np.array(sizes, dtype=np.float64)
    each, all_days = np.array(days), float(np.sum(days))
    scale: NDArray[np.float64] = np.maximum(1.0, (1 / now + 1 / all_days) / (1 / each + 1 / (all_days - each)))
    return scale
