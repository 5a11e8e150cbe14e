from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.lake.tables import SPANS
from obs_lib.records import STAGES
from obs_lib.samples.generate import FIRST_DAY, day_lines
from obs_lib.sources.entries import Rejected
from obs_lib.sources.formats.native.spans import MOST_SPANS, spans_of
from obs_lib.sources.stages import StageNames

NAMES = StageNames({"acme*": "tool"})
SPAN = {"name": "vector search", "start_ms": 12.5, "duration_ms": 80}


def row(*spans: Any, **fields: Any) -> dict[str, Any]:
    return {"request_id": "r1", "timestamp": "2023-06-01T12:00:00+02:00", "spans": list(spans)} | fields


def test_a_span_becomes_a_row_of_the_table() -> None:
    given_ids = SPAN | {"span_id": "b", "parent_id": "a", "error": "no index", "unknown": 1}
    (span,) = spans_of(row(given_ids, trace_id="t"), NAMES)
    assert span == {
        "trace_id": "t",
        "span_id": "b",
        "parent_id": "a",
        "request_id": "r1",
        "stage": "retrieval",
        "name": "vector search",
        "start": dt.datetime(2023, 6, 1, 10, 0, 0, 12_500, dt.UTC),
        "duration_ms": 80.0,
        "error": "no index",
    }
    assert set(span) == set(SPANS.names)


def test_what_is_absent_has_a_default() -> None:
    first, second = spans_of(row(SPAN, SPAN), NAMES)
    assert first["trace_id"] == "r1"
    assert first["span_id"] != second["span_id"]
    assert (first["parent_id"], first["error"]) == (None, None)
    assert [first, second] == spans_of(row(SPAN, SPAN), NAMES)
    assert spans_of(row(SPAN, request_id="r2"), NAMES)[0]["span_id"] != first["span_id"]
    assert spans_of({"request_id": "r", "timestamp": "nonsense"}, NAMES) == []
    assert spans_of(row(), NAMES) == []


@pytest.mark.parametrize(
    ("name", "stage", "expected"),
    [
        ("x", "safety_filter", "safety_filter"),
        ("x", "GUARDRAIL", "safety_filter"),
        ("vector", "our own word", "retrieval"),
        ("acme", "router", "tool"),
        ("x", None, "other"),
    ],
)
def test_stages(name: str, stage: str | None, expected: str) -> None:
    assert spans_of(row(SPAN | {"name": name, "stage": stage}), NAMES)[0]["stage"] == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (row() | {"spans": {}}, "spans: not a list"),
        (row("x"), "spans: an item that is not an object"),
        (row(SPAN | {"name": ""}), "spans: name: missing"),
        (row(SPAN | {"name": 3}), "spans: name: not text"),
        (row(SPAN | {"name": "x" * 10_001}), "spans: name: text too long"),
        (row({"name": "x", "duration_ms": 1}), "spans: start_ms: missing"),
        (row(SPAN | {"duration_ms": "1"}), "spans: duration_ms: not a number"),
        (row(SPAN | {"duration_ms": True}), "spans: duration_ms: not a number"),
        (row(SPAN | {"duration_ms": -1}), "spans: duration_ms: negative"),
        (row(SPAN | {"duration_ms": 10**400}), "spans: duration_ms: not within a day"),
        (row(SPAN | {"start_ms": float("nan")}), "spans: start_ms: not within a day"),
        (row(SPAN | {"start_ms": -1e9}), "spans: start_ms: not within a day"),
        (row(SPAN | {"start_ms": -9.0}, timestamp="0001-01-01T00:00:00Z"), "spans: start_ms: outside the calendar"),
        (row(SPAN | {"stage": 1}), "spans: stage: not text"),
        (row(SPAN | {"span_id": 1}), "spans: span_id: not text"),
        (row(SPAN | {"parent_id": []}), "spans: parent_id: not text"),
        (row(SPAN | {"error": {}}), "spans: error: not text"),
        (row(SPAN | {"span_id": "a"}, SPAN | {"span_id": "a"}), "spans: a span_id that comes twice"),
        (row(*[SPAN] * (MOST_SPANS + 1)), f"spans: more than {MOST_SPANS}"),
        (row(SPAN, timestamp="2023-06-01T12:00:00"), "timestamp: not ISO 8601 with an offset"),
        (row(SPAN, request_id=None), "request_id: missing"),
        (row(SPAN, trace_id=7), "trace_id: not text"),
    ],
)
def test_what_is_malformed_is_rejected_with_its_reason(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected) as caught:
        spans_of(fields, NAMES)
    assert str(caught.value) == reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SPAN, "stage", "error"]), inner),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_rows_or_a_reason(spans: Any) -> None:
    try:
        rows_made = spans_of(row() | {"spans": spans}, NAMES)
    except Rejected:
        return
    assert all(one["stage"] in STAGES and one["duration_ms"] >= 0 for one in rows_made)


def test_sample_logs_give_rows_that_the_table_takes() -> None:
    rows = [span for line in day_lines(FIRST_DAY, 1, 7, 20) for span in spans_of(json.loads(line), StageNames())]
    columns = {name: pa.array([one[name] for one in rows], kind) for name, kind in SPANS.types.items()}
    assert pa.table(columns).num_rows == 20 * 9
    stages = {"router", "prompt_builder", "retrieval", "inference", "output_processor", "safety_filter", "other"}
    assert {one["stage"] for one in rows} == stages
