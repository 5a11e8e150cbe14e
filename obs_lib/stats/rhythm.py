"""The week in a series of days: what each weekday adds, where the days show that weekdays differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

Floats = NDArray[np.float64]

_WEEKDAYS = 7
_LEAST_EACH = 2  # days of each weekday
_SURE = 0.01  # p of the weekdays' F test


def weekly(values: Floats, weekdays: Sequence[int]) -> Floats | None:
    """Return what each weekday (0 to 6) adds to the level, shape (7,); None where the days do not show that weekdays differ.

    values : one a day, compared by differences (logarithms of ratios). weekdays : of each day, 0 for Monday.

    One-way analysis of variance; the weekdays' means are drawn towards their common one by 1 - 1 / F (James and Stein's
    positive part), since few weeks know them poorly.

    >>> week = np.array([0.0, 0, 0, 0, 0, 1, 1])
    >>> weekly(np.tile(week, 4) + 0.01 * np.sin(np.arange(28)), list(range(7)) * 4).round(1).tolist()
    [-0.3, -0.3, -0.3, -0.3, -0.3, 0.7, 0.7]
    """
    of = np.asarray(weekdays)
    counts = np.bincount(of, minlength=_WEEKDAYS)
    if counts.min() < _LEAST_EACH:
        return None
    away = np.bincount(of, values - values.mean(), _WEEKDAYS) / counts
    within = float(np.square(values - values.mean() - away[of]).sum()) / (len(values) - _WEEKDAYS)
    between = float((counts * np.square(away)).sum()) / (_WEEKDAYS - 1)
    if within <= 0:
        return away if between > 0 else None
    f = between / within
    if fdtrc(_WEEKDAYS - 1, len(values) - _WEEKDAYS, f) > _SURE:
        return None
    drawn: Floats = (1 - 1 / f) * away
    return drawn
