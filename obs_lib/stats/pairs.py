"""Two answers to each of some prompts, compared prompt by prompt."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, stdtr

from obs_lib.stats.intervals import Floats, Z, student
from obs_lib.stats.two_groups import Difference

_LEAST_P = 1e-300
_CONSTANT = 1e-9


def pairs_apart(first: Floats, second: Floats, *, shares: bool) -> Difference:
    """Return the mean of second - first, shape (n,), n > 1, values of the same prompts.

    Of shares (values in [0, 1], means where a prompt was answered several times) p is that of the exact sign test on the
    prompts that changed, McNemar's (1947), and the interval Agresti and Min's (2005); else both are Student's.

    >>> found = pairs_apart(np.zeros(6), np.ones(6), shares=True)
    >>> found.value, found.p_value
    (1.0, 0.03125)

    References
    ----------
    Agresti and Min (2005), Simple improved confidence intervals for comparing matched proportions, Statistics in
    Medicine 24, 729.
    """
    apart = second - first
    n, value = len(apart), float(apart.mean())
    if shares:
        middle = float(apart.sum()) / (n + 2)
        error = float(np.sqrt((np.square(apart).sum() + 1) / (n + 2) - middle**2) / np.sqrt(n + 2))
        low, high = max(middle - Z * error, -1.0), min(middle + Z * error, 1.0)
        return Difference(value, min(low, value), max(high, value), error, _sign_test(apart), n - 1.0)
    error = float(apart.std(ddof=1) / np.sqrt(n))
    if error <= _CONSTANT * abs(value) or error == 0:
        return Difference(value, value, value, error, 1.0 if value == 0 else 2 / (n + 1), n - 1.0)
    p_value = min(1.0, max(2 * float(stdtr(n - 1, -abs(value) / error)), _LEAST_P))
    reach = student(n - 1) * error
    return Difference(value, value - reach, value + reach, error, p_value, n - 1.0)


def _sign_test(apart: Floats) -> float:
    """Twice the chance of at least so many of the commoner sign among those that differ, at most 1."""
    up, down = float(np.count_nonzero(apart > 0)), float(np.count_nonzero(apart < 0))
    more = max(up, down)
    if more == 0:
        return 1.0
    return min(1.0, max(2 * float(betainc(more, min(up, down) + 1, 0.5)), _LEAST_P))
