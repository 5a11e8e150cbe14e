"""Vertex AI: rows of request-response logging, from BigQuery as JSON or Parquet; bodies in Gemini's shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, PassedOver, Rejected, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import EntryFormat
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.parse import embedded, mapping, moment, number, object_of
from obs_lib.sources.formats.usage import usage_of

_STAMP = re.compile(rb'"logging_time"\s*:\s*"([^"\\]{10,40})"')


class VertexFormat(EntryFormat):
    """Requests with their responses, one a row."""

    describe = "Vertex AI's request-response logging: rows from BigQuery"
    tables = frozenset({INTERACTIONS})

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its time beside a request."""
        return "logging_time" in item and ("full_request" in item or "request_payload" in item)

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
        request = _body(item.get("full_request", item.get("request_payload")))
        responses = _bodies(item.get("full_response", item.get("response_payload")))
        if "contents" not in request and "messages" not in request:
            yield PassedOver(entry, "prediction without contents")
            return
        usage, repairs = usage_of(
            next((mapping(body["usageMetadata"]) for body in reversed(responses) if "usageMetadata" in body), None)
        )
        failed = next((mapping(body["error"]) for body in responses if "error" in body), {})
        stamp = _plain(str(item["logging_time"]))
        at = moment(stamp)
        fields = {
            "request_id": str(
                item.get("request_id")
                or item.get("insert_id")
                or mapping(responses[-1] if responses else {}).get("responseId")
                or ""
            ),
            "timestamp": at.isoformat() if at else stamp,
            "model_version": _model(item, responses),
            "provider": "gcp.vertex_ai",
            "prompt": prompt_of(request),
            "response": _answer(responses),
            "finish_reason": next(
                (reason for body in reversed(responses) if (reason := finish_reason(finish_in(body)))), None
            ),
            "total_latency_ms": number(mapping(embedded(item.get("metadata"))).get("request_latency")),
            "error": str(failed.get("message") or "error") if failed else None,
            "error_kind": error_kind(str(failed.get("status")), _status(failed), str(failed.get("message")))
            if failed
            else None,
        }
        yield Row(INTERACTIONS, entry, fields | usage, repairs=tuple(repairs))


def _plain(stamp: str) -> str:
    """BigQuery writes `2026-03-03 10:00:00.5 UTC`."""
    return stamp.removesuffix(" UTC")


def _bodies(value: Any) -> list[dict[str, Any]]:
    """Bodies of a column: an object, its text, a list of its chunks, or texts of any of these."""
    decoded = embedded(value)
    items = decoded if isinstance(decoded, list) else [decoded]
    return [body for body in map(embedded, items) if isinstance(body, dict)]


def _body(value: Any) -> dict[str, Any]:
    return next(iter(_bodies(value)), {})


def _answer(responses: list[dict[str, Any]]) -> str | None:
    """The chunks of a stream follow each other."""
    texts = [text for body in responses if "candidates" in body or "choices" in body if (text := answer_of(body))]
    return "".join(texts) if texts else None


def _model(item: Mapping[str, Any], responses: list[dict[str, Any]]) -> str | None:
    named = next((body["modelVersion"] for body in responses if isinstance(body.get("modelVersion"), str)), None)
    model = named or item.get("model") or item.get("deployed_model_id")
    return str(model).rpartition("/")[2] if model else None


def _status(failed: Mapping[str, Any]) -> int | None:
    code = number(failed.get("code"))
    return None if code is None else int(code)
