"""Means and shares of a sample that was drawn within strata, with intervals that know how it was drawn.

Interactions of equal inclusion probability are one stratum: that is how `pipeline/cases.py` draws them. The day is seen as a
sample of how the system behaves, of which in turn some interactions were scored (two-phase sampling). A stratum's own
spread is known from what was scored, the differences between strata from the whole day:

    V = (sum_h n_h / (n_h - 1) (S2_h - S1_h^2 / n_h)  +  sum_h S1_h^2 / N_h) / (sum of weights)^2

with z = w (y - mean) of each scored interaction, 0 of every other that was drawn (another segment, skipped), S1 and S2 the
sums of z and z^2, n_h drawn of N_h. Where everything was scored that is the ordinary variance of a mean. Where interactions
come in clusters, V is multiplied by the design effect of z.

References
----------
Cochran (1977), Sampling Techniques, 3rd ed., sections 5A.14 (domains), 6.4 (ratios) and 12.2 (two phases). Korn and Graubard
(1998), Confidence intervals for proportions with small expected number of positive counts, Survey Methodology 24: an exact
binomial interval at the effective sample size p (1 - p) / V.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.clusters import Codes, DesignEffect, design_effect
from obs_lib.stats.intervals import Estimate, Floats, Z, binomial, effective_n, student

_PRIOR = 3.0  # hits (misses, where they are fewer) of the common rate that a stratum's own rate is drawn towards


@dataclass(frozen=True, slots=True)
class Strata:
    """How a day's scores were drawn.

    of : position in `drawn` of each score's stratum. drawn : how many were drawn in each stratum, whatever became of them.
    """

    of: NDArray[np.intp]
    drawn: Floats

    @classmethod
    def by_weight(cls, weights: Floats) -> Strata:
        """Strata of equal weight (1 / inclusion probability), those of a single interaction put to the next heavier ones."""
        _, of, drawn = np.unique(weights, return_inverse=True, return_counts=True)
        merged = np.arange(len(drawn))
        for h in range(len(drawn) - 1):
            if drawn[h] == 1:
                drawn[h + 1] += drawn[h]
                drawn[h] = 0
                merged[merged == h] = h + 1
        if len(drawn) > 1 and drawn[-1] == 1:
            last = int(np.flatnonzero(drawn[:-1])[-1])
            drawn[last] += 1
            drawn[-1] = 0
            merged[merged == len(drawn) - 1] = last
        return cls(merged[of], drawn.astype(np.float64))

    def take(self, chosen: NDArray[np.bool_]) -> Strata:
        """The strata of some of the scores, which remain as large as they were drawn."""
        return Strata(self.of[chosen], self.drawn)


def sampled_share(hits: NDArray[np.bool_], weights: Floats, strata: Strata, clusters: Codes | None = None) -> Estimate:
    """Hajek's estimate of a share from n > 0 scores, and `binomial`'s interval at the effective sample size.

    Few hits tell little of a stratum's rate, none would tell that it is 0: for the variance each is drawn a little
    towards the common one. The standard error is the half width over z.
    """
    value = float((weights * hits).sum() / weights.sum())
    effect = design_effect(weights * (hits - value), clusters)
    return _share(value, _effective(hits, weights, strata), effect)


def sampled_mean(values: Floats, weights: Floats, strata: Strata, clusters: Codes | None = None) -> Estimate:
    """Hajek's estimate of a mean of probabilities, and Student's interval of its logit, which bends at 0 and 1 as they do.

    No interval from a single value, or from values that are all the same.
    """
    total = float(weights.sum())
    value = float((weights * values).sum() / total)
    z = weights * (values - value)
    first, second = (_sums(strata, part) for part in (z, z * z))
    effect = design_effect(z, clusters)
    error = float(np.sqrt(_variance(first, second, weights, strata) * effect.factor))
    if len(values) < 2:
        return Estimate(value)
    room = value * (1 - value)
    if error == 0 or room <= 0:
        return Estimate(value, value, value, error)
    reach = student(min(effective_n(weights) - 1, effect.freedom)) * error / room
    odds = np.log(value / (1 - value))
    low, high = (float(1 / (1 + np.exp(-np.clip(odds + side * reach, -60, 60)))) for side in (-1, 1))
    return Estimate(value, min(low, value), max(high, value), error)


def _share(value: float, n: float, effect: DesignEffect) -> Estimate:
    low, high = binomial(value, effect.certain(n))
    return Estimate(value, low, high, (high - low) / (2 * Z), n / effect.factor)


def _effective(hits: NDArray[np.bool_], weights: Floats, strata: Strata) -> float:
    """How many interactions drawn alike would tell as much of the share."""
    kish = effective_n(weights)
    if (weights == weights[0]).all():
        return kish
    value = (float((weights * hits).sum() / weights.sum()) * kish + 1) / (kish + 2)
    # Sums over a stratum's scores of w and w^2, and the part of them that hits are expected to have.
    w1, w2 = (_sums(strata, part) for part in (weights, weights**2))
    seen, hit = (_sums(strata, part) for part in (np.ones(len(hits)), hits.astype(np.float64)))
    prior = _PRIOR / min(value, 1 - value)
    rate = (hit + prior * value) / (seen + prior)
    first = w1 * (rate - value)
    second = w2 * (rate * (1 - value) ** 2 + (1 - rate) * value**2)
    variance = _variance(first, second, weights, strata)
    return value * (1 - value) / variance


def _variance(first: Floats, second: Floats, weights: Floats, strata: Strata) -> float:
    """Variance of a mean from each stratum's sums of z and z^2."""
    n = strata.drawn
    weight = _sums(strata, weights) / np.maximum(_sums(strata, np.ones(len(weights))), 1)
    known = n > 1
    n1, s1, s2, mass = n[known], first[known], second[known], (n * weight)[known]
    within = n1 / (n1 - 1) * np.maximum(s2 - s1**2 / n1, 0)
    between = np.divide(s1**2, mass, out=np.zeros_like(s1), where=mass > 0)
    return float((within + between).sum() / weights.sum() ** 2)


def _sums(strata: Strata, values: Floats) -> Floats:
    """The sum of the values in each stratum."""
    return np.asarray(np.bincount(strata.of, values, len(strata.drawn)), np.float64)
