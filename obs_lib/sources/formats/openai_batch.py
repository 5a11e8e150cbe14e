"""Batches of OpenAI and Anthropic: lines of an output or error file, each the response to one request.

What was asked stands in the batch's input file: where that lies beside the output, its line of the same `custom_id` gives the
prompt. A response that says no time (of a request that failed, or of Anthropic) counts for the day of its file's name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Item, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import CALL, Format, reason_of
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.parse import mapping, moment, number, object_of
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_of

_CREATED = re.compile(rb'"created(?:_at)?"\s*:\s*(\d{9,10})\b')
_NO_CHAT = ("list", "moderation")  # objects that embeddings and moderations come as

Line = dict[str, Any]


class OpenAIBatchFormat(Format):
    """Responses, one an entry, and the requests that lie beside them. One read holds all its entries in memory."""

    describe = "batches of OpenAI and Anthropic: output and error files, with their input files"
    tables = frozenset({INTERACTIONS})
    fields = CALL | {"provider", "tags"}

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the caller's id beside a response, an error or a request."""
        return "custom_id" in item and (_is_request(item) or not {"response", "error", "result"}.isdisjoint(item))

    def days(self, raw: bytes) -> set[Day]:
        """The day on which the response was made; a request names none."""
        return {at.date() for digits in _CREATED.findall(raw) if (at := moment(float(digits))) is not None}

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Rejects while reading; then every response, with its request where that was read as well."""
        requests: dict[str, tuple[Entry, Line]] = {}
        responses: list[tuple[Entry, Line]] = []
        for entry in entries:
            try:
                if entry.cut:
                    raise Rejected("line too long")
                item = object_of(entry.raw)
                if not self.owns(item):
                    raise Rejected("not a line of a batch")
            except Rejected as reason:
                yield RejectedEntry(entry, str(reason))
                continue
            if _is_request(item):
                requests[str(item["custom_id"])] = entry, item
            else:
                responses.append((entry, item))
        for entry, item in responses:
            _, request = requests.get(str(item["custom_id"]), (None, {}))
            try:
                yield _answered(entry, item, mapping(request.get("body")) or mapping(request.get("params")))
            except Exception as error:  # noqa: BLE001 - one entry must not spoil the rest
                yield RejectedEntry(entry, reason_of(error))
        answered = {str(item["custom_id"]) for _, item in responses}
        for name, (entry, _) in requests.items():
            if name not in answered and entry.day is not None:  # without a date it may be of any other day
                yield PassedOver(entry, "request without its response")


def _is_request(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("params"), dict) or ("url" in item and isinstance(item.get("body"), dict))


def _answered(entry: Entry, item: Line, request: Line) -> Row | PassedOver:
    response, result = mapping(item.get("response")), mapping(item.get("result"))
    body = mapping(response.get("body")) or mapping(result.get("message"))
    if body.get("object") in _NO_CHAT or str(body.get("id", "")).startswith("modr"):
        return PassedOver(entry, "embeddings" if body.get("object") == "list" else "moderation")
    at = moment(body.get("created", body.get("created_at")))
    if at is None and entry.day is not None:
        at = dt.datetime.combine(entry.day, dt.time(), dt.UTC)
    if at is None:
        raise Rejected("created: missing, and the file's name says no day")
    usage, repairs = usage_of(body.get("usage"))
    failed = mapping(item.get("error")) or mapping(body.get("error")) or mapping(result.get("error"))
    failed = mapping(failed.get("error")) or failed  # as Anthropic wraps it
    fields = _fields(item, body, failed, response.get("status_code"))
    fields |= tool_use(body if "tools" in body else request, body)  # the Responses API repeats what was offered
    fields["model_version"] = next((b["model"] for b in (body, request) if isinstance(b.get("model"), str)), None)
    fields |= {"timestamp": at.isoformat(), "prompt": prompt_of(request) if request else None}
    return Row(INTERACTIONS, entry, fields | usage, repairs=tuple(repairs))


def _fields(item: Line, body: Line, failed: Line, code: Any) -> dict[str, Any]:
    message = str(failed.get("message") or failed.get("code") or "error") if failed else None
    status, word = number(code), failed.get("code") or failed.get("type")
    kind = error_kind(str(word) if word else None, None if status is None else int(status), message) if failed else None
    return {
        "request_id": item.get("id") or item.get("custom_id"),
        "provider": "anthropic" if "result" in item else "openai",
        "response": None if failed else answer_of(body) if body else None,
        "finish_reason": finish_reason(finish_in(body)),
        "error": message,
        "error_kind": kind,
        "tags": {"custom_id": item["custom_id"]} if isinstance(item.get("custom_id"), str) else None,
    }
