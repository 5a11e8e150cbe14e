"""Vectors of texts as fewer numbers whose means say where a day's texts lie: sums of them can be merged over days.

Directions come from a fixed seed through the bit stream of PCG64, which numpy keeps, so that days of a lake that are years
apart can be compared.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

FEATURES = 128
"""Dimensions of either kind: enough for the changes in docs/statistics.md."""

BANDWIDTH = 0.7
"""Of the Gaussian kernel: half the distance of two unrelated unit vectors, which is sqrt(2) whatever the encoder."""

_FOURIER, _PROJECTION = 1, 2  # seeds


def fourier(vectors: Floats) -> Floats:
    """Random Fourier features (Rahimi and Recht 2007) of unit vectors, shape (n, FEATURES), each of length 1.

    The squared distance of two means of them is about the squared maximum mean discrepancy (Gretton et al. 2012) under the
    Gaussian kernel exp(-|x - y|^2 / (2 BANDWIDTH^2)).
    """
    angles = vectors @ _directions(vectors.shape[1], FEATURES // 2, _FOURIER) / BANDWIDTH
    return np.asarray(np.hstack([np.cos(angles), np.sin(angles)]) * np.sqrt(2 / FEATURES), dtype=np.float64)


def projected(vectors: Floats) -> Floats:
    """Random projection (Johnson and Lindenstrauss 1984), shape (n, FEATURES): inner products are kept on average."""
    directions = _directions(vectors.shape[1], FEATURES, _PROJECTION)
    return np.asarray(vectors @ directions / np.sqrt(FEATURES), dtype=np.float64)


@functools.lru_cache(maxsize=8)
def _directions(dimension: int, count: int, seed: int) -> Floats:
    """Standard normal numbers, shape (dimension, count)."""
    bits = np.random.PCG64(seed).random_raw(dimension * count)
    normal: Floats = ndtri(((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)
    return normal.reshape(dimension, count)
