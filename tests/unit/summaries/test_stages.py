from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_lib import catalogue
from obs_lib.catalogue import groups, quality
from obs_lib.lake.table import Table
from obs_lib.lake.tables import INTERACTIONS, SCORES, SPANS
from obs_lib.records import STAGE_SEGMENTS, STAGES, MetricValue
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.slow_traces import slow_traces
from obs_lib.summaries.stage_metrics import stage_metrics
from obs_lib.summaries.stages import Traces, measure
from obs_lib.summaries.summarise import summarise_day

DAY = dt.date(2023, 6, 2)
NOON = dt.datetime(2023, 6, 2, 12, tzinfo=dt.UTC)


def frame(table: Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in table.types.items()}
    return pa.table(columns).to_pandas()


def span(
    trace: str, name: str, start: float, duration: float | None, parent: str | None = None, **given: Any
) -> dict[str, Any]:
    row = {"trace_id": trace, "span_id": name, "parent_id": parent, "request_id": trace, "stage": "other", "name": name}
    return row | {"start": NOON + dt.timedelta(milliseconds=start), "duration_ms": duration} | given


def numbers(rows: list[dict[str, Any]]) -> dict[tuple[str, str], MetricValue]:
    traces = Traces(frame(SPANS, rows))
    return {
        (one.segment.removeprefix("stage="), one.metric): one for one in stage_metrics(DAY, traces, measure(traces))
    }


def request(trace: str, retrieval: float = 30.0, error: str | None = None) -> list[dict[str, Any]]:
    """A root of 100 ms: router, retrieval with a search inside, and the model for the rest but 10 ms."""
    return [
        span(trace, "root", 0, 100),
        span(trace, "a", 0, 10, "root", stage="router"),
        span(trace, "b", 10, retrieval, "root", stage="retrieval", error=error),
        span(trace, "c", 10, retrieval / 2, "b", stage="retrieval", error="an inner one that was tried again"),
        span(trace, "d", 10 + retrieval, 80 - retrieval, "root", stage="inference"),
    ]


def test_each_stage_has_its_numbers_in_its_segment() -> None:
    found = numbers([*request("t1"), *request("t2", 50.0, "timeout"), *request("t3", 40.0), *request("t4")])
    assert {stage for stage, _ in found} == {"router", "retrieval", "inference", "other"}
    assert {metric for _, metric in found} == {metric.name for metric in catalogue.stages()}
    assert found["retrieval", "stage_duration_p50"].value == 35.0  # of 30, 30, 40, 50: the search inside counts with it
    assert found["retrieval", "stage_duration_p50"].n == 4
    assert found["retrieval", "stage_error_rate"].value == 0.25
    assert found["retrieval", "stage_share"].value == pytest.approx(150 / 400)
    assert found["inference", "stage_share"].value == pytest.approx(170 / 400)
    assert found["other", "stage_share"].value == pytest.approx(0.1)
    assert found["other", "stage_critical_share"].value == pytest.approx(0.1)
    for one in found.values():
        assert one.low is not None
        assert one.high is not None
        assert one.value is not None
        assert one.low <= one.value <= one.high


def test_parallel_work_has_shares_of_all_work_and_one_critical_path() -> None:
    rows = [
        span("t", "root", 0, 100, stage="router"),
        span("t", "guard", 0, 60, "root", stage="safety_filter"),
        span("t", "model", 0, 100, "root", stage="inference"),
    ]
    found = numbers(rows)
    assert found["inference", "stage_share"].value == pytest.approx(100 / 160)
    assert found["safety_filter", "stage_share"].value == pytest.approx(60 / 160)
    assert found["inference", "stage_critical_share"].value == 1.0
    assert found["safety_filter", "stage_critical_share"].value == 0.0


def test_what_a_log_can_lack() -> None:
    rows = [
        span("t", "a", 0, None, stage="router"),
        span("t", "b", 0, 5, "a", stage="unheard of"),
        span("t", "c", 0, 5, "gone", stage="tool") | {"start": None},
    ]
    found = numbers(rows)
    assert {stage for stage, _ in found} == {"router", "other"}
    nothing = found["router", "stage_duration_p50"]
    assert (nothing.status, nothing.value, nothing.n, nothing.n_skipped) == ("NO_DATA", None, 0, 1)
    assert nothing.note == "no duration in the logs"
    assert found["router", "stage_share"].note == "no trace took any time"
    assert found["router", "stage_error_rate"].value == 0


@st.composite
def days(draw: st.DrawFn) -> list[dict[str, Any]]:
    number, times = st.integers(0, 8), st.integers(0, 5).map(float)  # few times, so that many are equal
    return [
        span(
            f"t{draw(st.integers(0, 3))}",
            f"s{n}",
            draw(times),
            draw(times),
            draw(st.none() | number.map(lambda at: f"s{at}")),
            stage=draw(st.sampled_from(STAGES)),
            error=draw(st.none() | st.just("x")),
        )
        for n in range(draw(st.integers(1, 9)))
    ]


@settings(max_examples=40)
@given(days(), st.randoms())
def test_order_does_not_matter_and_shares_sum_to_one(rows: list[dict[str, Any]], random: Any) -> None:
    found = numbers(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert numbers(shuffled) == found
    for metric in ("stage_share", "stage_critical_share"):
        values = [one.value for (_, name), one in found.items() if name == metric and one.value is not None]
        assert not values or sum(values) == pytest.approx(1.0)
        assert all(0 <= value <= 1 for value in values)


def test_the_interval_of_a_share_holds_it() -> None:
    """150 days of 50 traces; the share is 0.3 of times that vary tenfold, and the interval holds it on 95 of 100."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(150):
        total = rng.lognormal(4, 0.6, 50)
        part = total * rng.beta(3, 7, 50)
        rows = [
            row
            for n, (whole, inner) in enumerate(zip(total, part, strict=True))
            for row in (span(f"t{n}", "a", 0, whole), span(f"t{n}", "b", 0, inner, "a", stage="retrieval"))
        ]
        one = numbers(rows)["retrieval", "stage_share"]
        assert one.low is not None
        assert one.high is not None
        held += one.low <= 0.3 <= one.high
    assert 0.9 <= held / 150 <= 0.99


def summary(spans: list[dict[str, Any]] | None, **options: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [
        {"request_id": f"t{n}", "timestamp": NOON, "error_logged": True, "tags": json.dumps({"route": "rag"})}
        for n in range(5)
    ]
    known = None if spans is None else frame(SPANS, spans)
    given = (frame(INTERACTIONS, rows), frame(SCORES, []), {}, SummaryOptions(**options), ("route",))
    return summarise_day(DAY, *given, spans=known)


@pytest.mark.parametrize("spans", [None, [], [span("t", "a", 0, 1) | {"start": None}]])
def test_a_day_without_spans_says_nothing_of_stages(spans: list[dict[str, Any]] | None) -> None:
    metrics, sketches = summary(spans)
    assert set(metrics["segment"]) == {"all", "route=rag"}
    every_day = [metric for group in groups("interactions") for metric in group.metrics] + list(quality())
    assert len(metrics) == 2 * len(every_day)
    assert "traces" not in set(sketches["kind"])


def test_stages_have_their_own_metrics_only() -> None:
    metrics, _ = summary(request("t1"))
    stages = metrics[metrics["segment"].isin(STAGE_SEGMENTS)]
    assert set(stages["metric"]) == {metric.name for metric in catalogue.stages()}
    assert not set(metrics.loc[~metrics.index.isin(stages.index), "metric"]) & set(stages["metric"])
    assert not metrics.duplicated(["metric", "segment"]).any()


def test_the_slowest_traces_are_kept_with_their_longest_spans() -> None:
    slow = [span("t3", "root", 0, 900), *(span("t3", f"s{n}", n, 100 + n, "root") for n in range(50))]
    slow[7] |= {"error": "e" * 1000, "name": "n" * 1000}
    _, sketches = summary([*request("t1"), *slow, *request("t0")], slow_traces=2, trace_spans=30)
    kept = sketches[sketches["kind"] == "traces"]
    assert kept["key"].tolist() == ["00", "01"]
    assert kept["n"].tolist() == [51, 5]
    first, second = (json.loads(payload) for payload in kept["payload"])
    assert (first["trace_id"], first["segment"], first["duration_ms"]) == ("t3", "route=rag", 900.0)
    assert second["trace_id"] == "t0"  # as long as t1
    assert (len(first["spans"]), first["left_out"]) == (30, 21)
    assert min(one["duration_ms"] for one in first["spans"]) == 121.0
    assert all(one["parent"] == 0 for one in first["spans"][1:])
    root, router, retrieval, search, model = second["spans"]
    assert [root["parent"], router["parent"], retrieval["parent"], search["parent"]] == [None, 0, 0, 2]
    assert (model["start_ms"], model["duration_ms"], model["critical"], model["critical_ms"]) == (
        40.0,
        50.0,
        True,
        50.0,
    )
    assert sum(last - first for _, first, last in second["path"]) == 100.0


def test_names_and_errors_are_cut() -> None:
    (payload,) = summary([span("t", "n" * 1000, 0, 5, error="e" * 1000)])[1]["payload"].tail(1)
    (one,) = json.loads(payload)["spans"]
    assert (len(one["name"]), len(one["error"])) == (200, 300)


@settings(max_examples=40)
@given(days(), st.randoms(), st.integers(1, 9))
def test_what_is_kept_is_a_tree_and_the_same_in_any_order(rows: list[dict[str, Any]], random: Any, most: int) -> None:
    def kept(spans: list[dict[str, Any]]) -> list[Any]:
        traces = Traces(frame(SPANS, spans))
        none = Segments(pd.Series([], dtype="str"), (), 0)
        options = SummaryOptions(slow_traces=4, trace_spans=most)
        return list(slow_traces(traces, measure(traces), frame(INTERACTIONS, []), none, options))

    found = kept(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert kept(shuffled) == found
    durations = []
    for *_, n, payload in found:
        trace = json.loads(payload)
        assert len(trace["spans"]) == min(n, most)
        assert len(trace["spans"]) + trace["left_out"] == n
        for at, one in enumerate(trace["spans"]):
            assert one["parent"] is None or 0 <= one["parent"] < at
            assert -1e-9 <= one["start_ms"] <= one["start_ms"] + one["duration_ms"] <= trace["duration_ms"] + 1e-9
        durations.append(trace["duration_ms"])
    assert durations == sorted(durations, reverse=True)
