"""Where each field stands in LiteLLM's records."""

from __future__ import annotations

from obs_lib.sources.formats.provenance import Column

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
    frozenset({"total_latency_ms", "ttft_ms", "error_kind", "messages"}),
)
