from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, poisson, t

from obs_lib.stats.contrast import Contrast, Scale, Series, contrast, dispersion
from obs_lib.stats.moderation import Dispersion, prior


def series(values: list[float], n: float = 50.0, unit: float = 0.0, scale: Scale = Scale.AMOUNT) -> Series:
    value = np.array(values, dtype=float)
    return Series(value, np.full(len(value), n), np.full(len(value), unit), scale)


def last(some: Series, nights: int = 1, usual: Dispersion | None = None, doubt: float = 0.0) -> Contrast:
    args = (usual,) if usual else ()
    return contrast(some.at(slice(None, -nights)), some.at(slice(-nights, None)), *args, doubt=doubt)


def test_where_days_scatter_it_is_students_prediction_interval() -> None:
    found = last(series([90, 100, 110, 140]))
    assert found.effect == pytest.approx(40)
    assert found.p_value == pytest.approx(2 * t.sf(40 / (10 * math.sqrt(4 / 3)), 2))


def test_several_nights_are_one_mean() -> None:
    found = last(series([90, 100, 110, 130, 150]), nights=2)
    assert found.effect == pytest.approx(40)
    assert found.p_value == pytest.approx(2 * t.sf(40 / (10 * math.sqrt(1 / 2 + 1 / 3)), 2))


def test_a_large_day_weighs_more_and_sampling_sets_the_error() -> None:
    many = Series(np.array([1.0, 3.0, 2.0]), np.array([30.0, 10.0, 20.0]), np.full(3, 40.0), Scale.AMOUNT)
    found = last(many, usual=Dispersion(1.0, 1e9))
    assert found.baseline == pytest.approx(1.5)
    assert found.std_error == pytest.approx(math.sqrt(40 / 40 + 40 / 20), rel=0.02)


def test_few_hits_are_held_against_the_mid_p_value_of_the_exact_test() -> None:
    """Two hits a night are usual: nine are not as rare as a normal difference would have it."""
    quiet = [0.005] * 28
    for hits in (6, 9, 12):
        some = series([*quiet, hits / 400], n=400.0, scale=Scale.SHARE)
        found = last(some, usual=Dispersion(1.0, 1e9))
        together = (28 * 2 + hits) / 29
        exact = poisson.sf(hits, together) + poisson.pmf(hits, together) / 2
        assert abs(math.log(found.p_value / 2 / exact)) < 1
        normal = norm.sf((hits - together) / math.sqrt(together))
        assert abs(math.log(found.p_value / 2 / exact)) < abs(math.log(normal / exact))


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_none_of_fifty_is_no_certainty(rate: float) -> None:
    def p(now: float) -> float:
        return last(series([rate] * 7 + [abs(rate - now)], scale=Scale.SHARE), usual=Dispersion(1.0, 60.0)).p_value

    assert p(0.0) == 1.0
    assert 0.001 < p(0.04) < 0.2
    assert p(0.5) < 1e-6


def test_ratios_are_compared_as_logarithms_and_told_in_their_unit() -> None:
    found = last(series([100, 200, 400, 800], scale=Scale.RATIO))
    assert found.baseline == pytest.approx(200)
    assert found.effect == pytest.approx(600)
    assert found.p_value == pytest.approx(2 * t.sf(2 / math.sqrt(4 / 3), 2))


def test_equal_days_with_nothing_but_doubt_are_judged_by_the_doubt() -> None:
    """Seen in logs whose every request took 500 ms: nothing scatters, and the line through tokens is fitted all the same."""
    found = last(series([500, 500, 500, 500, 530]), doubt=100.0)
    assert (found.effect, found.p_value) == (30.0, pytest.approx(2 * t.sf(3.0, 60)))
    assert last(series([500] * 5), doubt=100.0).p_value == 1.0


def test_constant_values_without_an_error_say_little() -> None:
    assert last(series([0.3] * 6)).p_value == 1.0
    assert last(series([0.3] * 5 + [0.9])).p_value == pytest.approx(1 / 6)


values = st.lists(st.floats(0.0, 1.0), min_size=3, max_size=12)


@given(values, st.floats(2, 1e6), st.floats(0, 10), st.sampled_from(list(Scale)), st.sampled_from([0.0, 1e-12, 1.0]))
def test_it_is_a_probability_whatever_scatters(
    some: list[float], n: float, unit: float, scale: Scale, doubt: float
) -> None:
    found = last(series([value + (scale is Scale.RATIO) for value in some], n, unit, scale), doubt=doubt)
    assert 0 < found.p_value <= 1
    assert math.isfinite(found.effect)
    assert found.std_error >= 0


@pytest.mark.parametrize("b", [4, 24])
def test_false_alarms_stay_at_their_rate(b: int) -> None:
    """Shares of clustered and independent answers, medians of days that scatter by themselves: each by its own kind's prior."""
    rng = np.random.default_rng(b)
    worlds = 600
    medians = np.exp(0.02 * rng.normal(size=(worlds, b + 1)) + 0.05 * rng.normal(size=(worlds, b + 1)))
    rates = rng.binomial(400, 0.05, (worlds, b + 1)) / 400
    for some in (
        [series(list(row), 400.0, 0.05**2 * 400, Scale.RATIO) for row in medians],
        [series(list(row), 400.0, 0.0, Scale.SHARE) for row in rates],
    ):
        seen = [dispersion(one.at(slice(None, -1))) for one in some]
        usual = prior([one.value for one in seen], [one.freedom for one in seen])
        p = np.array([last(one, usual=usual).p_value for one in some])
        for level in (0.05, 0.01):
            assert abs(np.mean(p <= level) - level) <= 3.3 * math.sqrt(level * (1 - level) / worlds) + 0.1 * level
