"""Exports in the shapes that versions, providers and settings give them: what each says is the same."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest

from obs_lib.sources.entries import Entry, HalfRead, Item, PassedOver, RejectedEntry, Row
from obs_lib.sources.formats.loading import load_format
from obs_lib.sources.formats.streams import body_of, joined
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.validate import Limits, check

START, FIRST, END = "2026-05-04T08:00:00Z", "2026-05-04T08:00:00.500Z", "2026-05-04T08:00:02Z"
NS = 1777881600000000000
ASKED = [{"role": "user", "content": "Is it open?"}]
CHAT = {
    "model": "m-1",
    "choices": [{"message": {"role": "assistant", "content": "Until six."}, "finish_reason": "stop"}],
}
EVENTS = [
    {"choices": [{"delta": {"role": "assistant", "content": "Until "}}]},
    {"choices": [{"delta": {"content": "six."}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 4}},
]
SSE = "".join(f"data: {json.dumps(event)}\n\n" for event in EVENTS) + "data: [DONE]\n\n"
CLAUDE = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Until six."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 10, "output_tokens": 4},
}
CLAUDE_EVENTS = [
    {"type": "message_start", "message": {"role": "assistant", "usage": {"input_tokens": 10, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Until "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "six."}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"invocationLatency": 900, "firstByteLatency": 300}},
]
GEMINI = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "Hm.", "thought": True}, {"text": "Until six."}]},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 4, "totalTokenCount": 14},
    "modelVersion": "m-1",
}
CONTENTS = {
    "contents": [{"role": "user", "parts": [{"text": "Is it open?"}]}],
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
}


def part(text: str, **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, **more}]}


def lc(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", kind], "kwargs": kwargs}


def run(**more: Any) -> dict[str, Any]:
    base = {"id": "r", "trace_id": "t", "parent_run_id": "t", "run_type": "llm", "name": "call"}
    return base | {"start_time": START, "end_time": END, "inputs": {"messages": ASKED}} | more


def bedrock(asked: Any, said: Any, **more: Any) -> dict[str, Any]:
    return {
        "schemaType": "ModelInvocationLog",
        "timestamp": START,
        "requestId": "r",
        "operation": "InvokeModel",
        "modelId": "arn:aws:bedrock:eu-central-1::inference-profile/m-1",
        "input": {"inputBodyJson": asked, "inputTokenCount": 10},
        "output": {"outputBodyJson": said, "outputTokenCount": 4},
    } | more


def spend(**more: Any) -> dict[str, Any]:
    base = {
        "request_id": "r",
        "call_type": "acompletion",
        "spend": 0.5,
        "model": "m-1",
        "messages": "{}",
        "response": CHAT,
    }
    return (
        base | {"startTime": "2026-05-04 08:00:00", "endTime": END, "prompt_tokens": 10, "completion_tokens": 4} | more
    )


def vertex(asked: Any, said: Any, **more: Any) -> dict[str, Any]:
    base = {"logging_time": "2026-05-04 08:00:00.5 UTC", "request_id": "r", "model": "publishers/x/models/m-1"}
    return base | {"full_request": asked, "full_response": said} | more


def azure(**properties: Any) -> dict[str, Any]:
    return {"time": START, "category": "GatewayLlmLogs", "correlationId": "r", "properties": properties}


PATH = "https://x/openai/deployments/m-1/chat/completions?api-version=1"
TRACE = {"name": "call", "trace_id": "q6urq6urq6urq6urq6urqw==", "span_id": "u7u7u7u7u7s=", "parent_span_id": ""}
TIMED = {"start_time_unix_nano": NS, "end_time_unix_nano": str(NS + 2 * 10**9)}


def mlflow(asked: Any, said: Any, **attributes: Any) -> dict[str, Any]:
    own = {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.spanInputs": json.dumps(asked),
        "mlflow.spanOutputs": json.dumps(said),
    }
    span = TRACE | TIMED | {"status": {"code": "STATUS_CODE_OK"}, "attributes": own | attributes}
    return {"info": {"trace_id": "tr-1"}, "data": {"spans": [span]}}


def phoenix(**more: Any) -> dict[str, Any]:
    return {"name": "call", "span_kind": "LLM", "start_time": START, "end_time": END, "status_code": "OK"} | more


OPEN = {"llm.model_name": "m-1", "llm.token_count.prompt": "10", "llm.token_count.completion": 4.0}
REQUEST = {"custom_id": "c", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": ASKED}}
ANSWER = {"id": "r", "custom_id": "c", "response": {"status_code": 200, "body": CHAT | {"created": 1777881600}}}
HELICONE = {
    "request_id": "r",
    "request_created_at": START,
    "request_body": {"messages": ASKED},
    "response_model": "m-1",
    "prompt_tokens": 10,
    "completion_tokens": 4,
}
NODE = {
    "traceId": "a" * 32,
    "id": "b" * 16,
    "name": "ai.generateText.doGenerate",
    "timestamp": NS // 1000,
    "duration": 2_000_000.5,
    "attributes": {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "m-1",
        "ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "Is it open?"}]}]),
        "ai.response.text": "Until six.",
    },
    "status": {"code": 0},
}

SAME: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "LangSmith: wrapped client": ("langsmith", [run(outputs=CHAT)]),
    "LangSmith: serialised messages": (
        "langsmith",
        [
            run(
                inputs=json.dumps({"messages": [[lc("HumanMessage", content="Is it open?")]]}),
                outputs=json.dumps(
                    {
                        "generations": [[{"text": "Until six.", "message": lc("AIMessage", content="Until six.")}]],
                        "llm_output": {"model_name": "m-1"},
                    }
                ),
            )
        ],
    ),
    "LangSmith: plain messages": (
        "langsmith",
        [
            run(
                inputs={"messages": [[{"type": "human", "content": "Is it open?"}]]},
                outputs={
                    "generations": [
                        [
                            {
                                "message": {
                                    "type": "ai",
                                    "content": "Until six.",
                                    "response_metadata": {"model_name": "m-1"},
                                }
                            }
                        ]
                    ]
                },
            )
        ],
    ),
    "LangSmith: a traced function": (
        "langsmith",
        [
            run(
                inputs={"question": "Is it open?"},
                outputs={"output": "Until six."},
                extra={"metadata": {"ls_model_name": "m-1"}},
            )
        ],
    ),
    "LangSmith: runs inside": (
        "langsmith",
        [run(id="t", parent_run_id=None, run_type="chain", inputs={}, child_runs=[run(outputs=CHAT)])],
    ),
    "Bedrock: Anthropic": ("bedrock", [bedrock({"messages": ASKED}, CLAUDE)]),
    "Bedrock: Anthropic, streamed": ("bedrock", [bedrock({"messages": ASKED}, CLAUDE_EVENTS)]),
    "Bedrock: Titan": (
        "bedrock",
        [
            bedrock(
                {"inputText": "Is it open?"}, {"results": [{"outputText": "Until six.", "completionReason": "FINISH"}]}
            )
        ],
    ),
    "Bedrock: Titan, streamed": (
        "bedrock",
        [bedrock({"inputText": "Is it open?"}, [{"outputText": "Until "}, {"outputText": "six."}])],
    ),
    "Bedrock: Llama": (
        "bedrock",
        [bedrock({"prompt": "Is it open?"}, {"generation": "Until six.", "stop_reason": "stop"})],
    ),
    "Bedrock: Mistral": ("bedrock", [bedrock({"prompt": "Is it open?"}, {"outputs": [{"text": "Until six."}]})]),
    "Bedrock: Cohere": ("bedrock", [bedrock({"message": "Is it open?", "chat_history": []}, {"text": "Until six."})]),
    "Bedrock: Nova": (
        "bedrock",
        [
            bedrock(
                {"messages": [{"role": "user", "content": [{"text": "Is it open?"}]}]},
                {
                    "output": {"message": {"role": "assistant", "content": [{"text": "Until six."}]}},
                    "stopReason": "end_turn",
                },
            )
        ],
    ),
    "Bedrock: CloudWatch": (
        "bedrock",
        [{"timestamp": NS // 10**6, "message": json.dumps(bedrock({"messages": ASKED}, CLAUDE))}],
    ),
    "Bedrock: a subscription of CloudWatch": (
        "bedrock",
        [{"messageType": "DATA_MESSAGE", "logEvents": [{"message": json.dumps(bedrock({"messages": ASKED}, CLAUDE))}]}],
    ),
    "Spend: the request alone": ("litellm_spend", [spend(proxy_server_request=json.dumps({"messages": ASKED}))]),
    "Spend: the Responses API": (
        "litellm_spend",
        [spend(call_type="aresponses", proxy_server_request={"input": "Is it open?"})],
    ),
    "Spend: cells of a table": (
        "litellm_spend",
        [
            {name: str(value) for name, value in spend().items()}
            | {"messages": json.dumps(ASKED), "response": json.dumps(CHAT)}
        ],
    ),
    "Spend: texts quoted twice": ("litellm_spend", [spend(messages=json.dumps(json.dumps(ASKED)))]),
    "Vertex: objects": ("vertex", [vertex(CONTENTS, GEMINI)]),
    "Vertex: texts": ("vertex", [vertex(json.dumps(CONTENTS), json.dumps(GEMINI))]),
    "Vertex: a stream": (
        "vertex",
        [vertex(json.dumps(CONTENTS), json.dumps([part("Until "), part("six.", finishReason="STOP")]))],
    ),
    "Vertex: payload columns": (
        "vertex",
        [
            {"logging_time": "1777881600.5", "request_id": "r", "model": "m-1"}
            | {"request_payload": [json.dumps(CONTENTS)], "response_payload": [json.dumps(part("Until six."))]}
        ],
    ),
    "Vertex: Anthropic": ("vertex", [vertex({"messages": ASKED}, CLAUDE)]),
    "Vertex: a batch": ("vertex", [{"processed_time": START, "request": CONTENTS, "response": GEMINI}]),
    "Azure: pieces": (
        "azure_gateway",
        [
            azure(sequenceNumber=2, responseMessages=json.dumps([{"role": "assistant", "content": "Until six."}])),
            azure(sequenceNumber=1, requestMessages=json.dumps(ASKED)[12:]),
            azure(sequenceNumber=0, requestMessages=json.dumps(ASKED)[:12], modelName="m-1", promptTokens=10),
        ],
    ),
    "Azure: lists after each other": (
        "azure_gateway",
        [
            azure(
                sequenceNumber=0,
                modelName="m-1",
                requestMessages=json.dumps([{"role": "system", "content": "Be brief."}]),
            ),
            azure(sequenceNumber=1, requestMessages=json.dumps(ASKED), responseMessages=json.dumps(CHAT)),
        ],
    ),
    "Azure: bodies of the gateway": (
        "azure_gateway",
        [
            azure(
                url=PATH,
                responseCode=200,
                requestBody=json.dumps({"messages": ASKED}),
                BackendResponseBody=json.dumps(CHAT),
            )
        ],
    ),
    "Azure: a stream in base64": (
        "azure_gateway",
        [
            azure(
                url=PATH,
                modelName="m-1",
                requestBody=base64.b64encode(json.dumps({"messages": ASKED}).encode()).decode(),
                responseBody=base64.b64encode(SSE.encode()).decode(),
            )
        ],
    ),
    "Azure: an answer of Log Analytics": (
        "azure_gateway",
        [
            {
                "tables": [
                    {
                        "name": "PrimaryResult",
                        "columns": [
                            {"name": name}
                            for name in (
                                "TimeGenerated",
                                "CorrelationId",
                                "ModelName",
                                "RequestMessages",
                                "ResponseMessages",
                            )
                        ],
                        "rows": [
                            [
                                START,
                                "r",
                                "m-1",
                                json.dumps(ASKED),
                                json.dumps([{"role": "assistant", "content": "Until six."}]),
                            ]
                        ],
                    }
                ]
            }
        ],
    ),
    "MLflow: OpenAI": ("mlflow", [mlflow({"messages": ASKED}, CHAT)]),
    "MLflow: Anthropic": ("mlflow", [mlflow({"model": "m-1", "messages": ASKED}, CLAUDE)]),
    "MLflow: Gemini": ("mlflow", [mlflow({"contents": "Is it open?"}, GEMINI)]),
    "MLflow: LangChain": (
        "mlflow",
        [
            mlflow(
                [[{"type": "human", "content": "Is it open?"}]],
                {"generations": [[{"text": "Until six."}]], "llm_output": {"model_name": "m-1"}},
            )
        ],
    ),
    "MLflow: a row of a searched table": (
        "mlflow",
        [{"trace_id": "tr-1", "trace": json.dumps(mlflow({"messages": ASKED}, CHAT))}],
    ),
    "MLflow: version 2": (
        "mlflow",
        [
            {
                "info": {"request_id": "1", "request_metadata": {}},
                "data": {
                    "spans": [
                        {
                            "name": "call",
                            "context": {"span_id": "0x" + "b" * 16, "trace_id": "0x" + "a" * 32},
                            "start_time": NS,
                            "end_time": NS + 2 * 10**9,
                            "status_code": "OK",
                            "attributes": {
                                "mlflow.spanType": '"LLM"',
                                "mlflow.spanInputs": json.dumps({"messages": ASKED}),
                                "mlflow.spanOutputs": json.dumps(CHAT),
                            },
                        }
                    ]
                },
            }
        ],
    ),
    "Phoenix: cells of a table": (
        "phoenix",
        [
            phoenix(
                **{"context.trace_id": "a" * 32, "context.span_id": "b" * 16},
                **{f"attributes.{name}": value for name, value in OPEN.items()},
                **{
                    "attributes.llm.input_messages": json.dumps(
                        [{"message.role": "user", "message.content": "Is it open?"}]
                    ),
                    "attributes.llm.output_messages": [{"message.role": "assistant", "message.content": "Until six."}],
                },
            )
        ],
    ),
    "Batch: its requests before it": ("openai_batch", [REQUEST, ANSWER]),
    "Batch: its requests after it": ("openai_batch", [ANSWER, REQUEST]),
    "Batch: Anthropic": (
        "openai_batch",
        [
            {"custom_id": "c", "params": {"model": "m-1", "messages": ASKED}},
            {"custom_id": "c", "result": {"type": "succeeded", "message": CLAUDE}},
        ],
    ),
    "Helicone: a stream": ("helicone", [HELICONE | {"response_body": {"streamed_data": SSE}}]),
    "Helicone: cells of a table": (
        "helicone",
        [
            {name: value if isinstance(value, str) else json.dumps(value) for name, value in HELICONE.items()}
            | {"response_body": json.dumps(CHAT)}
        ],
    ),
    "Console: JavaScript": ("otel_console", [NODE]),
    "Jaeger: as Elasticsearch stores it": (
        "jaeger",
        [
            {
                "traceID": "t",
                "spanID": "b",
                "operationName": "chat",
                "startTime": NS // 1000,
                "duration": 2_000_000,
                "tag": {
                    "gen_ai@operation@name": "chat",
                    "gen_ai@request@model": "m-1",
                    "gen_ai@input@messages": json.dumps(ASKED),
                    "gen_ai@output@messages": json.dumps([{"role": "assistant", "content": "Until six."}]),
                },
                "process": {"serviceName": "shop"},
            }
        ],
    ),
}


def read(name: str, *items: dict[str, Any]) -> list[Item]:
    entries = [Entry("2026-05-04.jsonl", n, json.dumps(item).encode(), DAY) for n, item in enumerate(items, start=1)]
    return list(load_format(SourceOptions(format=name, path="x")).read(entries))


DAY = dt.date(2026, 5, 4)


def only(name: str, *items: dict[str, Any]) -> tuple[Row, dict[str, Any]]:
    """The only interaction among rows that are all good."""
    made = read(name, *items)
    assert not [item for item in made if isinstance(item, RejectedEntry)]
    (row,) = (item for item in made if isinstance(item, Row) and item.table.name == "interactions")
    return row, check(row.table, row.fields, Limits())


@pytest.mark.parametrize("name", SAME)
def test_every_shape_says_the_same(name: str) -> None:
    _, record = only(SAME[name][0], *SAME[name][1])
    assert (record["prompt"], record["response"], record["model_version"]) == ("Is it open?", "Until six.", "m-1")
    assert str(record["timestamp"].date()) == "2026-05-04"
    assert record["finish_reason"] in ("stop", None)


def test_durations_and_first_tokens_come_from_where_each_log_has_them() -> None:
    chunk = {"name": "mlflow.chunk.item.0", "time_unix_nano": NS + 500_000_000, "attributes": {}}
    streamed = mlflow({"messages": ASKED}, "Until six.")
    streamed["data"]["spans"][0]["events"] = [chunk]
    token = [{"name": "start", "time": START}, {"name": "new_token", "time": FIRST}]
    for name, item in (("mlflow", streamed), ("langsmith", run(outputs=CHAT, events=token))):
        _, record = only(name, item)
        assert (record["ttft_ms"], record["total_latency_ms"]) == (500.0, 2000.0)
    _, record = only("bedrock", bedrock({"messages": ASKED}, CLAUDE_EVENTS))
    assert (record["ttft_ms"], record["total_latency_ms"]) == (300.0, 900.0)
    _, record = only("azure_gateway", azure(url=PATH, responseCode=200) | {"durationMs": 2100})
    assert record["total_latency_ms"] == 2100.0


FAILED: dict[str, tuple[str, dict[str, Any]]] = {
    "Bedrock": (
        "bedrock",
        bedrock({"messages": ASKED}, None, errorCode="ThrottlingException", output={"outputTokenCount": 0}),
    ),
    "Vertex": (
        "vertex",
        vertex(CONTENTS, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota"}}),
    ),
    "Azure": ("azure_gateway", azure(url=PATH, responseCode=429, lastErrorMessage="Rate limit is exceeded.")),
    "Batch": (
        "openai_batch",
        {"id": "r", "custom_id": "c", "response": {"status_code": 429, "body": {"error": {"code": "x"}}}},
    ),
    "LangSmith": ("langsmith", run(error="RateLimitError('Error code: 429')", status="error", outputs=None)),
}


@pytest.mark.parametrize("name", FAILED)
def test_failures_are_errors_of_their_kind_without_tokens(name: str) -> None:
    _, record = only(*FAILED[name])
    assert record["error"]
    assert (record["error_kind"], record["response"]) == ("rate_limit", None)
    assert not record["output_tokens"]


def test_bodies_that_lie_elsewhere_are_half_read() -> None:
    item = bedrock(
        None, None, input={"inputBodyS3Path": "s3://x", "inputTokenCount": 10}, output={"outputTokenCount": 4}
    )
    row, record = only("bedrock", item)
    assert row.half_read == HalfRead("Amazon Bedrock", ("input.inputBodyS3Path",))
    assert record["input_tokens"] == 10


def test_a_prompt_that_was_blocked_has_been_filtered() -> None:
    _, record = only("vertex", vertex(CONTENTS, {"promptFeedback": {"blockReason": "SAFETY"}}))
    assert (record["finish_reason"], record["response"]) == ("content_filter", None)


def test_what_a_tool_gave_back_as_json_is_read() -> None:
    result = {"toolResult": {"toolUseId": "1", "content": [{"json": {"t": -3}}]}}
    asked = [{"role": "user", "content": [{"text": "Is it open?"}]}, {"role": "user", "content": [result]}]
    _, record = only("bedrock", bedrock({"messages": asked}, CLAUDE))
    assert record["prompt"] == "Is it open?"
    assert json.loads(record["messages"])[-1] == {"role": "tool", "content": '[{"t":-3}]'}


def test_requests_of_other_apis_and_requests_without_a_response_are_passed_over() -> None:
    (passed,) = read("azure_gateway", azure(url="https://x/orders", responseCode=200))
    assert passed == PassedOver(passed.entry, "request that names no model", passed.of)  # type: ignore[union-attr]
    (passed,) = read("openai_batch", REQUEST)
    assert isinstance(passed, PassedOver)


def test_one_span_that_cannot_be_read_spoils_no_other() -> None:
    trace = mlflow({"messages": ASKED}, CHAT)
    trace["data"]["spans"] += [7, {"name": "no ids"}]
    made = read("mlflow", trace)
    assert [item.reason for item in made if isinstance(item, RejectedEntry)] == ["span: not an object"]
    assert sum(isinstance(item, Row) and item.table.name == "interactions" for item in made) == 1


def test_streams_of_tool_calls_are_put_together() -> None:
    pieces = [
        {"index": 0, "function": {"name": "f", "arguments": '{"a"'}},
        {"index": 0, "function": {"arguments": ":1}"}},
    ]
    openai = joined([{"choices": [{"delta": {"tool_calls": [piece]}}]} for piece in pieces])
    anthropic = joined(
        [
            {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "name": "f"}},
            {"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"a"'}},
            {"type": "content_block_delta", "index": 1, "delta": {"partial_json": ":1}"}},
        ]
    )
    for body in (openai, anthropic):
        (call,) = body["choices"][0]["message"]["tool_calls"]
        assert call["function"] == {"name": "f", "arguments": '{"a":1}'}


def test_a_body_that_was_cut_is_none() -> None:
    assert body_of('{"choices": [{"mess') is None
    assert body_of(None) is None
    assert body_of([{"id": 1}, {"id": 2}]) == [{"id": 1}, {"id": 2}]
