"""Calls of tools on small logs whose numbers can be counted by hand, and schemas that mean harm."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_lib.lake.tables import INTERACTIONS, SCORES, SPANS
from obs_lib.records import ALL
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.summarise import summarise_day
from obs_lib.summaries.tool_metrics import tool_metrics
from obs_lib.summaries.tool_schema import fits
from tests.unit.summaries.conftest import Maker, _frame

DAY = dt.date(2024, 3, 1)
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}
OFFERED = [{"name": "weather", "parameters": SCHEMA}, {"name": "clock", "parameters": None}]
BERN = {"city": "Bern"}


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def call(name: str = "weather", arguments: Any = BERN) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def step(
    minute: int, *calls: dict[str, Any], session: str | None = "s", after_tool: bool = False, **fields: Any
) -> dict[str, Any]:
    """One interaction that makes these calls."""
    messages = [{"role": "user", "content": "?"}, *([{"role": "tool", "content": "sunny"}] if after_tool else [])]
    return {
        "request_id": f"{session}-{minute:03d}",
        "session_id": session,
        "timestamp": pd.Timestamp(DAY, tz="UTC") + pd.Timedelta(minutes=minute),
        "messages": canonical([dict(sorted(one.items())) for one in messages]),
        "tools": canonical(OFFERED),
        "tool_calls": canonical(list(calls)) if calls else None,
        "error_logged": True,
        **fields,
    }


def span(trace: str, minute: int, name: str = "weather", error: str | None = None, **fields: Any) -> dict[str, Any]:
    start = pd.Timestamp(DAY, tz="UTC") + pd.Timedelta(minutes=minute)
    name_of = {"trace_id": trace, "span_id": f"{trace}-{minute}", "name": name, "stage": "tool", "duration_ms": 5.0}
    return name_of | {"start": start, "error": error} | fields


@pytest.fixture
def measure(interactions: Maker) -> Any:
    def run(rows: list[dict[str, Any]], spans: list[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
        frame = interactions(*rows)
        of_spans = _frame(SPANS, spans) if spans else None
        segments = Segments(frame["tags"], ["route"], 20)
        values = tool_metrics(DAY, frame, of_spans, segments, SummaryOptions(**options))
        return {value.metric if value.segment == ALL else f"{value.metric} {value.segment}": value for value in values}

    return run


def test_days_without_tools_have_no_metric_of_them(measure: Any) -> None:
    assert measure([step(1), step(2)]) == {}


def test_arguments_are_held_against_their_schema(measure: Any) -> None:
    rows = [
        step(1, call()),
        step(2, call(arguments={"city": "Bern", "days": 0})),
        step(3, call(arguments={"place": "Bern"})),
        step(4, call(arguments='{"city": "Be')),
        step(5, call("clock", {"any": 1}), call("clock", None)),
    ]
    found = measure(rows)
    assert found["tool_calls"].value == 6
    assert (found["tool_argument_error_rate"].value, found["tool_argument_error_rate"].n) == (1 / 6, 6)
    schema = found["tool_schema_error_rate"]
    assert (schema.value, schema.n, schema.n_skipped) == (2 / 3, 3, 3)  # neither without a schema nor what is no object
    assert found["tool_schema_error_rate tool=weather"].value == 2 / 3
    assert found["tool_schema_error_rate tool=clock"].value is None
    assert found["tool_argument_error_rate tool=weather"].value == 1 / 4


def test_a_tool_that_was_not_offered_is_unknown(measure: Any) -> None:
    rows = [step(1, call("wether")), step(2, call()), step(3, call("x"), tools=None), step(4, call("x"), tools="[]")]
    found = measure(rows)["tool_unknown_rate"]
    assert (found.value, found.n, found.n_skipped) == (2 / 3, 3, 1)


def test_the_same_call_again_counts_within_its_turn(measure: Any) -> None:
    rows = [
        step(1, call()), step(2, call(), after_tool=True), step(3, call(arguments={"city": "Ulm"}), after_tool=True),
        step(4, call()),  # another turn
        step(5, call(), session="other"),
        step(6, call(), call(), session=None),
    ]  # fmt: skip
    found = measure(rows)["tool_repeat_rate"]
    assert (found.value, found.n) == (2 / 7, 7)


def test_steps_are_those_of_turns_that_call_a_tool(measure: Any) -> None:
    rows = [
        step(1, call()), step(2, call("clock", {}), after_tool=True), step(3, after_tool=True),
        step(4),  # a turn without a tool
        step(5, call()),
        step(6, call(), session=None, trace_id="t"), step(7, session=None, trace_id="t", after_tool=True),
        step(8, call(), session=None),  # nobody knows of what it is a step
    ]  # fmt: skip
    found = measure(rows)["task_steps"]
    assert (found.value, found.n) == (2.0, 3)


def test_failed_tools_and_their_recovery_are_what_spans_say(measure: Any) -> None:
    spans = [
        span("t1", 1, error="timeout"), span("t1", 2),
        span("t2", 1, error="timeout"), span("t2", 2, "execute_tool clock"),
        span("t3", 2, error="timeout"), span("t3", 1),
        span("t4", 1, "retrieval", "down", stage="retrieval"),
    ]  # fmt: skip
    found = measure([step(1)], spans)
    assert (found["tool_failure_rate"].value, found["tool_failure_rate"].n) == (3 / 6, 6)
    assert (found["tool_recovery_rate"].value, found["tool_recovery_rate"].n) == (1 / 3, 3)
    assert found["tool_failure_rate tool=clock"].value == 0
    assert found["tool_failure_rate tool=weather"].value == 3 / 5
    assert found["tool_calls"].value == 0


def test_the_right_call_is_that_of_a_reference(measure: Any) -> None:
    def wanted(*references: Any) -> str:
        return canonical([canonical(one) for one in references])

    rows = [
        step(1, call(), reference=wanted(call())),
        step(2, call(), call("clock", {}), reference=wanted([call("clock", {}), call()])),
        step(3, call(arguments={"city": "Ulm"}), reference=wanted(call(), call(arguments={"city": "Ulm"}))),
        step(4, call("clock", {}), reference=wanted(call())),
        step(5, call(), call(), reference=wanted(call())),
        step(6, reference=wanted(call()), response="I do not know."),
        step(7, reference='["Paris", "{\\"name\\": 1"]'),
    ]
    found = measure(rows)["tool_call_accuracy"]
    assert (found.value, found.n) == (3 / 6, 6)


def test_segments_are_those_of_the_calling_interaction(measure: Any) -> None:
    rows = [step(1, call(), tags='{"route":"docs"}'), step(2, call("x"), tags='{"route":"code"}')]
    found = measure(rows, [span("t", 1, error="down")])
    assert found["tool_unknown_rate route=code"].value == 1
    assert found["tool_unknown_rate route=docs"].value == 0
    assert found["tool_failure_rate"].value == 1
    assert found["tool_failure_rate route=docs"].value is None  # of no interaction that is known


def test_the_tools_used_most_have_numbers_of_their_own(measure: Any) -> None:
    rows = [step(n, *(call(f"tool{k}", {}) for k in range(n))) for n in range(1, 6)]
    found = measure(rows, max_tools=2)
    assert {name for name in found if name.startswith("tool_calls ")} == {
        "tool_calls tool=tool0",
        "tool_calls tool=tool1",
    }
    assert found["tool_calls"].value == 15


def test_a_tag_named_tool_keeps_its_segments(interactions: Maker) -> None:
    frame = interactions(step(1, call(), tags='{"tool":"weather"}'))
    values = tool_metrics(DAY, frame, None, Segments(frame["tags"], ["tool"], 20), SummaryOptions())
    assert len({(value.metric, value.segment) for value in values}) == len(values)


def twice(n: int) -> list[dict[str, str]]:
    return [{"$ref": f"#/$defs/d{n}"}] * 2


def test_refused_by_nothing_but_the_schema_itself() -> None:
    assert fits(canonical(SCHEMA), canonical(BERN)) is True
    assert fits(canonical(SCHEMA), canonical({"city": 7})) is False
    nested = {"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}
    assert fits(canonical(nested), '{"a":1}') is True
    assert fits(canonical(nested), '{"a":"1"}') is False
    named = {"properties": {"pattern": {"type": "string"}}, "required": ["pattern"]}  # a property of that name
    assert fits(canonical(named), '{"pattern":1}') is False
    some = {"patternProperties": {"^a": {}}, "additionalProperties": False}
    assert fits(canonical(some), '{"b":1}') is True  # patterns are not run, so nothing is known of what is left over


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"type": 7},
        {"properties": 3},
        {"$defs": {f"d{n}": {"allOf": twice(n + 1)} for n in range(40)} | {"d40": {}}, "$ref": "#/$defs/d0"},
        {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#"}}},
    ],
)  # fmt: skip
def test_a_schema_that_means_harm_says_nothing_and_costs_nothing(schema: dict[str, Any]) -> None:
    began = time.perf_counter()
    assert fits(canonical(schema), '{"a":{"a":1}}') in (None, True, False)
    assert time.perf_counter() - began < 5


def test_a_regular_expression_of_a_log_is_never_run() -> None:
    slow = {"properties": {"city": {"type": "string", "pattern": "^(a+)+$"}}}
    began = time.perf_counter()
    assert fits(canonical(slow), canonical({"city": "a" * 60 + "!"})) is True
    assert time.perf_counter() - began < 5


@settings(max_examples=15)  # two whole summaries each
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(order: random.Random) -> None:
    rows = [
        step(
            n,
            call(("weather", "clock", "x")[n % 3], {"city": "Bern"} if n % 2 else "{"),
            session=f"s{n % 4}",
            after_tool=n % 5 > 0,
        )
        for n in range(1, 30)
    ]
    spans = [
        span(f"t{n % 3}", n, error="down" if n % 4 == 0 else None, request_id=rows[n]["request_id"]) for n in range(12)
    ]
    whole = _summary(rows, spans)
    order.shuffle(rows)
    order.shuffle(spans)
    pd.testing.assert_frame_equal(_summary(rows, spans), whole)


def _summary(rows: list[dict[str, Any]], spans: list[dict[str, Any]]) -> pd.DataFrame:
    frame, none = _frame(INTERACTIONS, rows), _frame(SCORES, [])
    metrics, _ = summarise_day(DAY, frame, none, {}, SummaryOptions(), ["route"], spans=_frame(SPANS, spans))
    return metrics
