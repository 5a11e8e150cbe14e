"""Whether one day's value stands away from those of the days before it, some of whose scatter is sampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

CONSTANT = 1e-9  # a spread under this part of the value is rounding
LEAST_SHARE = 1e-3  # keeps the degrees of freedom finite where all baseline values are equal
MOST_FREEDOM = 4.0  # times b - 1: a few days that happen to agree do not prove that days do not scatter


def contrast(
    now: NDArray[np.float64], then: NDArray[np.float64], doubt: float = 0.0
) -> tuple[float, float, float | None]:
    """Return today minus the mean of the baseline days, its two-sided p-value, and its 97.5% quantile under chance alone.

    now, then : (value, sampling variance, n), of shape (3,) and (days, 3). doubt : any further variance of today's value.

    Let S2 be the variance of the b baseline values and M their mean sampling variance (std_error squared). Days
    scatter by sampling and by themselves, so a day's variance is the greater of both, and that of the difference

        V = max(S2 - M, 0) + M * n_baseline / n_today + max(S2, M) / b

    (today's sampling variance is the baseline's at today's size: what it would be if nothing had changed). Only S2
    is estimated from few days; Satterthwaite's degrees of freedom are then (b - 1) (max(S2, M) / S2)^2: Student's t
    with b - 1 where the days' own scatter rules, more where sampling does, at most 4 (b - 1) since S2 itself is known
    poorly. Where neither says anything (constant values, no std_error)
    p is 1 / (b + 1): the chance that the odd one of b + 1 alike days comes last.
    """
    b, baseline = len(then), float(then[:, 0].mean())
    difference = float(now[0]) - baseline
    between, sampling = float(then[:, 0].var(ddof=1)), float(then[:, 1].mean())
    day = max(between, sampling)
    variance = max(between - sampling, 0.0) + sampling * float(then[:, 2].mean() / now[2]) + day / b + doubt
    least = CONSTANT * max(abs(baseline), abs(float(now[0])))
    if variance <= least**2:
        p_value, high = (1.0 if abs(difference) <= least else 1 / (b + 1)), None
    else:
        # Days that are all equal (day = 0) leave the doubt alone, which no scatter of few days made.
        freedom = (b - 1) * (min((day / max(between, LEAST_SHARE * day)) ** 2, MOST_FREEDOM) if day else MOST_FREEDOM)
        p_value = min(1.0, max(2 * float(stdtr(freedom, -abs(difference) / np.sqrt(variance))), 1e-300))
        high = float(stdtrit(freedom, 0.975) * np.sqrt(variance))
    return difference, p_value, high
