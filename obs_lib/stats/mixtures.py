"""Quantiles of mixtures of normal distributions, many mixtures at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

_ROUNDS = 100  # Newton's take about six, halving alone fifty
_NEAR = 1e-9  # standard deviations
_REACH = 9.0  # standard deviations beyond which nothing of a normal distribution is left


def mixture_quantiles(q: float, share: Floats, middle: Floats, spread: float, part: NDArray[np.intp]) -> Floats:
    """Return the q-quantile of each mixture, 0 < q < 1, by Newton's steps that never leave what brackets the root.

    share, middle : of each component of all mixtures, shape (k,); the shares of a mixture add up to 1. spread : standard
    deviation of every component. part : the mixture of each component, 0 to m - 1, each there, in order; shape (k,).

    >>> share, middle, part = np.array([1.0, 0.5, 0.5]), np.array([3.0, -1.0, 1.0]), np.array([0, 1, 1])
    >>> np.abs(mixture_quantiles(0.5, share, middle, 0.1, part)).round(6).tolist()
    [3.0, 0.0]
    """
    first = np.flatnonzero(np.diff(part, prepend=-1))
    low = np.minimum.reduceat(middle, first) - _REACH * spread
    high = np.maximum.reduceat(middle, first) + _REACH * spread
    at = np.add.reduceat(share * middle, first)
    for _ in range(_ROUNDS):
        z = (at[part] - middle) / spread
        beyond = np.add.reduceat(share * ndtr(z), first) - q
        density = np.add.reduceat(share * np.exp(-0.5 * z * z), first) / (spread * np.sqrt(2 * np.pi))
        low, high = np.where(beyond < 0, at, low), np.where(beyond < 0, high, at)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            step = at - beyond / density
        moved = np.where((step >= low) & (step <= high), step, (low + high) / 2)
        far, at = float(np.max(np.abs(moved - at))), moved
        if far <= _NEAR * spread:
            break
    return at
