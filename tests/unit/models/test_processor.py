from __future__ import annotations

import pytest

from obs_lib.models.options import ModelOptions
from obs_lib.models.processor import PRECISIONS, advice, matrix_rates

HALF = ModelOptions(dtype="bfloat16")


def test_the_rates_are_of_this_machine() -> None:
    rates = matrix_rates(threads=1)
    assert tuple(rates) == PRECISIONS
    assert all(0.1 < rate < 1e6 for rate in rates.values())


@pytest.mark.parametrize(
    ("options", "float32", "bfloat16", "says"),
    [
        (ModelOptions(), 318.0, 173.0, None),
        (HALF, 318.0, 173.0, "{dtype: float32} computes matrices 1.8 times as fast as bfloat16"),
        (ModelOptions(), 100.0, 200.0, "{dtype: bfloat16} computes matrices 2.0 times as fast as float32"),
        (HALF, 100.0, 200.0, None),
        (ModelOptions(), 100.0, 115.0, None),
        (ModelOptions(device="cuda"), 100.0, 200.0, None),
    ],
)
def test_another_precision_is_named_where_it_is_faster(
    options: ModelOptions, float32: float, bfloat16: float, says: str | None
) -> None:
    found = advice(options, {"float32": float32, "bfloat16": bfloat16})
    assert (found is None) if says is None else says in (found or "")


def test_where_nothing_could_be_measured_nothing_is_advised() -> None:
    assert advice(ModelOptions(), {}) is None
