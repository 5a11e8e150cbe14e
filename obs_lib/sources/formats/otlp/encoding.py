"""OTLP JSON, as the Collector's file exporter writes it, to spans and log records.

Encoding: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hex, 64-bit integers text or numbers,
enums numbers or names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import object_of

Attributes = Mapping[str, Any]
"""Decoded attributes: text, int, float, bool, None, and lists and dicts of them."""

_DEEPEST = 64  # levels of nested values; SDKs cut theirs at 32
_LATEST = 253_402_300_800_000_000_000  # the first nanosecond of the year 10000
_INT64 = re.compile(r"-?[0-9]{1,20}")
_HEX = re.compile(r"[0-9a-fA-F]+")


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
    return object_of(entry.raw)


def parts(line: dict[str, Any], signal: str, scope: str, items: str) -> Iterator[tuple[Attributes, Any] | Rejected]:
    """Every span or log record of a line, with the attributes of its resource; Rejected for a part that has none."""
    for group in _listed(line.get(signal)):
        try:
            group = _object(signal, group)
            resource = attributes(_object("resource", group.get("resource")).get("attributes"))
            for scoped in _listed(group.get(scope)):
                for item in _listed(_object(scope, scoped).get(items)):
                    yield resource, item
        except Rejected as problem:
            yield problem


def span_of(entry: Entry, resource: Attributes, item: Any) -> Span:
    """One span. Rejected with the first rule that it breaks."""
    item = _object("span", item)
    trace_id, span_id = hex_id("traceId", item.get("traceId"), 32), hex_id("spanId", item.get("spanId"), 16)
    start = nanoseconds("startTimeUnixNano", item.get("startTimeUnixNano"))
    if not (trace_id and span_id and start):
        raise Rejected(f"{'startTimeUnixNano' if trace_id and span_id else 'traceId or spanId'}: missing")
    status = _object("status", item.get("status"))
    return Span(
        entry=entry,
        trace_id=trace_id,
        span_id=span_id,
        parent_id=hex_id("parentSpanId", item.get("parentSpanId"), 16),
        name=_text("name", item.get("name")),
        start=start,
        end=nanoseconds("endTimeUnixNano", item.get("endTimeUnixNano")),
        attributes=attributes(item.get("attributes")),
        events=tuple(_event(entry, trace_id, span_id, event) for event in _listed(item.get("events"))),
        failed=status.get("code") in (2, "2", "STATUS_CODE_ERROR"),
        message=_text("status", status.get("message")),
        resource=resource,
    )


def record_of(entry: Entry, item: Any) -> Record:
    """One log record. Its name stands under `eventName`, or in an attribute where it was written before that field existed."""
    item = _object("log record", item)
    found = attributes(item.get("attributes"))
    seen = nanoseconds("observedTimeUnixNano", item.get("observedTimeUnixNano"))
    return Record(
        entry=entry,
        trace_id=hex_id("traceId", item.get("traceId"), 32),
        span_id=hex_id("spanId", item.get("spanId"), 16),
        name=_text("eventName", item.get("eventName")) or str(found.get("event.name", "")),
        at=nanoseconds("timeUnixNano", item.get("timeUnixNano")) or seen,
        attributes=found,
        body=None if item.get("body") is None else any_value(item["body"]),
    )


def attributes(items: Any) -> Attributes:
    """Decoded attributes by key; of a key that stands twice, the last one."""
    found = {}
    for item in _listed(items):
        key = _object("attribute", item).get("key")
        if type(key) is not str:
            raise Rejected("attribute: no key")
        found[key] = any_value(item.get("value"))
    return found


def any_value(node: Any, depth: int = 0) -> Any:
    """The value of an AnyValue; None for an empty one and for numbers that are not finite."""
    if depth > _DEEPEST:
        raise Rejected("attribute: nested too deeply")
    if node is None or node == {}:
        return None
    for kind, value in _object("attribute", node).items():
        match kind:
            case "stringValue" | "bytesValue" if type(value) is str:
                return value
            case "boolValue" if type(value) is bool:
                return value
            case "intValue":
                return _int(str(value)) if type(value) in (int, str) else _wrong(kind)
            case "doubleValue":
                return _double(value)
            case "arrayValue":
                return [any_value(item, depth + 1) for item in _listed(_object(kind, value).get("values"))]
            case "kvlistValue":
                pairs = [_object("attribute", item) for item in _listed(_object(kind, value).get("values"))]
                return {str(pair.get("key")): any_value(pair.get("value"), depth + 1) for pair in pairs}
            case _:
                break
    return _wrong("value")


def hex_id(name: str, value: Any, digits: int) -> str:
    """An id in lower case; "" where there is none (absent, empty or all zeros)."""
    text = _text(name, value)
    if text and not (len(text) == digits and _HEX.fullmatch(text)):
        raise Rejected(f"{name}: not {digits} hex digits")
    return text.lower() if text.strip("0") else ""


def nanoseconds(name: str, value: Any) -> int:
    """Nanoseconds since 1970, before the year 10000; 0 where nothing is said."""
    if value is None or value == "":
        return 0
    if type(value) in (int, str) and _INT64.fullmatch(str(value)) and 0 <= int(value) < _LATEST:
        return int(value)
    raise Rejected(f"{name}: not nanoseconds since 1970")


def _event(entry: Entry, trace_id: str, span_id: str, item: Any) -> Record:
    item = _object("event", item)
    at = nanoseconds("timeUnixNano", item.get("timeUnixNano"))
    return Record(entry, trace_id, span_id, _text("name", item.get("name")), at, attributes(item.get("attributes")))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else _wrong("list")


def _object(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, dict) else _wrong(name)


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _wrong(name)


def _int(text: str) -> int:
    if not _INT64.fullmatch(text):
        raise Rejected("not a whole number of 64 bits")
    return int(text)


def _double(value: Any) -> float | None:
    """Proto JSON writes NaN and infinities as text."""
    if type(value) not in (int, float, str):
        return _wrong("doubleValue")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise Rejected("doubleValue: not a number") from error
    return number if math.isfinite(number) else None


def _wrong(name: str) -> NoReturn:
    raise Rejected(f"{name}: wrong type")
