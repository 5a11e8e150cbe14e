"""Helicone: requests with their responses, as its export and its API (`/v1/request/query`) give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS, LABELS
from obs_lib.records import Day
from obs_lib.sources.entries import CLOCKED, Entry, PassedOver, Rejected, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import CALL, EntryFormat
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.parse import embedded, mapping, milliseconds, moment, number, object_of
from obs_lib.sources.formats.streams import body_of
from obs_lib.sources.formats.tags import Tags, add_scalars
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import richer, settled, usage_of

_STAMP = re.compile(rb'"(?:request_created_at|created_at)"\s*:\s*"([^"\\]{10,40})"')
_NO_CHAT = re.compile(r"embed|moderation|image|audio|rerank", re.IGNORECASE)


class HeliconeFormat(EntryFormat):
    """Requests, one an entry, with people's ratings and scores."""

    describe = "Helicone's requests with their feedback and scores: exports and the API"
    tables = frozenset({INTERACTIONS, LABELS})
    fields = CALL | {"user_id", "session_id", "provider", "ttft_ms", "total_latency_ms", "cost_usd", "tags"}
    derived = CLOCKED

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its names for a request."""
        return "request_created_at" in item or {"request_body", "response_body"} <= item.keys()

    def days(self, raw: bytes) -> set[Day]:
        """The day of the request."""
        return {at.date() for stamp in _STAMP.findall(raw) if (at := moment(stamp.decode("latin-1"))) is not None}

    def rows(self, entry: Entry) -> Iterable[Row | PassedOver]:
        """The interaction; nothing for what is no chat."""
        if entry.cut:
            raise Rejected("line too long")
        item = object_of(entry.raw)
        if not self.owns(item):
            raise Rejected("not a request of Helicone")
        path = str(item.get("request_path") or item.get("target_url") or "")
        if _NO_CHAT.search(path):
            yield PassedOver(entry, path.partition("?")[0])
            return
        fields, repairs = _interaction(item)
        yield Row(
            INTERACTIONS, entry, {name: value for name, value in fields.items() if value is not None}, repairs=repairs
        )
        for label in _labels(item):
            yield Row(LABELS, entry, {"request_id": fields["request_id"]} | label, moment(fields["timestamp"]))


def _labels(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The thumb of whoever asked, and scores that a program wrote, which are whole numbers or {value, valueType}."""
    rating = item.get("feedback_rating", mapping(embedded(item.get("request_feedback"))).get("rating"))
    if isinstance(rating, bool):
        yield {"name": "feedback", "source": "api", "value": float(rating)}
    for name, score in mapping(embedded(item.get("scores"))).items():
        value = number(mapping(score).get("value", score))
        if value is not None:
            yield {"name": name, "source": "evaluation", "value": value}


def _interaction(item: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    request, response = (body_of(item.get(f"{side}_body")) for side in ("request", "response"))
    response = body_of(mapping(response).get("streamed_data")) or response
    stamp = item.get("request_created_at") or item.get("created_at")
    start, end = moment(stamp), moment(item.get("response_created_at"))
    delay, status = number(item.get("delay_ms")), number(item.get("response_status", item.get("status")))
    properties = mapping(embedded(item.get("request_properties", item.get("properties"))))
    counts = {"input_tokens": number(item.get("prompt_tokens")), "output_tokens": number(item.get("completion_tokens"))}
    counts |= {"cached_input_tokens": number(item.get("prompt_cache_read_tokens"))}
    counts |= {"reasoning_tokens": number(item.get("reasoning_tokens"))}
    told, repairs = richer(counts, usage_of(mapping(response).get("usage"))[0])
    tokens, more = settled(told, written=number(item.get("prompt_cache_write_tokens")))
    failed = status is not None and (status >= 400 or status < 0)
    message = _message(response) if failed else None
    return {
        "request_id": item.get("request_id") or item.get("id"),
        "timestamp": start.isoformat() if start else stamp,
        "user_id": item.get("request_user_id") or item.get("user_id") or None,
        "session_id": properties.get("Helicone-Session-Id"),
        "model_version": next(
            (item[name] for name in ("response_model", "request_model", "model") if item.get(name)), None
        ),
        "provider": str(item["provider"]).lower() if item.get("provider") else None,
        "prompt": prompt_of(request) if request else None,
        "response": None if failed or not response else answer_of(response),
        **tool_use(request, response),
        "finish_reason": finish_reason(finish_in(response)),
        "total_latency_ms": milliseconds(start, end) if delay is None else delay,
        "ttft_ms": number(item.get("time_to_first_token")),
        "cost_usd": number(
            next((item[name] for name in ("cost_usd", "costUSD", "cost") if item.get(name) is not None), None)
        ),
        "error": message,
        "error_kind": error_kind(None, int(status), message) if failed and status is not None else None,
        "tags": _tags(item, properties) or None,
        **tokens,
    }, (*repairs, *more)


def _message(response: Any) -> str:
    error = mapping(response).get("error")
    return str(mapping(error).get("message") or (error if isinstance(error, str) else "") or "error")


def _tags(item: Mapping[str, Any], properties: Mapping[str, Any]) -> Tags:
    tags: Tags = {}
    add_scalars(tags, {"route": properties.get("Helicone-Session-Path") or item.get("request_path")})
    add_scalars(tags, {name: value for name, value in properties.items() if not name.startswith("Helicone-")})
    return tags
