"""Where each field stands in spans of either convention, in the names of the tuples that they are asked by."""

from __future__ import annotations

from obs_lib.sources.formats.otlp import genai, openinference
from obs_lib.sources.formats.provenance import Column

_ABOVE = "also of a span above"
_OF_A_SPAN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("request_id", "trace_id", "timestamp", "total_latency_ms", "tags"), ()),
    "error": ("error.type",),
    "error_kind": ("error.type", "http.response.status_code"),
}
_NOTES_OF_SPANS = {
    "request_id": "span id",
    "timestamp": "the span's start",
    "user_id": _ABOVE,
    "session_id": _ABOVE,
    "prompt_version": _ABOVE,
    "prompt_id": "a template's name is no sign that the same thing was asked; it is the tag `prompt_name`",
    "messages": "`prompt` where it is a list of messages",
    "total_latency_ms": "end - start",
    "error": "the span's status, its exception event",
    "error_kind": "and the message",
    "quality_score": "verdicts become labels",
}

GENAI = Column(
    "GenAI",
    "otlp",
    {**_OF_A_SPAN, **genai.NAMES},
    _NOTES_OF_SPANS
    | {
        "prompt": "in an event of either name, too, and in events `gen_ai.*.message`",
        "response": "in an event of either name, too, and in events `gen_ai.choice`",
        "tool_calls": "the answer's calls, beside its text too",
        "contexts": "of retrieval spans; only documents with a text",
        "expected_format": "where it begins with `json`",
        "ttft_ms": "in seconds; else from an event of the first chunk",
        "prefill_ms": "in seconds; of vLLM's spans",
        "decode_ms": "in seconds; of vLLM's spans",
        "finish_reason": "else in the message",
        "safety_flags": "guardrail spans that say they blocked",
        "tags": "`service`, `environment`, `route`, `prompt_name`, `contexts_without_text`",
    },
    frozenset({"total_latency_ms", "error_kind", "safety_flags", "expected_format", "messages"}),
)
OPENINFERENCE = Column(
    "OpenInference",
    "otlp",
    {**_OF_A_SPAN, **openinference.NAMES},
    _NOTES_OF_SPANS
    | {
        "contexts": "where a reranker is among the spans, its output alone",
        "model_version": "the last of a failed request",
        "expected_format": "its `response_format`",
        "ttft_ms": "event `First Token Stream Event`",
        "safety_flags": "spans of kind `GUARDRAIL`",
        "tags": "as of GenAI, and the scalars of `metadata`",
    },
    frozenset({"total_latency_ms", "ttft_ms", "error_kind", "safety_flags", "expected_format", "messages"}),
)
