"""Vertex AI: rows of request-response logging from BigQuery, and of batch predictions, with bodies as the provider has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.digests import digest_of
from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, PassedOver, Rejected, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import CALL, EntryFormat
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.parse import embedded, mapping, moment, number, object_of
from obs_lib.sources.formats.streams import body_of
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_of

_USAGE = ("usageMetadata", "usage_metadata", "usage")
_ANSWERED = frozenset({"candidates", "choices", "content", "output"})
_STAMP = re.compile(rb'"(?:logging|processed)_time"\s*:\s*"([^"\\]{10,40})"')


class VertexFormat(EntryFormat):
    """Requests with their responses, one a row."""

    describe = "Vertex AI's request-response logging: rows from BigQuery"
    tables = frozenset({INTERACTIONS})
    fields = CALL | {"provider", "total_latency_ms"}

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its time beside a request."""
        online = "logging_time" in item and ("full_request" in item or "request_payload" in item)
        return online or {"processed_time", "request", "response"} <= item.keys()

    def days(self, raw: bytes) -> set[Day]:
        """The day on which the row was written."""
        return {
            at.date() for stamp in _STAMP.findall(raw) if (at := moment(_plain(stamp.decode("latin-1")))) is not None
        }

    def rows(self, entry: Entry) -> Iterable[Row | PassedOver]:
        """The interaction; nothing for predictions that are no chat."""
        if entry.cut:
            raise Rejected("line too long")
        item = object_of(entry.raw)
        if not self.owns(item):
            raise Rejected("not a row of Vertex AI's request-response logging")
        request = mapping(_body(item, "request"))
        response = mapping(_body(item, "response"))
        if "contents" not in request and "messages" not in request:
            yield PassedOver(entry, "prediction without contents")
            return
        fields = _interaction(item, request, response)
        usage, repairs = usage_of(next((response[name] for name in _USAGE if name in response), None))
        yield Row(INTERACTIONS, entry, fields | usage, repairs=tuple(repairs))


def _body(item: Mapping[str, Any], side: str) -> Any:
    """The body of one side; a list of one is what payload columns hold."""
    names = (f"full_{side}", f"{side}_payload", side)
    body = body_of(next((item[name] for name in names if item.get(name) is not None), None))
    return body[0] if isinstance(body, list) and len(body) == 1 else body


def _interaction(item: Mapping[str, Any], request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    failed, metadata = mapping(response.get("error")), mapping(embedded(item.get("metadata")))
    stamp = _plain(str(item.get("logging_time", item.get("processed_time"))))
    at = moment(stamp)
    blocked = mapping(response.get("promptFeedback", response.get("prompt_feedback")))
    name = item.get("request_id") or item.get("insert_id") or response.get("responseId") or response.get("id")
    return {
        "request_id": str(name) if name else f"made-{digest_of(request, stamp)[:24]}",
        "timestamp": at.isoformat() if at else stamp,
        "model_version": _model(item, response),
        "provider": "gcp.vertex_ai",
        "prompt": prompt_of(request),
        "response": answer_of(response) if _ANSWERED.intersection(response) else None,
        **tool_use(request, response),
        "finish_reason": finish_reason(finish_in(response)) or ("content_filter" if blocked else None),
        "total_latency_ms": number(metadata.get("request_latency", metadata.get("requestLatency"))),
        "error": str(failed.get("message") or "error") if failed else None,
        "error_kind": error_kind(str(failed.get("status")), _status(failed), str(failed.get("message")))
        if failed
        else None,
    }


def _plain(stamp: str) -> str:
    """BigQuery writes `2026-03-03 10:00:00.5 UTC`."""
    return stamp.removesuffix(" UTC")


def _model(item: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    told = (response.get("modelVersion"), response.get("model_version"), response.get("model"), item.get("model"))
    model = next((name for name in told if isinstance(name, str) and name), item.get("deployed_model_id"))
    return str(model).rpartition("/")[2] if model else None


def _status(failed: Mapping[str, Any]) -> int | None:
    code = number(failed.get("code"))
    return None if code is None else int(code)
