"""Spans of libraries that have names or shapes of their own: read in full, with texts, tokens, cost, user and session."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obs_lib.sources.entries import Entry, HalfRead, PassedOver, RejectedEntry, Row
from obs_lib.sources.formats.otlp.format import OtlpFormat
from obs_lib.sources.stages import StageNames
from tests.logs import attribute
from tests.unit.sources.formats.test_otlp import GENAI, span, spans_line

ASKED = [{"role": "user", "content": "Is it open?"}]
PARTS = [{"role": "user", "parts": [{"type": "text", "content": "Is it open?"}]}]
ASKED_OF_BEDROCK = [{"text": "Is it open?"}]
SAID = [{"role": "assistant", "parts": [{"type": "text", "content": "Until six."}]}]
TOKENS = {"gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 4}
CALLED = '[{"arguments":{"city":"Bern"},"name":"weather"}]'
EVENTS = [
    {"event.name": "gen_ai.system.message", "role": "system", "content": "Be kind."},
    {"event.name": "gen_ai.user.message", "role": "user", "content": "Is it open?"},
    {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "Until six."}},
]
KWARGS = {"content": "Is it open?", "type": "human"}
HUMAN = {"lc": 1, "type": "constructor", "id": ["langchain", "messages", "HumanMessage"], "kwargs": KWARGS}
AI = {
    "lc": 1,
    "type": "constructor",
    "id": ["langchain", "messages", "AIMessage"],
    "kwargs": {
        "content": "Until six.",
        "usage_metadata": {"input_tokens": 40, "output_tokens": 4, "input_token_details": {"cache_read": 30}},
        "response_metadata": {"finish_reason": "stop"},
    },
}


def read(*spans: dict[str, Any]) -> list[Row]:
    rows = list(OtlpFormat(StageNames()).read([Entry("x.jsonl", 1, spans_line(*spans))]))
    assert not any(isinstance(row, RejectedEntry) for row in rows)
    return [row for row in rows if isinstance(row, Row)]


def interactions(*spans: dict[str, Any]) -> list[dict[str, Any]]:
    return [row.fields for row in read(*spans) if row.table.name == "interactions"]


DIALECTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "LiteLLM": (
        {
            "gen_ai.operation.name": "acompletion",
            "llm.request.type": "acompletion",
            "gen_ai.request.model": "m",
            "gen_ai.input.messages": json.dumps(PARTS),
            "gen_ai.output.messages": json.dumps(SAID),
            "gen_ai.cost.total_cost": 0.002,
            "llm.user": "u",
            **TOKENS,
        },
        {"cost_usd": 0.002, "user_id": "u"},
    ),
    "Vercel AI SDK": (
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.id": "m",
            "ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "Is it open?"}]}]),
            "ai.response.text": "Until six.",
            "ai.response.finishReason": "stop",
            "ai.response.msToFirstChunk": 120.5,
            "ai.usage.inputTokens": 40,
            "ai.usage.outputTokens": 4,
            "ai.usage.cachedInputTokens": 30,
            "ai.telemetry.metadata.userId": "u",
            "ai.telemetry.metadata.sessionId": "s",
        },
        {"cached_input_tokens": 30, "ttft_ms": 120.5, "user_id": "u", "session_id": "s", "finish_reason": "stop"},
    ),
    "pydantic-ai 1": (
        GENAI
        | TOKENS
        | {"events": json.dumps(EVENTS), "gen_ai.usage.details.cached_tokens": 30, "operation.cost": 0.1},
        {"cached_input_tokens": 30, "cost_usd": 0.1},
    ),
    "Logfire": (
        {
            "gen_ai.request.model": "m",
            "request_data": json.dumps({"model": "m", "messages": ASKED}),
            "response_data": json.dumps(
                {
                    "message": {"role": "assistant", "content": "Until six."},
                    "usage": {
                        "prompt_tokens": 40,
                        "completion_tokens": 4,
                        "prompt_tokens_details": {"cached_tokens": 30},
                    },
                }
            ),
        },
        {"cached_input_tokens": 30},
    ),
    "Google ADK": (
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gcp.vertex.agent.session_id": "s",
            "gcp.vertex.agent.llm_request": json.dumps(
                {"model": "m", "contents": [{"role": "user", "parts": [{"text": "Is it open?"}]}]}
            ),
            "gcp.vertex.agent.llm_response": json.dumps(
                {
                    "content": {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "Until six."}]},
                    "finish_reason": "STOP",
                    "usage_metadata": {
                        "prompt_token_count": 40,
                        "candidates_token_count": 4,
                        "cached_content_token_count": 30,
                    },
                }
            ),
        },
        {"cached_input_tokens": 30, "session_id": "s", "finish_reason": "stop"},
    ),
    "MLflow": (
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.spanInputs": json.dumps({"model": "m", "messages": ASKED}),
            "mlflow.spanOutputs": json.dumps(
                {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Until six."}}]}
            ),
            "mlflow.chat.tokenUsage": json.dumps({"input_tokens": 40, "output_tokens": 4, "total_tokens": 44}),
            "mlflow.trace.session": '"s"',
        },
        {"session_id": "s", "finish_reason": "stop"},
    ),
    "LangSmith": (
        {
            "langsmith.span.kind": "llm",
            "langsmith.metadata.ls_model_name": "m",
            "langsmith.metadata.thread_id": "s",
            "gen_ai.prompt": json.dumps({"messages": [[HUMAN]]}),
            "gen_ai.completion": json.dumps({"generations": [[{"text": "Until six.", "message": AI}]]}),
        },
        {"session_id": "s", "cached_input_tokens": 30, "finish_reason": "stop"},
    ),
    "Semantic Kernel": (
        {
            "gen_ai.operation.name": "chat.completions",
            "gen_ai.request.model": "m",
            "gen_ai.prompt": json.dumps(ASKED),
            "gen_ai.completion": json.dumps([{"role": "assistant", "content": "Until six.", "finish_reason": "stop"}]),
            **TOKENS,
        },
        {"finish_reason": "stop"},
    ),
    "OpenLLMetry": (
        {
            "llm.request.type": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": json.dumps(
                [{"type": "text", "text": "Is it open?"}, {"type": "image_url", "image_url": {"url": "https://x"}}]
            ),
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "Until six.",
            **TOKENS,
        },
        {},
    ),
    "Sentry": (
        {
            "gen_ai.operation.name": "responses",
            "gen_ai.request.model": "m",
            "gen_ai.request.messages": json.dumps(ASKED),
            "gen_ai.response.text": "Until six.",
            "gen_ai.usage.input_tokens.cached": 30,
            **TOKENS,
        },
        {"cached_input_tokens": 30},
    ),
    "OpenLIT": (
        GENAI
        | TOKENS
        | {
            "gen_ai.prompt": json.dumps(ASKED),
            "gen_ai.completion": "Until six.",
            "gen_ai.usage.cost": 0.1,
            "gen_ai.server.time_to_first_token": 0.25,
        },
        {"cost_usd": 0.1, "ttft_ms": 250.0},
    ),
    "OpenLLMetry's first names": (
        {
            "llm.vendor": "OpenAI",
            "llm.request.type": "chat",
            "llm.request.model": "m",
            "llm.prompts.0.role": "user",
            "llm.prompts.0.content": "Is it open?",
            "llm.completions.0.role": "assistant",
            "llm.completions.0.content": "Until six.",
            "llm.completions.0.finish_reason": "stop",
            "llm.usage.prompt_tokens": 40,
            "llm.usage.completion_tokens": 4,
        },
        {"provider": "OpenAI", "finish_reason": "stop"},
    ),
    "Vercel 4 with what its provider says": (
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.id": "m",
            "ai.model.provider": "openai.chat",
            "ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "Is it open?"}]}]),
            "ai.response.text": "Until six.",
            "ai.usage.promptTokens": 40,
            "ai.usage.completionTokens": 4,
            "ai.response.providerMetadata": json.dumps({"openai": {"cachedPromptTokens": 30, "reasoningTokens": 2}}),
        },
        {"cached_input_tokens": 30, "reasoning_tokens": 2},
    ),
    "OpenInference with bodies alone": (
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "m",
            "input.value": json.dumps({"messages": ASKED}),
            "input.mime_type": "application/json",
            "output.value": json.dumps(
                {
                    "choices": [{"message": {"role": "assistant", "content": "Until six."}}],
                    "usage": {
                        "prompt_tokens": 40,
                        "completion_tokens": 4,
                        "prompt_tokens_details": {"cached_tokens": 30},
                    },
                }
            ),
            "output.mime_type": "application/json",
        },
        {"cached_input_tokens": 30},
    ),
    "MLflow of DSPy": (
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.spanInputs": json.dumps({"prompt": None, "messages": ASKED}),
            "mlflow.spanOutputs": json.dumps(["Until six."]),
            "mlflow.chat.tokenUsage": json.dumps({"input_tokens": 40, "output_tokens": 4, "total_tokens": 44}),
            "model": '"m"',
        },
        {},
    ),
    "MLflow of Bedrock": (
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.spanInputs": json.dumps(
                {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "Is it open?"}]}]}
            ),
            "mlflow.spanOutputs": json.dumps(
                {
                    "output": {"message": {"role": "assistant", "content": [{"text": "Until six."}]}},
                    "stopReason": "end_turn",
                    "usage": {"inputTokens": 40, "outputTokens": 4, "totalTokens": 44},
                }
            ),
        },
        {"finish_reason": "stop"},
    ),
    "a name of tomorrow": (
        GENAI
        | TOKENS
        | {
            "gen_ai.operation.name": "ponder",
            "gen_ai.input.messages": json.dumps(PARTS),
            "gen_ai.output.messages": json.dumps(SAID),
        },
        {},
    ),
}


@pytest.mark.parametrize(("attributes", "more"), DIALECTS.values(), ids=DIALECTS)
def test_a_call_is_read_in_full(attributes: dict[str, Any], more: dict[str, Any]) -> None:
    (native,) = interactions(span("do it", 1, attributes=attributes))
    asked = native["prompt"]
    assert (asked if isinstance(asked, str) else asked[-1]["content"]) == "Is it open?"
    assert native["response"] == "Until six."
    assert (native["model_version"], native["input_tokens"], native["output_tokens"]) == ("m", 40, 4)
    assert {name: native.get(name) for name in more} == more


def test_strands_blocks_and_milliseconds() -> None:
    blocks = json.dumps([{"toolUse": {"toolUseId": "t", "name": "weather", "input": {"city": "Bern"}}}])
    result = json.dumps([{"toolResult": {"toolUseId": "t", "content": [{"text": "12 degrees"}]}}])
    call = GENAI | TOKENS | {"gen_ai.server.time_to_first_token": 80}
    events = [
        ("gen_ai.user.message", 0, {"content": '[{"text": "Warm?"}]'}),
        ("gen_ai.user.message", 0, {"content": result}),
        ("gen_ai.choice", 90, {"message": blocks, "finish_reason": "tool_use"}),
    ]
    (native,) = interactions(span("chat", 1, attributes=call, events=events))
    assert native["prompt"] == [{"role": "user", "content": "Warm?"}, {"role": "tool", "content": "12 degrees"}]
    assert (native["response"], native["finish_reason"], native["ttft_ms"]) == (CALLED, "tool_call", 80)


def test_the_span_around_vercels_steps_is_no_interaction_of_its_own() -> None:
    outer = {"ai.operationId": "ai.streamText", "ai.model.id": "m", "ai.prompt": '{"prompt": "Is it open?"}'}
    inner = {"ai.operationId": "ai.streamText.doStream", "ai.model.id": "m", "ai.response.text": "Until six."}
    tool = {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "clock"}
    rows = read(
        span("ai.streamText", 1, took=300, attributes=outer),
        span("ai.streamText.doStream", 2, 1, at=10, attributes=inner),
        span("ai.toolCall", 3, 1, at=5, took=2, attributes=tool),
    )
    (native,) = (row.fields for row in rows if row.table.name == "interactions")
    assert (native["request_id"], native["prompt"], native["response"]) == (f"{2:016x}", "Is it open?", "Until six.")
    stages = {row.fields["name"]: row.fields["stage"] for row in rows if row.table.name == "spans"}
    assert stages == {"ai.streamText": "other", "ai.streamText.doStream": "inference", "ai.toolCall": "tool"}


@pytest.mark.parametrize(
    "operation",
    ["embeddings", "aembedding", "rerank", "image_generation", "moderation", "execute_tool", "count_tokens"],
)
def test_what_is_no_chat_is_neither_an_interaction_nor_a_reject(operation: str) -> None:
    assert interactions(span("x", 1, attributes=GENAI | TOKENS | {"gen_ai.operation.name": operation})) == []


def test_an_agent_alone_is_an_interaction_and_one_around_its_calls_is_not() -> None:
    whole = GENAI | TOKENS | {"gen_ai.operation.name": "invoke_agent", "gen_ai.output.messages": json.dumps(SAID)}
    assert [native["response"] for native in interactions(span("agent", 1, attributes=whole))] == ["Until six."]
    natives = interactions(
        span("agent", 1, attributes=whole), span("chat", 2, 1, at=5, took=9, attributes=GENAI | TOKENS)
    )
    assert [native["request_id"] for native in natives] == [f"{2:016x}"]


def test_contexts_of_mlflow_and_of_vector_stores() -> None:
    mlflow = {
        "mlflow.spanType": '"RETRIEVER"',
        "mlflow.spanOutputs": json.dumps([{"page_content": "We close at six.", "id": "d", "metadata": {}}]),
    }
    call = span("chat", 2, at=50, attributes=GENAI)
    (native,) = interactions(span("look up", 1, attributes=mlflow), call)
    assert native["contexts"] == [{"id": "d", "text": "We close at six.", "score": None}]
    answered = {"db.query.result.id": "d", "db.query.result.document": "We close at six.", "db.query.result.score": 0.5}
    store = span("chroma.query", 1, attributes={"db.system": "chroma"}, events=[("db.query.result", 5, answered)])
    (native,) = interactions(store, call)
    assert native["contexts"] == [{"id": "d", "text": "We close at six.", "score": 0.5}]


def test_cached_tokens_that_are_counted_apart_are_added_to_the_input() -> None:
    for more in (
        {"gen_ai.usage.cache_read.input_tokens": 3000},
        {"gen_ai.usage.cache_read.input_tokens": 30, "gen_ai.usage.total_tokens": 74},
    ):
        (row,) = (
            row for row in read(span("chat", 1, attributes=GENAI | TOKENS | more)) if row.table.name == "interactions"
        )
        assert row.fields["input_tokens"] == 40 + more["gen_ai.usage.cache_read.input_tokens"]
        assert row.repairs == ("cached counted apart",)
    inside = {"gen_ai.usage.cache_read.input_tokens": 30, "gen_ai.usage.total_tokens": 44}
    assert interactions(span("chat", 1, attributes=GENAI | TOKENS | inside))[0]["input_tokens"] == 40


def test_a_half_read_span_says_what_was_seen_and_not_read() -> None:
    call = GENAI | TOKENS | {"acme.prompt_text": "Is it open?", "acme.0.answer": "Until six.", "acme.flag": True}
    (row,) = (row for row in read(span("chat", 1, attributes=call)) if row.table.name == "interactions")
    assert row.half_read == HalfRead("GenAI conventions", ("acme.<i>.answer", "acme.prompt_text"))
    whole = GENAI | TOKENS | {"gen_ai.input.messages": json.dumps(PARTS), "gen_ai.output.messages": json.dumps(SAID)}
    assert all(row.half_read is None for row in read(span("chat", 1, attributes=whole)))


def test_a_chain_around_others_is_no_stage_by_its_name() -> None:
    rows = read(
        span("RetrievalQA", 1, took=300, attributes={"openinference.span.kind": "CHAIN"}),
        span("StrOutputParser", 3, 1, at=150, took=2, attributes={"openinference.span.kind": "CHAIN"}),
        span("chat", 2, 1, at=5, attributes=GENAI),
    )
    stages = {row.fields["name"]: row.fields["stage"] for row in rows if row.table.name == "spans"}
    assert stages == {"RetrievalQA": "other", "StrOutputParser": "output_processor", "chat": "inference"}


def test_a_part_of_no_known_kind_is_counted_and_leaves_the_rest_readable() -> None:
    said = [{"role": "assistant", "parts": [*SAID[0]["parts"], {"type": "hologram"}]}]
    call = GENAI | {"gen_ai.output.messages": json.dumps(said)}
    (row,) = (row for row in read(span("chat", 1, attributes=call)) if row.table.name == "interactions")
    assert (row.fields["response"], row.repairs) == ("Until six.", ("unknown part of a message",))


def test_an_agent_alone_is_one_interaction_whatever_names_its_generation_has() -> None:
    counts = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 4}
    asked = [{"role": "user", "parts": [{"type": "text", "content": "Is it open?"}]}]
    said = [{"role": "assistant", "parts": [{"type": "text", "content": "Until six."}]}]
    older = {
        "agent_name": "a",
        "model_name": "m",
        "all_messages_events": json.dumps(EVENTS),
        "final_result": "Until six.",
    }
    newer = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.request.model": "m",
        "pydantic_ai.all_messages": json.dumps([*asked, *said]),
    }
    for given in (older, newer):
        (fields,) = interactions(span("agent run", 1, attributes=given | counts))
        assert (fields["response"], fields["model_version"], fields["input_tokens"]) == ("Until six.", "m", 10)
        calls = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **counts}
        (fields,) = interactions(span("agent run", 1, attributes=given | counts), span("chat", 2, 1, attributes=calls))
        assert fields["request_id"].endswith("2")


def test_a_stream_that_logfire_writes_down_afterwards_took_what_it_says() -> None:
    request = {"model": "m", "messages": [{"role": "user", "content": "Is it open?"}], "stream": True}
    told = {"request_data": json.dumps(request), "logfire.span_type": "log", "duration": 1.5}
    (fields,) = interactions(
        span("streaming response", 1, attributes=told | {"response_data": '{"combined_chunk_content": "Until six."}'})
    )
    assert (fields["response"], fields["total_latency_ms"]) == ("Until six.", 1500.0)


def test_documents_of_a_vector_store_may_stand_in_its_metadata() -> None:
    found = (
        "db.query.result",
        0,
        {"db.query.result.id": "d", "db.query.result.metadata": '{"text": "Open until six."}'},
    )
    store = span("pinecone.query", 2, 1, attributes={"db.system": "pinecone"}, events=[found])
    call = span("chat", 3, 1, 10, attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
    (fields,) = interactions(span("flow", 1, attributes={}), store, call)
    assert fields["contexts"] == [{"id": "d", "text": "Open until six.", "score": None}]


def record_line(*records: tuple[int, dict[str, Any]]) -> bytes:
    made = [
        {
            "timeUnixNano": str(1772532000000000000 + at * 10**9),
            "attributes": [attribute(*pair) for pair in given.items()],
        }
        for at, given in records
    ]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": made}]}]}).encode()


def test_a_call_that_gemini_cli_writes_twice_counts_once_with_the_texts_of_both() -> None:
    base = {"session.id": "s"}
    response = {"event.name": "gemini_cli.api_response", "model": "m", "input_token_count": 10, "output_token_count": 4}
    details = {
        "event.name": "gen_ai.client.inference.operation.details",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.response.id": "r",
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Done."}]}]),
    }
    asked = {"event.name": "gemini_cli.user_prompt", "prompt": "Fix it"}
    line = record_line((0, asked | base), (2, response | base | {"thoughts_token_count": 3}), (2, details | base))
    (row,) = OtlpFormat(StageNames()).read([Entry("x.jsonl", 1, line)])
    assert isinstance(row, Row)
    said = {name: row.fields[name] for name in ("prompt", "response", "output_tokens", "reasoning_tokens")}
    assert said == {"prompt": "Fix it", "response": "Done.", "output_tokens": 7, "reasoning_tokens": 3}
    other = record_line((2, response | base), (9, details | base | {"gen_ai.usage.input_tokens": 11}))
    assert len(list(OtlpFormat(StageNames()).read([Entry("x.jsonl", 1, other)]))) == 2


def test_an_answer_that_a_coding_agent_writes_down_is_read() -> None:
    body = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Done."}]}}]}
    for given in ("Done.", json.dumps(body), json.dumps([body])):
        event = {"event.name": "gemini_cli.api_response", "input_token_count": 1, "response_text": given}
        (row,) = OtlpFormat(StageNames()).read([Entry("x.jsonl", 1, record_line((0, event)))])
        assert isinstance(row, Row)
        assert row.fields["response"] == "Done."


def test_what_google_adk_logs_beside_a_call_is_its_texts() -> None:
    records = [
        ("gen_ai.system.message", {"content": "Be brief."}),
        ("gen_ai.user.message", {"content": {"role": "user", "parts": [{"text": "Is it open?"}]}}),
        (
            "gen_ai.choice",
            {"index": 0, "content": {"role": "model", "parts": [{"text": "Until six."}]}, "finish_reason": "STOP"},
        ),
    ]
    events = [(name, 0, body) for name, body in records]
    (native,) = interactions(span("call_llm", 1, attributes=GENAI | TOKENS, events=events))
    assert native["prompt"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Is it open?"}]
    assert (native["response"], native["input_tokens"], native["finish_reason"]) == ("Until six.", 40, "stop")


def test_a_client_of_a_vector_store_is_a_retrieval_by_what_it_found() -> None:
    found = [("db.query.result", 5, {"db.query.result.id": "1", "db.query.result.document": "Open until six."})]
    rows = read(
        span("chroma.query", 1, took=50, attributes={"db.system": "chroma"}, events=found),
        span("openai.chat", 2, at=60, attributes=GENAI | TOKENS),
    )
    stages = {row.fields["name"]: row.fields["stage"] for row in rows if row.table.name == "spans"}
    assert stages["chroma.query"] == "retrieval"


@pytest.mark.parametrize("agent", ["qwen-code", "an_agent_of_tomorrow"])
def test_agents_that_name_their_events_alike_are_read_alike(agent: str) -> None:
    base = {"session.id": "s"}
    asked = {"event.name": f"{agent}.user_prompt", "prompt": "Mend it"}
    said = {"event.name": f"{agent}.api_request", "model": "m", "input_tokens": 10, "output_tokens": 4}
    (row,) = OtlpFormat(StageNames()).read([Entry("x.jsonl", 1, record_line((0, asked | base), (2, said | base)))])
    assert isinstance(row, Row)
    native = row.fields
    assert (native["prompt"], native["model_version"], native["session_id"]) == ("Mend it", "m", "s")
    assert (native["input_tokens"], native["output_tokens"], native["tags"]) == (10, 4, {"route": agent})


def test_calls_in_words_that_nobody_knows_are_told_by_their_tokens() -> None:
    line = spans_line(span("think", 1, attributes={"acme.model": "m", "acme.prompt_tokens": 10}))
    made = OtlpFormat(StageNames()).read([Entry("x.jsonl", 1, line)])
    assert [item.what for item in made if isinstance(item, PassedOver)] == ["think"]


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        (
            "LiteLLM",
            {"llm.request.type": "acompletion", "gen_ai.cost.total_cost": 0.1, "metadata.user_api_key_hash": "h"},
        ),
        (
            "OpenInference",
            {"openinference.span.kind": "LLM", "llm.response.model_name": "m", "llm.prompts.0.prompt.text": ""},
        ),
        ("OpenLLMetry", {"llm.vendor": "OpenAI", "llm.request.type": "chat", "llm.usage.prompt_tokens": 4}),
        ("Vercel AI SDK", {"ai.operationId": "ai.generateText.doGenerate"}),
    ],
)
def test_a_half_read_call_is_called_by_the_library_that_wrote_it(name: str, attributes: dict[str, Any]) -> None:
    call = span("call", 1, attributes=GENAI | {"gen_ai.usage.input_tokens": 4} | attributes)
    (row,) = (row for row in read(call) if row.table.name == "interactions")
    assert isinstance(row.half_read, HalfRead)
    assert row.half_read.dialect == name
