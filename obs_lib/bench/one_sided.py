"""Whether answers are worse than a limit, than others to the same requests, or than days of traffic: one-sided tests.

Every function returns the chance of a result at least this bad if nothing were worse, in (0, 1]. `bad` is +1 where more is
worse and -1 where less is. Values all alike say nothing of their spread: the p-value is then 1 / (n + 1), the chance that the
odd one of n + 1 alike values comes last.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import betainc, stdtr

from obs_lib.stats.contrast import CONSTANT, Series, contrast
from obs_lib.stats.intervals import Floats

Bad = Literal[1, -1]
_LEAST = 1e-300


def share_beyond(share: float, n: float, limit: float, bad: Bad) -> float:
    """Exact binomial test of a share seen in n > 0 trials, which may be an effective number, against a limit.

    >>> round(share_beyond(3 / 20, 20, 0.05, 1), 4), round(share_beyond(0.9, 20, 0.95, -1), 4)
    (0.0755, 0.2642)
    """
    hits, chance = (share * n, limit) if bad > 0 else ((1 - share) * n, 1 - limit)
    return _tail(hits, n, chance)


def mean_beyond(values: Floats, weights: Floats, limit: float, bad: Bad) -> float:
    """Student's test of a weighted mean of n > 0 values against a limit."""
    return _student(bad * (values - limit), weights)


def pairs_worse(new: Floats, old: Floats, bad: Bad, *, shares: bool) -> float:
    """New against old values of the same requests: of shares (values 0 or 1) the exact sign test, else Student's.

    The sign test on those that changed is McNemar's (1947); Student's is that of the differences.

    >>> one, none = np.ones(6), np.zeros(6)
    >>> pairs_worse(one, none, 1, shares=True), pairs_worse(one, one, 1, shares=True)
    (0.015625, 1.0)
    """
    worse = bad * (new - old)
    if not shares:
        return _student(worse, np.ones(len(worse)))
    changed = np.count_nonzero(worse)
    return _tail(float(np.count_nonzero(worse > 0)), float(changed), 0.5)


def days_worse(series: Series, bad: Bad) -> float:
    """The last of a series against the two or more days before it, compared as nights compare days."""
    found = contrast(series.at(slice(None, -1)), series.at(slice(-1, None)))
    return found.p_value / 2 if bad * found.effect > 0 else 1 - found.p_value / 2


def _tail(hits: float, n: float, chance: float) -> float:
    """The chance of at least so many hits in n trials."""
    if hits <= 0:
        return 1.0
    return max(float(betainc(hits, n - hits + 1, chance)), _LEAST)


def _student(worse: Floats, weights: Floats) -> float:
    n, mean = len(worse), float(np.average(worse, weights=weights))
    residuals = weights * (worse - mean)
    error = float(np.sqrt(n / max(n - 1, 1) * np.square(residuals).sum()) / weights.sum())
    if n < 2 or error <= CONSTANT * abs(mean):
        return 1 / (n + 1) if mean > 0 else 1.0
    return max(float(stdtr(n - 1, -mean / error)), _LEAST)
