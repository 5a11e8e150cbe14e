"""LiteLLM's spend logs: rows of the proxy's table `LiteLLM_SpendLogs`, from its API, a query or a dump.

The table holds texts only where `store_prompts_in_spend_logs` is on; else they are `{}` and null here. Keys are never copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import CLOCKED, Entry, PassedOver, Rejected, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import CALL, EntryFormat
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.model_calls import answers_in_text
from obs_lib.sources.formats.parse import embedded, mapping, milliseconds, moment, number, object_of
from obs_lib.sources.formats.tags import Tags, add_labels, add_scalars
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import richer, settled, usage_of

_STAMP = re.compile(rb'"startTime"\s*:\s*"([^"\\]{10,40})"')
_NOBODY = ("", "default_user_id")


class LiteLLMSpendFormat(EntryFormat):
    """Calls, one a row."""

    describe = "LiteLLM's spend logs: rows of its table or its API"
    tables = frozenset({INTERACTIONS})
    fields = CALL | {"user_id", "session_id", "provider", "ttft_ms", "total_latency_ms", "cost_usd", "tags"}
    derived = CLOCKED

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By what a call cost beside its id."""
        return {"request_id", "spend", "startTime"} <= item.keys()

    def days(self, raw: bytes) -> set[Day]:
        """The day of the start."""
        return {at.date() for stamp in _STAMP.findall(raw) if (at := moment(stamp.decode("latin-1"))) is not None}

    def rows(self, entry: Entry) -> Iterable[Row | PassedOver]:
        """The interaction; nothing for what is no chat."""
        if entry.cut:
            raise Rejected("line too long")
        item = object_of(entry.raw)
        if not self.owns(item):
            raise Rejected("not a row of LiteLLM's spend logs")
        kind = str(item.get("call_type") or "completion")
        if answers_in_text(kind) is False:
            yield PassedOver(entry, kind)
            return
        fields, repairs = _interaction(item)
        yield Row(
            INTERACTIONS, entry, {name: value for name, value in fields.items() if value is not None}, repairs=repairs
        )


def _interaction(item: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    metadata, response = mapping(embedded(item.get("metadata"))), _unquoted(item.get("response"))
    start, end = moment(item["startTime"]), moment(item.get("endTime"))
    first = moment(item.get("completionStartTime"))
    failed = item.get("status") == "failure" or metadata.get("status") == "failure"
    information = mapping(metadata.get("error_information"))
    message = str(information.get("error_message") or information.get("error_class") or "failure") if failed else None
    tokens, repairs = _tokens(item, metadata, failed=failed)
    cost = number(item.get("spend"))
    code = number(information.get("error_code"))
    asked = _unquoted(item.get("messages")) or _request(item)
    return {
        "request_id": item.get("request_id"),
        "timestamp": start.isoformat() if start else item["startTime"],
        "session_id": item.get("session_id") or None,
        "user_id": next((item[name] for name in ("end_user", "user") if item.get(name) not in (None, *_NOBODY)), None),
        "model_version": item.get("model") or None,
        "provider": item.get("custom_llm_provider") or None,
        "prompt": prompt_of(asked) if asked else None,
        "response": answer_of(response) if response else None,
        **tool_use(_unquoted(item.get("proxy_server_request")), response),
        "finish_reason": finish_reason(finish_in(response)),
        "total_latency_ms": milliseconds(start, end),
        "ttft_ms": milliseconds(start, first) if first is not None and (end is None or first < end) else None,
        "cost_usd": None if failed and not cost else cost,
        "error": message,
        "error_kind": error_kind(information.get("error_class"), None if code is None else int(code), message)
        if failed
        else None,
        "tags": _tags(item, metadata) or None,
        **tokens,
    }, repairs


def _request(item: Mapping[str, Any]) -> Any:
    """What the proxy was sent, where it has not written down the messages themselves."""
    request = mapping(_unquoted(item.get("proxy_server_request")))
    return request if {"messages", "input", "contents"}.intersection(request) else request.get("prompt")


def _unquoted(value: Any) -> Any:
    """JSON of a text, also where a dump has quoted the text once more."""
    if isinstance(value, str) and value[:1] == value[-1:] == '"' and len(value) > 1:
        value = next(iter(embedded(f"[{value}]")), value)
    return embedded(value)


def _tokens(
    item: Mapping[str, Any], metadata: Mapping[str, Any], *, failed: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    if failed and not number(item.get("total_tokens")):
        return {}, ()
    beside, _ = usage_of(metadata.get("usage_object") or metadata.get("additional_usage_values"))
    counts = {"input_tokens": number(item.get("prompt_tokens")), "output_tokens": number(item.get("completion_tokens"))}
    told, repairs = richer(counts, beside)
    tokens, more = settled(told)
    return dict(tokens), (*repairs, *more)


def _tags(item: Mapping[str, Any], metadata: Mapping[str, Any]) -> Tags:
    tags: Tags = {}
    add_labels(tags, embedded(item.get("request_tags")))
    team = metadata.get("user_api_key_team_alias") or item.get("team_id")
    add_scalars(tags, {"route": item.get("model_group"), "team": team})
    if item.get("cache_hit") in (True, "True"):
        add_scalars(tags, {"cache_hit": True})
    return tags
