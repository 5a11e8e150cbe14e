from __future__ import annotations

import numpy as np
import pytest

from obs_lib.stats.pairs import pairs_apart


def pairs(up: int, down: int, same: int) -> tuple[np.ndarray, np.ndarray]:
    first = np.array([0.0] * up + [1.0] * down + [0.0] * same)
    return first, np.array([1.0] * up + [0.0] * down + [0.0] * same)


def test_the_sign_test_is_mcnemars() -> None:
    """Of 12 that changed 10 one way: twice (66 + 12 + 1) / 4096, whatever stayed."""
    for same in (0, 50):
        assert pairs_apart(*pairs(10, 2, same), shares=True).p_value == pytest.approx(2 * 79 / 4096)
    assert pairs_apart(*pairs(3, 3, 10), shares=True).p_value == 1.0


def test_the_interval_of_matched_shares_is_agresti_and_mins() -> None:
    """Half an answer more in each of the four cells of the table."""
    b, c, n = 10.5, 2.5, 62.0
    found = pairs_apart(*pairs(10, 2, 48), shares=True)
    middle, reach = (b - c) / n, 1.959963984540054 * np.sqrt(b + c - (b - c) ** 2 / n) / n
    assert (found.low, found.high) == pytest.approx((middle - reach, middle + reach))
    nothing = pairs_apart(np.zeros(30), np.zeros(30), shares=True)
    assert (nothing.value, nothing.p_value) == (0.0, 1.0)
    assert nothing.low is not None
    assert nothing.low < 0


def test_amounts_have_students_paired_test() -> None:
    """Differences 1, 2, 3, 4, 5: mean 3, standard error sqrt(.5), t 4.243 on 4 degrees of freedom, p .0132."""
    found = pairs_apart(np.zeros(5), np.arange(1.0, 6), shares=False)
    assert (found.value, found.std_error, found.p_value) == pytest.approx((3, 0.5**0.5, 0.01324), abs=1e-4)
    assert pairs_apart(np.zeros(5), np.ones(5), shares=False).p_value == pytest.approx(1 / 3)


@pytest.mark.parametrize("shares", [True, False])
def test_where_nothing_changed_p_is_small_as_often_as_it_says(shares: bool) -> None:
    rng = np.random.default_rng(5)
    values = (rng.random((600, 2, 80)) < 0.2) if shares else rng.normal(size=(600, 2, 80))
    found = [pairs_apart(*pair.astype(float), shares=shares) for pair in values]
    assert 0.01 <= np.mean([one.p_value <= 0.05 for one in found]) <= 0.075  # type: ignore[operator]
    assert np.mean([one.low <= 0 <= one.high for one in found]) >= 0.93  # type: ignore[operator]
