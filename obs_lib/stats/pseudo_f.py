"""Whether a day's mean stands away from those of the days before it, in many dimensions at once.

The statistic is the pseudo-F of distance-based analysis of variance (McArdle and Anderson 2001, Ecology 82, 290): the squared
distance of today's mean from the baseline's beside the scatter of the baseline days, both in the same space. So days that
scatter by themselves widen the null, whatever makes them scatter. Its law under the null is that of

    sum(l X) / (sum(l Y) / (b - 1)),   X chi-squared with 1, Y with b - 1 degrees of freedom, b baseline days

with the eigenvalues l of a day mean's covariance; many of about one size make it far narrower than Student's t with b - 1
degrees of freedom. What the eigenvalues are is learned from blocks of whole clusters (users, sessions) within the days, whose
sums are all that is kept of a day; the tail is a saddlepoint's (Lugannani and Rice 1980), which holds far out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

Floats = NDArray[np.float64]

_LEAST_SHARE = 0.2  # a block with more than 80% of its day or of its number over the days says nothing of chance
_LEAST_SCATTER = (
    0.01  # of what the blocks of a day make: days that repeat the same answers are told from one that does not
)
_LEAST_P = 1e-300
_ROUNDING = 1e-12  # of the squared length of what is compared; a scatter below it is none
_MIDDLE = 1e-4  # within it of its mean the saddlepoint's formula is 0 / 0, and its limit is taken


@dataclass(frozen=True, slots=True)
class Null:
    """The law of a squared distance between today's mean and the baseline's if nothing had changed."""

    mean: float
    """Its expectation; 0.0 where the baseline days are all equal."""
    spectrum: Floats
    """Relative eigenvalues of a day mean's covariance, above zero, largest first."""
    freedom: int
    """Baseline days less one."""

    def p_value(self, squared: float) -> float:
        """Chance of a squared distance of at least this, in (0, 1]; 1 / (b + 1), one odd day, where days never differed."""
        if squared <= 0:
            return 1.0
        if self.mean <= 0:
            return 1 / (self.freedom + 2)
        return min(1.0, max(ratio_tail(squared / self.mean, self.spectrum, self.freedom), _LEAST_P))

    def quantile(self, q: float) -> float:
        """The squared distance below which chance stays with probability q, 0.5 <= q < 1."""
        if self.mean <= 0:
            return 0.0
        top = 2.0
        while ratio_tail(top, self.spectrum, self.freedom) > 1 - q:
            top *= 2
        middle = brentq(lambda ratio: ratio_tail(ratio, self.spectrum, self.freedom) - (1 - q), 0.05, top, xtol=1e-6)
        return float(self.mean * middle)


def squared_distance(sums: Floats, counts: Floats) -> float:
    """Squared distance of the last day's mean from that of the days before it, all rows alike. Shapes as in `null_of`."""
    of_days, n = sums.sum(axis=1), counts.sum(axis=1)
    apart = of_days[-1] / n[-1] - of_days[:-1].sum(axis=0) / n[:-1].sum()
    return float(apart @ apart)


def null_of(sums: Floats, counts: Floats, leverage: tuple[float, float] = (0.0, 0.0)) -> Null:
    """The null of `squared_distance`.

    Parameters
    ----------
    sums : of the rows by day and block, shape (days, blocks, dimensions); today is the last of at least three days. A cluster
        is in one block, the same on every day. counts : the rows behind them, (days, blocks); every day has some.
    leverage : what a regression that took something out adds to the variance of the difference, and to the baseline days'
        scatter, in units of one row's.

    Today's variance is the baseline's at today's size. Sampling, which falls with the rows, is told from the days' own scatter,
    which does not, by the blocks; where all days have about as many rows neither matters.
    """
    n = counts.sum(axis=1)
    means = sums.sum(axis=1) / n[:, None]
    before, total = n[:-1], n[:-1].sum()
    away = (means[:-1] - before @ means[:-1] / total) * np.sqrt(before)[:, None]
    freedom = len(before) - 1
    units, rows = _units(sums, counts, means)
    sampling = float(np.sum(units**2)) / max(rows.sum(), 1.0)
    among = float(np.sum((sums - counts[:, :, None] * means[:, None, :]) ** 2)) / counts.sum()
    seen, rounding = float(np.sum(away**2)) / freedom, _ROUNDING * total * float(np.max(np.sum(means**2, axis=1)))
    scatter = max(seen, _LEAST_SCATTER * among)
    if scatter <= rounding:
        return Null(0.0, np.ones(1), freedom)
    size = (total - float(before @ before) / total) / freedom  # rows of a typical day
    expected = sampling * (1 + leverage[1])
    own = max(scatter - expected, 0.0) / size
    widened = sampling * (1 / n[-1] + 1 / total + leverage[0]) + own * (1 + float(before @ before) / total**2)
    spectrum = _spectrum(units, rows, away, seen > max(expected, rounding))
    return Null(scatter * widened / (expected + size * own), spectrum, freedom)


def ratio_tail(ratio: float, spectrum: Floats, freedom: int) -> float:
    """P(sum(l X) / (sum(l Y) / freedom) >= ratio) for independent chi-squared X (1) and Y (freedom), by a saddlepoint.

    With equal eigenvalues it is an F distribution's:

    >>> from scipy.stats import f
    >>> f"{ratio_tail(3.0, np.ones(20), 6):.2g} {f(20, 120).sf(3.0):.2g}"
    '0.00011 0.00011'
    """
    scaled = spectrum / spectrum.max()
    weights = np.concatenate([scaled, -ratio * scaled / freedom])  # of chi-squares whose sum is at least zero
    halves = np.repeat([0.5, freedom / 2], len(scaled))

    def slope(t: float) -> float:
        return float(np.sum(2 * halves * weights / (1 - 2 * t * weights)))

    edges = (-freedom / (2 * ratio) * (1 - 1e-9), 0.5 * (1 - 1e-9))
    t = float(brentq(slope, *edges, xtol=1e-15, rtol=1e-14))
    level = float(np.sum(halves * np.log(1 - 2 * t * weights)))  # minus the cumulant generating function
    curve = 1 - 2 * t * weights
    second = float(np.sum(4 * halves * (weights / curve) ** 2))
    if abs(t) * np.sqrt(second) < _MIDDLE:
        third = float(np.sum(16 * halves * (weights / curve) ** 3))
        return float(0.5 - third / (6 * np.sqrt(2 * np.pi) * second**1.5))
    w, u = float(np.sign(t) * np.sqrt(2 * max(level, 0.0))), t * np.sqrt(second)
    return float(ndtr(-w) + np.exp(-(w**2) / 2) / np.sqrt(2 * np.pi) * (1 / u - 1 / w))


def _units(sums: Floats, counts: Floats, means: Floats) -> tuple[Floats, Floats]:
    """Each block's deviation from its day and from its own level over the days, and its rows; (days, blocks, ...).

    A user who always differs is no chance where the same users come every day, so a block's own level is taken out. What
    centring takes from the size of a deviation is given back.
    """
    apart = sums - counts[:, :, None] * means[:, None, :]
    of_block = np.maximum(counts.sum(axis=0), 1.0)
    apart = apart - counts[:, :, None] * (apart.sum(axis=0) / of_block[:, None])
    left = (1 - counts / of_block) * (1 - counts / counts.sum(axis=1, keepdims=True))
    usable = (counts > 0) & (left > _LEAST_SHARE)
    scaled = apart / np.sqrt(np.where(usable, left, 1.0))[:, :, None]
    return np.where(usable[:, :, None], scaled, 0.0), np.where(usable, counts, 0.0)


def _spectrum(units: Floats, rows: Floats, away: Floats, own: bool) -> Floats:
    """Eigenvalues of a day mean's covariance, from the blocks; where days scatter by themselves, from the days too.

    Few units make eigenvalues look more unequal than they are, so they are drawn together (Ledoit and Wolf 2004) until the sum
    of their squares is what pairs of units that share neither day nor block say, which is unbiased.
    """
    dimensions, freedom = away.shape[1], len(away) - 1
    among = np.tensordot(units, units, axes=((0, 1), (0, 1)))
    sampling, flat = float(np.trace(among)), np.eye(dimensions) / dimensions
    part, mixed = 0.0, flat
    if sampling > 0:
        spread, blocks = _evenness(units, rows, among), among / sampling
        uneven = max(spread - 1 / dimensions, 0.0) / max(float(np.sum(blocks**2)) - 1 / dimensions, 1e-12)
        part = min(uneven**0.5, 1.0)
        mixed = flat + part * (blocks - flat)
    share = _share_of_days(mixed, away) if own and freedom >= 2 else 0.0
    weighed = [np.zeros((0, dimensions))]
    if part > 0:
        weighed.append(units.reshape(-1, dimensions) * np.sqrt((1 - share) * part / sampling))
    if share > 0:
        weighed.append(away * np.sqrt(share / np.sum(away**2)))
    eigenvalues = (1 - share) * (1 - part) / dimensions + _squared_singular(np.concatenate(weighed))
    return np.asarray(eigenvalues[eigenvalues > 1e-9 * eigenvalues[0]])


def _squared_singular(rows: Floats) -> Floats:
    """As many as there are columns, largest first. Few rows have the small matrix of their products with each other."""
    rows = rows[rows.any(axis=1)]
    products = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
    found = np.maximum(np.linalg.eigvalsh(products)[::-1], 0.0)
    return np.concatenate([found, np.zeros(rows.shape[1] - len(found))])


def _evenness(units: Floats, rows: Floats, among: Floats) -> float:
    """Sum of the squared relative eigenvalues, in [1 / dimensions, 1], from pairs of units of different days and blocks."""
    # The products of units with each other are far fewer than those of dimensions, and the sum of their squares is the same.
    by_day = sum(float(np.sum((day @ day.T) ** 2)) for day in units)
    by_block = sum(float(np.sum((units[:, k] @ units[:, k].T) ** 2)) for k in range(units.shape[1]))
    alone = float(np.sum(np.sum(units**2, axis=2) ** 2))
    pairs = rows.sum() ** 2 - np.sum(rows.sum(axis=1) ** 2) - np.sum(rows.sum(axis=0) ** 2) + np.sum(rows**2)
    size = float(np.trace(among)) / max(rows.sum(), 1.0)
    if pairs <= 0 or size <= 0:
        return 1.0
    squares = (float(np.sum(among**2)) - by_day - by_block + alone) / float(pairs)
    return float(min(max(squares / size**2, 1 / units.shape[2]), 1.0))


def _share_of_days(blocks: Floats, away: Floats) -> float:
    """How much of the days' covariance beside the blocks' makes the eigenvalues as uneven as the days' are, unbiased."""
    freedom = len(away) - 1
    days = away.T @ away
    days = days / np.trace(days)
    raw, flat, cross = float(np.sum(days**2)), float(np.sum(blocks**2)), float(np.sum(blocks * days))
    wanted = min((raw - 1 / freedom) * freedom**2 / ((freedom - 1) * (freedom + 2)), 1.0)
    if wanted <= flat:
        return 0.0
    a, b, c = flat - 2 * cross + raw, 2 * (cross - flat), flat - wanted
    return min(1.0, float((-b + np.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)))
