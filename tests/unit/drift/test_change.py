from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from obs_lib.catalogue import all_metrics
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import compared, metric_change, usable

Make = Callable[..., DaySummary]
Value = tuple[float, float | None, int]


def days(summary: Make, name: str, values: list[Value]) -> list[DaySummary]:
    return [summary(index, {name: value}) for index, value in enumerate(values)]


def change(summary: Make, name: str, values: list[Value]) -> tuple[float, float]:
    """Effect and p-value of the last value against those before."""
    *window, today = days(summary, name, values)
    found = metric_change(all_metrics()[name], "all", today, window)
    assert found.effect is not None
    assert found.p_value is not None
    return found.effect, found.p_value


def test_where_days_scatter_it_is_students_prediction_interval(summary: Make) -> None:
    from scipy.stats import t

    effect, p = change(
        summary, "latency_p50", [(90.0, None, 99), (100.0, None, 99), (110.0, None, 99), (140.0, None, 99)]
    )
    assert effect == pytest.approx(40)
    assert p == pytest.approx(2 * t.sf(40 / (10 * np.sqrt(4 / 3)), 2))


def test_where_sampling_rules_its_error_is_used(summary: Make) -> None:
    from scipy.stats import t

    same = [(100.0, 3.0, 50)] * 3
    _, p = change(summary, "latency_p50", [*same, (115.0, 99.0, 50)])  # today's own error is no part of the null
    assert p == pytest.approx(2 * t.sf(15 / np.sqrt(9 + 9 / 3), 8))
    _, fewer = change(summary, "latency_p50", [*same, (115.0, 3.0, 25)])
    assert fewer == pytest.approx(2 * t.sf(15 / np.sqrt(18 + 9 / 3), 8))


def test_none_of_fifty_is_no_certainty(summary: Make) -> None:
    never = [(0.0, 0.0, 50)] * 7
    assert change(summary, "hallucination_rate", [*never, (0.04, 0.03, 50)])[1] > 0.05
    assert change(summary, "hallucination_rate", [*never, (0.5, 0.07, 50)])[1] < 1e-6


@pytest.mark.parametrize("error", [None, 0.0])
def test_constant_values_without_an_error_say_little(summary: Make, error: float | None) -> None:
    constant: list[Value] = [(0.3, error, 50)] * 5
    assert change(summary, "quality_score", [*constant, (0.3, error, 50)]) == (pytest.approx(0), 1.0)
    assert change(summary, "quality_score", [*constant, (0.9, error, 50)])[1] == pytest.approx(1 / 6)


@pytest.mark.parametrize("b", [3, 5, 7])
@pytest.mark.parametrize("between", [0.0, 1.0, 3.0])
def test_false_alarms_stay_near_their_rate(summary: Make, b: int, between: float) -> None:
    rng = np.random.default_rng([b, int(between)])
    worlds = 400  # each a segment, so that a day is one frame
    values = 100 + between * rng.normal(size=(b + 1, worlds)) + rng.normal(size=(b + 1, worlds))
    *window, today = [
        DaySummary(
            dt.date(2024, 3, 1) + dt.timedelta(days=index),
            pd.DataFrame(
                {"metric": "latency_p95", "segment": [f"s={n}" for n in range(worlds)], "status": "OK"}
            ).assign(value=row, std_error=1.0, n=200),
            summary(0).sketches,
        )
        for index, row in enumerate(values)
    ]
    metric = all_metrics()["latency_p95"]
    p = np.array([metric_change(metric, f"s={n}", today, window).p_value for n in range(worlds)], dtype=float)
    assert np.mean(p < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / worlds)
    assert np.mean(p < 0.5) > 0.1


def test_a_clear_change_of_a_share_is_seen_on_the_first_day_with_a_baseline(summary: Make) -> None:
    rates = [0.10, 0.12, 0.11, 0.40]
    effect, p = change(
        summary, "refusal_rate", [(rate, float(np.sqrt(rate * (1 - rate) / 300)), 300) for rate in rates]
    )
    assert effect == pytest.approx(0.29)
    assert p < 1e-4


def test_totals_are_not_compared() -> None:
    assert not any(
        compared(all_metrics()[name]) for name in ("requests", "input_tokens", "cost", "throughput", "capacity_use")
    )
    assert compared(all_metrics()["error_rate"])
    assert compared(all_metrics()["latency_p99"])


def test_days_without_enough_interactions_are_left_out(summary: Make) -> None:
    window = [*days(summary, "refusal_rate", [(0.1, 0.1, 5), (0.1, 0.01, 50)]), summary(2)]
    assert [day.day.day for day in usable(all_metrics()["refusal_rate"], "all", window, 20)] == [2]
