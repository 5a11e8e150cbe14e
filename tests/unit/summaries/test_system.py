from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from obs_lib import catalogue
from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import ERROR_KINDS, MetricStatus, MetricValue
from obs_lib.summaries.load import most_at_once
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.system import system_summary

Maker = Callable[..., pd.DataFrame]
DAY = dt.date(2023, 6, 2)


def measure(frame: pd.DataFrame, segment: str = "all", **options: Any) -> dict[str, MetricValue]:
    segments = Segments(frame["tags"], ("route",), 20)
    values, _ = system_summary(DAY, frame, segments, SummaryOptions(**options))
    return {value.metric: value for value in values if value.segment == segment}


def at(hour: int) -> pd.Timestamp:
    return pd.Timestamp(f"2023-06-02T{hour:02d}:30:00Z")


def test_every_system_metric_of_the_catalogue_is_measured(interactions: Maker) -> None:
    of_each = [metric.name for group in catalogue.groups("interactions") for metric in group.metrics]
    assert list(measure(interactions({}))) == of_each


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


def latencies(values: list[float | None]) -> pd.DataFrame:
    """Interactions with these latencies, as the lake gives them back."""
    n = len(values)
    stamp = pd.Timestamp("2023-06-02T12:00:00Z").to_pydatetime()
    known = {
        "request_id": pa.array([f"r{k:04d}" for k in range(n)]),
        "timestamp": pa.array([stamp] * n, pa.timestamp("us", tz="UTC")),
        "error_logged": pa.array([False] * n),
        "total_latency_ms": pa.array(values, pa.float64()),
    }
    return pa.table({name: known.get(name, pa.nulls(n, kind)) for name, kind in INTERACTIONS.types.items()}).to_pandas()


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=1, max_size=300).filter(
        lambda values: any(value is not None for value in values)
    )
)
def test_percentiles_are_numpys(values: list[float | None]) -> None:
    frame = latencies(values)
    known = np.array([value for value in values if value is not None])
    found = measure(frame)
    for name, q in (("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)):
        assert found[name].value == np.quantile(known, q)
        assert (found[name].n, found[name].n_skipped) == (len(known), len(values) - len(known))
    assert found["latency_mean"].value == pytest.approx(known.mean())


def test_stages_are_as_logged_else_derived(interactions: Maker) -> None:
    found = measure(
        interactions(
            {"prefill_ms": 50.0, "decode_ms": 150.0, "ttft_ms": 90.0, "total_latency_ms": 500.0},
            {"ttft_ms": 100.0, "total_latency_ms": 400.0},
            {"ttft_ms": 100.0, "total_latency_ms": 50.0},  # ends before it begins: no decode time
            {},
        )
    )
    assert (found["prefill_p50"].value, found["prefill_p50"].n) == (100, 3)
    assert (found["decode_p50"].value, found["decode_p50"].n) == (225, 2)
    assert found["decode_share"].value == pytest.approx(450 / 600)


def test_kinds_of_errors_add_up_to_the_error_rate(interactions: Maker) -> None:
    logged = {"error_logged": True}
    found = measure(
        interactions(
            logged | {"error": "x", "error_kind": "timeout"},
            logged | {"error": "x", "error_kind": "rate_limit"},
            logged | {"error": "x"},  # nobody says which
            logged | {"error": "x", "error_kind": "of another version"},
            logged | {"error_kind": "timeout"},  # succeeded: no kind of failure
            *[logged] * 5,
            {"error": "x", "error_kind": "auth"},  # errors are not logged there
        )
    )
    kinds = {kind: found[f"error_rate:{kind}"].value for kind in ERROR_KINDS}
    assert {kind: value for kind, value in kinds.items() if value} == {"timeout": 0.1, "rate_limit": 0.1, "other": 0.2}
    assert sum(value or 0 for value in kinds.values()) == pytest.approx(found["error_rate"].value)
    assert found["error_rate:auth"].n == 10


def test_finish_reasons_add_up_to_one(interactions: Maker) -> None:
    reasons = ["stop", "stop", "length", "content_filter", "tool_call", "error", "eos", None]
    found = measure(interactions(*({"finish_reason": reason} for reason in reasons)))
    shares = {name: one.value for name, one in found.items() if name.startswith("finish_")}
    assert sum(value or 0 for value in shares.values()) == pytest.approx(1)
    assert shares["finish_stop_rate"] == pytest.approx(2 / 7)
    assert shares["finish_tool_rate"] == shares["finish_other_rate"] == pytest.approx(1 / 7)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=40))
def test_concurrency_is_that_of_the_fullest_moment(spans: list[tuple[int, int]]) -> None:
    starts, lengths = np.array(spans, dtype=np.int32).T
    each = [sum(start <= moment < start + length for start, length in spans) for moment in range(71)]
    assert most_at_once(starts, lengths.astype(float)) == max(each)


def test_concurrency_against_capacity(interactions: Maker) -> None:
    rows = [
        {"timestamp": at(1) + pd.Timedelta(seconds=n), "total_latency_ms": 2500.0, "tags": '{"route":"a"}'}
        for n in range(6)
    ]
    found = measure(interactions(*rows, {}), capacity_concurrency=4)
    assert (found["peak_concurrency"].value, found["peak_concurrency"].n_skipped) == (3, 1)
    assert found["concurrency_use"].value == pytest.approx(0.75)
    assert measure(interactions(*rows), "route=a", capacity_concurrency=4)["concurrency_use"].value is None
    assert measure(interactions(*rows))["concurrency_use"].note.endswith("(summaries.capacity_concurrency)")


def test_a_logged_cost_wins_and_the_note_says_where_costs_come_from(interactions: Maker) -> None:
    tokens = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    prices = {
        "nova-*": {"input": 1, "output": 2},
        "nova-pro-*": {"input": 10, "output": 20, "cached_input": 5},
        "nova-pro-2": {"input": 100, "output": 200},
    }
    found = measure(
        interactions(
            tokens | {"model_version": "nova-mini", "cost_usd": 0.5},
            tokens | {"model_version": "nova-mini", "cached_input_tokens": 400_000},  # no price of their own
            tokens | {"model_version": "nova-pro-1", "cached_input_tokens": 400_000},
            tokens | {"model_version": "nova-pro-2"},
            tokens | {"model_version": "other"},
            tokens,
            {"model_version": "nova-mini", "input_tokens": 5},
        ),
        prices=prices,
    )
    assert found["cost"].value == pytest.approx(0.5 + 3 + (6 + 2 + 20) + 300)
    assert found["cost"].note == "1 logged, 3 from tokens and prices, 3 unknown"
    assert found["cost_per_request"].value == pytest.approx(331.5 / 4)
    assert found["cached_share"].value == pytest.approx(0.8 / 2)
    assert measure(interactions({"cost_usd": 1.0}))["cost"].note == ""


def test_reasoning_is_priced_as_output_unless_it_has_a_price_of_its_own(interactions: Maker) -> None:
    thought = {"output_tokens": 1_000_000, "reasoning_tokens": 250_000, "input_tokens": 0}
    prices = {"nova-*": {"input": 1, "output": 2}, "nova-deep": {"input": 1, "output": 2, "reasoning": 8}}
    found = measure(
        interactions(
            thought | {"model_version": "nova-mini"},
            thought | {"model_version": "nova-deep"},
            {
                "model_version": "nova-mini",
                "input_tokens": 0,
                "output_tokens": 1_000_000,
            },  # nobody says what it thought
        ),
        prices=prices,
    )
    assert found["cost"].value == pytest.approx(2 + (0.75 * 2 + 0.25 * 8) + 2)
    assert found["reasoning_share"].value == pytest.approx(0.25)
    assert (found["reasoning_share"].n, found["reasoning_share"].n_skipped) == (2, 1)


@pytest.mark.parametrize("name", ["", "*-mini", "a*b*"])
def test_prices_are_by_version_or_its_beginning(name: str) -> None:
    with pytest.raises(ValidationError, match="one `\\*` at the end"):
        SummaryOptions(prices={name: {"input": 1, "output": 1}})  # type: ignore[dict-item]


def served(rng: np.random.Generator, n: int = 400, *, streamed: bool = True) -> list[dict[str, Any]]:
    rows = []
    for given_, made in rng.lognormal([6, 5], 0.7, (n, 2)).round():
        first, rest = (100 + 0.4 * given_) * rng.lognormal(0, 0.1), 18 * (made - 1) * rng.lognormal(0, 0.1)
        rows.append(
            {
                "input_tokens": int(given_) + 1000,
                "cached_input_tokens": 1000,
                "output_tokens": int(made),
                "ttft_ms": first if streamed else None,
                "total_latency_ms": first + rest,
                "error_logged": True,
            }
        )
    failed = {"error": "x", "ttft_ms": 1.0, "total_latency_ms": 1e6, "input_tokens": 9, "output_tokens": 9}
    return [*rows, failed | {"error_logged": True}]


def test_what_latency_is_made_of(interactions: Maker) -> None:
    found = measure(interactions(*served(np.random.default_rng(0))))
    for name, truth in (("overhead", 100), ("prefill_per_1k", 400), ("decode_per_token", 18)):
        value = found[name]
        assert value.value == pytest.approx(truth, rel=0.05)
        assert (value.low or 0) < (value.value or 0) < (value.high or 0)
        assert value.n == 400


def test_without_a_first_token_decoding_is_read_off_total_latency(interactions: Maker) -> None:
    found = measure(interactions(*served(np.random.default_rng(1), streamed=False)))
    assert found["decode_per_token"].value == pytest.approx(18, rel=0.05)
    assert found["decode_per_token"].note == "from total latency: no time to first token in the logs"
    assert found["prefill_per_1k"].status is MetricStatus.NO_DATA
