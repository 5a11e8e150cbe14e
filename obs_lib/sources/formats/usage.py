"""Token counts of one call, made to agree with each other and with the usage that a log carries beside them.

Providers count two ways: with cached tokens among the input (OpenAI, Gemini, the conventions) and beside it (Anthropic,
Bedrock). Ours always holds them. A total, where there is one, says which way was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obs_lib.sources.formats.parse import mapping, number
from obs_lib.sources.repair import APART, RICHER

_INPUT = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "prompt_token_count", "promptTokenCount")
_OUTPUT = (
    *("output_tokens", "completion_tokens", "outputTokens", "completionTokens"),
    *("candidates_token_count", "candidatesTokenCount"),
)
_TOTAL = ("total_tokens", "totalTokens", "total_token_count", "totalTokenCount")
_READ = (
    *("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount", "cached_tokens"),
    *("cached_content_token_count", "cachedContentTokenCount", "cachedInputTokens", "cache_read"),
)
_WRITTEN = ("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount", "cache_creation")
_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details", "inputTokenDetails")

Counts = dict[str, float]
"""Some of input_tokens, output_tokens, cached_input_tokens; what nobody says is left out."""


def usage_of(usage: Any) -> tuple[Counts, list[str]]:
    """The counts of a provider's usage object, in any provider's names, and the repairs that they took.

    >>> usage_of({"input_tokens": 9, "output_tokens": 5, "cache_read_input_tokens": 100})
    ({'input_tokens': 109.0, 'output_tokens': 5.0, 'cached_input_tokens': 100.0}, ['cached counted apart'])
    """
    said = mapping(usage)
    details = next((mapping(said[name]) for name in _DETAILS if isinstance(said.get(name), dict)), {})
    counts = {
        "input_tokens": _first(said, _INPUT),
        "output_tokens": _first(said, _OUTPUT),
        "cached_input_tokens": _either(_first(said, _READ), _first(details, (*_READ, "cacheReadTokens"))),
    }
    written = _either(_first(said, _WRITTEN), _first(details, _WRITTEN))
    return settled(counts, written=written, total=_first(said, _TOTAL))


def settled(
    counts: Mapping[str, Any], written: float | None = None, total: float | None = None
) -> tuple[Counts, list[str]]:
    """The counts with cached tokens among the input, and the repairs that it took.

    written : tokens that were put into the cache. total : of all, None where nobody says.
    """
    known = {name: value for name, value in counts.items() if value is not None}
    asked, cached, answered = (
        number(known.get(name)) for name in ("input_tokens", "cached_input_tokens", "output_tokens")
    )
    beside = (cached or 0) + (written or 0)
    if asked is None or not beside:
        return known, []
    apart = total is not None and total == asked + beside + (answered or 0)
    if beside > asked or apart:
        return known | {"input_tokens": asked + beside}, [APART]
    return known, []


def richer(counts: Mapping[str, Any], beside: Counts) -> tuple[Counts, list[str]]:
    """The counts, with those that are 0 or missing taken from a richer place beside them, and the repairs that it took.

    >>> richer({"input_tokens": 0, "output_tokens": 3}, {"input_tokens": 12.0, "output_tokens": 3.0})
    ({'input_tokens': 12.0, 'output_tokens': 3}, ['counts beside each other'])
    """
    known = {name: value for name, value in counts.items() if value is not None}
    contradicted = [name for name, value in known.items() if not number(value) and beside.get(name)]
    taken = {name: value for name, value in beside.items() if name in contradicted or name not in known}
    return known | taken, [RICHER] if contradicted else []


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    return next((count for name in names if (count := number(said.get(name))) is not None), None)


def _either(one: float | None, other: float | None) -> float | None:
    return other if one is None else one
