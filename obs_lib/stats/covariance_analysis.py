"""Answers with what their prompts explain taken out: analysis of covariance (Snedecor and Cochran 1989), from sums alone.

    residual = answer - W prompt,   W the regression within days, today among them

The difference between two days' mean residuals is their difference at equal prompts. Since W knows which day is which only
through its prompts, what only today's prompts show weighs nothing (Frisch and Waugh 1933): where today asks about something
new as well, the two are compared on what both asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.random_features import FEATURES

Floats = NDArray[np.float64]

_ROWS_A_DIRECTION = 10  # exchanges that each direction of the prompts needs to be fitted
_LEAST_DIRECTION = 1e-3  # of the largest variance; below it lies rounding
_RIDGE = 0.1  # of the mean variance, added to each: directions in which answers hardly vary are known poorly


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals of the answers in units of their standard deviation, in uncorrelated directions."""

    sums: Floats
    """By day and block, (days, blocks, FEATURES)."""
    leverage: float
    """What the regression adds to the variance of today's mean residual less the baseline's, in units of one row's."""
    leverage_before: float
    """What it adds to the scatter of the baseline days, likewise."""


def residuals(prompts: Floats, answers: Floats, counts: Floats, scatter: Floats) -> Residuals:
    """Take out of the answers what the prompts explain.

    Parameters
    ----------
    prompts, answers : sums by day and block, (days, blocks, FEATURES); today is last. counts : (days, blocks).
    scatter : `ExchangeSums.scatter` of all days together.
    """
    n = counts.sum(axis=1)
    of_prompts, crossed, of_answers = (
        scatter[:FEATURES, :FEATURES],
        scatter[:FEATURES, FEATURES:],
        scatter[FEATURES:, FEATURES:],
    )
    sizes, directions = np.linalg.eigh(of_prompts)
    most = max(int(n.sum() / _ROWS_A_DIRECTION), 1)
    kept = np.flatnonzero(sizes > _LEAST_DIRECTION * sizes[-1])[-most:]
    sizes, directions = sizes[kept], directions[:, kept]
    loadings = directions.T @ crossed / sizes[:, None]
    left = of_answers - loadings.T @ (sizes[:, None] * loadings)
    variances, axes = np.linalg.eigh(left / max(n.sum() - len(n) - len(kept), 1.0))
    variances = np.maximum(variances, 0.0)
    scale = axes / np.sqrt(variances + _RIDGE * max(float(variances.mean()), 1e-12))
    sums = (answers - prompts @ directions @ loadings) @ scale

    means = prompts.sum(axis=1) / n[:, None]
    away = (means - n[:-1] @ means[:-1] / n[:-1].sum()) @ directions / np.sqrt(sizes)
    reach = np.sum(away**2, axis=1)
    return Residuals(sums, float(reach[-1]), float(n[:-1] @ reach[:-1]) / (len(n) - 2))
