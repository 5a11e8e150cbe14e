from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.stats import t

from obs_lib.catalogue import all_metrics
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import changes, compared, comparison, usable
from obs_lib.records import Distance

Make = Callable[..., DaySummary]
Value = tuple[float, float | None, int]


def days(summary: Make, name: str, values: Sequence[Value]) -> list[DaySummary]:
    return [summary(index, {name: value}) for index, value in enumerate(values)]


def change(summary: Make, name: str, values: Sequence[Value]) -> Distance:
    """The last values against those before."""
    (found,) = changes([comparison(all_metrics()[name], "all", days(summary, name, values), 3)])
    return found


def rates(values: Sequence[float], n: int = 400) -> list[Value]:
    return [(value, None, n) for value in values]


def test_where_days_scatter_it_is_students_prediction_interval_of_logarithms(summary: Make) -> None:
    found = change(summary, "latency_p50", [(90.0, None, 99), (100.0, None, 99), (110.0, None, 99), (140.0, None, 99)])
    logs = np.log([90, 100, 110])
    assert found.baseline_value == pytest.approx(np.exp(logs.mean()))
    assert found.effect == pytest.approx(140 - np.exp(logs.mean()))
    assert found.p_value == pytest.approx(
        2 * t.sf((math.log(140) - logs.mean()) / (logs.std(ddof=1) * math.sqrt(4 / 3)), 2)
    )


def test_where_sampling_rules_its_error_is_used(summary: Make) -> None:
    same = [(0.7, 0.03, 50)] * 4
    full, half = (change(summary, "quality_score", [*same, (0.85, 0.03, n)]) for n in (50, 25))
    assert full.std_error == pytest.approx(0.03 * math.sqrt(1 + 1 / 4), rel=0.02)  # four equal days prove nothing
    assert (half.std_error or 0) > 1.2 * (full.std_error or 0)
    assert (half.p_value or 0) > (full.p_value or 0)


def test_none_of_fifty_is_no_certainty(summary: Make) -> None:
    never = rates([0.0] * 7, 50)
    assert (change(summary, "hallucination_rate", [*never, (0.04, None, 50)]).p_value or 0) > 0.01
    assert (change(summary, "hallucination_rate", [*never, (0.5, None, 50)]).p_value or 0) < 1e-5


@pytest.mark.parametrize("error", [None, 0.0])
def test_constant_values_without_an_error_say_little(summary: Make, error: float | None) -> None:
    constant: list[Value] = [(0.3, error, 50)] * 5
    assert change(summary, "quality_score", [*constant, (0.3, error, 50)]).p_value == 1.0
    assert (change(summary, "quality_score", [*constant, (0.9, error, 50)]).p_value or 0) >= 1 / 6


def test_a_clear_change_of_a_share_is_seen_on_the_first_day_with_a_baseline(summary: Make) -> None:
    found = change(summary, "refusal_rate", rates([0.10, 0.12, 0.11, 0.40], 300))
    assert found.effect == pytest.approx(0.29)
    assert (found.p_value or 1) < 1e-4
    assert found.nights == 1


def test_what_one_night_cannot_show_several_do(summary: Make) -> None:
    quiet = [0.05, 0.06, 0.04, 0.05, 0.055, 0.045] * 4
    first = change(summary, "refusal_rate", rates([*quiet, 0.075]))
    fourth = change(summary, "refusal_rate", rates([*quiet, 0.075, 0.08, 0.07, 0.075]))
    assert (first.p_value or 0) > 0.01
    assert (fourth.p_value or 1) < 1e-3
    assert fourth.nights == 4
    assert fourth.effect == pytest.approx(0.025, abs=1e-3)
    assert len(fourth.baseline_days) == len(quiet)  # the change is no part of its own baseline


def test_what_is_over_is_no_change_of_the_nights_that_held_it(summary: Make) -> None:
    quiet = [0.05, 0.06, 0.04, 0.05, 0.055, 0.045] * 4
    found = change(summary, "refusal_rate", rates([*quiet, 0.5, 0.5, 0.05]))
    assert found.nights == 1
    assert (found.p_value or 0) > 0.5


def test_several_nights_need_as_many_before_them(summary: Make) -> None:
    found = change(summary, "refusal_rate", rates([0.05, 0.06, 0.05, 0.1, 0.11]))
    assert found.nights in (1, 2)
    assert len(found.baseline_days) >= 3


def test_days_that_usually_scatter_alike_are_judged_alike(summary: Make) -> None:
    """Four days that happen to agree prove nothing where a hundred other series say that days scatter."""
    rng = np.random.default_rng(1)
    metric = all_metrics()["latency_p50"]
    others = [
        comparison(metric, "all", days(summary, "latency_p50", [(float(x), 1.0, 400) for x in row]), 3)
        for row in np.exp(4 + 0.1 * rng.normal(size=(60, 5)))
    ]
    calm = comparison(metric, "all", days(summary, "latency_p50", [(100.0 + k, 1.0, 400) for k in (0, 1, 0, 1, 9)]), 3)
    alone, together = changes([calm])[-1], changes([*others, calm])[-1]
    assert (alone.p_value or 1) < 0.001
    assert (together.p_value or 0) > 0.01


def test_totals_are_not_compared() -> None:
    assert not any(
        compared(all_metrics()[name]) for name in ("requests", "input_tokens", "cost", "throughput", "capacity_use")
    )
    assert compared(all_metrics()["error_rate"])
    assert compared(all_metrics()["latency_p99"])


def test_days_without_enough_interactions_are_left_out(summary: Make) -> None:
    window = [*days(summary, "refusal_rate", [(0.1, 0.1, 5), (0.1, 0.01, 50)]), summary(2)]
    assert [day.day.day for day in usable(all_metrics()["refusal_rate"], "all", window, 20)] == [2]


def test_a_season_is_no_change_and_a_broken_one_is(summary: Make) -> None:
    """Weekends refuse three times as often; the history begins on a Friday and ends on a Friday."""
    rng = np.random.default_rng(3)
    weekend = {1, 2}  # of days counted from Friday
    history = [0.15 if day % 7 in weekend else 0.05 for day in range(29)]
    seen = [float(rng.binomial(400, rate)) / 400 for rate in history]
    usual, broken = (change(summary, "refusal_rate", rates([*seen, now])) for now in (0.155, 0.05))
    assert usual.note == "held against its weekly rhythm"
    assert usual.baseline_value == pytest.approx(0.15, abs=0.02)
    assert (usual.p_value or 0) > 0.2
    assert (broken.p_value or 1) < 1e-3
    assert broken.effect == pytest.approx(-0.1, abs=0.02)
