"""The stages that an interaction of the native format may carry, as rows of the table of spans.

    "spans": [{"name": "vector search", "stage": "retrieval", "span_id": "b", "parent_id": "a",
               "start_ms": 12.5, "duration_ms": 80.0, "error": null}]

`name`, `start_ms` (from the interaction's timestamp) and `duration_ms` are needed; the rest may be absent.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from obs_lib.digests import digest_of
from obs_lib.sources.entries import Rejected
from obs_lib.sources.stages import StageNamer
from obs_lib.sources.values import parse_moment

MOST_SPANS = 1000  # an interaction; a loop that logs each of its turns would drown the day's other traces
_MOST_MS = 86_400_000.0  # a day: what lies further away, or lasts longer, is a broken clock
_MOST_CHARACTERS = 10_000


def spans_of(fields: dict[str, Any], names: StageNamer) -> list[dict[str, Any]]:
    """The rows of `tables.SPANS` (without `day`) of one interaction, in their order; none where it has no `spans`.

    Parameters
    ----------
    fields : the interaction as logged; `request_id` and `timestamp` (ISO 8601 text with an offset, or a moment) are read.
    names : says the stage where `stage` is absent or is none of ours.

    A span without an id is named by the request and its position; without `trace_id` the request is its own trace.
    `Rejected` with the first rule that a span breaks.
    """
    spans = fields.get("spans")
    if spans is None:
        return []
    if not isinstance(spans, list):
        raise Rejected("spans: not a list")
    if len(spans) > MOST_SPANS:
        raise Rejected(f"spans: more than {MOST_SPANS}")
    request, moment = _request(fields), _moment(fields)
    trace = _text("trace_id", fields.get("trace_id")) or request
    rows = [_row(span, (request, trace, at), moment, names) for at, span in enumerate(spans)]
    if len({row["span_id"] for row in rows}) < len(rows):
        raise Rejected("spans: a span_id that comes twice")
    return rows


def _row(span: Any, where: tuple[str, str, int], moment: dt.datetime, names: StageNamer) -> dict[str, Any]:
    if not isinstance(span, dict):
        raise Rejected("spans: an item that is not an object")
    request, trace, at = where
    name = _text("spans: name", span.get("name"))
    if not name:
        raise Rejected("spans: name: missing")
    start, duration = _milliseconds(span, "start_ms"), _milliseconds(span, "duration_ms")
    if duration < 0:
        raise Rejected("spans: duration_ms: negative")
    try:
        begun = moment + dt.timedelta(milliseconds=start)
    except OverflowError as error:
        raise Rejected("spans: start_ms: outside the calendar") from error
    return {
        "trace_id": trace,
        "span_id": _text("spans: span_id", span.get("span_id")) or digest_of(request, at)[:16],
        "parent_id": _text("spans: parent_id", span.get("parent_id")) or None,
        "request_id": request,
        "stage": names.stage_of(name, _text("spans: stage", span.get("stage"))),
        "name": name,
        "start": begun,
        "duration_ms": duration,
        "error": _text("spans: error", span.get("error")),
    }


def _request(fields: dict[str, Any]) -> str:
    request = _text("request_id", fields.get("request_id"))
    if not request:
        raise Rejected("request_id: missing")
    return request


def _moment(fields: dict[str, Any]) -> dt.datetime:
    given = fields.get("timestamp")
    moment = given if isinstance(given, dt.datetime) else parse_moment(given) if isinstance(given, str) else None
    if moment is None or moment.tzinfo is None:
        raise Rejected("timestamp: not ISO 8601 with an offset")
    return moment.astimezone(dt.UTC)


def _text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is not str:
        raise Rejected(f"{name}: not text")
    if len(value) > _MOST_CHARACTERS:
        raise Rejected(f"{name}: text too long")
    return value


def _milliseconds(span: dict[str, Any], name: str) -> float:
    value: Any = span.get(name)
    if type(value) not in (int, float):
        raise Rejected(f"spans: {name}: {'missing' if value is None else 'not a number'}")
    if not abs(value) <= _MOST_MS:  # written so that NaN is none either
        raise Rejected(f"spans: {name}: not within a day")
    return float(value)
