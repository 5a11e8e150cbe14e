"""What a request offers, and what its answer calls beside its text, whoever wrote it down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.entries import Row
from obs_lib.sources.validate import Limits, check
from tests.unit.sources.formats import test_export_variants as exports
from tests.unit.sources.formats.test_otlp import span, spans_line

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
ASKED = [{"role": "user", "content": "Cold in Oslo?"}]
OPENAI = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
GEMINI = [{"functionDeclarations": [{"name": "weather", "parameters": SCHEMA}]}]
FUNCTION = {"name": "weather", "arguments": '{"city":"Oslo"}'}
MESSAGE = {
    "role": "assistant",
    "content": "I look.",
    "tool_calls": [{"id": "1", "type": "function", "function": FUNCTION}],
}
BODY = {"model": "m-1", "choices": [{"message": MESSAGE, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 9}}
PARTS = {
    "role": "model",
    "parts": [{"text": "I look."}, {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}],
}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1"}


def said(value: Any) -> str:
    return json.dumps(value)


OTLP: dict[str, dict[str, Any]] = {
    "conventions": CHAT
    | {
        "gen_ai.tool.definitions": said([{"type": "function", "name": "weather", "parameters": SCHEMA}]),
        "gen_ai.output.messages": said([MESSAGE]),
    },
    "Sentry": CHAT
    | {
        "gen_ai.request.available_tools": said([{"name": "weather", "parameters": SCHEMA}]),
        "gen_ai.response.text": said([MESSAGE]),
    },
    "OpenLLMetry, LiteLLM": {
        "llm.request.type": "chat",
        "gen_ai.request.model": "m-1",
        "llm.request.functions.0.name": "weather",
        "llm.request.functions.0.parameters": said(SCHEMA),
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "I look.",
        "gen_ai.completion.0.tool_calls.0.name": "weather",
        "gen_ai.completion.0.tool_calls.0.arguments": FUNCTION["arguments"],
    },
    "OpenInference": {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m-1",
        "llm.tools.0.tool.json_schema": said(OPENAI[0]),
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "I look.",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "weather",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": FUNCTION["arguments"],
    },
    "OpenInference, bodies alone": {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m-1",
        "input.value": said({"messages": ASKED, "tools": OPENAI}),
        "input.mime_type": "application/json",
        "output.value": said(BODY),
        "output.mime_type": "application/json",
    },
    "Vercel": {
        "ai.operationId": "ai.streamText.doStream",
        "ai.model.id": "m-1",
        "ai.prompt.tools": [said({"type": "function", "name": "weather", "inputSchema": SCHEMA})],
        "ai.response.text": "I look.",
        "ai.response.toolCalls": said([{"toolCallId": "1", "toolName": "weather", "input": FUNCTION["arguments"]}]),
    },
    "pydantic-ai 1": CHAT
    | {
        "model_request_parameters": said({"function_tools": [{"name": "weather", "parameters_json_schema": SCHEMA}]}),
        "events": said([{"event.name": "gen_ai.choice", "index": 0, "message": MESSAGE}]),
    },
    "Logfire": {
        "request_data": said({"model": "m-1", "messages": ASKED, "tools": OPENAI}),
        "response_data": said({"message": MESSAGE}),
    },
    "MLflow": {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.spanInputs": said({"model": "m-1", "messages": ASKED, "tools": OPENAI}),
        "mlflow.spanOutputs": said(BODY),
    },
    "Google ADK": {
        "gcp.vertex.agent.llm_request": said(
            {
                "model": "m-1",
                "contents": [],
                "config": {"tools": [{"function_declarations": GEMINI[0]["functionDeclarations"]}]},
            }
        ),
        "gcp.vertex.agent.llm_response": said({"content": PARTS}),
    },
    "LangSmith": CHAT
    | {
        "langsmith.span.kind": "llm",
        "gen_ai.prompt": said({"messages": ASKED, "tools": OPENAI}),
        "gen_ai.completion": said(BODY),
    },
}
CLAUDE = {
    "role": "assistant",
    "content": [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "name": "weather", "input": {"city": "Oslo"}},
    ],
}
REQUEST = {"messages": ASKED, "tools": OPENAI}
EXPORTS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "LangSmith": (
        "langsmith",
        [exports.run(outputs=BODY, extra={"invocation_params": {"tools": OPENAI}})],
    ),
    "Bedrock": (
        "bedrock",
        [
            exports.bedrock(
                {
                    "messages": ASKED,
                    "toolConfig": {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": SCHEMA}}}]},
                },
                {
                    "output": {
                        "message": {
                            "role": "assistant",
                            "content": [
                                {"text": "I look."},
                                {"toolUse": {"name": "weather", "input": {"city": "Oslo"}}},
                            ],
                        }
                    }
                },
            )
        ],
    ),
    "Bedrock, Anthropic": (
        "bedrock",
        [exports.bedrock({"messages": ASKED, "tools": [{"name": "weather", "input_schema": SCHEMA}]}, CLAUDE)],
    ),
    "Vertex": ("vertex", [exports.vertex(exports.CONTENTS | {"tools": GEMINI}, {"candidates": [{"content": PARTS}]})]),
    "Azure": (
        "azure_gateway",
        [exports.azure(url=exports.PATH, responseCode=200, requestBody=said(REQUEST), responseBody=said(BODY))],
    ),
    "Spend": ("litellm_spend", [exports.spend(proxy_server_request=said(REQUEST), response=said(BODY))]),
    "Helicone": ("helicone", [exports.HELICONE | {"request_body": REQUEST, "response_body": BODY}]),
    "Batch": (
        "openai_batch",
        [
            exports.REQUEST | {"body": REQUEST | {"model": "m"}},
            exports.ANSWER | {"response": {"status_code": 200, "body": BODY | {"created": 1777881600}}},
        ],
    ),
    "MLflow": ("mlflow", [exports.mlflow(REQUEST, BODY)]),
    "Phoenix": (
        "phoenix",
        [
            exports.phoenix(
                context={"trace_id": "a" * 32, "span_id": "b" * 16},
                attributes={
                    "llm.model_name": "m-1",
                    "llm.tools": [{"tool": {"json_schema": said(OPENAI[0])}}],
                    "llm.output_messages": [{"message": MESSAGE}],
                },
            )
        ],
    ),
}


def right(record: dict[str, Any]) -> None:
    assert record["response"] == "I look."
    assert json.loads(record["tools"]) == [{"name": "weather", "parameters": SCHEMA}]
    assert json.loads(record["tool_calls"]) == [{"name": "weather", "arguments": {"city": "Oslo"}}]


@pytest.mark.parametrize("name", OTLP)
def test_every_dialect_tells_what_was_offered_and_called(name: str) -> None:
    _, record = exports.only("otlp", json.loads(spans_line(span("do it", 1, attributes=OTLP[name]))))
    right(record)


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_tells_what_was_offered_and_called(name: str) -> None:
    format, items = EXPORTS[name]
    rows = [made for made in exports.read(format, *items) if isinstance(made, Row) and made.table is INTERACTIONS]
    (row,) = rows
    right(check(row.table, row.fields, Limits()))
