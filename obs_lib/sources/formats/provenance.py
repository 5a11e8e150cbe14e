"""Where each field stands in the logs that most teams have: what docs/formats.md shows, in the names that the code asks for.

Names of the two OpenTelemetry columns are those of the tuples that spans are asked by. What other formats read is said here,
and held to their code by a test: every name stands in it, and without the names the field is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.formats.base import FOUND_OUT
from obs_lib.sources.formats.otlp import genai, openinference


@dataclass(frozen=True, slots=True)
class Column:
    """One way to write a log. format : which reads it. names : by field, what it is read from, in the order that is asked in.

    notes : by field, what the names alone do not tell. derived : fields that are worked out of their names.
    """

    title: str
    format: str
    names: Mapping[str, tuple[str, ...]]
    notes: Mapping[str, str]
    derived: frozenset[str] = frozenset()

    def cell(self, field: str) -> str:
        """What the table says of a field."""
        names, note = self.names.get(field), self.notes.get(field)
        if names is None:
            return f"absent: {note}" if note else "absent"
        how = "derived" if field in self.derived else "read"
        told = ", ".join(f"`{name}`" for name in names)
        return f"{how}: {'; '.join(part for part in (told, note) if part)}" if told or note else how


def table() -> Iterator[list[str]]:
    """The rows of the table: its head, then a field each that a log can say."""
    yield ["field", *(column.title for column in COLUMNS)]
    for field in INTERACTIONS.names:
        if field not in FOUND_OUT:
            yield [f"`{field}`", *(column.cell(field) for column in COLUMNS)]


_ABOVE = "also of a span above"
_MOMENTS = frozenset({"total_latency_ms", "ttft_ms"})
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
LANGFUSE = Column(
    "Langfuse",
    "langfuse",
    {
        "request_id": ("id",),
        "timestamp": ("startTime",),
        "user_id": ("userId",),
        "session_id": ("sessionId",),
        "trace_id": ("traceId",),
        "model_version": ("providedModelName", "model"),
        "prompt_version": ("promptName", "promptVersion"),
        "prompt": ("input",),
        "messages": ("input",),
        "contexts": ("output",),
        "response": ("output",),
        "tools": ("input",),
        "tool_calls": ("output",),
        "input_tokens": ("usageDetails", "inputUsage", "promptTokens", "inputTokens", "usage"),
        "cached_input_tokens": ("usageDetails",),
        "output_tokens": ("usageDetails", "outputUsage", "completionTokens", "outputTokens", "usage"),
        "reasoning_tokens": ("usageDetails",),
        "ttft_ms": ("completionStartTime", "timeToFirstToken"),
        "total_latency_ms": ("endTime", "startTime"),
        "finish_reason": ("output", "metadata"),
        "safety_flags": ("level", "output"),
        "quality_score": ("value",),
        "error": ("statusMessage", "level"),
        "error_kind": ("statusMessage", "level"),
        "cost_usd": ("totalCost", "calculatedTotalCost", "costDetails"),
        "tags": ("tags", "traceTags", "environment", "release", "version", "metadata", "traceName", "name"),
    },
    {
        "user_id": "else of the trace's record",
        "session_id": "else of the trace's record",
        "prompt_id": "Langfuse's prompt names a template",
        "prompt_version": "as `name@version`",
        "contexts": "of the trace's RETRIEVER observations",
        "tools": "where it is a whole request",
        "input_tokens": "the sum of all kinds of input; else in a whole response",
        "output_tokens": "the sum of all kinds of output; else in a whole response",
        "cached_input_tokens": "its cached kinds",
        "reasoning_tokens": "its reasoning kinds",
        "ttft_ms": "the moment where it lies before the end, else the seconds",
        "finish_reason": "of a whole response; else `finish_reason` there, where the SDK writes it for streams",
        "safety_flags": "GUARDRAIL observations of level WARNING or ERROR, or whose output says `blocked: true` or the like",
        "quality_score": "of the score named `quality`",
        "reference": "the expected output of an experiment's item is about its whole trace",
        "error": "at level ERROR",
        "cost_usd": "of a failed call not a 0",
        "tags": "`route` is the trace's name, else the generation's",
    },
    _MOMENTS | {"prompt_version", "contexts", "safety_flags", "error_kind", "messages"},
)
LITELLM = Column(
    "LiteLLM",
    "litellm",
    {
        "request_id": ("id",),
        "timestamp": ("startTime",),
        "user_id": (
            *("end_user", "metadata.user_api_key_end_user_id", "model_parameters.user"),
            "metadata.user_api_key_user_id",
        ),
        "session_id": ("session_id",),
        "trace_id": ("trace_id",),
        "model_version": ("model",),
        "provider": ("custom_llm_provider",),
        "prompt_version": ("metadata.prompt_management_metadata.prompt_id",),
        "prompt": ("messages",),
        "messages": ("messages",),
        "contexts": ("metadata.vector_store_request_metadata",),
        "response": ("response",),
        "tools": ("model_parameters.tools",),
        "tool_calls": ("response",),
        "input_tokens": ("prompt_tokens", "metadata.usage_object", "response.usage"),
        "cached_input_tokens": ("metadata.usage_object", "response.usage"),
        "output_tokens": ("completion_tokens", "metadata.usage_object", "response.usage"),
        "reasoning_tokens": ("metadata.usage_object", "response.usage"),
        "ttft_ms": ("completionStartTime", "startTime"),
        "total_latency_ms": ("endTime", "startTime"),
        "finish_reason": ("response",),
        "safety_flags": ("guardrail_information",),
        "error": ("error_str", "error_information", "status"),
        "error_kind": ("error_information", "error_str", "status"),
        "cost_usd": ("response_cost", "cost_breakdown.total_cost"),
        "tags": ("request_tags", "model_group", "metadata"),
    },
    {
        "timestamp": "seconds since 1970, or ISO 8601",
        "session_id": "empty unless `request_correlation_in_logs` is on",
        "input_tokens": "of a failed call none",
        "output_tokens": "of a failed call none",
        "ttft_ms": "of calls that streamed",
        "total_latency_ms": "never `response_time`",
        "safety_flags": "what intervened or flagged, by category, else by name",
        "error": "of status `failure`",
        "cost_usd": "none where LiteLLM has no price, or of a failed call that cost 0",
        "tags": "team, project, organization and key alias, scalars of the caller's own metadata; `route` is `model_group`",
    },
    _MOMENTS | {"error_kind", "messages"},
)
COLUMNS = (GENAI, OPENINFERENCE, LANGFUSE, LITELLM)
