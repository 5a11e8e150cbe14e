from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from obs_lib.catalogue import SYSTEM
from obs_lib.records import MetricStatus, MetricValue
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.system import MEASURES, system_summary

Maker = Callable[..., pd.DataFrame]
DAY = dt.date(2023, 6, 2)


def measure(frame: pd.DataFrame, segment: str = "all", **options: Any) -> dict[str, MetricValue]:
    segments = Segments(frame["tags"], ("route",), 20)
    values, _ = system_summary(DAY, frame, segments, SummaryOptions(**options))
    return {value.metric: value for value in values if value.segment == segment}


def at(hour: int) -> pd.Timestamp:
    return pd.Timestamp(f"2023-06-02T{hour:02d}:30:00Z")


def test_every_system_metric_of_the_catalogue_is_measured() -> None:
    assert set(MEASURES) == {metric.name for metric in SYSTEM}


def test_fields_that_no_row_has_are_no_data_and_never_zero(interactions: Maker) -> None:
    found = measure(interactions({}, {}))
    assert found.pop("requests").value == 2
    for value in found.values():
        assert (value.status, value.value, value.std_error, value.n) == (MetricStatus.NO_DATA, None, None, 0)
        assert value.n_skipped == 2
        assert value.note


def test_a_day_without_rows_has_no_numbers(interactions: Maker) -> None:
    assert {value.status for value in measure(interactions()).values()} == {MetricStatus.NO_DATA}


def test_errors_count_by_error_or_finish_reason_where_they_are_logged(interactions: Maker) -> None:
    logged = {"error_logged": True}
    found = measure(
        interactions(
            logged | {"error": "timeout"},
            logged | {"finish_reason": "error"},
            logged | {"finish_reason": "length"},
            logged | {"finish_reason": "content_filter"},
            {},
        )
    )
    assert (found["error_rate"].value, found["error_rate"].n, found["error_rate"].n_skipped) == (0.5, 4, 1)
    assert (found["finish_length_rate"].value, found["finish_length_rate"].n) == (pytest.approx(1 / 3), 3)
    assert found["finish_filter_rate"].value == pytest.approx(1 / 3)


def test_time_per_token_is_derived_where_it_is_not_logged(interactions: Maker) -> None:
    found = measure(
        interactions(
            {"tpot_ms": 30.0},
            {"total_latency_ms": 1100.0, "ttft_ms": 100.0, "output_tokens": 101},
            {"total_latency_ms": 100.0, "ttft_ms": 100.0, "output_tokens": 1},  # one token: not defined
            {"total_latency_ms": 50.0, "ttft_ms": 100.0, "output_tokens": 9},  # less than nothing: not a time
        )
    )["tpot_p95"]
    assert (found.n, found.n_skipped) == (2, 2)
    assert found.value == pytest.approx(10 + 0.95 * 20)


def test_totals_have_no_interval_and_say_how_many_rows_they_miss(interactions: Maker) -> None:
    found = measure(interactions({"output_tokens": 5, "cost_usd": 0.5}, {"output_tokens": 7}))
    assert (found["output_tokens"].value, found["output_tokens"].low, found["output_tokens"].std_error) == (
        12,
        None,
        None,
    )
    assert (found["cost"].value, found["cost"].n, found["cost"].n_skipped) == (0.5, 1, 1)


def test_token_weighted_latency_gives_the_reference_value(interactions: Maker) -> None:
    rows = [{"output_tokens": t, "total_latency_ms": 1000.0 * s} for t, s in ((10, 0.5), (100, 2.0), (1000, 12.0))]
    assert measure(interactions(*rows))["token_weighted_latency"].value == pytest.approx(10995.4954955)


def test_throughput_is_judged_in_hours_with_demand_only(interactions: Maker) -> None:
    busy = [{"timestamp": at(hour), "output_tokens": 3600} for hour in (9, 10) for _ in range(6)]
    quiet = [{"timestamp": at(3), "output_tokens": 3600}, {"timestamp": at(4), "output_tokens": 1}]
    found = measure(interactions(*busy, *quiet), capacity_tokens_per_s=10)
    assert (found["throughput"].value, found["throughput"].n) == (pytest.approx(6), 12)
    assert found["throughput"].note == "2 hours with demand"
    assert found["capacity_use"].value == pytest.approx(0.6)
    assert measure(interactions(*quiet))["throughput"].status is MetricStatus.NO_DATA


def test_capacity_is_not_shared_out_to_segments(interactions: Maker) -> None:
    rows = [{"output_tokens": 10, "tags": '{"route":"a"}'}] * 6
    found = measure(interactions(*rows), "route=a", capacity_tokens_per_s=1)
    assert found["capacity_use"].note == "capacity is that of the whole deployment"
    assert found["throughput"].value == pytest.approx(60 / 3600)


def test_flags_and_quality_scores_ignore_rows_that_do_not_know(interactions: Maker) -> None:
    found = measure(
        interactions({"safety_flags": "[]", "quality_score": 0.5}, {"safety_flags": '["x"]', "quality_score": 0.7}, {})
    )
    assert (found["safety_flag_rate"].value, found["safety_flag_rate"].n) == (0.5, 2)
    assert (found["quality_score"].value, found["quality_score"].n_skipped) == (pytest.approx(0.6), 1)


def test_segments_see_their_own_rows(interactions: Maker) -> None:
    frame = interactions({"ttft_ms": 1.0, "tags": '{"route":"a"}'}, {"ttft_ms": 9.0, "tags": '{"route":"b"}'})
    assert measure(frame, "route=b")["ttft_p95"].value == 9
    assert measure(frame)["ttft_p95"].n == 2
