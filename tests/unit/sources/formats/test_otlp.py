"""Traces as OTLP JSON: what becomes an interaction, what belongs to it, and what each generation of names says."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.records import ERROR_KINDS
from obs_lib.sources.entries import Entry, RejectedEntry, Row
from obs_lib.sources.formats.otlp.format import OtlpFormat

TRACE = "5b8efff798038103d269b633813fc60c"
START = dt.datetime(2026, 3, 7, 12, tzinfo=dt.UTC)
GENAI = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
OPEN = {"openinference.span.kind": "LLM", "llm.model_name": "m"}


class Names:
    """Stages by a span's name."""

    def stage_of(self, name: str, kind: str | None) -> str:
        return {"search": "retrieval", "chat": "inference", "guard": "safety_filter"}.get(name, "other")


def nanoseconds(at_ms: float) -> str:
    return str(int(START.timestamp()) * 10**9 + round(at_ms * 1e6))


def any_value(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [any_value(item) for item in value]}}
        case _:
            return {"kvlistValue": {"values": pairs(value)}}


def pairs(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": any_value(value)} for name, value in values.items()]


def span(name: str, number: int, parent: int = 0, at: float = 0, took: float = 100, **more: Any) -> dict[str, Any]:
    """A span; `attributes`, `events` [(name, ms, attributes)] and any field of OTLP may be given."""
    events = [
        {"name": event, "timeUnixNano": nanoseconds(when), "attributes": pairs(values)}
        for event, when, values in more.pop("events", ())
    ]
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": name,
        "startTimeUnixNano": nanoseconds(at),
        "endTimeUnixNano": nanoseconds(at + took),
        "attributes": pairs(more.pop("attributes", {})),
        "events": events,
        "status": {},
        **more,
    }


def spans_line(*spans: dict[str, Any], **resource: Any) -> bytes:
    group = {
        "resource": {"attributes": pairs({"service.name": "shop"} | resource)},
        "scopeSpans": [{"scope": {}, "spans": list(spans)}],
    }
    return json.dumps({"resourceSpans": [group]}).encode()


def log_line(*records: dict[str, Any]) -> bytes:
    return json.dumps(
        {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": list(records)}]}]}
    ).encode()


def record(name: str, number: int | None, at: float = 50, body: Any = None, **attributes: Any) -> dict[str, Any]:
    named = {} if number is None else {"traceId": TRACE, "spanId": f"{number:016x}"}
    content = {} if body is None else {"body": any_value(body)}
    return {"eventName": name, "timeUnixNano": nanoseconds(at), "attributes": pairs(attributes), **named, **content}


def read(*lines: bytes) -> list[Row | RejectedEntry]:
    return list(OtlpFormat(Names()).read([Entry("x.jsonl", number, line) for number, line in enumerate(lines, 1)]))


def rows(table: str, *lines: bytes) -> list[dict[str, Any]]:
    return [row.fields for row in read(*lines) if isinstance(row, Row) and row.table.name == table]


def reasons(*lines: bytes) -> list[str]:
    return [row.reason for row in read(*lines) if isinstance(row, RejectedEntry)]


def call(attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The one interaction of a trace of one LLM span."""
    (row,) = rows("interactions", spans_line(span("chat", 1, attributes=attributes, **more)))
    return row


# ----------------------------------------------------------------------------------------------------- names and values


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3}, {"input_tokens": 7, "output_tokens": 3}),
        (
            {"gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 3},
            {"input_tokens": 7, "output_tokens": 3},
        ),
        ({"gen_ai.usage.input_tokens": "7"}, {"input_tokens": 7}),
        ({"gen_ai.usage.cache_read.input_tokens": 5}, {"cached_input_tokens": 5}),
        ({"gen_ai.provider.name": "x", "gen_ai.system": "y"}, {"provider": "x"}),
        ({"gen_ai.system": "y"}, {"provider": "y"}),
        ({"gen_ai.response.model": "m-2"}, {"model_version": "m-2"}),
        ({"gen_ai.response.time_to_first_chunk": 0.25}, {"ttft_ms": 250.0}),
        ({"gen_ai.conversation.id": "s", "user.id": 12}, {"session_id": "s", "user_id": "12"}),
        ({"gen_ai.prompt.version": 3}, {"prompt_version": "3"}),
        ({"gen_ai.output.type": "json"}, {"expected_format": "json"}),
        (
            {"gen_ai.latency.time_in_model_prefill": 0.1, "gen_ai.latency.time_in_model_decode": 0.5},
            {"prefill_ms": 100.0, "decode_ms": 500.0},
        ),
        ({"gen_ai.response.finish_reasons": ["end_turn"]}, {"finish_reason": "stop"}),
        ({"gen_ai.response.finish_reasons": '["MAX_TOKENS"]'}, {"finish_reason": "length"}),
    ],
)
def test_genai_names_of_every_generation(attributes: dict[str, Any], expected: dict[str, Any]) -> None:
    native = call(GENAI | attributes)
    assert {name: native[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"llm.token_count.prompt": 7, "llm.token_count.completion": 3}, {"input_tokens": 7, "output_tokens": 3}),
        ({"llm.token_count.prompt_details.cache_read": 5}, {"cached_input_tokens": 5}),
        ({"llm.cost.total": 0.25}, {"cost_usd": 0.25}),
        ({"llm.system": "y"}, {"provider": "y"}),
        ({"session.id": "s", "user.id": "u"}, {"session_id": "s", "user_id": "u"}),
        ({"llm.prompt_template.version": "v2"}, {"prompt_version": "v2"}),
        ({"llm.finish_reason": "tool_use"}, {"finish_reason": "tool_call"}),
        ({"input.value": "Hi", "output.value": "Ho"}, {"prompt": "Hi", "response": "Ho"}),
        (
            {"llm.prompts.0.prompt.text": "Hi", "llm.choices.0.completion.text": "Ho"},
            {"prompt": "Hi", "response": "Ho"},
        ),
        (
            {
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.contents.0.message_content.type": "text",
                "llm.input_messages.0.message.contents.0.message_content.text": "What is",
                "llm.input_messages.0.message.contents.1.message_content.type": "image",
                "llm.input_messages.0.message.contents.1.message_content.image.image.url": "data:x",
                "llm.input_messages.0.message.contents.2.message_content.type": "text",
                "llm.input_messages.0.message.contents.2.message_content.text": "this?",
            },
            {"prompt": [{"role": "user", "content": "What is\nthis?"}]},
        ),
        (
            {
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
                "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "add",
                "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"a": 1}',
            },
            {"response": '[{"arguments":{"a":1},"name":"add"}]'},
        ),
    ],
)
def test_openinference_names(attributes: dict[str, Any], expected: dict[str, Any]) -> None:
    native = call(OPEN | attributes)
    assert {name: native[name] for name in expected} == expected


ASKED = [
    {"role": "user", "parts": [{"type": "text", "content": "Rain in"}, {"type": "text", "content": "Paris?"}]},
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "1", "name": "weather", "arguments": {"city": "Paris"}}],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "result": {"rain": True}}]},
]
SAID = [
    {
        "role": "assistant",
        "finish_reason": "stop",
        "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "Yes."}],
    }
]
READ = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Rain in\nParis?"},
    {"role": "assistant", "content": '[{"arguments":{"city":"Paris"},"name":"weather"}]'},
    {"role": "tool", "content": '{"rain":true}'},
]


@pytest.mark.parametrize("encode", [lambda value: value, json.dumps], ids=["nested", "json text"])
def test_messages_with_parts_nested_or_as_text(encode: Any) -> None:
    system = [{"type": "text", "content": "Be brief."}]
    native = call(
        GENAI
        | {
            "gen_ai.input.messages": encode(ASKED),
            "gen_ai.output.messages": encode(SAID),
            "gen_ai.system_instructions": encode(system),
        }
    )
    assert native["prompt"] == READ
    assert (native["response"], native["finish_reason"]) == ("Yes.", "stop")


def test_flattened_prompts_of_older_instrumentations() -> None:
    native = call(
        {
            "gen_ai.system": "OpenAI",
            "llm.request.type": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.prompt.10.role": "user",
            "gen_ai.prompt.10.content": "Hi",
            "gen_ai.prompt.2.role": "system",
            "gen_ai.prompt.2.content": "Be brief.",
            "gen_ai.completion.0.content": "Ho",
            "gen_ai.completion.0.finish_reason": "max_tokens",
        }
    )
    assert native["prompt"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert (native["response"], native["finish_reason"]) == ("Ho", "length")


def test_content_in_events_of_the_span() -> None:
    old = [
        ("gen_ai.content.prompt", 0, {"gen_ai.prompt": '[{"role": "user", "content": "Hi"}]'}),
        ("gen_ai.content.completion", 90, {"gen_ai.completion": '[{"role": "assistant", "content": "Ho"}]'}),
    ]
    spread = [
        ("gen_ai.user.message", 0, {"content": "Hi", "role": "user"}),
        ("gen_ai.choice", 90, {"finish_reason": "stop", "message": '{"role": "assistant", "content": "Ho"}'}),
    ]
    for events in (old, spread):
        native = call(GENAI, events=events)
        assert (native["prompt"], native["response"]) == ([{"role": "user", "content": "Hi"}], "Ho")
        assert native["ttft_ms"] is None  # the event that holds the whole answer comes when it is complete


@pytest.mark.parametrize("name", ["First Token Stream Event", "gen_ai.first_chunk", "llm.content.completion.chunk"])
def test_the_first_token_may_be_an_event(name: str) -> None:
    assert call(GENAI, events=[(name, 40, {}), (name, 60, {})])["ttft_ms"] == pytest.approx(40)


def test_of_several_choices_the_first_is_the_answer_however_they_are_written() -> None:
    events = [
        ("gen_ai.choice", at, {"index": index, "message": f'{{"content": "choice {index}"}}'})
        for at, index in ((9, 1), (10, 0))
    ]
    listed = {
        "gen_ai.output.messages": [
            {"role": "assistant", "parts": [{"type": "text", "content": f"choice {n}"}]} for n in (0, 1)
        ]
    }
    flat = {f"llm.output_messages.{n}.message.content": f"choice {n}" for n in (1, 0)}
    for native in (call(GENAI, events=events), call(GENAI | listed), call(OPEN | flat)):
        assert native["response"] == "choice 0"


def test_messages_in_log_records_are_in_the_order_of_their_times() -> None:
    records = [record("gen_ai.user.message", 1, 30 - at, {"content": f"at {30 - at}"}) for at in range(3)]
    (native,) = rows("interactions", log_line(*records), spans_line(span("chat", 1, attributes=GENAI)))
    assert [message["content"] for message in native["prompt"]] == ["at 28", "at 29", "at 30"]


def test_content_that_was_not_captured_is_null_and_not_empty() -> None:
    native = call(GENAI, events=[("gen_ai.user.message", 0, {}), ("gen_ai.choice", 9, {"finish_reason": "stop"})])
    assert "prompt" not in native
    assert "response" not in native
    assert native["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("attributes", "more", "kind"),
    [
        ({"error.type": "timeout"}, {}, "timeout"),
        ({"error.type": "429"}, {"status": {"code": 2}}, "rate_limit"),
        ({"http.response.status_code": 503}, {"status": {"code": "STATUS_CODE_ERROR"}}, "server"),
        ({}, {"status": {"code": 2, "message": "Error code: 401 - no"}}, "auth"),
        (
            {},
            {"status": {"code": 2}, "events": [("exception", 9, {"exception.type": "openai.APIConnectionError"})]},
            "connection",
        ),
        ({}, {"status": {"code": 2}}, "other"),
        ({}, {"status": {"code": 1}}, None),
    ],
)
def test_errors_have_a_kind_and_a_text(attributes: dict[str, Any], more: dict[str, Any], kind: str | None) -> None:
    native = call(GENAI | attributes, **more)
    assert native["error_kind"] == kind
    assert kind is None or kind in ERROR_KINDS
    assert bool(native["error"]) == (kind is not None)


def test_tags_say_where_a_call_came_from() -> None:
    resource = {"deployment.environment": "live"}
    meta = {"metadata": '{"tier": "gold", "n": 2, "deep": {"a": 1}}', "llm.prompt_template.name": "greet"}
    root = span("POST", 1, attributes={"http.route": "/ask"})
    (native,) = rows("interactions", spans_line(root, span("chat", 2, 1, attributes=OPEN | meta), **resource))
    tags = {"service": "shop", "environment": "live", "route": "/ask", "tier": "gold", "n": 2, "prompt_name": "greet"}
    assert native["tags"] == tags
    (native,) = rows("interactions", spans_line(span("chat", 2, attributes=GENAI | {"gen_ai.agent.name": "helper"})))
    assert native["tags"] == {"service": "shop", "route": "helper"}
    assert call(GENAI)["tags"]["route"] == "shop"


# -------------------------------------------------------------------------------------------------------------- traces


def test_integers_may_be_numbers_ids_upper_case_and_a_span_without_end() -> None:
    one = span("chat", 0xAB, attributes=GENAI, endTimeUnixNano=0)
    one |= {
        "startTimeUnixNano": int(one["startTimeUnixNano"]),
        "spanId": one["spanId"].upper(),
        "traceId": TRACE.upper(),
    }
    (native,) = rows("interactions", spans_line(one))
    assert (native["request_id"], native["trace_id"]) == (f"{0xAB:016x}", TRACE)
    assert (native["timestamp"], native["total_latency_ms"]) == (START.isoformat(), None)


def test_only_calls_that_answer_in_text_are_interactions() -> None:
    others = [
        {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 3},
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m", "gen_ai.usage.output_tokens": 3},
        {"openinference.span.kind": "EMBEDDING", "llm.token_count.prompt": 3},
        {"openinference.span.kind": "AGENT", "gen_ai.operation.name": "chat"},
        {"llm.request.type": "embedding", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 3},
        {"gen_ai.request.model": "m"},
        {},
    ]
    line = spans_line(*(span("x", number, attributes=each) for number, each in enumerate(others, 1)))
    assert rows("interactions", line) == []
    assert [row["request_id"] for row in rows("spans", line)] == [None] * len(others)
    assert call({"gen_ai.request.model": "m", "gen_ai.usage.output_tokens": 3})["output_tokens"] == 3


def test_of_nested_llm_spans_the_innermost_counts_and_takes_what_only_the_outer_knows() -> None:
    outer = OPEN | {
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hi",
        "llm.cost.total": 0.5,
    }
    inner = GENAI | {"gen_ai.usage.output_tokens": 3}
    line = spans_line(
        span("chain", 1, attributes={"session.id": "s", "openinference.span.kind": "CHAIN", "input.value": "not this"}),
        span("ChatOpenAI", 2, 1, at=1, attributes=outer | {"llm.token_count.completion": 99}),
        span("chat", 3, 2, at=2, took=50, attributes=inner),
    )
    (native,) = rows("interactions", line)
    assert native["request_id"] == f"{3:016x}"
    assert native["prompt"] == [{"role": "user", "content": "Hi"}]
    assert (native["session_id"], native["cost_usd"], native["output_tokens"], native["total_latency_ms"]) == (
        "s",
        0.5,
        3,
        50.0,
    )
    assert [row["stage"] for row in rows("spans", line)] == ["other", "other", "inference"]


def test_a_span_belongs_to_the_next_call_and_the_last_ones_to_the_last() -> None:
    line = spans_line(
        span("root", 1, at=0, took=900),
        span("search", 2, 1, at=10),
        span("chat", 3, 1, at=100, attributes=GENAI),
        span("tool", 4, 1, at=300),
        span("chat", 5, 1, at=500, attributes=GENAI),
        span("output", 6, 1, at=700),
    )
    owner = {row["span_id"][-1]: row["request_id"][-1] for row in rows("spans", line)}
    assert owner == {"1": "3", "2": "3", "3": "3", "4": "5", "5": "5", "6": "5"}


def test_contexts_are_of_the_nearest_common_ancestor_and_from_before_the_call() -> None:
    def document(name: str) -> dict[str, Any]:
        return {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.retrieval.documents": [{"id": name, "score": 0.5, "content": f"text {name}"}],
        }

    line = spans_line(
        span("root", 1, took=900),
        span("step", 2, 1, at=10),
        span("search", 3, 2, at=20, attributes=document("a")),
        span("chat", 4, 2, at=200, attributes=GENAI),
        span("step", 5, 1, at=300),
        span("search", 6, 5, at=320, attributes=document("b")),
        span("search", 7, 5, at=330, attributes=document("c")),
        span("chat", 8, 5, at=500, attributes=GENAI),
        span("search", 9, 5, at=600, attributes=document("late")),
        span("chat", 10, 1, at=700, attributes=GENAI),
    )
    seen = [[document["id"] for document in row["contexts"]] for row in rows("interactions", line)]
    assert seen == [["a"], ["b", "c"], ["a", "b", "c", "late"]]


def test_documents_without_text_are_counted_and_none_is_invented() -> None:
    bare = {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.retrieval.documents": '[{"id": "a", "score": 0.5}, {"id": "b"}]',
    }
    (native,) = rows(
        "interactions", spans_line(span("search", 1, attributes=bare), span("chat", 2, at=50, attributes=GENAI))
    )
    assert (native["contexts"], native["tags"]["contexts_without_text"]) == (None, 2)
    empty = bare | {"gen_ai.retrieval.documents": "[]"}
    (native,) = rows(
        "interactions", spans_line(span("search", 1, attributes=empty), span("chat", 2, at=50, attributes=GENAI))
    )
    assert native["contexts"] == []
    assert call(GENAI)["contexts"] is None


def test_a_reranker_has_the_last_word_on_contexts() -> None:
    def documents(prefix: str, *names: str) -> dict[str, Any]:
        return {f"{prefix}.{n}.document.content": name for n, name in enumerate(names)}

    line = spans_line(
        span(
            "search",
            1,
            attributes={"openinference.span.kind": "RETRIEVER"} | documents("retrieval.documents", "x", "y", "z"),
        ),
        span(
            "rerank",
            2,
            at=20,
            attributes={"openinference.span.kind": "RERANKER"} | documents("reranker.output_documents", "z", "x"),
        ),
        span("chat", 3, at=50, attributes=OPEN),
    )
    (native,) = rows("interactions", line)
    assert [document["text"] for document in native["contexts"]] == ["z", "x"]


@pytest.mark.parametrize(
    ("attributes", "flags"),
    [
        ({"output.value": '{"flagged": true, "category": "hate"}'}, ["guard"]),
        ({"output.value": '{"passed": false}', "guardrail.name": "pii"}, ["pii"]),
        ({"guardrail.action": "BLOCKED"}, ["guard"]),
        ({"guardrail.blocked": True}, ["guard"]),
        ({"output.value": '{"passed": true}'}, []),
        ({"guardrail.blocked": False, "input.value": "blocked"}, []),
        ({}, []),
    ],
)
def test_guardrails_that_say_so_are_flags(attributes: dict[str, Any], flags: list[str]) -> None:
    guard = span("guard", 1, attributes={"openinference.span.kind": "GUARDRAIL"} | attributes)
    (native,) = rows("interactions", spans_line(guard, span("chat", 2, at=50, attributes=OPEN)))
    assert native["safety_flags"] == flags
    assert call(OPEN)["safety_flags"] is None


def test_of_a_span_that_comes_twice_the_last_one_counts() -> None:
    first, second = (spans_line(span("chat", 1, attributes=GENAI | {"gen_ai.usage.output_tokens": n})) for n in (1, 2))
    assert [row["output_tokens"] for row in rows("interactions", first, second)] == [2]
    assert len(rows("spans", first, second)) == 1
    assert reasons(first, second) == ["span comes again later"]


@given(st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(chance: random.Random) -> None:
    retrieval = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": [{"id": "a", "content": "t"}]}
    lines = [
        spans_line(span("root", 1, took=500)),
        spans_line(span("search", 2, 1, at=5, attributes=retrieval), span("chat", 3, 1, at=90, attributes=GENAI)),
        spans_line(span("chat", 4, 1, at=200, attributes=OPEN), **{"service.name": "other"}),
        log_line(
            record("gen_ai.user.message", 3, 91, {"content": "Hi"}),
            record("gen_ai.user.message", 3, 92, {"content": "Hi again"}),
        ),
        log_line(
            record(
                "gen_ai.evaluation.result",
                4,
                95,
                **{"gen_ai.evaluation.name": "good", "gen_ai.evaluation.score.value": 1},
            )
        ),
    ]

    def sorted_rows(given: list[bytes]) -> list[str]:
        return sorted(
            json.dumps(row.fields, default=str, sort_keys=True) for row in read(*given) if isinstance(row, Row)
        )

    shuffled = lines[:]
    chance.shuffle(shuffled)
    assert sorted_rows(shuffled) == sorted_rows(lines)


# ------------------------------------------------------------------------------------------------- log records and labels


def test_details_of_an_operation_complete_its_span_or_stand_for_it() -> None:
    details = GENAI | {
        "gen_ai.input.messages": ASKED[:1],
        "gen_ai.output.messages": SAID,
        "gen_ai.usage.output_tokens": 3,
    }
    line = log_line(record("gen_ai.client.inference.operation.details", 1, 90, **details))
    (both,) = rows("interactions", line, spans_line(span("chat", 1, attributes=GENAI)))
    (alone,) = rows("interactions", line)
    for native in (both, alone):
        assert (native["prompt"], native["response"], native["output_tokens"]) == ([READ[1]], "Yes.", 3)
        assert native["request_id"] == f"{1:016x}"
    assert (both["total_latency_ms"], both["timestamp"]) == (100.0, START.isoformat())
    assert "total_latency_ms" not in alone


def test_log_records_that_are_no_genai_events_are_said_to_be_none() -> None:
    plain = record("", 1, 90, "user logged in")
    assert reasons(log_line(plain)) == ["no GenAI event"]
    assert reasons(log_line(record("gen_ai.user.message", 9, body={"content": "Hi"}))) == [
        "content whose span is not in the logs"
    ]
    line = spans_line(span("chat", 1, attributes=GENAI))
    assert reasons(line, log_line(record("gen_ai.user.message", 1, body={"content": "Hi"}), plain)) == []


def test_evaluations_are_labels_of_the_interaction_that_they_judge() -> None:
    def verdict(**values: Any) -> dict[str, Any]:
        return {f"gen_ai.evaluation.{name.replace('__', '.')}": value for name, value in values.items()}

    answered = spans_line(span("chat", 1, attributes=GENAI | {"gen_ai.response.id": "r1"}))
    by_span = record("gen_ai.evaluation.result", 1, **verdict(name="relevance", score__value=0.5, score__label="ok"))
    by_answer = record(
        "gen_ai.evaluation.result", None, **verdict(name="tone", score__label="kind") | {"gen_ai.response.id": "r1"}
    )
    verdicts = [
        row
        for row in read(answered, log_line(by_span, by_answer))
        if isinstance(row, Row) and row.table.name == "labels"
    ]
    assert [row.fields for row in verdicts] == [
        {
            "request_id": f"{1:016x}",
            "name": "relevance",
            "source": "evaluation",
            "value": 0.5,
            "text": None,
            "inclusion_probability": None,
        },
        {
            "request_id": f"{1:016x}",
            "name": "tone",
            "source": "evaluation",
            "value": None,
            "text": "kind",
            "inclusion_probability": None,
        },
    ]
    assert {row.of for row in verdicts} == {START}
    (late,) = [row for row in read(log_line(by_span)) if isinstance(row, Row)]
    assert (late.fields["request_id"], late.of) == (f"{1:016x}", None)  # of the day of the interaction that it names
    assert reasons(log_line(by_answer)) == ["evaluation of an unknown response"]
    assert reasons(log_line(record("gen_ai.evaluation.result", 1, **verdict(name="empty")))) == [
        "evaluation without a name or a verdict"
    ]


def test_openinference_evaluations_and_annotations_are_labels() -> None:
    line = spans_line(
        span(
            "chat",
            1,
            attributes=OPEN | {"annotation.name": "thumb", "annotation.score": 1, "annotation.annotator_kind": "HUMAN"},
        ),
        span(
            "judge",
            2,
            1,
            at=200,
            attributes={"evaluations.0.evaluation.name": "faithful", "evaluations.0.evaluation.label": "yes"},
        ),
    )
    verdicts = [
        (row["request_id"], row["name"], row["source"], row["value"], row["text"]) for row in rows("labels", line)
    ]
    assert verdicts == [
        (f"{1:016x}", "thumb", "human", 1.0, None),
        (f"{1:016x}", "faithful", "evaluation", None, "yes"),
    ]


# ----------------------------------------------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("clock", "days"),
    [
        ("12:00:00", ["2026-03-07"]),
        ("00:14:59", ["2026-03-06", "2026-03-07"]),
        ("23:45:00", ["2026-03-07", "2026-03-08"]),
    ],
)
def test_days_reach_a_quarter_of_an_hour_over_midnight(clock: str, days: list[str]) -> None:
    at = (dt.datetime.fromisoformat(f"2026-03-07T{clock}+00:00") - START).total_seconds() * 1000
    reader = OtlpFormat(Names())
    assert sorted(map(str, reader.days(spans_line(span("chat", 1, at=at, took=1))))) == days
    assert sorted(map(str, reader.days(log_line(record("gen_ai.choice", 1, at))))) == days


def test_days_of_what_says_none() -> None:
    reader = OtlpFormat(Names())
    assert reader.days(b'{"a": 1}') == set()
    assert reader.days(b'"startTimeUnixNano": 0, "endTimeUnixNano":"9999999999999999999"') <= {
        dt.date(2286, 11, 20),
        dt.date(2286, 11, 21),
    }


def test_a_trace_that_crosses_midnight_stands_whole_in_the_day_of_its_call() -> None:
    before = (dt.datetime(2026, 3, 7, 23, 59, 59, tzinfo=dt.UTC) - START).total_seconds() * 1000
    line = spans_line(span("chat", 1, at=before, attributes=GENAI), span("output", 2, 1, at=before + 2000))
    assert {row.of.date() for row in read(line) if isinstance(row, Row) and row.of} == {dt.date(2026, 3, 7)}


# --------------------------------------------------------------------------------------------------------- what is broken


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not JSON"),
        (b"[]", "not an object"),
        (b"\xff", "not UTF-8"),
        (b"{}", "neither spans nor log records"),
        (b'{"resourceMetrics": []}', "metrics are no interactions"),
        (b'{"resourceSpans": 3}', "list: wrong type"),
        (b'{"resourceSpans": [null]}', "neither spans nor log records"),
        (b"[" * 100_000, "nested too deeply"),
        (spans_line(span("x", 1, traceId="zz")), "traceId: not 32 hex digits"),
        (spans_line(span("x", 1, spanId="")), "traceId or spanId: missing"),
        (spans_line(span("x", 1, startTimeUnixNano="yesterday")), "startTimeUnixNano: not nanoseconds since 1970"),
        (spans_line(span("x", 1, startTimeUnixNano=10**25)), "startTimeUnixNano: not nanoseconds since 1970"),
    ],
)
def test_what_cannot_be_read_has_a_reason(line: bytes, reason: str) -> None:
    assert reasons(line) == [reason]


def test_a_broken_span_does_not_spoil_its_neighbours() -> None:
    line = spans_line(span("chat", 1, attributes=GENAI), span("x", 2, attributes={}, status=3))
    assert len(rows("interactions", line)) == 1
    assert reasons(line) == ["status: wrong type"]


def test_hostile_names_and_depths_end_in_rows_without_them() -> None:
    deep = "[" * 400 + "]" * 400
    native = call(
        OPEN
        | {"llm.input_messages." + "a." * 5000 + "b": "x", "input.value": deep, "input.mime_type": "application/json"}
    )
    assert native["request_id"] == f"{1:016x}"
    loop = spans_line(span("a", 1, 2, attributes=GENAI), span("b", 2, 1))
    assert len(rows("interactions", loop)) == 1
    surrogate = spans_line(span("chat", 1, attributes=GENAI | {"user.id": "\ud800"}))
    rows("interactions", surrogate)[0]["user_id"].encode()
