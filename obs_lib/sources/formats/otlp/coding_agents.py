"""Coding agents (Claude Code, Codex, Gemini CLI, and others by their words for events): log events without a span, one a call.

A call's event has the model, tokens, cost and duration; what the person asked stands in an event before it in the same session,
and is there only where the agent was told to log it. Gemini CLI writes the answer as well, and each call once more as the
conventions have it: the same call, whose texts are taken from there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.entries import Item, RejectedEntry, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.formats.messages import answer_of, compact
from obs_lib.sources.formats.otlp import genai
from obs_lib.sources.formats.otlp.attribute_values import first, number, text
from obs_lib.sources.formats.otlp.calls import moment
from obs_lib.sources.formats.otlp.encoding import Record
from obs_lib.sources.formats.parse import number as plain
from obs_lib.sources.formats.streams import body_of
from obs_lib.sources.formats.usage import COUNTED, settled

_EVENT = re.compile(r"(claude_code|codex|gemini_cli|qwen_code|qwen-code)\.(\w+)")
_OF_ANY = re.compile(r"([a-z][\w-]{0,39})\.(api_request|api_response|api_error|user_prompt)", re.ASCII)
"""What agents call these events, whatever their name: those of a call name its model, too."""
_CALLS = ("api_request", "api_response", "api_error", "sse_event")
_SESSION = ("session.id", "conversation.id", "session_id")
_INPUT, _OUTPUT = ("input_tokens", "input_token_count"), ("output_tokens", "output_token_count")
_ERRORS = ("error", "error.message", "error_message")
_OF_A_CALL = (*_INPUT, *_OUTPUT, *_ERRORS)
"""One of these is said of every call, be it that it went wrong; what only starts one says neither."""
_HIDDEN = ("<REDACTED>", "[REDACTED]")  # instead of a prompt that was not to be logged
_AS_DETAILS = (("gen_ai.usage.input_tokens",), ("gen_ai.usage.output_tokens",))
_SAID = ("prompt", "response", "finish_reason", "provider")
_REASONED = ("reasoning_token_count", "reasoning_tokens", "thoughts_token_count")
_CACHED = ("cache_read_tokens", "cached_content_token_count", "cached_token_count")


def is_event(record: Record) -> bool:
    """Whether an agent wrote the record, be it of use here or not."""
    return _named(record) is not None


Call = tuple[Any, ...]
"""What makes two records those of one call: the session and what was counted."""


def restated(records: Iterable[Record], details: Iterable[Record]) -> dict[Call, Record]:
    """Those of the conventions' details that say once more what one of the agents' records says."""
    calls = {_call(record, (_INPUT, _OUTPUT)) for record in records}
    return {call: record for record in details if (call := _call(record, _AS_DETAILS)) in calls and None not in call}


def rows(records: list[Record], details: Mapping[Call, Record]) -> Iterator[Item]:
    """The calls among the records, each with what was asked last in its session, and what gives none.

    details : what the conventions say of the same calls.
    """
    asked: dict[str, str] = {}
    for record in sorted(records, key=lambda record: record.at):
        named, session = _named(record), text(first(record.attributes, _SESSION)) or ""
        if named is None:
            continue
        if not record.at:
            yield RejectedEntry(record.entry, "event of a coding agent without a time")
            continue
        agent, word = named
        prompt = record.attributes.get("prompt")
        if word == "user_prompt" and isinstance(prompt, str) and prompt not in _HIDDEN:
            asked[session] = prompt
        if word in _CALLS and (word == "api_error" or first(record.attributes, _OF_A_CALL) is not None):
            told = details.get(_call(record, (_INPUT, _OUTPUT)))
            said = {} if told is None else {name: genai.fields(told.attributes, []).get(name) for name in _SAID}
            fields = _interaction(record, agent, session, asked.get(session))
            yield Row(INTERACTIONS, record.entry, fields | {name: value for name, value in said.items() if value})


def _named(record: Record) -> tuple[str, str] | None:
    for name in (record.name, record.body):
        if isinstance(name, str) and (event := _EVENT.fullmatch(name)):
            return event[1], event[2]
        if isinstance(name, str) and (event := _OF_ANY.fullmatch(name)):
            told = "prompt" if event[2] == "user_prompt" else "model"
            return (event[1], event[2]) if record.attributes.get(told) else None
    return None


def _call(record: Record, names: tuple[tuple[str, ...], ...]) -> Call:
    return (text(first(record.attributes, _SESSION)), *(plain(first(record.attributes, of)) for of in names))


def _interaction(record: Record, agent: str, session: str, prompt: str | None) -> dict[str, Any]:
    said = record.attributes
    took = plain(said.get("duration_ms"))
    status = plain(first(said, ("status_code", "http.response.status_code")))
    error = text(first(said, _ERRORS))
    return {
        "request_id": text(said.get("request_id")) or _made_id(record, agent),
        "timestamp": moment(record.at - int((took or 0) * 1e6)).isoformat(),
        "session_id": session or None,
        "user_id": text(first(said, ("user.id", "user.account_uuid"))),
        "model_version": text(said.get("model")),
        "prompt": prompt,
        "response": _answer(said.get("response_text")),
        "total_latency_ms": took,
        "cost_usd": number(said.get("cost_usd")),
        "error": error,
        "error_kind": error_kind(None, None if status is None else int(status), error) if error else None,
        "tags": {"route": agent},
        **_tokens(said, agent),
    }


def _answer(given: Any) -> str | None:
    body = body_of(given)
    return answer_of(body) if isinstance(body, (dict, list)) else text(given)


def _tokens(said: Mapping[str, Any], agent: str) -> dict[str, Any]:
    """Claude Code counts what it reads from the cache, and writes into it, beside the input; Gemini CLI thoughts beside the
    output.
    """
    names = dict(zip(COUNTED, (_INPUT, _CACHED, _OUTPUT, _REASONED), strict=True))
    counts, _ = settled(
        {name: plain(first(said, of)) for name, of in names.items()},
        written=plain(said.get("cache_creation_tokens")),
        total=plain(said.get("total_token_count")),
        cache_beside=agent == "claude_code",
        reasoning_beside="thoughts_token_count" in said,
    )
    return counts


def _made_id(record: Record, agent: str) -> str:
    """The same for the same event, however often and with whatever else it is read."""
    content = compact([record.at, dict(record.attributes)])
    return f"{agent}-{hashlib.sha256(content.encode()).hexdigest()[:24]}"
