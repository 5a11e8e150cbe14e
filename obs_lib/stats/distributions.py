"""Distances of two samples of numbers, or of words, that people know by name.

They say how far two samples are apart, not how far chance alone puts them: their usual p-values take rows for independent,
which answers of one user are not. What other days give is the scale to read them by.

References
----------
Kolmogorov-Smirnov: Smirnov (1948), Annals of Mathematical Statistics 19, 279. Wasserstein: earth mover's distance of order 1.
Cramer's V: Cramer (1946), Mathematical Methods of Statistics, chapter 21; chi-squared brought to [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.intervals import Floats

_BINS = 10  # of the PSI, by the baseline's deciles


@dataclass(frozen=True, slots=True)
class Sample:
    """Finite numbers of shape (n,), n > 0. weight : 1 / inclusion probability, above 0, shape (n,)."""

    value: Floats
    weight: Floats

    def at(self, rows: NDArray[np.bool_]) -> Sample:
        """Some of the rows, (n,)."""
        return Sample(self.value[rows], self.weight[rows])

    def up_to(self, points: Floats) -> Floats:
        """The weighted share of the numbers that are at most each point."""
        order = np.argsort(self.value, kind="stable")
        sums = np.concatenate([[0.0], np.cumsum(self.weight[order])])
        share: Floats = sums[np.searchsorted(self.value[order], points, side="right")] / sums[-1]
        return share


def kolmogorov_smirnov(current: Sample, baseline: Sample) -> float:
    """Return the largest distance of the two distribution functions, in [0, 1].

    >>> one = np.ones(4)
    >>> kolmogorov_smirnov(Sample(np.array([3.0, 4, 5, 6]), one), Sample(np.array([1.0, 2, 3, 4]), one))
    0.5
    """
    points = np.concatenate([current.value, baseline.value])
    return float(np.max(np.abs(current.up_to(points) - baseline.up_to(points))))


def wasserstein(current: Sample, baseline: Sample) -> float:
    """Return how far the numbers must be moved on average to make one distribution of the other, in their unit.

    >>> one = np.ones(2)
    >>> wasserstein(Sample(np.array([3.0, 5]), one), Sample(np.array([1.0, 2]), one))
    2.5
    """
    from scipy.stats import wasserstein_distance  # slow to import, and only this command needs it

    return float(wasserstein_distance(current.value, baseline.value, current.weight, baseline.weight))


def in_deciles(current: Sample, baseline: Sample) -> tuple[Floats, Floats]:
    """Return the weight of both in bins between the baseline's deciles, at most ten; equal deciles are one edge.

    Numbers that are at most ten in all, such as a verdict of 0 or 1, are a bin each.
    """
    edges = np.unique(np.concatenate([current.value, baseline.value]))[:-1]
    if len(edges) >= _BINS:
        edges = _deciles(baseline)
    now, before = (
        np.bincount(np.searchsorted(edges, one.value), one.weight, len(edges) + 1) for one in (current, baseline)
    )
    return np.asarray(now, np.float64), np.asarray(before, np.float64)


def _deciles(sample: Sample) -> Floats:
    order = np.argsort(sample.value, kind="stable")
    reached = np.cumsum(sample.weight[order]) / sample.weight.sum()
    at = np.minimum(np.searchsorted(reached, np.arange(1, _BINS) / _BINS), len(order) - 1)
    return np.unique(sample.value[order][at])


def cramers_v(current: Floats, baseline: Floats) -> float:
    """Return Cramer's V of two aligned arrays of counts, in [0, 1]; 0 where there is one category alone.

    Of their shares, each side weighing the same: otherwise it would grow with how alike in size the two are, and a day against
    a month could not stand beside a week against a month.

    >>> counts = np.array([50.0, 30, 20]), np.array([40.0, 40, 20])
    >>> round(cramers_v(*counts), 4), round(cramers_v(counts[0], 9 * counts[1]), 4)
    (0.1127, 0.1127)
    """
    from scipy.stats import chi2_contingency  # as above

    table = np.array([current / current.sum(), baseline / baseline.sum()])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 0.0
    return float(np.sqrt(chi2_contingency(table, correction=False).statistic / table.sum()))
