"""Token counts of one call, made to agree with each other and with the usage that a log carries beside them.

Providers count two ways: with cached tokens among the input (OpenAI, Gemini, the conventions) and beside it (Anthropic,
Bedrock); with what the model thought among the output (OpenAI, Anthropic) and beside it (Gemini). Ours always hold both. A
total, where there is one, says which way was taken; else the names do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obs_lib.sources.formats.langchain import generation, plain_message
from obs_lib.sources.formats.parse import mapping, number
from obs_lib.sources.repair import APART, REASONED_APART, RICHER

_INPUT = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "prompt_token_count", "promptTokenCount")
_GEMINI = ("candidates_token_count", "candidatesTokenCount", "response_token_count", "responseTokenCount")
_OUTPUT = ("output_tokens", "completion_tokens", "outputTokens", "completionTokens", *_GEMINI)
_TOTAL = ("total_tokens", "totalTokens", "total_token_count", "totalTokenCount")
_BESIDE = ("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount")
_READ = (
    *(*_BESIDE, "cached_tokens", "cached_input_tokens", "cachedInputTokens", "cache_read", "cacheReadTokens"),
    *("cached_content_token_count", "cachedContentTokenCount", "prompt_cache_hit_tokens"),
)
_WRITTEN = (
    *("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount", "cache_creation"),
    *("cache_write_tokens", "cacheWriteTokens"),
)
_REASONED = (
    *("reasoning_tokens", "reasoningTokens", "reasoning_output_tokens", "output_reasoning_tokens", "reasoning"),
    *("thoughts_token_count", "thoughtsTokenCount", "thoughts_tokens", "thinking_tokens", "thinkingTokens"),
)
_ASKED_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details", "inputTokenDetails")
_SAID_DETAILS = (
    *("completion_tokens_details", "output_tokens_details", "output_token_details", "outputTokenDetails"),
    "completion_token_details",
)

Counts = dict[str, float]
"""Some of input_tokens, output_tokens, cached_input_tokens, reasoning_tokens; what nobody says is left out."""


def usage_of(usage: Any) -> tuple[Counts, list[str]]:
    """The counts of a provider's usage object, in any provider's names, and the repairs that they took.

    >>> usage_of({"input_tokens": 9, "output_tokens": 5, "cache_read_input_tokens": 100})
    ({'input_tokens': 109.0, 'output_tokens': 5.0, 'cached_input_tokens': 100.0}, ['cached counted apart'])
    >>> usage_of({"promptTokenCount": 9, "candidatesTokenCount": 5, "thoughtsTokenCount": 3})
    ({'input_tokens': 9.0, 'output_tokens': 8.0, 'reasoning_tokens': 3.0}, ['reasoning counted apart'])
    """
    said = mapping(usage)
    counts = {
        "input_tokens": _first(said, _INPUT),
        "output_tokens": _first(said, _OUTPUT),
        "cached_input_tokens": _either(_first(said, _READ), _first(_details(said, _ASKED_DETAILS), _READ)),
        "reasoning_tokens": _either(_first(said, _REASONED), _first(_details(said, _SAID_DETAILS), _REASONED)),
    }
    written = _either(_first(said, _WRITTEN), _first(_details(said, _ASKED_DETAILS), _WRITTEN))
    named_beside = _first(said, (*_BESIDE, *_WRITTEN[:3])) is not None and not {"prompt_tokens"} & said.keys()
    return settled(
        counts,
        written=written,
        total=_first(said, _TOTAL),
        cache_beside=named_beside,
        reasoning_beside=_first(said, _OUTPUT[: -len(_GEMINI)]) is None,
    )


def usage_in(body: Any) -> Counts:
    """The counts that stand in a response's body: where providers put them, and where LangChain does; {} where nobody says."""
    outputs = mapping(body)
    message = mapping(plain_message((generation(outputs) or outputs).get("message")))
    told = (
        message.get("usage_metadata"),
        outputs.get("usage_metadata"),
        outputs.get("usageMetadata"),
        mapping(outputs.get("llm_output")).get("token_usage"),
        mapping(outputs.get("llm_output")).get("usage"),
        outputs.get("usage"),
        message.get("usage"),
    )
    return next((counts for usage in told if (counts := usage_of(usage)[0])), {})


def settled(
    counts: Mapping[str, Any],
    *,
    written: float | None = None,
    total: float | None = None,
    cache_beside: bool = False,
    reasoning_beside: bool = False,
) -> tuple[Counts, list[str]]:
    """The counts with cached tokens among the input and reasoning among the output, and the repairs that it took.

    written : tokens that were put into the cache. total : of all, None where nobody says. cache_beside, reasoning_beside :
    which way is taken for granted where no total says it and the counts allow both.
    """
    known = {name: value for name, value in counts.items() if value is not None}
    asked, cached, answered, reasoned = (number(known.get(name)) for name in COUNTED)
    kept = (cached or 0) + (written or 0)
    way = _way_of(total, (asked or 0, kept), (answered or 0, reasoned or 0))
    repairs = []
    if asked is not None and kept and (kept > asked or (cache_beside if way is None else way[0])):
        known["input_tokens"] = asked + kept
        repairs.append(APART)
    if answered is not None and reasoned and (reasoned > answered or (reasoning_beside if way is None else way[1])):
        known["output_tokens"] = answered + reasoned
        repairs.append(REASONED_APART)
    return known, repairs


COUNTED = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")


def richer(counts: Mapping[str, Any], beside: Counts) -> tuple[Counts, list[str]]:
    """The counts, with those that are 0 or missing taken from a richer place beside them, and the repairs that it took.

    >>> richer({"input_tokens": 0, "output_tokens": 3}, {"input_tokens": 12.0, "output_tokens": 3.0})
    ({'input_tokens': 12.0, 'output_tokens': 3}, ['counts beside each other'])
    """
    known = {name: value for name, value in counts.items() if value is not None}
    contradicted = [name for name, value in known.items() if not number(value) and beside.get(name)]
    for whole, part in (("input_tokens", "cached_input_tokens"), ("output_tokens", "reasoning_tokens")):
        if lacks_part(known.get(whole), beside.get(part), beside.get(whole)):
            contradicted.append(whole)
    taken = {name: value for name, value in beside.items() if name in contradicted or name not in known}
    return known | taken, [RICHER] if contradicted else []


def lacks_part(count: Any, part: Any, whole: Any) -> bool:
    """Whether a count is that of a whole without one of its parts, which somebody else has counted in.

    >>> lacks_part(20, 5, 25), lacks_part(25, 5, 25), lacks_part(20, None, 25)
    (True, False, False)
    """
    counted, inside, of_all = (number(value) for value in (count, part, whole))
    return bool(counted and inside and of_all) and counted + inside <= of_all  # type: ignore[operator]


def _way_of(total: float | None, asked: tuple[float, float], answered: tuple[float, float]) -> tuple[bool, bool] | None:
    """Whether cached tokens, and reasoning, stand beside the rest of their side; None where the total does not say."""
    for way in ((False, False), (True, False), (False, True), (True, True)):
        if total and total == asked[0] + way[0] * asked[1] + answered[0] + way[1] * answered[1]:
            return way
    return None


def _details(said: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return next((mapping(said[name]) for name in names if isinstance(said.get(name), dict)), {})


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    return next((count for name in names if (count := number(said.get(name))) is not None), None)


def _either(one: float | None, other: float | None) -> float | None:
    return other if one is None else one
