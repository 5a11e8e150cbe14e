"""A number of two groups of answers, such as those of two models, and how far they are apart.

Groups are compared as they came, or weighted to one mix of cells (segments): each cell's answers then weigh as much as the mix
says, and what differs between cells is no scatter of either group. The interval of a difference joins those of the two
groups (`mover`), so that shares keep their exactness with few hits, and percentiles their order statistics. Answers of one
person in both groups make the groups alike, which the intervals leave out: they are then rather too wide.

References
----------
Cochran (1977), Sampling Techniques, 3rd ed., section 5A.8 (post-stratification). Woodruff (1952), JASA 47: intervals of
percentiles. Newcombe (1998), Statistics in Medicine 17, 873; Zou and Donner (2008), the same 27, 1693 (MOVER).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, xlogy

from obs_lib.stats.clusters import Codes, DesignEffect, design_effect
from obs_lib.stats.intervals import Estimate, Floats, Z, binomial, student, wilson

_PRIOR = 2.0  # answers of the group's rate that a cell's own rate is drawn towards
_MOST_FREEDOM = 1e6
_LEAST_P = 1e-300
_CONSTANT = 1e-9  # a spread under this part of the value is rounding


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of one group, arrays of shape (n,), n > 0.

    value : finite numbers; of a share 0 or 1. weight : 1 / inclusion probability, above 0. clusters : None for independent
    rows. cells : 0 or more, in the same numbering for both groups.
    """

    value: Floats
    weight: Floats
    clusters: Codes | None
    cells: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.value)

    def mix(self, size: int) -> Floats:
        """The weighted share of each of `size` cells."""
        sums = np.bincount(self.cells, self.weight, size)
        return np.asarray(sums / sums.sum(), np.float64)


@dataclass(frozen=True, slots=True)
class Kind:
    """What becomes of the values: a share, a quantile in (0, 1), or with neither the mean."""

    share: bool = False
    quantile: float | None = None


MEAN = Kind()


@dataclass(frozen=True, slots=True)
class Level:
    """A number of one group.

    linear : by row, numbers whose weighted mean it is: the values; of a quantile, what stands for them (its recentered
    influence function). influence : how much each answer moves it, in its unit, by row; sums up to about zero.
    """

    estimate: Estimate
    linear: Floats
    influence: Floats
    effective_n: float
    """Independent answers that would tell as much."""
    freedom: float


class Difference(NamedTuple):
    """The second group minus the first, in the unit of the values; None where one answer has no interval."""

    value: float
    low: float | None = None
    high: float | None = None
    std_error: float | None = None
    p_value: float | None = None
    """Two-sided, in (0, 1]."""
    freedom: float | None = None


def level(answers: Answers, kind: Kind, mix: Floats | None = None) -> Level:
    """Return the number of a group and its 95% interval. mix : weight of each cell, those without answers 0; None as it came.

    With one cell, shares and means are those of `stats.intervals`.
    """
    cells = np.zeros(len(answers), dtype=np.intp) if mix is None else answers.cells
    target: Floats = np.ones(1) if mix is None else mix
    sums = np.bincount(cells, answers.weight, len(target))
    share = answers.weight * np.divide(target, sums, out=np.zeros(len(target)), where=sums > 0)[cells]
    weight = np.asarray(share / share.sum(), np.float64)
    if kind.quantile is None:
        value = float((weight * answers.value).sum())
        centred = answers.value - value
    else:
        value = _weighted_quantile(answers.value, weight, kind.quantile)
        centred = (answers.value <= value).astype(np.float64) - kind.quantile
    within = centred - _cell_means(centred, weight, cells, len(target))[cells]
    inside = weight > 0
    clusters = None if answers.clusters is None else answers.clusters[inside]
    effect = design_effect((weight * within)[inside], clusters)
    parts = _Parts(weight, cells, within, int(np.count_nonzero(target)), effect)
    if kind.quantile is not None:
        return _quantile(answers, value, kind.quantile, parts)
    return _share(answers.value, value, parts) if kind.share else _mean(answers.value, value, parts)


def difference(a: Level, b: Level, kind: Kind) -> Difference:
    """Return b - a: with the interval of `mover`, of shares the p of a likelihood ratio, else Welch's."""
    first, second = a.estimate, b.estimate
    apart = second.value - first.value
    if first.std_error is None or second.std_error is None:
        return Difference(apart)
    low, high = mover(first, second)
    error = float(np.hypot(first.std_error, second.std_error))
    freedom = _welch(a, b)
    if error <= _CONSTANT * max(abs(first.value), abs(second.value)):
        p_value = 1.0 if abs(apart) <= error else 1 / (1 + min(len(a.influence), len(b.influence)))
    else:
        statistic = _signed_root(a, b) if kind.share else apart / error
        p_value = min(1.0, max(2 * float(stdtr(freedom, -abs(statistic))), _LEAST_P))
    return Difference(apart, low, high, error, p_value, freedom)


def mover(a: Estimate, b: Estimate) -> tuple[float, float]:
    """The 95% interval of b - a from the intervals of both, which need not be symmetric ("square and add").

    >>> a, b = Estimate(48 / 80, *wilson(48 / 80, 80)), Estimate(56 / 70, *wilson(56 / 70, 70))
    >>> [round(end, 4) for end in mover(a, b)]
    [0.0524, 0.3339]
    """
    (x, low_x, high_x), (y, low_y, high_y) = ((one.value, one.low or 0.0, one.high or 0.0) for one in (a, b))
    return y - x - float(np.hypot(y - low_y, high_x - x)), y - x + float(np.hypot(high_y - y, x - low_x))


class _Parts(NamedTuple):
    """What a level is made of: weights that sum up to 1, cells, values around their cell's mean, cells used."""

    weight: Floats
    cells: NDArray[np.intp]
    within: Floats
    used: int
    effect: DesignEffect


def _mean(values: Floats, value: float, parts: _Parts) -> Level:
    influence = parts.weight * parts.within
    kish, left = 1 / float(np.square(parts.weight).sum()), np.count_nonzero(parts.weight) - parts.used
    if left < 1:
        return Level(Estimate(value), values, influence, kish, 1.0)
    error = float(np.sqrt(np.square(influence).sum() * (1 + parts.used / left) * parts.effect.factor))
    freedom = max(1.0, min(kish - parts.used, parts.effect.freedom))
    reach = student(freedom) * error
    estimate = Estimate(value, value - reach, value + reach, error)
    return Level(estimate, values, influence, kish / parts.effect.factor, freedom)


def _share(hits: Floats, value: float, parts: _Parts) -> Level:
    n = _independent(hits, value, parts)
    low, high = wilson(value, parts.effect.certain(n))
    told = n / parts.effect.factor
    estimate = Estimate(value, min(low, value), max(high, value), (high - low) / (2 * Z), told)
    return Level(estimate, hits, parts.weight * parts.within, told, parts.effect.freedom)


def _quantile(answers: Answers, value: float, q: float, parts: _Parts) -> Level:
    n = _independent((answers.value <= value).astype(np.float64), q, parts)
    told = n / parts.effect.factor
    if len(answers) < 2:
        return Level(Estimate(value), answers.value, np.zeros(len(answers)), told, 1.0)
    ends = binomial(q, parts.effect.certain(n))
    low, high = (_weighted_quantile(answers.value, parts.weight, end) for end in ends)
    error = (high - low) / (2 * Z)
    # By how much a quantile moves with the share below it, from the interval that stands.
    spread = error * math.sqrt(told / (q * (1 - q)))
    estimate = Estimate(value, min(low, value), max(high, value), error)
    linear: Floats = value - spread * ((answers.value <= value).astype(np.float64) - q)
    return Level(estimate, linear, -spread * parts.weight * parts.within, told, min(parts.effect.freedom, told))


def _independent(hits: Floats, value: float, parts: _Parts) -> float:
    """How many answers of one cell, drawn alike, would tell as much of a share; before clusters."""
    size = int(parts.cells.max()) + 1
    mix, squares = (np.bincount(parts.cells, w, size) for w in (parts.weight, np.square(parts.weight)))
    there = mix > 0
    mix, n = mix[there], np.square(mix[there]) / squares[there]
    rate = np.bincount(parts.cells, parts.weight * hits, size)[there] / mix
    all_n = 1 / float((mix**2 / n).sum())
    common = (value * all_n + 0.5) / (all_n + 1)
    rate = (rate * n + _PRIOR * common) / (n + _PRIOR)
    middle = float((mix * rate).sum())
    return middle * (1 - middle) / float((mix**2 * rate * (1 - rate) / n).sum())


def _cell_means(values: Floats, weight: Floats, cells: NDArray[np.intp], size: int) -> Floats:
    sums, weights = np.bincount(cells, weight * values, size), np.bincount(cells, weight, size)
    return np.divide(sums, weights, out=np.zeros(size), where=weights > 0)


def _weighted_quantile(values: Floats, weight: Floats, q: float) -> float:
    """The q-quantile, interpolated linearly; with equal weights Hyndman and Fan's type 7."""
    inside = weight > 0
    order = np.argsort(values[inside], kind="stable")
    ordered, weights = values[inside][order], weight[inside][order]
    below = np.cumsum(weights) - weights
    return float(np.interp(q, below / max(float(below[-1]), _LEAST_P), ordered))


def _welch(a: Level, b: Level) -> float:
    """Degrees of freedom of a difference, after Welch (1947) and Satterthwaite."""
    parts = [((one.estimate.std_error or 0.0) ** 2, min(one.freedom, _MOST_FREEDOM)) for one in (a, b)]
    total = sum(variance for variance, _ in parts)
    shared = sum(variance**2 / freedom for variance, freedom in parts)
    return min(total**2 / shared, _MOST_FREEDOM) if shared > 0 else _MOST_FREEDOM


def _signed_root(a: Level, b: Level) -> float:
    """Signed root of the likelihood ratio of two binomial rates against one, in independent answers."""
    n = np.array([a.effective_n, b.effective_n])
    rate = np.clip([a.estimate.value, b.estimate.value], 0.0, 1.0)
    together = float((n * rate).sum() / n.sum())
    if together in (0.0, 1.0):
        return 0.0
    gain = xlogy(n * rate, rate / together) + xlogy(n * (1 - rate), (1 - rate) / (1 - together))
    return float(np.sign(rate[1] - rate[0]) * np.sqrt(2 * max(float(gain.sum()), 0.0)))
