"""Entries of every bundled format that gives interactions, in the shapes that the tests beside this file hold."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from typing import Any

from obs_lib.samples.generate import day_lines
from tests import logs
from tests.unit.sources.formats import test_dialects as dialects
from tests.unit.sources.formats import test_export_variants as variants
from tests.unit.sources.formats import test_exports as exports
from tests.unit.sources.formats import test_litellm as litellm
from tests.unit.sources.formats import test_offered_tools as offered
from tests.unit.sources.formats.test_otlp import span, spans_line

Item = dict[str, Any]

_ASKED = [{"role": "user", "content": "Is it open?"}]
_USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 9,
    "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 30},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
_REQUEST = {"model": "m-1", "messages": _ASKED, "tools": offered.OPENAI}
_BODY = offered.BODY | {"usage": _USAGE}
_WHOLE = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "p",
    "gen_ai.request.model": "m",
    "gen_ai.prompt.version": "3",
    "gen_ai.conversation.id": "s",
    "user.id": "u",
    "gen_ai.output.type": "json",
    "gen_ai.input.messages": json.dumps(_ASKED),
    "gen_ai.output.messages": json.dumps([offered.MESSAGE | {"finish_reason": "tool_call"}]),
    "gen_ai.tool.definitions": json.dumps(offered.OPENAI),
    "gen_ai.usage.input_tokens": 40,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 30,
    "gen_ai.usage.reasoning.output_tokens": 5,
    "gen_ai.cost.total_cost": 0.5,
    "gen_ai.response.time_to_first_chunk": 0.25,
    "gen_ai.latency.time_in_model_prefill": 0.25,
    "gen_ai.latency.time_in_model_decode": 0.5,
    "route": "shop",
    "error.type": "timeout",
}
_SPANS: list[tuple[str, dict[str, Any]]] = [
    ("guard", {"openinference.span.kind": "GUARDRAIL", "blocked": True}),
    ("search", {"gen_ai.retrieval.documents": json.dumps([{"id": "1", "content": "Open until six."}])}),
    ("chat", _WHOLE),
]
"""A trace whose call says everything that spans can say."""


def _otlp() -> list[Item]:
    made = (span(name, n, at=n, attributes=attributes) for n, (name, attributes) in enumerate(_SPANS, start=1))
    return [json.loads(spans_line(*made))]


def _jaeger() -> list[Item]:
    spans = [
        {
            "traceID": "t",
            "spanID": str(n),
            "operationName": name,
            "startTime": variants.NS // 1000 + n,
            "duration": 2_000_000,
            "tags": [{"key": key, "value": value} for key, value in attributes.items()],
        }
        for n, (name, attributes) in enumerate(_SPANS)
    ]
    return [{"traceID": "t", "spans": spans}]


def _mlflow() -> list[Item]:
    spans = [
        {
            "name": name,
            "span_id": str(n),
            "start_time_unix_nano": variants.NS + n * 10**6,
            "end_time_unix_nano": variants.NS + 10**9,
        }
        | {"attributes": attributes}
        for n, (name, attributes) in enumerate(_SPANS)
    ]
    return [{"info": {"trace_id": "t"}, "data": {"spans": spans}}]


def _printed(**more: Any) -> list[Item]:
    """As SDKs print spans, and Phoenix exports them."""
    start = variants.START.removesuffix("Z")
    return [
        {"name": name, "context": {"trace_id": "a" * 32, "span_id": f"{n:016x}"}, "attributes": attributes}
        | {"start_time": f"{start}.{n}Z", "end_time": variants.END}
        | more
        for n, (name, attributes) in enumerate(_SPANS, start=1)
    ]


def _langsmith() -> list[Item]:
    found = {"documents": [{"page_content": "Open until six.", "metadata": {}}]}
    call = variants.run(
        inputs=_REQUEST,
        outputs=_BODY,
        error="timed out",
        first_token_time=variants.FIRST,
        total_cost=0.5,
        tags=["shop"],
        extra={"metadata": {"user_id": "u", "thread_id": "s", "ls_provider": "p", "ls_model_name": "m"}},
    )
    return [
        variants.run(id="t", parent_run_id=None, run_type="chain", inputs={}, outputs={}),
        variants.run(id="f", run_type="retriever", inputs={"query": "open"}, outputs=found, end_time=variants.START),
        call | {"start_time": "2026-05-04T08:00:00.1Z"},
    ]


def _langfuse() -> list[Item]:
    call = {"id": "g", "traceId": "t", "type": "GENERATION", "startTime": variants.START, "endTime": variants.END}
    call |= {"completionStartTime": variants.FIRST, "model": "m", "input": _REQUEST, "output": offered.BODY}
    call |= {
        "promptName": "p",
        "promptVersion": 3,
        "usageDetails": {"input": 10, "input_cached_tokens": 30, "output": 4, "output_reasoning": 5},
    }
    trace = {"id": "t", "timestamp": variants.START, "name": "shop", "userId": "u", "sessionId": "s"}
    return [trace, call]


def _litellm() -> list[Item]:
    payload = litellm.PAYLOADS[0] | {
        "session_id": "s",
        "response": _BODY,
        "model_parameters": {"tools": offered.OPENAI},
    }
    told = {
        "usage_object": _USAGE,
        "prompt_management_metadata": {"prompt_id": "p"},
        "vector_store_request_metadata": [
            {
                "vector_store_search_response": {
                    "data": [{"content": [{"type": "text", "text": "Open until six."}], "score": 0.5}]
                }
            }
        ],
    }
    guard = [{"guardrail_name": "pii", "guardrail_status": "guardrail_intervened", "start_time": 1.0}]
    return [payload | {"metadata": told, "guardrail_information": guard}]


_FULLEST: dict[str, list[Item]] = {
    "native": [
        json.loads(next(iter(day_lines(dt.date(2025, 3, 7), 1, seed=1, per_route=1))))
        | {
            "provider": "p",
            "prompt_id": "q",
            "prompt_version": "3",
            "prompt": _ASKED,
            "tools": offered.OPENAI,
            "reference": "yes",
        }
        | {
            "tool_calls": offered.MESSAGE["tool_calls"],
            "input_tokens": 40,
            "cached_input_tokens": 30,
            "output_tokens": 9,
        }
        | {"reasoning_tokens": 5, "error": "timed out", "error_kind": "timeout", "user_id": "u", "session_id": "s"}
        | {
            "tpot_ms": 1.0,
            "prefill_ms": 1.0,
            "decode_ms": 1.0,
            "quality_score": 0.5,
            "cost_usd": 0.5,
            "expected_format": "json",
        }
        | {"safety_flags": ["pii"], "contexts": [{"text": "Open until six."}], "trace_id": "t"}
    ],
    "otlp": _otlp(),
    "jaeger": _jaeger(),
    "mlflow": _mlflow(),
    "phoenix": _printed(span_kind="UNKNOWN"),
    "otel_console": _printed(kind="SpanKind.INTERNAL"),
    "langsmith": _langsmith(),
    "langfuse": _langfuse(),
    "litellm": _litellm(),
    "bedrock": [
        variants.bedrock(_REQUEST, _BODY, requestMetadata={"user_id": "u", "session_id": "s"}),
    ],
    "vertex": [
        variants.vertex(
            variants.CONTENTS | {"tools": offered.GEMINI},
            variants.GEMINI
            | {
                "usageMetadata": {
                    "promptTokenCount": 40,
                    "candidatesTokenCount": 4,
                    "cachedContentTokenCount": 30,
                    "thoughtsTokenCount": 5,
                    "totalTokenCount": 49,
                }
            },
            metadata={"request_latency": 900},
        )
    ],
    "azure_gateway": [
        variants.azure(
            url=variants.PATH, responseCode=200, requestBody=json.dumps(_REQUEST), responseBody=json.dumps(_BODY)
        )
        | {"durationMs": 900, "deploymentName": "d"}
    ],
    "openai_batch": [
        {"id": "r", "custom_id": "c", "response": {"status_code": 200, "body": _BODY | {"created": 1777881600}}},
        variants.REQUEST | {"body": _REQUEST},
    ],
    "litellm_spend": [
        variants.spend(
            proxy_server_request=json.dumps(_REQUEST),
            response=_BODY,
            custom_llm_provider="p",
            model_group="shop",
            end_user="u",
            session_id="s",
            completionStartTime=variants.FIRST,
            metadata={"usage_object": _USAGE},
        ),
        variants.spend(
            status="failure", metadata={"error_information": {"error_code": "429", "error_message": "slow"}}
        ),
    ],
    "helicone": [
        variants.HELICONE
        | {
            "request_body": _REQUEST,
            "response_body": _BODY,
            "provider": "OPENAI",
            "reasoning_tokens": 5,
            "delay_ms": 900,
        }
        | {
            "request_user_id": "u",
            "request_properties": {"Helicone-Session-Id": "s"},
            "costUSD": 0.5,
            "time_to_first_token": 90,
        }
        | {"prompt_cache_read_tokens": 30, "request_path": "/v1/chat"},
        variants.HELICONE | {"response_status": 429, "response_body": {"error": {"message": "slow"}}},
    ],
}
"""One call of each format that says all that its format can say, and a failed one where that is another entry."""


def samples() -> dict[str, list[list[Item]]]:
    """By format: groups of entries that are read together."""
    found: dict[str, list[list[Item]]] = defaultdict(list)
    day = dt.date(2025, 3, 7)
    for name, writer in logs.WRITERS.items():
        if name in ("native", "otlp", "langfuse", "litellm"):
            found[name] += [list(writer(row)) for row in logs.interactions(day, 40)]
    found["native"] += [[json.loads(line)] for line in day_lines(day, 1, seed=1, per_route=20)]
    found["langfuse"].append(logs.langfuse_shapes("x"))
    found["litellm"] += [[payload] for payload in litellm.PAYLOADS]
    for attributes in (*offered.OTLP.values(), *(known for known, _ in dialects.DIALECTS.values())):
        found["otlp"].append([json.loads(spans_line(span("do it", 1, attributes=attributes)))])
    for name, items in exports.LOGS.items():
        found[name].append(list(items))
    for name, entries in (*variants.SAME.values(), *offered.EXPORTS.values()):
        found[name].append(entries)
    for name, item in variants.FAILED.values():
        found[name].append([item])
    for name, items in _FULLEST.items():
        found[name].append(items)
    return found
