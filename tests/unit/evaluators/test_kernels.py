"""The kernel machine against its formula, and what eight bits make of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import SVC

from obs_lib.evaluators.kernels import Kernel, pack, unpack


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_formula() -> None:
    kernel = Kernel(np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32), np.array([2.0, -3.0]), gamma=0.5, bias=0.25)
    assert kernel.score(np.array([1.0, 0.0])) == pytest.approx(0.25 + 2.0 - 3.0 * np.exp(-1.0))


@given(st.integers(0, 10_000))
def test_it_says_what_the_trained_machine_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = unit(rng.normal(size=(60, 16)))
    y = x[:, 0] * x[:, 1] > 0  # no plane parts these
    machine = SVC(C=10.0, gamma=2.0).fit(x, y)
    packed = pack(machine.support_vectors_, machine.dual_coef_[0], 2.0, float(machine.intercept_[0]))
    said = [unpack(packed).score(row) for row in x]
    assert said == pytest.approx(machine.decision_function(x), abs=0.1)


@pytest.mark.parametrize(
    "change",
    [
        {"vectors": ""},
        {"vectors": "?"},
        {"vectors": "AAAA"},
        {"vectors": pack(unit(np.eye(4) + 1.0), np.arange(4.0), 2.0, 0.0)["vectors"][:-8]},
        {"weights": []},
        {"weights": [1.0] * 7},
    ],
)
def test_what_is_cut_off_is_refused(change: dict[str, object]) -> None:
    packed = pack(unit(np.eye(4) + 1.0), np.arange(4.0), 2.0, 0.0)
    with pytest.raises(ValueError):  # noqa: PT011 - whichever step finds it out
        unpack(packed | change)
