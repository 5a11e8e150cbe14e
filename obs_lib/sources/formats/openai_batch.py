"""OpenAI's batch API: the lines of an output or error file, each the response to one request.

What was asked stands in the batch's input file, so there is no prompt; when a request failed before it was answered, no time
either, and the day of the file's name is taken.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Rejected, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import EntryFormat
from obs_lib.sources.formats.messages import answer_of, finish_in
from obs_lib.sources.formats.parse import mapping, moment, number, object_of
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_of

_CREATED = re.compile(rb'"created(?:_at)?"\s*:\s*(\d{9,10})\b')
_NO_CHAT = ("list", "moderation")  # objects that embeddings and moderations come as


class OpenAIBatchFormat(EntryFormat):
    """Responses, one an entry."""

    describe = "OpenAI's batch output and error files"
    tables = frozenset({INTERACTIONS})

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the caller's id beside a response or an error."""
        return "custom_id" in item and ("response" in item or "error" in item)

    def days(self, raw: bytes) -> set[Day]:
        """The day on which the response was made."""
        return {at.date() for digits in _CREATED.findall(raw) if (at := moment(float(digits))) is not None}

    def rows(self, entry: Entry) -> Iterable[Row]:
        """The interaction; nothing for embeddings and moderations."""
        if entry.cut:
            raise Rejected("line too long")
        item = object_of(entry.raw)
        if not self.owns(item):
            raise Rejected("not a line of a batch's output")
        response = mapping(item.get("response"))
        body = mapping(response.get("body"))
        if body.get("object") in _NO_CHAT or str(body.get("id", "")).startswith("modr"):
            return
        at = moment(body.get("created", body.get("created_at")))
        if at is None and entry.day is not None:
            at = dt.datetime.combine(entry.day, dt.time(), dt.UTC)
        if at is None:
            raise Rejected("created: missing, and the file's name says no day")
        usage, repairs = usage_of(body.get("usage"))
        yield Row(INTERACTIONS, entry, _fields(item, response, body, at) | usage, repairs=tuple(repairs))


def _fields(
    item: Mapping[str, Any], response: Mapping[str, Any], body: dict[str, Any], at: dt.datetime
) -> dict[str, Any]:
    status = number(response.get("status_code"))
    failed = mapping(item.get("error")) or mapping(body.get("error"))
    message = str(failed.get("message") or failed.get("code") or "error") if failed else None
    code = failed.get("code") or failed.get("type")
    return {
        "request_id": item.get("id") or item.get("custom_id"),
        "timestamp": at.isoformat(),
        "model_version": body.get("model") if isinstance(body.get("model"), str) else None,
        "provider": "openai",
        "response": None if failed else answer_of(body) if body else None,
        **tool_use(body, body),  # the Responses API repeats what was offered
        "finish_reason": finish_reason(finish_in(body)),
        "error": message,
        "error_kind": error_kind(str(code) if code else None, None if status is None else int(status), message)
        if failed
        else None,
        "tags": {"custom_id": item["custom_id"]} if isinstance(item.get("custom_id"), str) else None,
    }
