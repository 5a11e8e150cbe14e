from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.multiple_testing import benjamini_hochberg


def test_reference_values() -> None:
    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    adjusted = benjamini_hochberg(p)
    assert adjusted.round(4).tolist() == [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057, 0.216, 0.216, 0.216]
    assert int((adjusted <= 0.05).sum()) == 2


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30))
def test_agrees_with_scipy_in_any_order(p: list[float]) -> None:
    from scipy.stats import false_discovery_control

    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p))
