"""Claude Code's spans: one for each request to the model, below the span of what was asked, in the words of its events."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import number, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import number as plain
from obs_lib.sources.formats.usage import settled

_KIND = "span.type"
_KINDS = {
    "interaction": "agent",
    "llm_request": "llm_request",
    "tool": "tool",
    "tool.execution": "tool",
    "tool.blocked_on_user": "tool.blocked_on_user",
    "hook": "hook",
}
"""What the span is, by its word for it; other tracers have the attribute too, with words of their own."""


def _fields(attributes: Attributes) -> dict[str, Any]:
    """Tokens that are read from the cache, or written into it, are counted beside the input."""
    counts, _ = settled(
        {
            "input_tokens": plain(attributes.get("input_tokens")),
            "cached_input_tokens": plain(attributes.get("cache_read_tokens")),
            "output_tokens": plain(attributes.get("output_tokens")),
        },
        written=plain(attributes.get("cache_creation_tokens")),
        cache_beside=True,
    )
    return counts | {
        "model_version": text(attributes.get("model")),
        "response": text(attributes.get("response.model_output")),
        "finish_reason": finish_reason(attributes.get("stop_reason")),
        "ttft_ms": number(attributes.get("ttft_ms")),
    }


def _spoken(attributes: Attributes) -> bool:
    return text(attributes.get(_KIND)) in _KINDS


def _is_llm(attributes: Attributes) -> bool | None:
    return attributes.get(_KIND) == "llm_request"


def _kind(attributes: Attributes) -> str | None:
    return _KINDS.get(text(attributes.get(_KIND)) or "")


def asked(attributes: Attributes) -> str | None:
    """What the person asked, as the span around requests says it; None for other spans, and where it was not to be logged."""
    said = text(attributes.get("user_prompt")) if attributes.get(_KIND) == "interaction" else None
    return None if said == "<REDACTED>" else said


CLAUDE_CODE = Dialect("Claude Code", (_KIND,), _fields, _is_llm, _kind, spoken=_spoken)
