"""Logs and exports that teams have beside the formats with files of their own here: each in full, and each known to others."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.sources.entries import CLOCKED, Entry, Item, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.loading import format_class, load_format
from obs_lib.sources.formats.native.format import NativeFormat
from obs_lib.sources.formats.otlp.format import OtlpFormat
from obs_lib.sources.formats.parse import embedded
from obs_lib.sources.formats.recognise import hint
from obs_lib.sources.formats.registry import BUNDLED, extension
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.repair import without_negative
from obs_lib.sources.stages import StageNames
from obs_lib.sources.validate import Limits, check
from tests.unit.sources.formats.test_otlp import log_line

START, END, FIRST = "2026-05-04T08:00:00Z", "2026-05-04T08:00:02Z", "2026-05-04T08:00:00.500Z"
ASKED, SAID = [{"role": "user", "content": "Is it open?"}], {"role": "assistant", "content": "Until six."}
USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 4,
    "total_tokens": 44,
    "prompt_tokens_details": {"cached_tokens": 30},
}
BODY = {"model": "m", "choices": [{"message": SAID, "finish_reason": "stop"}], "usage": USAGE}
CHUNKS = [
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"delta": {"text": "Until "}}},
    {"contentBlockDelta": {"delta": {"text": "six."}}},
    {"messageStop": {"stopReason": "end_turn"}},
    {"metadata": {"usage": {"inputTokens": 10, "outputTokens": 4, "cacheReadInputTokens": 30}}},
]
OPEN = {
    "openinference.span.kind": "LLM",
    "llm": {"model_name": "m", "token_count": {"prompt": 40, "completion": 4, "prompt_details": {"cache_read": 30}}},
    "llm.input_messages": [{"message.role": "user", "message.content": "Is it open?"}],
    "llm.output_messages": [{"message": SAID}],
}
HUMAN = {"lc": 1, "type": "constructor", "id": ["m", "HumanMessage"], "kwargs": {"content": "Is it open?"}}
IDS = {"trace_id": "0x" + "a" * 32, "span_id": "0x" + "b" * 16}
GENAI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.usage.input_tokens": 40,
    "gen_ai.usage.output_tokens": 4,
    "gen_ai.usage.cache_read.input_tokens": 30,
    "gen_ai.input.messages": json.dumps(ASKED),
    "gen_ai.output.messages": json.dumps([SAID]),
}
BEDROCK = {
    "schemaType": "ModelInvocationLog",
    "timestamp": START,
    "requestId": "r",
    "operation": "ConverseStream",
    "modelId": "m",
    "input": {
        "inputBodyJson": {"messages": [{"role": "user", "content": [{"text": "Is it open?"}]}]},
        "inputTokenCount": 10,
    },
    "output": {"outputBodyJson": CHUNKS, "outputTokenCount": 4},
}
SPEND = {
    "request_id": "r",
    "call_type": "acompletion",
    "spend": 0.25,
    "startTime": START,
    "endTime": END,
    "completionStartTime": FIRST,
    "model": "m",
    "prompt_tokens": 40,
    "completion_tokens": 4,
    "total_tokens": 44,
    "messages": json.dumps(ASKED),
    "response": json.dumps(BODY),
    "metadata": json.dumps({"usage_object": USAGE}),
    "end_user": "u",
    "session_id": "s",
}
TIMED = {"start_time": START, "end_time": END}

LOGS: dict[str, list[dict[str, Any]]] = {
    "langsmith": [
        {
            "id": "r",
            "trace_id": "t",
            "run_type": "llm",
            "name": "ChatOpenAI",
            **TIMED,
            "first_token_time": FIRST,
            "inputs": json.dumps({"messages": [[HUMAN]]}),
            "outputs": json.dumps(
                {"generations": [[{"text": "Until six.", "generation_info": {"finish_reason": "stop"}}]]}
            ),
            "extra": {"metadata": {"ls_model_name": "m", "user_id": "u", "session_id": "s"}},
            "prompt_tokens": 40,
            "completion_tokens": 4,
            "prompt_token_details": {"cache_read": 30},
            "total_cost": "0.25",
        }
    ],
    "phoenix": [{"name": "llm", "context": IDS, "span_kind": "LLM", "parent_id": None, **TIMED, "attributes": OPEN}],
    "otel_console": [
        {"name": "chat", "context": IDS, "kind": "SpanKind.CLIENT", "parent_id": None, **TIMED, "attributes": GENAI}
    ],
    "mlflow": [
        {
            "info": {"trace_id": "tr-1", "trace_metadata": {"mlflow.trace.session": "s", "mlflow.trace.user": "u"}},
            "data": {
                "spans": [
                    {
                        "name": "Completions",
                        "span_id": "b",
                        "start_time_unix_nano": 1777881600000000000,
                        "end_time_unix_nano": 1777881602000000000,
                        "attributes": {
                            "mlflow.spanType": '"CHAT_MODEL"',
                            "mlflow.spanInputs": json.dumps({"model": "m", "messages": ASKED}),
                            "mlflow.spanOutputs": json.dumps(BODY),
                        },
                    }
                ]
            },
        }
    ],
    "jaeger": [
        {
            "traceID": "t",
            "spans": [
                {
                    "traceID": "t",
                    "spanID": "b",
                    "operationName": "chat",
                    "startTime": 1777881600000000,
                    "duration": 2000000,
                    "processID": "p1",
                    "tags": [{"key": name, "type": "string", "value": value} for name, value in GENAI.items()],
                    "logs": [],
                }
            ],
            "processes": {"p1": {"serviceName": "shop"}},
        }
    ],
    "bedrock": [BEDROCK],
    "openai_batch": [
        {
            "id": "r",
            "custom_id": "c",
            "response": {"status_code": 200, "body": BODY | {"id": "chatcmpl", "created": 1777881600}},
            "error": None,
        }
    ],
    "litellm_spend": [SPEND],
    "helicone": [
        {
            "request_id": "r",
            "request_created_at": START,
            "response_created_at": END,
            "request_body": {"model": "m", "messages": ASKED},
            "response_body": BODY,
            "request_model": "m",
            "response_status": 200,
            "prompt_tokens": 40,
            "completion_tokens": 4,
            "request_user_id": "u",
            "request_properties": {"Helicone-Session-Id": "s", "tier": "pro"},
            "time_to_first_token": 500,
            "cost_usd": 0.25,
        }
    ],
    "vertex": [
        {
            "logging_time": "2026-05-04 08:00:00 UTC",
            "request_id": 7,
            "model": "publishers/google/models/m",
            "full_request": json.dumps({"contents": [{"role": "user", "parts": [{"text": "Is it open?"}]}]}),
            "full_response": json.dumps(
                {
                    "candidates": [
                        {"content": {"role": "model", "parts": [{"text": "Until six."}]}, "finishReason": "STOP"}
                    ],
                    "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 4, "cachedContentTokenCount": 30},
                }
            ),
        }
    ],
    "azure_gateway": [
        {
            "TimeGenerated": START,
            "CorrelationId": "r",
            "SequenceNumber": 1,
            "ResponseMessages": 'tent": "Until six."}]',
        },
        {
            "TimeGenerated": START,
            "CorrelationId": "r",
            "SequenceNumber": 0,
            "ModelName": "m",
            "PromptTokens": 40,
            "CompletionTokens": 4,
            "RequestMessages": json.dumps(ASKED),
            "ResponseMessages": '[{"role": "assistant", "con',
        },
    ],
}
MORE: dict[str, dict[str, Any]] = {
    "langsmith": {"user_id": "u", "session_id": "s", "ttft_ms": 500.0, "cost_usd": 0.25, "finish_reason": "stop"},
    "mlflow": {"user_id": "u", "session_id": "s", "total_latency_ms": 2000.0, "finish_reason": "stop"},
    "jaeger": {"total_latency_ms": 2000.0},
    "bedrock": {"finish_reason": "stop", "provider": "aws.bedrock"},
    "litellm_spend": {
        "user_id": "u",
        "session_id": "s",
        "ttft_ms": 500.0,
        "cost_usd": 0.25,
        "total_latency_ms": 2000.0,
    },
    "helicone": {"user_id": "u", "session_id": "s", "ttft_ms": 500.0, "cost_usd": 0.25, "total_latency_ms": 2000.0},
}
NO_CACHE = {"azure_gateway"}
NO_PROMPT = {"openai_batch"}


def read(name: str, *items: object) -> list[Item]:
    raw = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in items]
    format = load_format(SourceOptions(format=name, path="x"))
    return list(format.read([Entry("x.jsonl", number, line) for number, line in enumerate(raw, start=1)]))


@pytest.mark.parametrize("name", LOGS)
def test_a_call_is_read_in_full(name: str) -> None:
    items = read(name, *LOGS[name])
    assert not [item for item in items if isinstance(item, RejectedEntry)]
    (row,) = (item for item in items if isinstance(item, Row) and item.table.name == "interactions")
    record = check(row.table, row.fields, Limits())
    assert record["prompt"] == (None if name in NO_PROMPT else "Is it open?")
    assert (record["response"], record["model_version"]) == ("Until six.", "m")
    assert (record["input_tokens"], record["output_tokens"]) == (40, 4)
    assert record["cached_input_tokens"] == (None if name in NO_CACHE else 30)
    assert {field: record[field] for field in MORE.get(name, {})} == MORE.get(name, {})


@pytest.mark.parametrize("name", LOGS)
def test_the_days_of_an_entry_are_named_without_reading_it(name: str) -> None:
    format = load_format(SourceOptions(format=name, path="x"))
    days = {str(day) for item in LOGS[name] for day in format.days(json.dumps(item).encode())}
    assert days == {"2026-05-04"}


@pytest.mark.parametrize("name", LOGS)
def test_whoever_reads_it_as_something_else_is_told(name: str) -> None:
    entry = Entry("x.jsonl", 1, json.dumps(LOGS[name][0]).encode())
    for other in (NativeFormat(), OtlpFormat(StageNames())):
        assert f"; format `{name}` reads it" in hint(entry, other)
    assert hint(entry, load_format(SourceOptions(format=name, path="x"))) == ""
    assert hint(Entry("x.jsonl", 1, b'{"any": "thing"}'), NativeFormat()) == ""
    assert hint(Entry("x.jsonl", 1, b"no JSON"), NativeFormat()) == ""


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from([2**70, -1e300, "\x00", "1e999", "[{", "[]"]),
    lambda s: st.lists(s, max_size=2) | st.dictionaries(st.text(max_size=5), s, max_size=2),
    max_leaves=6,
)


def with_value(item: Any, value: Any, data: st.DataObject) -> Any:
    """The item with the value somewhere in it: in objects, in lists, and in texts that are JSON themselves."""
    inner = embedded(item)
    if not isinstance(inner, (dict, list)) or not inner or data.draw(st.integers(0, 4)) == 0:
        return value
    at = data.draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
    inner[at] = with_value(inner[at], value, data)
    return json.dumps(inner) if isinstance(item, str) else inner


@pytest.mark.parametrize("name", LOGS)
@given(HOSTILE, st.data())
def test_no_value_anywhere_makes_a_format_fail_or_an_entry_disappear(
    name: str, value: Any, data: st.DataObject
) -> None:
    item = json.loads(json.dumps(LOGS[name][0]))
    items = read(name, with_value(item, value, data))
    assert items
    for each in items:
        assert isinstance(each, (Row, RejectedEntry, PassedOver))
        if isinstance(each, Row):
            with suppress(Rejected):
                check(each.table, without_negative(each.fields, frozenset())[0], Limits())


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("bedrock", BEDROCK | {"modelId": "amazon.titan-embed-text-v2"}),
        ("litellm_spend", SPEND | {"call_type": "aembedding"}),
        ("helicone", LOGS["helicone"][0] | {"request_path": "/v1/embeddings"}),
        ("openai_batch", {"id": "r", "custom_id": "c", "response": {"body": {"object": "list", "data": []}}}),
    ],
)
def test_what_is_no_chat_is_neither_an_interaction_nor_a_reject(name: str, item: dict[str, Any]) -> None:
    (passed,) = read(name, item)
    assert isinstance(passed, PassedOver)
    assert "embed" in passed.what


@pytest.mark.parametrize(
    ("asked", "given_body", "prompt", "response"),
    [
        ({"inputText": "Hi"}, {"results": [{"outputText": "Hello", "completionReason": "FINISH"}]}, "Hi", "Hello"),
        ({"prompt": "Hi", "max_gen_len": 9}, {"generation": "Hello", "stop_reason": "stop"}, "Hi", "Hello"),
        ({"prompt": "Hi"}, {"outputs": [{"text": "Hello", "stop_reason": "stop"}]}, "Hi", "Hello"),
        (
            {"anthropic_version": "x", "messages": [{"role": "user", "content": "Hi"}]},
            {"content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn"},
            [{"role": "user", "content": "Hi"}],
            "Hello",
        ),
    ],
)
def test_bodies_of_bedrocks_providers(asked: Any, given_body: Any, prompt: Any, response: str) -> None:
    item = BEDROCK | {
        "operation": "InvokeModel",
        "input": {"inputBodyJson": asked},
        "output": {"outputBodyJson": given_body},
    }
    (row,) = read("bedrock", item)
    assert isinstance(row, Row)
    assert (row.fields["prompt"], row.fields["response"]) == (prompt, response)


def test_runs_of_a_trace_belong_together() -> None:
    run = {"trace_id": "t", **TIMED}
    retriever = run | {
        "id": "q",
        "run_type": "retriever",
        "name": "search",
        "outputs": {"documents": [{"page_content": "We close at six.", "metadata": {}}]},
    }
    chain = run | {"id": "t", "run_type": "chain", "name": "RetrievalQA"}
    call = LOGS["langsmith"][0] | {"parent_run_id": "t", "start_time": FIRST}
    rows = [
        item for item in read("langsmith", chain, retriever | {"parent_run_id": "t"}, call) if isinstance(item, Row)
    ]
    (native,) = (row.fields for row in rows if row.table.name == "interactions")
    assert [context["text"] for context in native["contexts"]] == ["We close at six."]
    stages = {row.fields["name"]: row.fields["stage"] for row in rows if row.table.name == "spans"}
    assert stages == {"RetrievalQA": "other", "search": "retrieval", "ChatOpenAI": "inference"}


def test_a_failed_request_of_a_batch() -> None:
    error = {"error": {"message": "maximum context length is 8192 tokens", "code": "context_length_exceeded"}}
    line = {"id": "r", "custom_id": "c", "response": {"status_code": 400, "body": error}, "error": None}
    (rejected,) = read("openai_batch", line)
    assert isinstance(rejected, RejectedEntry)
    import datetime as dt

    format = load_format(SourceOptions(format="openai_batch", path="x"))
    (row,) = format.read([Entry("2026-05-04.jsonl", 1, json.dumps(line).encode(), dt.date(2026, 5, 4))])
    assert isinstance(row, Row)
    assert (row.fields["error_kind"], row.fields["timestamp"]) == ("context_length", "2026-05-04T00:00:00+00:00")


def test_calls_of_coding_agents_are_interactions_with_what_was_asked_before_them() -> None:
    def event(name: str, at: int, **values: Any) -> dict[str, Any]:
        pairs = [{"key": key, "value": {"stringValue": str(value)}} for key, value in values.items()]
        body = {"stringValue": f"claude_code.{name}"}
        named = [{"key": "event.name", "value": {"stringValue": name}}]
        return {"timeUnixNano": str(1777881600_000000000 + at), "body": body, "attributes": [*pairs, *named]}

    usage = {"input_tokens": 10, "output_tokens": 4, "cache_read_tokens": 20, "cache_creation_tokens": 10}
    line = log_line(
        event("user_prompt", 0, **{"session.id": "s", "prompt": "Fix it"}),
        event(
            "api_request", 2 * 10**9, **{"session.id": "s", "model": "m", "duration_ms": 500, "cost_usd": 0.1}, **usage
        ),
        event("tool_result", 3 * 10**9, **{"session.id": "s", "tool_name": "Bash"}),
        event("api_error", 4 * 10**9, **{"session.id": "s", "model": "m", "error": "overloaded", "status_code": 529}),
    )
    items = list(read("otlp", line))
    assert not [item for item in items if isinstance(item, RejectedEntry)]
    answered, failed = (item.fields for item in items if isinstance(item, Row))
    assert (answered["prompt"], answered["input_tokens"], answered["cached_input_tokens"]) == ("Fix it", 40, 20)
    assert (answered["timestamp"], answered["cost_usd"]) == ("2026-05-04T08:00:01.500000+00:00", 0.1)
    assert (failed["error"], failed["error_kind"]) == ("overloaded", "server")
    assert answered["request_id"] == next(
        item.fields["request_id"] for item in read("otlp", line) if isinstance(item, Row)
    )


def test_every_bundled_format_says_which_entries_are_its_own() -> None:
    owners = {name: format_class(named) for name in BUNDLED if (named := extension(name)) is not None}
    for name, logs in LOGS.items():
        assert [other for other, kind in owners.items() if kind.owns(logs[0])] == [name]
    assert owners["helicone"].derived <= CLOCKED
