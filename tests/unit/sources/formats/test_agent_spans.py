"""Spans of coding agents, of servers and of instrumentations that write a call more than once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obs_lib.sources.entries import Entry, HalfRead, Row
from obs_lib.sources.formats.otlp.format import OtlpFormat
from obs_lib.sources.stages import StageNames
from tests.unit.sources.formats.test_dialects import PARTS, TOKENS, interactions, record_line
from tests.unit.sources.formats.test_otlp import GENAI, TRACE, span, spans_line

REQUEST = {
    "span.type": "llm_request",
    "gen_ai.request.model": "m",
    "model": "m",
    "session.id": "s",
    "input_tokens": 2,
    "output_tokens": 40,
    "cache_read_tokens": 100,
    "cache_creation_tokens": 8,
    "ttft_ms": 300,
    "stop_reason": "tool_use",
    "request_id": "req_1",
}
ASKED = {"span.type": "interaction", "user_prompt": "Mend it", "session.id": "s"}
EVENT = {
    "event.name": "claude_code.api_request",
    "session.id": "s",
    "model": "m",
    "request_id": "req_1",
    "input_tokens": 2,
    "output_tokens": 40,
    "cache_read_tokens": 100,
    "cache_creation_tokens": 8,
    "cost_usd": 0.02,
}


def of_lines(*lines: bytes) -> list[dict[str, Any]]:
    entries = [Entry("x.jsonl", number, line) for number, line in enumerate(lines, start=1)]
    made = OtlpFormat(StageNames()).read(entries)
    return [item.fields for item in made if isinstance(item, Row) and item.table.name == "interactions"]


@pytest.mark.parametrize("word", ["llm", "web", "custom"])
def test_a_word_of_another_tracer_for_its_spans_hides_no_call(word: str) -> None:
    (native,) = interactions(span("chat", 1, attributes=GENAI | TOKENS | {"span.type": word}))
    assert native["input_tokens"] == TOKENS["gen_ai.usage.input_tokens"]


def test_a_request_of_claude_code_is_read_with_what_was_asked_around_it() -> None:
    (native,) = interactions(span("claude_code.interaction", 1, attributes=ASKED), span("r", 2, 1, attributes=REQUEST))
    assert (native["prompt"], native["session_id"], native["model_version"]) == ("Mend it", "s", "m")
    assert (native["input_tokens"], native["cached_input_tokens"], native["output_tokens"]) == (110, 100, 40)
    assert (native["ttft_ms"], native["finish_reason"]) == (300, "tool_call")


def test_a_request_that_is_a_span_and_an_event_counts_once_with_what_either_says() -> None:
    spans = spans_line(span("r", 2, attributes=REQUEST))
    events = record_line(
        (0, {"event.name": "claude_code.user_prompt", "prompt": "Mend it"} | {"session.id": "s"}), (1, EVENT)
    )
    for lines in ((spans, events), (events, spans)):
        (native,) = of_lines(*lines)
        assert (native["request_id"], native["trace_id"]) == ("0000000000000002", TRACE)
        assert (native["cost_usd"], native["ttft_ms"], native["prompt"]) == (0.02, 300, "Mend it")
    other = record_line((1, EVENT | {"request_id": "req_2"}))
    assert [one["request_id"] for one in of_lines(spans, other)] == ["0000000000000002", "req_2"]


def test_a_prompt_that_was_not_to_be_logged_is_none() -> None:
    hidden = record_line((0, {"event.name": "codex.user_prompt", "prompt": "[REDACTED]"}), (1, EVENT))
    assert [native["prompt"] for native in of_lines(hidden)] == [None]
    around = span("claude_code.interaction", 1, attributes=ASKED | {"user_prompt": "<REDACTED>"})
    (native,) = interactions(around, span("r", 2, 1, attributes=REQUEST))
    assert native.get("prompt") is None


def test_a_request_of_codex_that_failed_is_an_interaction() -> None:
    base = {"event.name": "codex.api_request", "conversation.id": "c", "model": "m", "duration_ms": "700"}
    refused = base | {"http.response.status_code": "429", "error.message": "Too many requests"}
    (native,) = of_lines(record_line((1, base | {"http.response.status_code": "200"}), (3, refused)))
    assert (native["error"], native["error_kind"]) == ("Too many requests", "rate_limit")


def test_what_a_server_of_one_model_writes_needs_no_model() -> None:
    served = {
        "gen_ai.latency.time_to_first_token": 0.18,
        "gen_ai.latency.time_in_model_prefill": 0.15,
        "gen_ai.usage.prompt_tokens": 420,
        "gen_ai.usage.completion_tokens": 96,
        "gen_ai.request.id": "cmpl-1",
    }
    (native,) = interactions(span("llm_request", 1, attributes=served))
    assert (native["input_tokens"], native["output_tokens"]) == (420, 96)
    assert (native["ttft_ms"], native["prefill_ms"]) == (180, 150)


def test_a_span_that_only_says_that_another_has_begun_is_none() -> None:
    request = {"request_data": json.dumps({"model": "m", "messages": [{"role": "user", "content": "Is it open?"}]})}
    begun = span("Chat", 2, 1, took=0, attributes=request | {"logfire.span_type": "pending_span"})
    answered = {"response_data": json.dumps({"message": {"role": "assistant", "content": "Until six."}})}
    (native,) = interactions(begun, span("Chat", 1, took=900, attributes=request | answered))
    assert (native["request_id"], native["response"]) == ("0000000000000001", "Until six.")
    (native,) = interactions(begun)  # what never ended is all that there is
    assert native["prompt"][-1]["content"] == "Is it open?"


def test_copilots_time_and_session_are_read() -> None:
    own = {"copilot_chat.time_to_first_token": 250, "copilot_chat.chat_session_id": "s"}
    (native,) = interactions(span("chat", 1, attributes=GENAI | TOKENS | own))
    assert (native["ttft_ms"], native["session_id"]) == (250, "s")


def test_half_read_names_nothing_that_was_read() -> None:
    said = {
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": "Until six."}]),
        "acme.question": "Is it open?",
    }
    made = OtlpFormat(StageNames()).read([Entry("x", 1, spans_line(span("chat", 1, attributes=GENAI | TOKENS | said)))])
    (row,) = (item for item in made if isinstance(item, Row) and item.table.name == "interactions")
    assert row.half_read == HalfRead("GenAI conventions", ("acme.question",))
    asked = {"gen_ai.input.messages": json.dumps(PARTS), "acme.answer": "Until six."}
    made = OtlpFormat(StageNames()).read(
        [Entry("x", 1, spans_line(span("chat", 1, attributes=GENAI | TOKENS | asked)))]
    )
    (row,) = (item for item in made if isinstance(item, Row) and item.table.name == "interactions")
    assert row.half_read == HalfRead("GenAI conventions", ("acme.answer",))


def test_a_tools_result_under_the_role_of_the_user_is_no_prompt() -> None:
    pairs = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Is it open?",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.contents.0.message_content.type": "tool_result",
        "llm.input_messages.1.message.contents.0.message_content.content": "closes at six",
        "llm.input_messages.2.message.role": "user",
        "llm.input_messages.2.message.content": "closes at seven",
        "llm.input_messages.2.message.tool_call_id": "t",
    }
    (native,) = interactions(span("Messages", 1, attributes=pairs))
    assert [message["role"] for message in native["prompt"]] == ["user", "tool", "tool"]
