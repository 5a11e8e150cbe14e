"""Vercel's AI SDK: `ai.*`. The span `ai.streamText` wraps one `ai.streamText.doStream` for each step, which is the call."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import answer_of, prompt_of, text_of
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import first, number, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.formats.parse import number as plain
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import COUNTED, settled

_OPERATION = "ai.operationId"
_METADATA = "ai.telemetry.metadata."
_TEXTS = {
    "user_id": tuple(_METADATA + name for name in ("userId", "user_id", "user.id", "user")),
    "session_id": tuple(
        _METADATA + name
        for name in ("sessionId", "session_id", "session.id", "threadId", "chatId", "conversationId", "conversation_id")
    ),
    "model_version": ("ai.response.model", "ai.model.id"),
    "provider": ("ai.model.provider",),
}
_NUMBERS = {
    "input_tokens": ("ai.usage.inputTokens", "ai.usage.promptTokens"),
    "output_tokens": ("ai.usage.outputTokens", "ai.usage.completionTokens"),
    "cached_input_tokens": ("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
    "reasoning_tokens": ("ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"),
    "ttft_ms": ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"),
}

_PROVIDERS = {
    "cached_input_tokens": (
        "cachedPromptTokens",
        "cacheReadInputTokens",
        "cache_read_input_tokens",
        "promptCacheHitTokens",
    ),
    "reasoning_tokens": ("reasoningTokens",),
    "written": ("cacheCreationInputTokens", "cacheWriteInputTokens", "cache_creation_input_tokens"),
}


def _fields(attributes: Attributes) -> dict[str, Any]:
    native: dict[str, Any] = {name: text(first(attributes, names)) for name, names in _TEXTS.items()}
    native |= {name: number(first(attributes, names)) for name, names in _NUMBERS.items()}
    native |= _usage(attributes, native)
    finish = finish_reason(first(attributes, ("ai.response.finishReason", "ai.finishReason")))
    native |= {"prompt": _prompt(attributes), "response": _answer(attributes), "finish_reason": finish}
    return native | tool_use({"tools": attributes.get("ai.prompt.tools")}, {"tool_calls": _calls(attributes)})


def _usage(attributes: Attributes, native: dict[str, Any]) -> dict[str, Any]:
    """Version 5 and before hand Anthropic's and Bedrock's counts on, which are without cached tokens; 6 adds them up."""
    total = plain(attributes.get("ai.usage.totalTokens"))
    told = _told_by_provider(attributes)
    provider = str(native.get("provider") or "")
    apart = provider.startswith(("anthropic", "amazon-bedrock", "google-vertex.anthropic", "vertex.anthropic"))
    summed = any(name.startswith("ai.usage.inputTokenDetails.") for name in attributes)
    counts, _ = settled(
        {name: told.get(name) if native.get(name) is None else native[name] for name in COUNTED},
        written=plain(attributes.get("ai.usage.inputTokenDetails.cacheWriteTokens")) or told.get("written"),
        total=None if apart and not summed else total,
        cache_beside=apart and not summed,
    )
    return counts


def _told_by_provider(attributes: Attributes) -> dict[str, float | None]:
    """Version 4 has cached tokens and reasoning in the provider's own words alone."""
    told: dict[str, Any] = {}
    for said in mapping(embedded(attributes.get("ai.response.providerMetadata"))).values():
        told |= mapping(said) | mapping(mapping(said).get("usage"))
    return {name: plain(first(told, names)) for name, names in _PROVIDERS.items()}


def _prompt(attributes: Attributes) -> Any:
    messages = embedded(attributes.get("ai.prompt.messages"))
    if messages:
        return prompt_of(messages)
    asked = embedded(attributes.get("ai.prompt"))
    if isinstance(asked, dict) and isinstance(asked.get("prompt"), (str, list)):
        asked = {"system": asked.get("system"), "input": asked["prompt"]}
    return prompt_of(asked)


def _answer(attributes: Attributes) -> str | None:
    said = first(attributes, ("ai.response.text", "ai.result.text", "ai.response.object", "ai.result.object"))
    if said is not None:
        return text(said)
    calls = _calls(attributes)
    return text_of({"tool_calls": calls}) if isinstance(calls, list) else answer_of(calls)


def _calls(attributes: Attributes) -> Any:
    return embedded(first(attributes, ("ai.response.toolCalls", "ai.result.toolCalls")))


def _is_llm(attributes: Attributes) -> bool | None:
    operation = str(attributes.get(_OPERATION, "")).removeprefix("ai.")
    if not operation:
        return None
    return operation.startswith(("generate", "stream")) and not operation.startswith(
        ("generateImage", "generateSpeech")
    )


def _kind(attributes: Attributes) -> str | None:
    operation = str(attributes.get(_OPERATION, ""))
    if operation == "ai.toolCall":
        return "tool"
    return "embedding" if operation.startswith("ai.embed") else None


VERCEL = Dialect("Vercel AI SDK", ("ai.",), _fields, _is_llm, _kind)
