"""Why a model stopped, in one vocabulary for all providers.

The five words are those of the OpenTelemetry GenAI conventions: stop, length, content_filter, tool_call, error.
"""

from __future__ import annotations

from collections.abc import Mapping

FINISH_REASONS = ("stop", "length", "content_filter", "tool_call", "error")

_MOST = 64  # a reason is a word; longer text is something else that stands in the wrong field

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    # OpenAI, Anthropic, Cohere, Gemini, Bedrock, Hugging Face, Responses API, in this order.
    "stop": (
        *("stop", "end_turn", "stop_sequence", "pause_turn", "complete", "completed", "eos", "eos_token"),
        *("finish", "finished"),
    ),
    "length": (
        *("length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit"),
        "model_context_window_exceeded",
    ),
    "content_filter": (
        *("content_filter", "content_filtered", "refusal", "error_toxic", "safety", "recitation", "blocklist"),
        *(
            "prohibited_content",
            "spii",
            "image_safety",
            "image_prohibited_content",
            "guardrail_intervened",
            "sensitive",
        ),
        "language",
    ),
    "tool_call": ("tool_call", "tool_calls", "tool_use", "function_call", "function_calls"),
    "error": (
        *("error", "failed", "failure", "malformed_function_call", "malformed_response", "unexpected_tool_call"),
        *("too_many_tool_calls", "network_error", "error_limit", "aborted", "cancelled", "abort"),
    ),
}
_WORDS = {spelling: word for word, spellings in _SPELLINGS.items() for spelling in spellings}


def finish_reason(raw: object) -> str | None:
    """One of FINISH_REASONS, a provider's own word in lower case where it means none of them, None where nothing is said.

    `raw` is a word, or a list with one word for each choice of which the first counts.

    >>> finish_reason("MAX_TOKENS"), finish_reason(["tool_calls"]), finish_reason(""), finish_reason("compaction")
    ('length', 'tool_call', None, 'compaction')
    """
    if isinstance(raw, list):
        raw = next(iter(raw), None)
    if not isinstance(raw, str):
        return None
    # Python clients write enums as "FinishReason.STOP".
    word = raw.strip().rpartition(".")[2].lower().replace("-", "_").replace(" ", "_")[:_MOST]
    return _WORDS.get(word, word) or None
