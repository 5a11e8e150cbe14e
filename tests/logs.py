"""Sample interactions as the logs of every format: what a native row says, in the shape that each format has for it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

from obs_lib.records import Day
from obs_lib.samples.generate import day_lines

Row = dict[str, Any]

DCGM = {"DCGM_FI_DEV_GPU_UTIL": 50, "DCGM_FI_DEV_FB_USED": 1024, "DCGM_FI_DEV_POWER_USAGE": 300.5}
_MS = dt.timedelta(milliseconds=1)


def interactions(day: Day, per_route: int) -> list[Row]:
    """Native rows of a day in the order of their timestamps; the same ones for the same day."""
    rows: list[Row] = [json.loads(line) for line in day_lines(day, 1, seed=day.toordinal(), per_route=per_route)]
    for row in rows:
        row["trace_id"] = row["request_id"] * 2
    return rows


def otlp(row: Row) -> Iterator[Row]:
    """A line a span: the request, what it retrieved, and the call, in the GenAI conventions as they are now."""
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.model": row["model_version"],
        "gen_ai.input.messages": _json([{"role": "user", "parts": [{"type": "text", "content": row["prompt"]}]}]),
        "gen_ai.output.messages": row["response"]
        and _json([{"role": "assistant", "parts": [{"type": "text", "content": row["response"]}]}]),
        "gen_ai.response.finish_reasons": row["finish_reason"] and [row["finish_reason"]],
        "gen_ai.usage.input_tokens": row["input_tokens"],
        "gen_ai.usage.output_tokens": row["output_tokens"],
        "gen_ai.response.time_to_first_chunk": row["ttft_ms"] and row["ttft_ms"] / 1000,
        "error.type": row["error"] and "APITimeoutError",
    }
    documents = row["contexts"] and _json([{**item, "content": item["text"]} for item in row["contexts"]])
    yield _before(row, {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": documents})
    yield _call(row, call, [])


def openinference(row: Row) -> Iterator[Row]:
    """The same in OpenInference's attributes."""
    call = {
        "openinference.span.kind": "LLM",
        "llm.model_name": row["model_version"],
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": row["prompt"],
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": row["response"],
        "llm.finish_reason": row["finish_reason"],
        "llm.token_count.prompt": row["input_tokens"],
        "llm.token_count.completion": row["output_tokens"],
        "llm.cost.total": row["cost_usd"],
        "error.type": row["error"] and "APITimeoutError",
    }
    documents = {
        f"retrieval.documents.{n}.document.{name}": item[key]
        for n, item in enumerate(row["contexts"] or [])
        for name, key in (("id", "id"), ("content", "text"), ("score", "score"))
    }
    yield _before(row, {"openinference.span.kind": "RETRIEVER", **documents})
    first = row["ttft_ms"] and {"name": "First Token Stream Event", "timeUnixNano": _nanoseconds(row, row["ttft_ms"])}
    yield _call(row, call, [first] if first else [])


def langfuse(row: Row) -> Iterator[Row]:
    """A line an observation, and the trace's own record; a score where people judged."""
    trace, call, start = row["trace_id"], row["request_id"], _moment(row)
    yield {"id": trace, "timestamp": row["timestamp"], "name": row["tags"]["route"], "userId": row["user_id"]}
    yield {
        "id": call,
        "traceId": trace,
        "type": "GENERATION",
        "name": "answer",
        "startTime": start.isoformat(),
        "endTime": (start + (row["total_latency_ms"] or 0) * _MS).isoformat(),
        "completionStartTime": row["ttft_ms"] and (start + row["ttft_ms"] * _MS).isoformat(),
        "providedModelName": row["model_version"],
        "input": [{"role": "user", "content": row["prompt"]}],
        "output": row["response"] and {"role": "assistant", "content": row["response"]},
        "usageDetails": {"input": row["input_tokens"], "output": row["output_tokens"]},
        "costDetails": {"total": row["cost_usd"]},
        "metadata": {"finish_reason": row["finish_reason"]},
        "level": "ERROR" if row["error"] else "DEFAULT",
        "statusMessage": row["error"],
    }
    if row["contexts"]:
        search = {"id": f"{call}/found", "traceId": trace, "type": "RETRIEVER", "name": "search"}
        yield search | {"startTime": (start - 50 * _MS).isoformat(), "output": {"documents": row["contexts"]}}
    if row["quality_score"] is not None:
        score = {"id": f"{call}/judged", "traceId": trace, "observationId": call, "name": "quality"}
        yield score | {"value": row["quality_score"], "timestamp": (start + 5000 * _MS).isoformat()}


def langfuse_shapes(name: str) -> list[Row]:
    """A trace in what else Langfuse's versions write: older usage, tool calls, guardrails, whole traces, scores of API v3."""
    generation = {
        "id": f"g{name}",
        "traceId": f"t{name}",
        "type": "GENERATION",
        "name": "answer",
        "startTime": "2025-03-07T10:00:00.000Z",
        "endTime": "2025-03-07T10:00:02.000Z",
        "completionStartTime": "2025-03-07T10:00:00.500Z",
        "providedModelName": "gpt-4o",
        "promptName": "greeting",
        "promptVersion": 3,
        "input": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
        "output": {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
        },
        "usageDetails": {"input": 5, "output": 3, "input_cached_tokens": 2},
        "costDetails": {"total": 0.1},
        "metadata": {"country": "ch"},
        "tags": ["env:prod"],
        "level": "ERROR",
        "statusMessage": "Error code: 429 - slow down",
    }
    older = {"usageDetails": None, "usage": {"input": 1, "output": 2, "unit": "TOKENS"}}
    retriever = {"type": "RETRIEVER", "output": [{"id": 1, "text": "Bern", "score": "0.5"}]}
    subject = {"kind": "trace", "id": f"t{name}"}
    return [
        generation,
        {**generation, "id": f"h{name}", **older},
        {**generation, "id": f"r{name}", **retriever},
        {**generation, "id": f"p{name}", "type": "GUARDRAIL", "output": {"passed": False}},
        {"id": f"w{name}", "timestamp": "2025-03-07T10:00:00Z", "name": "chat", "observations": [generation]},
        {"id": f"s{name}", "name": "tone", "value": "kind", "dataType": "CATEGORICAL", "subject": subject},
        {
            "id": f"b{name}",
            "observationId": f"g{name}",
            "name": "ok",
            "value": 1,
            "dataType": "BOOLEAN",
            "source": "EVAL",
        },
    ]


def litellm(row: Row) -> Iterator[Row]:
    """One StandardLoggingPayload."""
    start, message = _moment(row).timestamp(), {"role": "assistant", "content": row["response"]}
    yield {
        "id": row["request_id"],
        "trace_id": row["trace_id"],
        "call_type": "acompletion",
        "stream": True,
        "status": "failure" if row["error"] else "success",
        "error_str": row["error"],
        "startTime": start,
        "endTime": start + (row["total_latency_ms"] or 0) / 1000,
        "completionStartTime": row["ttft_ms"] and start + row["ttft_ms"] / 1000,
        "model": row["model_version"],
        "messages": [{"role": "user", "content": row["prompt"]}],
        "response": {"choices": [{"message": message, "finish_reason": row["finish_reason"]}]},
        "prompt_tokens": row["input_tokens"],
        "completion_tokens": row["output_tokens"],
        "total_tokens": (row["input_tokens"] or 0) + (row["output_tokens"] or 0),
        "response_cost": row["cost_usd"],
        "end_user": row["user_id"],
    }


def labels(row: Row) -> Iterator[Row]:
    """A person's verdict on every interaction."""
    yield {"request_id": row["request_id"], "label": "toxic", "value": False, "inclusion_probability": 0.5}


def native(row: Row) -> Iterator[Row]:
    """The row itself."""
    yield row


def acme(row: Row) -> Iterator[Row]:
    """A line of the gateway that tests/packages/acme_extensions reads."""
    names = {"id": "request_id", "trace": "trace_id", "user": "user_id", "model": "model_version", "question": "prompt"}
    names |= {"found": "contexts", "reply": "response", "read": "input_tokens", "written": "output_tokens"}
    names |= {"first_ms": "ttft_ms", "ms": "total_latency_ms", "stopped": "finish_reason", "failure": "error"}
    yield {"at": _moment(row).timestamp(), "thumb": "up"} | {theirs: row[ours] for theirs, ours in names.items()}


WRITERS: dict[str, Callable[[Row], Iterator[Row]]] = {
    "native": native,
    "otlp": otlp,
    "openinference": openinference,
    "langfuse": langfuse,
    "litellm": litellm,
    "labels": labels,
    "acme": acme,
}
"""The lines of one interaction, by what they are called in tests: a format, and `openinference` in the format `otlp`."""


def gpu(day: Day) -> list[str]:
    """Two GPUs, looked at every hour."""
    given = {"host": "node1", "name": "NVIDIA H100", "sm_source": "gpm", "memory_used": 2**30, "power_w": 300.5}
    more: dict[str, Any] = {"throttle": ["sw_power_cap"], "processes": [{"pid": 7, "memory": None}]}
    return [
        json.dumps({"at": at.isoformat(), "gpu": f"GPU-{n}", "index": n, "sm_utilization": 0.5, **given, **more})
        for at in _hours(day)
        for n in (0, 1)
    ]


def dcgm(day: Day) -> list[str]:
    """The same as a DCGM exporter says it: metric by metric, with the time behind each value."""
    return [
        f'{metric}{{gpu="{n}",UUID="GPU-{n}",modelName="NVIDIA H100",Hostname="node1"}} {value} {at.timestamp() * 1000:.0f}'
        for at in _hours(day)
        for metric, value in DCGM.items()
        for n in (0, 1)
    ]


def attribute(key: str, value: Any) -> Row:
    """One attribute as OTLP JSON writes it."""
    return {"key": key, "value": _any_value(value)}


def _any_value(value: Any) -> Row:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_any_value(item) for item in value]}}
        case _:
            return {"stringValue": value}


def _before(row: Row, attributes: Row) -> Row:
    """A line with the request's span, and the retrieval's where there is one."""
    request, search = (f"{int(row['request_id'], 16) ^ bit:016x}" for bit in (1, 2))
    about = {"route": row["tags"]["route"], "user.id": row["user_id"]}
    spans = [_span(row, request, (-50, row["total_latency_ms"] or 0), about)]
    if row["contexts"]:
        spans.append({**_span(row, search, (-50, -1), attributes), "parentSpanId": request})
    return _line(spans)


def _call(row: Row, call: Row, events: list[Row]) -> Row:
    """A line with the call's span."""
    span = _span(row, row["request_id"], (0, row["total_latency_ms"] or 0), call)
    status = {"code": 2, "message": row["error"]} if row["error"] else {}
    parent = f"{int(row['request_id'], 16) ^ 1:016x}"
    return _line([{**span, "parentSpanId": parent, "events": events, "status": status}])


def _line(spans: list[Row]) -> Row:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}


def _span(row: Row, span_id: str, between: tuple[float, float], attributes: Row) -> Row:
    """between : milliseconds from the start of the call."""
    return {
        "traceId": row["trace_id"],
        "spanId": span_id,
        "name": "a step",
        "startTimeUnixNano": _nanoseconds(row, between[0]),
        "endTimeUnixNano": _nanoseconds(row, between[1]),
        "attributes": [attribute(key, value) for key, value in attributes.items() if value is not None],
    }


def _nanoseconds(row: Row, after_ms: float) -> str:
    return str(round((_moment(row) + after_ms * _MS).timestamp() * 10**6) * 1000)


def _moment(row: Row) -> dt.datetime:
    return dt.datetime.fromisoformat(row["timestamp"])


def _hours(day: Day) -> Iterator[dt.datetime]:
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    return (start + dt.timedelta(hours=hour, minutes=30) for hour in range(24))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
