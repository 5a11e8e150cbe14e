"""Distances of two distributions over the same categories that people know by name, from counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import jensenshannon

SMOOTHING = 0.5  # added to every count (Jeffreys), so that a category that one side never had keeps a divergence finite


def kl_divergence(current: ArrayLike, baseline: ArrayLike, smoothing: float = SMOOTHING) -> float:
    """Return KL(current || baseline) in nats of two aligned arrays of counts.

    `smoothing` is added to every count of the union of categories; those that neither side has are left out.

    >>> round(kl_divergence([50, 30, 20, 0], [40, 40, 10, 10]), 10)
    0.1440011138
    """
    p, q = np.asarray(current, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    seen = (p + q) > 0
    p, q = p[seen] + smoothing, q[seen] + smoothing
    p, q = p / p.sum(), q / q.sum()
    return max(0.0, float(np.sum(p * np.log(p / q))))


def population_stability_index(current: ArrayLike, baseline: ArrayLike, smoothing: float = SMOOTHING) -> float:
    """Return the PSI in nats: KL in both directions (Jeffreys). Its usual limits, 0.1 and 0.25, know nothing of sample sizes.

    >>> round(population_stability_index([50, 30, 20, 0], [40, 40, 10, 10]), 10)
    0.4135116392
    """
    return kl_divergence(current, baseline, smoothing) + kl_divergence(baseline, current, smoothing)


def jensen_shannon(current: ArrayLike, baseline: ArrayLike) -> float:
    """Return the Jensen-Shannon divergence in bits, in [0, 1]; its square root is the distance of that name.

    >>> round(jensen_shannon([50, 30, 20, 0], [40, 40, 10, 10]), 10)
    0.0714415504
    """
    p, q = np.asarray(current, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    return float(jensenshannon(p, q, base=2) ** 2)
