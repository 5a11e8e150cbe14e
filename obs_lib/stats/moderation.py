"""Dispersions of many series at once: each is known from a few days, all together say what is usual.

A dispersion phi is the variance of days over what sampling alone gives: 1 where days differ by chance only. From d degrees of
freedom phi_i ~ (1 / true_i) scaled F; where the true ones scatter as a scaled inverse chi-square with d0 degrees of freedom
about phi0, the posterior is

    (d0 phi0 + d phi) / (d0 + d)    with d0 + d degrees of freedom,

and a t statistic with it is exactly Student's (Smyth 2004).

References
----------
Smyth (2004), Linear models and empirical Bayes methods, Statistical Applications in Genetics and Molecular Biology 3(1).
Lund, Nettleton, McCarthy and Smyth (2012), the same for quasi-likelihood, SAGMB 11(5).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

_FEWEST = 3  # series from which something is said of all
MOST_FREEDOM = 60.0  # nearly the normal distribution; more is not known from the series of one night
_LEAST = 0.05  # of the median: no scatter at all tells as little as nearly none


class Dispersion(NamedTuple):
    """How much more days scatter than sampling gives, and with how many degrees of freedom that is known."""

    value: float
    freedom: float


UNKNOWN = Dispersion(1.0, 0.0)
"""Of a series that says nothing."""

BY_SAMPLING = Dispersion(1.0, 12.0)
"""The prior where too few series make one: days scatter by sampling alone, as sure as from twelve days."""


def prior(dispersions: ArrayLike, freedoms: ArrayLike) -> Dispersion:
    """Return what is usual among series: phi0 and d0, by the moments of log phi; BY_SAMPLING for too few series.

    dispersions : of each series, 0 or more. freedoms : degrees of freedom of each, above 0.

    >>> prior([1.0, 1.1, 0.9, 1.0], [6, 6, 6, 6]).freedom
    60.0
    """
    phi, d = np.asarray(dispersions, np.float64), np.asarray(freedoms, np.float64)
    if len(phi) < _FEWEST or not (phi > 0).any():
        return BY_SAMPLING
    phi = np.maximum(phi, _LEAST * float(np.median(phi[phi > 0])))
    e = np.log(phi) - digamma(d / 2) + np.log(d / 2)
    centre = float(e.mean())
    scatter = float(e.var(ddof=1)) - float(polygamma(1, d / 2).mean())
    if scatter <= float(polygamma(1, MOST_FREEDOM / 2)):
        return Dispersion(float(np.exp(centre)), MOST_FREEDOM)
    d0 = 2 * float(brentq(lambda x: polygamma(1, x) - scatter, 1e-3, MOST_FREEDOM))
    return Dispersion(float(np.exp(centre + digamma(d0 / 2) - np.log(d0 / 2))), d0)


def moderated(seen: Dispersion, usual: Dispersion) -> Dispersion:
    """Return a series' dispersion with what is usual taken into account."""
    freedom = seen.freedom + usual.freedom
    if freedom <= 0:
        return usual
    value = (seen.freedom * seen.value + usual.freedom * usual.value) / freedom
    return Dispersion(value, min(freedom, MOST_FREEDOM))
