"""Spans as OpenTelemetry's SDKs print them, an object each: Python's console exporter, and JavaScript's where it is JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import mapping, moment, number
from obs_lib.sources.formats.spans import Record, Span, SpanFormat, events_of, nanoseconds, plain_id, span_of

_MICROSECONDS = re.compile(rb'"timestamp"\s*:\s*(\d{16})\b')
_GRACE_S = 900


class ConsoleFormat(SpanFormat):
    """Spans, an object each, indented or not."""

    describe = "spans as OpenTelemetry's console exporters print them"

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its context and kind; of JavaScript's by its duration beside a trace."""
        python = "context" in item and str(item.get("kind", "")).startswith("SpanKind.") and "attributes" in item
        return python or _is_of_javascript(item)

    def days(self, raw: bytes) -> set[Day]:
        """Days of every moment, in ISO 8601 or in microseconds, and of the quarter of an hour around it."""
        stamps = (int(digits) / 1e6 for digits in _MICROSECONDS.findall(raw))
        near = (moment(at + shift) for at in stamps for shift in (-_GRACE_S, _GRACE_S))
        return {at.date() for at in near if at is not None} | super().days(raw)

    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterable[Span]:
        """One span."""
        if _is_of_javascript(item):
            yield span_of(entry, _of_javascript(entry, item))
            return
        context, status = mapping(item.get("context")), mapping(item.get("status"))
        if "span_id" not in context:
            raise Rejected("not a span of the console exporter")
        trace_id, span_id = plain_id(context.get("trace_id")), plain_id(context["span_id"])
        yield span_of(
            entry,
            {
                "trace_id": trace_id,
                "span_id": span_id,
                "parent_id": plain_id(item.get("parent_id")),
                "name": str(item.get("name") or ""),
                "start": nanoseconds(item.get("start_time")),
                "end": nanoseconds(item.get("end_time")),
                "attributes": mapping(item.get("attributes")),
                "events": events_of(entry, (trace_id, span_id), item.get("events")),
                "failed": status.get("status_code") == "ERROR",
                "message": str(status.get("description") or ""),
                "resource": mapping(mapping(item.get("resource")).get("attributes")),
            },
        )


def _is_of_javascript(item: Mapping[str, Any]) -> bool:
    return {"traceId", "id", "timestamp", "duration"} <= item.keys()


def _of_javascript(entry: Entry, item: Mapping[str, Any]) -> dict[str, Any]:
    """A span of JavaScript's exporter: times in microseconds, those of events as [seconds, nanoseconds]."""
    trace_id, span_id, status = plain_id(item["traceId"]), plain_id(item["id"]), mapping(item.get("status"))
    start, took = number(item["timestamp"]), number(item["duration"])
    above = item.get("parentId") or mapping(item.get("parentSpanContext")).get("spanId")
    events = item.get("events")
    return {
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_id": plain_id(above),
        "name": str(item.get("name") or ""),
        "start": nanoseconds(start),
        "end": 0 if start is None or took is None else nanoseconds(start + took),
        "attributes": mapping(item.get("attributes")),
        "events": tuple(
            Record(
                entry, trace_id, span_id, str(event.get("name", "")), _event_at(event), mapping(event.get("attributes"))
            )
            for event in (events if isinstance(events, list) else ())
            if isinstance(event, dict)
        ),
        "failed": status.get("code") == 2,
        "message": str(status.get("message") or ""),
        "resource": mapping(mapping(item.get("resource")).get("attributes")),
    }


def _event_at(event: Mapping[str, Any]) -> int:
    at = event.get("time")
    seconds, rest = (number(part) or 0 for part in at) if isinstance(at, list) and len(at) == 2 else (0, 0)
    return nanoseconds(seconds) + int(rest) if nanoseconds(seconds) and 0 <= rest < 10**9 else 0
