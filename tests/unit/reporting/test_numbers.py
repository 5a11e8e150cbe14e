"""How numbers are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.reporting.numbers import change, count, interval, number, p_value, significant, write


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.0, "share", "0%"),
        (1.0, "share", "100%"),
        (0.99996, "share", "> 99.9%"),
        (0.00001, "share", "< 0.01%"),
        (0.05, "share", "5.00%"),
        (0.09996, "share", "10.0%"),
        (0.312, "share", "31.2%"),
        (634.643, "ms", "635 ms"),
        (999.7, "ms", "1.00 s"),
        (10_037.94, "ms", "10.0 s"),
        (31.46, "ms", "31.5 ms"),
        (212_904.0, "tokens", "212,904"),
        (0.00108, "USD", "$0.00108"),
        (1234.5, "USD", "$1,234.50"),
        (0.8349, "probability", "0.835"),
        (0.00021, "nats", "0.000210"),
        (None, "ms", "–"),
        (float("nan"), "share", "–"),
        (float("inf"), "share", "–"),
        (84.21, "tokens/s", "84.2 tok/s"),
    ],
)
def test_values_by_unit(value: float | None, unit: str, written: str) -> None:
    assert write(value, unit) == written


@pytest.mark.parametrize(
    ("effect", "unit", "base", "written"),
    [
        (-0.243, "share", 0.972, "−24.3 pts"),
        (0.0003, "share", 0.1, "+0.03 pts"),
        (0.0, "share", 0.1, "±0.0 pts"),
        (-0.00001, "share", 0.1, "±0.00 pts"),
        (3e-6, "score", 0.1, "±0.000"),
        (120.0, "ms", 0.0, "+120 ms"),
        (-60.0, "ms", 600.0, "−60.0 ms (−10%)"),
        (None, "ms", 600.0, "–"),
        (-0.02, "probability", 0.8, "−0.020"),
    ],
)
def test_changes(effect: float | None, unit: str, base: float, written: str) -> None:
    assert change(effect, unit, base) == written


def test_intervals_and_p_values() -> None:
    assert interval(0.017, 0.0705, "share") == "1.70–7.05%"
    assert interval(None, 0.2, "share") == ""
    assert interval(990.0, 1010.0, "ms") == "990 ms–1.01 s"
    assert (p_value(0.0), p_value(0.05), p_value(0.5), p_value(None)) == ("< 0.001", "0.050", "0.50", "–")
    assert (count(None), count(1e6), number("7"), number(True)) == ("–", "1,000,000", None, 1.0)


@given(st.floats(1e-6, 1e9))
def test_significant_figures_stay_within_half_a_unit(value: float) -> None:
    written = float(significant(value).replace(",", ""))
    assert (
        abs(written - value) <= max(0.5, 0.005001 * value) if value >= 100 else abs(written - value) <= 0.005001 * value
    )
