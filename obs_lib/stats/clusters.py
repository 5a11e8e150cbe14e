"""How much less correlated answers tell than independent ones.

The answers of one user are alike: twenty of them may tell as much as three independent ones. What an estimate loses by that is
its design effect (Kish 1965), the variance by sums over clusters divided by that of independent rows:

    deff = C / (C - 1) sum_c (sum_{i in c} z_i)^2 / sum_i z_i^2

with z the influence of each row on the estimate, C clusters. From few clusters, or few hits, it is known poorly and mostly
too small; it is therefore moderated: averaged with what an intra-class correlation of _CORRELATION would give, which
weighs as much as _PRIOR clusters.

References
----------
Kish (1965), Survey Sampling, section 5.4. Korn and Graubard (1998), Survey Methodology 24: an effective sample size that knows
the degrees of freedom. Liang and Zeger (1986), Biometrika 73. The two constants: coverage in docs/statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
"""The cluster of each row, 0 or more."""

_PRIOR = 4.0
_CORRELATION = 0.15
_TAIL = 0.975
_NORMAL = float(ndtri(_TAIL))


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """What clusters cost an estimate."""

    factor: float
    """Of the variance of independent rows; 1 or more."""
    freedom: float
    """Degrees of freedom with which that is known; infinite where every row is a cluster of its own."""

    def certain(self, n: float) -> float:
        """How many independent rows would give as wide a 95% interval as n > 0 of these: the factor itself is not certain."""
        if np.isinf(self.freedom):
            return n / self.factor
        return n / self.factor * (_NORMAL / float(stdtrit(self.freedom, _TAIL))) ** 2


INDEPENDENT = DesignEffect(1.0, float("inf"))


def design_effect(influence: Floats, clusters: Codes | None) -> DesignEffect:
    """Return the moderated design effect of an estimate.

    influence : how much each row moves the estimate, in any unit, shape (n,), summing up to about zero; all zero where
    nothing is known of the scatter, as with no hit at all. clusters : None for independent rows.

    >>> design_effect(np.array([1.0, -1.0, 1.0, -1.0]), np.array([0, 1, 2, 3])).factor
    1.0
    """
    if clusters is None or not len(influence):
        return INDEPENDENT
    of, sizes = _dense(clusters)
    if sizes.max(initial=1) < 2:
        return INDEPENDENT
    count = len(sizes)
    prior = 1 + (float(np.square(sizes).sum()) / len(influence) - 1) * _CORRELATION
    weight = min(count - 1.0, _telling(influence, of))
    seen = 0.0
    if weight > 0:
        sums = np.bincount(of, influence, count)
        seen = count / (count - 1) * float(np.square(sums).sum()) / float(np.square(influence).sum())
    factor = (weight * seen + _PRIOR * prior) / (weight + _PRIOR)
    return DesignEffect(max(1.0, factor), max(count - 1.0, 1.0))


def _dense(clusters: Codes) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Codes from 0 without gaps, and the size of each cluster."""
    sizes = np.bincount(clusters)
    if len(sizes) and sizes.min() > 0:
        return clusters.astype(np.intp), sizes
    number = np.cumsum(sizes > 0) - 1
    return number[clusters], sizes[sizes > 0]


def _telling(influence: Floats, of: NDArray[np.intp]) -> float:
    """How many clusters hold a row that moves the estimate by more than the usual one does, such as a hit among misses."""
    size = np.abs(influence)
    large = size > size.mean() * (1 + 1e-9)
    return float(len(np.unique(of[large])))
