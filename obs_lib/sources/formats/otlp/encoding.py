"""OTLP JSON, as the Collector's file exporter writes it, to spans and log records.

Encoding: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hex, 64-bit integers text or numbers,
enums numbers or names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.otlp.any_value import (
    Attributes,
    any_value,
    attributes,
    hex_id,
    list_of,
    nanoseconds,
    object_of,
    text_of,
)
from obs_lib.sources.formats.otlp.spellings import as_collected
from obs_lib.sources.formats.parse import object_of as json_object


@dataclass(frozen=True, slots=True)
class Record:
    """One event: of a span, or a log record of its own.

    trace_id, span_id : of the span that it belongs to; "" where a log record names none.
    at : nanoseconds since 1970; 0 where nobody said when.
    """

    entry: Entry = field(repr=False)
    trace_id: str
    span_id: str
    name: str
    at: int
    attributes: Attributes
    body: Any = None


@dataclass(frozen=True, slots=True)
class Span:
    """One span. start, end : nanoseconds since 1970, end 0 where it never ended. failed : whether its status is an error."""

    entry: Entry = field(repr=False)
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    attributes: Attributes
    events: tuple[Record, ...]
    failed: bool
    message: str
    resource: Attributes


def parse(entry: Entry) -> dict[str, Any]:
    """The entry as one object. Rejected where it is none."""
    if entry.cut:
        raise Rejected("line too long")
    return as_collected(json_object(entry.raw), entry.raw)


def parts(line: dict[str, Any], signal: str, scope: str, items: str) -> Iterator[tuple[Attributes, Any] | Rejected]:
    """Every span or log record of a line, with the attributes of its resource; Rejected for a part that has none."""
    for group in list_of(line.get(signal)):
        try:
            group = object_of(signal, group)
            resource = attributes(object_of("resource", group.get("resource")).get("attributes"))
            for scoped in list_of(group.get(scope)):
                for item in list_of(object_of(scope, scoped).get(items)):
                    yield resource, item
        except Rejected as problem:
            yield problem


def span_of(entry: Entry, resource: Attributes, item: Any) -> Span:
    """One span. Rejected with the first rule that it breaks."""
    item = object_of("span", item)
    trace_id, span_id = hex_id("traceId", item.get("traceId"), 32), hex_id("spanId", item.get("spanId"), 16)
    start = nanoseconds("startTimeUnixNano", item.get("startTimeUnixNano"))
    if not (trace_id and span_id and start):
        raise Rejected(f"{'startTimeUnixNano' if trace_id and span_id else 'traceId or spanId'}: missing")
    status = object_of("status", item.get("status"))
    return Span(
        entry=entry,
        trace_id=trace_id,
        span_id=span_id,
        parent_id=hex_id("parentSpanId", item.get("parentSpanId"), 16),
        name=text_of("name", item.get("name")),
        start=start,
        end=nanoseconds("endTimeUnixNano", item.get("endTimeUnixNano")),
        attributes=attributes(item.get("attributes")),
        events=tuple(_event(entry, trace_id, span_id, event) for event in list_of(item.get("events"))),
        failed=status.get("code") in (2, "2", "STATUS_CODE_ERROR", "ERROR"),
        message=text_of("status", status.get("message")),
        resource=resource,
    )


def record_of(entry: Entry, item: Any) -> Record:
    """One log record. Its name stands under `eventName`, or in an attribute where it was written before that field existed."""
    item = object_of("log record", item)
    decoded = attributes(item.get("attributes"))
    seen = nanoseconds("observedTimeUnixNano", item.get("observedTimeUnixNano"))
    return Record(
        entry=entry,
        trace_id=hex_id("traceId", item.get("traceId"), 32),
        span_id=hex_id("spanId", item.get("spanId"), 16),
        name=text_of("eventName", item.get("eventName")) or str(decoded.get("event.name", "")),
        at=nanoseconds("timeUnixNano", item.get("timeUnixNano")) or seen,
        attributes=decoded,
        body=None if item.get("body") is None else any_value(item["body"]),
    )


def _event(entry: Entry, trace_id: str, span_id: str, item: Any) -> Record:
    item = object_of("event", item)
    at = nanoseconds("timeUnixNano", item.get("timeUnixNano"))
    return Record(entry, trace_id, span_id, text_of("name", item.get("name")), at, attributes(item.get("attributes")))
