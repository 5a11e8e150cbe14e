"""A number with its sampling error, from numpy arrays.

Every estimate is one of three: a share (Wilson), a quantile (order statistics) or a weighted mean. Means, token-weighted
latency and estimates from a sample with known inclusion probabilities are the same formula with other weights.

All intervals hold 95%. The day is seen as a sample of how the system behaves, so there is no finite population correction.
Where rows come in clusters, the clusters are what is drawn (`stats.clusters`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betaincinv, stdtrit

from obs_lib.stats.clusters import INDEPENDENT, Codes, DesignEffect, design_effect

Floats = NDArray[np.float64]

Z = 1.959963984540054  # the 97.5% quantile of the normal distribution
_TAIL = 0.025
_LENIENT = 8.0  # hits from which on `binomial` is Jeffreys's interval; with none it is Clopper and Pearson's


class Estimate(NamedTuple):
    """A value, its 95% interval and its standard error, all in the unit of the values; None where one cannot be had.

    effective_n : of a share, how many independent rows would tell as much; None of any other.
    """

    value: float
    low: float | None = None
    high: float | None = None
    std_error: float | None = None
    effective_n: float | None = None


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's score interval for a share seen in n trials (n > 0, may be an effective number).

    >>> low, high = wilson(7 / 200, 200)
    >>> round(low, 10), round(high, 10)
    (0.017055542, 0.0704706115)

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference. JASA 22.
    """
    middle = share + Z * Z / (2 * n)
    spread = Z * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return max(0.0, float((middle - spread) / scale)), min(1.0, float((middle + spread) / scale))


def binomial(share: float, n: float) -> tuple[float, float]:
    """95% interval of a share seen in n > 0 trials, which may be an effective number.

    Quantiles of beta distributions with a continuity constant c: 0 is Clopper and Pearson's interval, which never holds less
    than 95% and with few hits much more; 1/2 is Jeffreys's, which holds 95% on average. c goes from 0 at no hit (or
    nothing but hits) to 1/2 at eight, since it is with few hits that Jeffreys's holds too little.

    >>> [round(end, 4) for end in binomial(7 / 200, 200)], [round(end, 4) for end in binomial(0, 50)]
    ([0.0156, 0.0679], [0.0, 0.0711])

    References
    ----------
    Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science 16.
    """
    hits, misses = share * n, (1 - share) * n
    c = 0.5 * min(1.0, hits / _LENIENT, misses / _LENIENT)
    low = float(betaincinv(hits + c, misses + 1 - c, _TAIL)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1 - c, misses + c, 1 - _TAIL)) if misses > 0 else 1.0
    return min(low, share), max(high, share)


def effective_n(weights: Floats) -> float:
    """Kish's effective sample size (sum w)^2 / sum w^2; equals the count where all weights are equal."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


def share(hits: NDArray[np.bool_], weights: Floats | None = None, clusters: Codes | None = None) -> Estimate:
    """Share of hits (length n > 0), weighted by 1 / inclusion probability where the rows are a sample.

    The standard error is the half width of the Wilson interval over z: unlike sqrt(p (1 - p) / n) it does not claim
    certainty where nothing or everything was a hit.
    """
    if weights is None:
        value = int(np.count_nonzero(hits)) / len(hits)
        return _share(value, len(hits), design_effect(hits.astype(np.float64) - value, clusters))
    value = float((weights * hits).sum() / weights.sum())
    return _share(value, effective_n(weights), design_effect(weights * (hits - value), clusters))


def share_of_counts(hits: int, n: int) -> Estimate:
    """`share` of so many hits among n > 0."""
    return _share(hits / n, n)


def _share(value: float, n: float, effect: DesignEffect = INDEPENDENT) -> Estimate:
    low, high = wilson(value, effect.certain(n))
    return Estimate(value, min(low, value), max(high, value), (high - low) / (2 * Z), n / effect.factor)


def weighted_mean(values: Floats, weights: Floats | None = None, clusters: Codes | None = None) -> Estimate:
    """sum(w v) / sum(w) over n > 0 values with weights > 0, and its linearised (delta method) standard error.

    With equal weights: the mean with Student's interval. With 1 / inclusion probability: Hajek's estimator. With output
    tokens as weights and latencies as values: token-weighted latency. No interval from a single value. Where few rows
    carry most of the weight (long-tailed token counts) the interval is too narrow, as any that rests on moments would be.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 6.4; Hajek (1971). Degrees of freedom: effective n - 1.
    """
    n = len(values)
    if weights is None:
        value = float(values.sum() / n)
        residuals = values - value
        return _around(value, residuals, n, n, design_effect(residuals, clusters))
    total = float(weights.sum())
    value = float((weights * values).sum() / total)
    residuals = weights * (values - value)
    return _around(value, residuals, total, effective_n(weights), design_effect(residuals, clusters))


def ratio(part: Floats, whole: Floats, clusters: Codes | None = None) -> Estimate:
    """sum(part) / sum(whole), wholes > 0: the mean of part / whole, weighted by the whole."""
    total = float(whole.sum())
    value = float(part.sum() / total)
    residuals = part - value * whole
    return _around(value, residuals, total, effective_n(whole), design_effect(residuals, clusters))


def _around(value: float, residuals: Floats, total: float, effective: float, effect: DesignEffect) -> Estimate:
    """Student's interval around a mean, from weighted residuals and the sum of the weights."""
    n = len(residuals)
    if n < 2:
        return Estimate(value)
    error = float(np.sqrt(n / (n - 1) * np.square(residuals).sum() * effect.factor) / total)
    reach = student(min(effective - 1, effect.freedom)) * error
    return Estimate(value, value - reach, value + reach, error)


def quantile(ordered: Floats, q: float, effect: DesignEffect = INDEPENDENT) -> tuple[Estimate, bool]:
    """The q-quantile (0 < q < 1) of n > 0 ascending values, interpolated linearly, between two order statistics.

    The interval's ends are the order statistics whose ranks hold the quantile with 95% by the binomial distribution,
    whatever the distribution of the values; as much farther apart as `effect`, that of the share of values below the
    quantile, asks. The second result is False where n is too small for that: the interval then
    ends at the smallest or largest value and holds less. The standard error is its half width over z (None for n < 2).

    References
    ----------
    David and Nagaraja (2003), Order Statistics, section 7.1; Woodruff (1952) for the standard error.
    """
    n = len(ordered)
    value = _interpolated(ordered, q)
    if n < 2:
        return Estimate(value), False
    low, high, enough = _wider(quantile_ranks(n, q), n, q, (n / effect.certain(n)) ** 0.5)
    first, last = float(ordered[low - 1]), float(ordered[high - 1])
    return Estimate(value, min(first, value), max(last, value), (last - first) / (2 * Z)), enough


def _interpolated(ordered: Floats, q: float) -> float:
    """What `np.quantile` gives (Hyndman and Fan's type 7), without partitioning values that are in order already."""
    place = q * (len(ordered) - 1)
    below = min(int(place), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return float(np.quantile(ordered[[below, above]], min(max(place - below, 0.0), 1.0)))


def quantile_ranks(n: int, q: float) -> tuple[int, int, bool]:
    """Ranks (from 1) of the order statistics that enclose the q-quantile of n values with 95%; False if none do.

    >>> quantile_ranks(100, 0.5)
    (40, 61, True)
    """

    def at_most(below: int) -> float:
        """The chance that at most so many values lie under the quantile."""
        return float(bdtr(below, n, q))

    low = bisect_right(range(n + 1), _TAIL, key=at_most)
    high = bisect_left(range(n + 1), 1 - _TAIL, key=at_most) + 1
    return max(low, 1), min(high, n), low >= 1 and high <= n


def _wider(ranks: tuple[int, int, bool], n: int, q: float, times: float) -> tuple[int, int, bool]:
    """Ranks so many times as far from the quantile's own."""
    low, high, enough = ranks
    if times == 1:
        return ranks
    middle = q * n
    first, last = round(middle - times * (middle - low)), round(middle + times * (high - middle))
    return max(first, 1), min(last, n), enough and first >= 1 and last <= n


def student(freedom: float) -> float:
    """Return the 97.5% quantile of Student's t; at least one degree of freedom, so that a lopsided sample stays finite."""
    return float(stdtrit(max(freedom, 1.0), 1 - _TAIL))
