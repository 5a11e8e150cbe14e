"""Logfire's own instrumentation of OpenAI's and Anthropic's clients: request and response as JSON."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import embedded, mapping, number
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_of


def _fields(attributes: Attributes) -> dict[str, Any]:
    request = mapping(embedded(attributes.get("request_data")))
    response = mapping(embedded(attributes.get("response_data")))
    usage, _ = usage_of(response.get("usage"))
    took = number(attributes.get("duration")) if "combined_chunk_content" in response else None  # seconds of a stream
    said = response.get("message", response.get("combined_chunk_content", response.get("text")))
    return {
        "model_version": text(request.get("model")),
        "prompt": prompt_of(request) if {"messages", "input", "prompt"}.intersection(request) else None,
        "response": answer_of(said),
        "finish_reason": finish_reason(finish_in(response) or finish_in(said)),
        "total_latency_ms": None if took is None else took * 1000,
        **tool_use(request, said),
        **usage,
    }


def _is_llm(attributes: Attributes) -> bool | None:
    request = mapping(embedded(attributes.get("request_data")))
    streamed = mapping(embedded(attributes.get("response_data"))).get("combined_chunk_content")
    if "model" not in request or (attributes.get("logfire.span_type") == "log" and streamed is None):
        return None
    return "messages" in request or None


LOGFIRE = Dialect("Logfire", ("request_data", "response_data"), _fields, _is_llm)
