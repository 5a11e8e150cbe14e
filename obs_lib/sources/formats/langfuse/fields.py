"""One observation or score of Langfuse as native fields, in the names of its API, older exports and storage exports.

Names are those of the API in camelCase; a storage export writes the same ones in snake_case (`plain` makes them one). Where
versions differ the newer name is asked first. Latencies are always taken from the moments: exports write `latency` and
`timeToFirstToken` in seconds or in milliseconds, depending on the server's version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import answer_of, compact, finish_in, has_unknown_part, prompt_of
from obs_lib.sources.formats.parse import embedded, mapping, milliseconds, moment, number
from obs_lib.sources.formats.tags import Tags, add_labels, add_scalars
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import COUNTED, Counts, settled, usage_of
from obs_lib.sources.repair import RICHER, UNKNOWN_PART

Item = Mapping[str, Any]

_CACHED = re.compile(r"cache_read|cached")
_REASONED = re.compile(r"reasoning|thought|thinking")
_FINISH = ("finish_reason", "finishReason")  # where the SDK puts it for a streamed answer


def plain(item: Item) -> dict[str, Any]:
    """The item with top-level names in camelCase, and JSON texts where objects belong (details, metadata) taken apart.

    >>> plain({"trace_id": "t", "usage_details": '{"input": 3}'})
    {'traceId': 't', 'usageDetails': {'input': 3}}
    """
    fields = {re.sub(r"_([a-z])", lambda match: match[1].upper(), name): value for name, value in item.items()}
    for name in ("usageDetails", "costDetails", "usage", "metadata", "modelParameters", "tags", "traceTags"):
        if isinstance(fields.get(name), str):
            fields[name] = embedded(fields[name])
    return fields


def interaction(observation: Item, trace: Item) -> dict[str, Any]:
    """The native fields of a generation; `trace` is its trace's record, empty where that is not in the log."""
    start, end = moment(observation.get("startTime")), moment(observation.get("endTime"))
    fields = {
        "request_id": observation.get("id"),
        "timestamp": start.isoformat() if start else observation.get("startTime"),
        "trace_id": observation.get("traceId"),
        "total_latency_ms": milliseconds(start, end),
    } | content(observation, trace)
    unknown = has_unknown_part(embedded(observation.get("output")))
    contradicted = _tokens(observation).get("input_tokens") == 0 and bool(fields.get("input_tokens"))
    fields["repairs"] = (*((RICHER,) if contradicted else ()), *((UNKNOWN_PART,) if unknown else ())) or None
    return {name: value for name, value in fields.items() if value is not None}


def content(observation: Item, trace: Item) -> dict[str, Any]:
    """The native fields that do not say which interaction it is and when; None for what the observation does not say."""
    error, kind = failure(observation)
    output = embedded(observation.get("output"))
    tokens = _tokens(observation)
    if not any(tokens.values()):
        tokens = tokens | usage_of(mapping(output).get("usage"))[0]
    return {
        "user_id": observation.get("userId") or trace.get("userId"),
        "session_id": observation.get("sessionId") or trace.get("sessionId"),
        "model_version": observation.get("providedModelName") or observation.get("model"),
        "prompt_version": _prompt_version(observation),
        "prompt": _read(observation.get("input"), prompt_of),
        "response": None if error is not None and not output else _read(observation.get("output"), answer_of),
        **{name: tokens.get(name) for name in COUNTED},
        "ttft_ms": _ttft_ms(observation),
        "finish_reason": _finish(observation, output),
        "error": error,
        "error_kind": kind,
        "cost_usd": _cost(observation, failed=error is not None),
        "tags": _tags(observation, trace) or None,
        **tool_use(embedded(observation.get("input")), output),
    }


def failure(observation: Item) -> tuple[str | None, str | None]:
    """(error, its kind) of an observation of level ERROR; (None, None) for any other."""
    if observation.get("level") != "ERROR":
        return None, None
    message = observation.get("statusMessage")
    message = message if isinstance(message, str) and message else None
    return message or "ERROR", error_kind(None, None, message) or "other"


def _read(value: Any, reading: Callable[[Any], Any]) -> Any:
    """What a message shape holds; text that is JSON of no such shape (an answer in JSON, say) stays as it was written."""
    decoded = embedded(value)
    result = reading(decoded)
    return value if isinstance(value, str) and decoded is not value and result == compact(decoded) else result


def _prompt_version(observation: Item) -> str | None:
    """As in "greeting@3": a version alone would be the same for all prompts."""
    name, version = observation.get("promptName"), observation.get("promptVersion")
    if not isinstance(name, str) or not name:
        return None
    return name if version in (None, "") else f"{name}@{version}"


def _tokens(observation: Item) -> Counts:
    """The counts that are known. All kinds of input count as input, and of output as output, as in Langfuse's own sums."""
    details = mapping(observation.get("usageDetails"))
    asked = _sum(
        details, lambda name: name.startswith("input") or (name.startswith("cache") and name.endswith("_tokens"))
    )
    answered = _sum(details, lambda name: name.startswith("output"))
    if asked is None and answered is None:
        return _older_tokens(observation, details)
    nested, _ = usage_of(details)
    cached = _sum(details, lambda name: bool(_CACHED.search(name)) and not name.startswith("output"))
    reasoned = _sum(details, lambda name: bool(_REASONED.search(name)))
    parts = {"cached_input_tokens": cached, "reasoning_tokens": reasoned}
    parts = {name: nested.get(name) if count is None else count for name, count in parts.items()}
    counts = {"input_tokens": asked, "output_tokens": answered, **parts}
    known = {name: count for name, count in counts.items() if count is not None}
    return settled(known, total=number(details.get("total")))[0]


def _older_tokens(observation: Item, details: Item) -> Counts:
    """The counts as clients name them before the server has mapped them, and as older exports have them."""
    usage = mapping(observation.get("usage"))
    if str(usage.get("unit") or "TOKENS").upper() not in ("TOKENS", "TOKEN"):
        return {}
    names = ("input_tokens", "output_tokens")
    told = [usage_of(details)[0]]
    for source, (asked, answered) in (
        (observation, ("inputUsage", "outputUsage")),
        (observation, ("promptTokens", "completionTokens")),
        (observation, ("inputTokens", "outputTokens")),  # a table saved from the pages
        (usage, ("input", "output")),
        (usage, ("promptTokens", "completionTokens")),
    ):
        counts = {name: number(source.get(of)) for name, of in zip(names, (asked, answered), strict=True)}
        told.append({name: count for name, count in counts.items() if count is not None})
    # old exports write 0 for what they do not know
    return next((counts for counts in told if any(counts.get(name) for name in names)), {})


def _sum(details: Item, wanted: Callable[[str], bool]) -> float | None:
    counts = [count for name, value in details.items() if wanted(name) and (count := number(value)) is not None]
    return sum(counts) if counts else None


def _ttft_ms(observation: Item) -> float | None:
    """From start to first token. A client that does not stream writes its end for it, which says nothing."""
    start, end = moment(observation.get("startTime")), moment(observation.get("endTime"))
    first = moment(observation.get("completionStartTime"))
    if first is not None:
        return None if end is not None and first >= end else milliseconds(start, first)
    seconds = number(observation.get("timeToFirstToken"))
    return None if seconds is None else seconds * 1000


def _finish(observation: Item, output: Any) -> str | None:
    metadata = mapping(observation.get("metadata"))
    return finish_reason(finish_in(output) or next((metadata[name] for name in _FINISH if metadata.get(name)), None))


def _cost(observation: Item, *, failed: bool) -> float | None:
    """What the call cost; the SDK writes 0 for a call that failed, of which nothing is known."""
    details = mapping(observation.get("costDetails"))
    known = (observation.get("totalCost"), observation.get("calculatedTotalCost"), details.get("total"))
    cost = next((cost for value in known if (cost := number(value)) is not None), None)
    cost = cost if cost is not None else _sum(details, lambda _: True)
    return None if failed and cost == 0 else cost


def _tags(observation: Item, trace: Item) -> Tags:
    tags: Tags = {}
    for labels in (observation.get("tags"), observation.get("traceTags"), trace.get("tags")):
        add_labels(tags, labels)
    for item in (observation, trace):
        add_scalars(tags, item, ("environment", "release", "version"))
    route = observation.get("traceName") or trace.get("name") or observation.get("name")
    add_scalars(tags, {"route": route})
    for item in (observation, trace):
        metadata = mapping(item.get("metadata"))
        add_scalars(tags, metadata, (name for name in metadata if name not in _FINISH))
    return tags
