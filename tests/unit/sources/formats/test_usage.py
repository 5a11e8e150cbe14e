"""Input tokens hold cached ones and output tokens hold reasoning, however a provider, a library or an export counts them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.sources.entries import Entry, Row
from obs_lib.sources.formats.loading import load_format
from obs_lib.sources.formats.usage import settled, usage_of
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.repair import APART, REASONED_APART
from obs_lib.sources.validate import Limits, check
from tests.logs import attribute
from tests.unit.sources.formats.test_exports import LOGS

WHOLE = {"input_tokens": 100, "cached_input_tokens": 80, "output_tokens": 30, "reasoning_tokens": 20}

OPENAI = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 80},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
RESPONSES = {
    "input_tokens": 100,
    "output_tokens": 30,
    "total_tokens": 130,
    "input_tokens_details": {"cached_tokens": 80},
    "output_tokens_details": {"reasoning_tokens": 20},
}
ANTHROPIC = {
    "input_tokens": 15,
    "cache_read_input_tokens": 80,
    "cache_creation_input_tokens": 5,
    "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 20},
}
GEMINI = {
    "promptTokenCount": 100,
    "cachedContentTokenCount": 80,
    "candidatesTokenCount": 10,
    "thoughtsTokenCount": 20,
    "totalTokenCount": 130,
}
GEMINI_SNAKE = {
    "prompt_token_count": 100,
    "cached_content_token_count": 80,
    "candidates_token_count": 10,
    "thoughts_token_count": 20,
}
CONVERSE = {
    "inputTokens": 20,
    "cacheReadInputTokens": 80,
    "outputTokens": 30,
    "totalTokens": 130,
    "reasoningTokens": 20,
}
LANGCHAIN = {
    "input_tokens": 100,
    "output_tokens": 30,
    "total_tokens": 130,
    "input_token_details": {"cache_read": 80, "cache_creation": 5},
    "output_token_details": {"reasoning": 20},
}
VERTEX_INCLUSIVE = GEMINI | {"candidatesTokenCount": 30}


@pytest.mark.parametrize(
    ("usage", "repairs"),
    [
        (OPENAI, []),
        (RESPONSES, []),
        (ANTHROPIC, [APART]),
        (GEMINI, [REASONED_APART]),
        (GEMINI_SNAKE, [REASONED_APART]),
        (VERTEX_INCLUSIVE, []),
        (CONVERSE, [APART]),
        (LANGCHAIN, []),
    ],
)
def test_every_providers_usage_comes_to_the_same(usage: dict[str, Any], repairs: list[str]) -> None:
    assert usage_of(usage) == (WHOLE, repairs)


COUNT = st.integers(0, 1000)


@given(COUNT, COUNT, COUNT, COUNT, st.booleans(), st.booleans())
def test_a_total_says_which_way_a_log_counts(
    fresh: int, cached: int, said: int, thought: int, cache_beside: bool, reasoning_beside: bool
) -> None:
    counts = {
        "input_tokens": fresh if cache_beside else fresh + cached,
        "output_tokens": said if reasoning_beside else said + thought,
        "cached_input_tokens": cached,
        "reasoning_tokens": thought,
    }
    whole = {"input_tokens": fresh + cached, "output_tokens": said + thought}
    total = sum(whole.values())
    told, _ = settled(counts, total=total, cache_beside=cache_beside, reasoning_beside=reasoning_beside)
    if cached == thought and cache_beside != reasoning_beside:
        return  # which of the two was left out nobody can tell
    assert {name: told[name] for name in whole} == whole


GENAI = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.input.messages": "[]"}
CONVENTIONS = GENAI | {
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 30,
    "gen_ai.usage.cache_read.input_tokens": 80,
}
ADK_REQUEST = {"gcp.vertex.agent.llm_request": json.dumps({"model": "m", "contents": []})}
SPANS: dict[str, dict[str, Any]] = {
    "conventions": CONVENTIONS | {"gen_ai.usage.reasoning.output_tokens": 20},
    "OpenLLMetry": CONVENTIONS | {"gen_ai.usage.reasoning_tokens": 20},
    "pydantic-ai": CONVENTIONS | {"gen_ai.usage.details.reasoning_tokens": 20},
    "OpenInference": {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "llm.token_count.prompt": 100,
        "llm.token_count.completion": 30,
        "llm.token_count.prompt_details.cache_read": 80,
        "llm.token_count.completion_details.reasoning": 20,
    },
    "OpenInference, apart": {
        "openinference.span.kind": "LLM",
        "llm.token_count.prompt": 20,
        "llm.token_count.completion": 10,
        "llm.token_count.total": 130,
        "llm.token_count.prompt_details.cache_read": 80,
        "llm.token_count.completion_details.reasoning": 20,
    },
    "Google ADK 1": CONVENTIONS
    | ADK_REQUEST
    | {"gen_ai.usage.output_tokens": 10, "gen_ai.usage.experimental.reasoning_tokens": 20},
    "Google ADK with its response": CONVENTIONS
    | ADK_REQUEST
    | {
        "gen_ai.usage.output_tokens": 10,
        "gcp.vertex.agent.llm_response": json.dumps({"usage_metadata": GEMINI_SNAKE}),
    },
    "Google ADK 2": CONVENTIONS
    | ADK_REQUEST
    | {
        "gen_ai.usage.reasoning.output_tokens": 20,
        "gcp.vertex.agent.llm_response": json.dumps({"usage_metadata": GEMINI_SNAKE}),
    },
    "Vercel 5": {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "m",
        "ai.model.provider": "openai.responses",
        "ai.usage.inputTokens": 100,
        "ai.usage.outputTokens": 30,
        "ai.usage.totalTokens": 130,
        "ai.usage.cachedInputTokens": 80,
        "ai.usage.reasoningTokens": 20,
    },
    "Vercel 5 with Anthropic": {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "m",
        "ai.model.provider": "anthropic.messages",
        "ai.usage.inputTokens": 20,
        "gen_ai.usage.input_tokens": 20,
        "ai.usage.outputTokens": 30,
        "ai.usage.totalTokens": 50,
        "ai.usage.cachedInputTokens": 80,
        "ai.usage.reasoningTokens": 20,
    },
    "Vercel 6": {
        "ai.operationId": "ai.streamText.doStream",
        "ai.model.id": "m",
        "ai.model.provider": "anthropic.messages",
        "ai.usage.inputTokens": 100,
        "ai.usage.inputTokenDetails.noCacheTokens": 15,
        "ai.usage.inputTokenDetails.cacheReadTokens": 80,
        "ai.usage.inputTokenDetails.cacheWriteTokens": 5,
        "ai.usage.outputTokens": 30,
        "ai.usage.outputTokenDetails.reasoningTokens": 20,
        "ai.usage.totalTokens": 130,
    },
    "MLflow": {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.spanInputs": json.dumps({"messages": [{"role": "user", "content": "Why?"}]}),
        "mlflow.spanOutputs": json.dumps({"choices": [{"message": {"content": "So."}}], "usage": OPENAI}),
        "mlflow.chat.tokenUsage": json.dumps({"input_tokens": 100, "output_tokens": 30, "total_tokens": 130}),
    },
    "LangSmith": {
        "langsmith.span.kind": "LLM",
        "gen_ai.completion": json.dumps({"generations": [[{"text": "So.", "message": {"usage_metadata": LANGCHAIN}}]]}),
    },
    "Logfire": {
        "request_data": json.dumps({"model": "m", "messages": []}),
        "response_data": json.dumps({"message": {"role": "assistant", "content": "So."}, "usage": OPENAI}),
    },
    "Langfuse SDK": {
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details": json.dumps(
            {"input": 20, "input_cached_tokens": 80, "output": 10, "output_reasoning_tokens": 20}
        ),
    },
    "Langfuse SDK, as OpenAI says it": {
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details": json.dumps(OPENAI),
    },
    "Langfuse SDK, as Gemini says it": {
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details": json.dumps(GEMINI_SNAKE),
    },
}


@pytest.mark.parametrize("name", SPANS)
def test_every_dialects_counts_come_to_the_same(name: str) -> None:
    span = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "name": "call",
        "startTimeUnixNano": "1777881600000000000",
        "endTimeUnixNano": "1777881601000000000",
        "attributes": [attribute(key, value) for key, value in SPANS[name].items()],
    }
    assert counted("otlp", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) == WHOLE


AGENTS = {
    "claude_code.api_request": {
        "input_tokens": 15,
        "cache_read_tokens": 80,
        "cache_creation_tokens": 5,
        "output_tokens": 30,
    },
    "codex.sse_event": {
        "event.kind": "response.completed",
        "input_token_count": 100,
        "cached_token_count": 80,
        "output_token_count": 30,
        "reasoning_token_count": 20,
    },
    "gemini_cli.api_response": {
        "input_token_count": 100,
        "cached_content_token_count": 80,
        "output_token_count": 10,
        "thoughts_token_count": 20,
        "total_token_count": 130,
    },
}


@pytest.mark.parametrize("name", AGENTS)
def test_every_coding_agents_counts_come_to_the_same(name: str) -> None:
    record = {
        "timeUnixNano": "1777881600000000000",
        "attributes": [attribute("event.name", name), *(attribute(key, value) for key, value in AGENTS[name].items())],
    }
    found = counted("otlp", {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    assert found == WHOLE | ({"reasoning_tokens": None} if name.startswith("claude") else {})


BATCH, SPEND, HELICONE, RUN = (LOGS[name][0] for name in ("openai_batch", "litellm_spend", "helicone", "langsmith"))
PAYLOAD = {
    "id": "r",
    "call_type": "acompletion",
    "startTime": 1777881600.0,
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
}
EXPORTS: dict[str, tuple[str, dict[str, Any]]] = {
    "batch": ("openai_batch", BATCH | {"response": {"body": BATCH["response"]["body"] | {"usage": OPENAI}}}),
    "spend": (
        "litellm_spend",
        SPEND | {"prompt_tokens": 100, "completion_tokens": 30, "metadata": json.dumps({"usage_object": OPENAI})},
    ),
    "payload": ("litellm", PAYLOAD | {"metadata": {"usage_object": OPENAI}}),
    "payload of a route passed through": (
        "litellm",
        PAYLOAD
        | {"call_type": "pass_through_endpoint", "prompt_tokens": 15, "total_tokens": 45}
        | {"response": {"role": "assistant", "content": [{"type": "text", "text": "So."}], "usage": ANTHROPIC}},
    ),
    "helicone": (
        "helicone",
        HELICONE
        | {"prompt_tokens": 100, "completion_tokens": 30, "prompt_cache_read_tokens": 80, "reasoning_tokens": 20}
        | {"response_body": {}},
    ),
    "langsmith": (
        "langsmith",
        RUN
        | {"prompt_tokens": 100, "completion_tokens": 30, "total_tokens": 130}
        | {"prompt_token_details": {"cache_read": 80}, "completion_token_details": {"reasoning": 20}},
    ),
    "vertex": (
        "vertex",
        LOGS["vertex"][0] | {"full_response": json.dumps({"candidates": [], "usageMetadata": GEMINI})},
    ),
    "bedrock": (
        "bedrock",
        LOGS["bedrock"][0]
        | {"input": {"inputTokenCount": 15, "cacheReadInputTokenCount": 80, "cacheWriteInputTokenCount": 5}}
        | {"output": {"outputTokenCount": 30, "outputBodyJson": {"usage": ANTHROPIC}}},
    ),
    "langfuse": (
        "langfuse",
        {"id": "g", "traceId": "t", "type": "GENERATION", "startTime": "2026-05-04T08:00:00Z"}
        | {
            "usageDetails": {"input": 20, "input_cached_tokens": 80, "output": 10, "output_reasoning": 20, "total": 130}
        },
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_every_exports_counts_come_to_the_same(name: str) -> None:
    assert counted(*EXPORTS[name]) == WHOLE


def counted(format: str, item: dict[str, Any]) -> dict[str, Any]:
    """The counts of the only interaction of an entry."""
    entry = Entry("x.jsonl", 1, json.dumps(item).encode())
    items = load_format(SourceOptions(format=format, path="x")).read([entry])
    (row,) = (each for each in items if isinstance(each, Row) and each.table.name == "interactions")
    record = check(row.table, row.fields, Limits())
    return {count: record[count] for count in WHOLE}
