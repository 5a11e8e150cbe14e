"""Jaeger: traces as its pages and API give them (`/api/traces`), with tags and logs of typed values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import mapping, moment, number
from obs_lib.sources.formats.spans import Record, Span, SpanFormat, each, span_of

_STARTS = re.compile(rb'"startTime"\s*:\s*(\d{16})\b')  # microseconds since 1970
_GRACE_S = 900
_LATEST = 2e17  # microseconds since 1970: year 8307


class JaegerFormat(SpanFormat):
    """Traces with their spans inside, or spans by themselves."""

    describe = "Jaeger's traces as JSON"

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the spelling of its ids."""
        item = _stored(item)
        return "traceID" in item and ("spans" in item or "operationName" in item)

    def days(self, raw: bytes) -> set[Day]:
        """Days of every start, and of the quarter of an hour around it."""
        near = (int(digits) / 1e6 + grace for digits in set(_STARTS.findall(raw)) for grace in (-_GRACE_S, _GRACE_S))
        return {at.date() for seconds in near if (at := moment(seconds)) is not None}

    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterator[Span | Rejected]:
        """Every span of a trace."""
        if not self.owns(item):
            raise Rejected("not a trace of Jaeger")
        item = _stored(item)
        processes = mapping(item.get("processes"))

        def made(span: dict[str, Any]) -> Span:
            process = mapping(span.get("process")) or mapping(processes.get(str(span.get("processID"))))
            return _span(entry, span, process)

        yield from each(item.get("spans", [item]), made)


def _stored(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a dump of Elasticsearch or OpenSearch wraps; the item itself elsewhere."""
    return mapping(item.get("_source")) or dict(item)


def _span(entry: Entry, item: dict[str, Any], process: Mapping[str, Any]) -> Span:
    stored = {name.replace("@", "."): value for name, value in mapping(item.get("tag")).items()}  # in Elasticsearch
    attributes = stored | _values(item.get("tags"))
    start, took = number(item.get("startTime")), number(item.get("duration"))
    trace_id, span_id = str(item.get("traceID") or ""), str(item.get("spanID") or "")
    logs = item.get("logs")
    return span_of(
        entry,
        {
            "trace_id": trace_id,
            "span_id": span_id,
            "parent_id": _parent(item),
            "name": str(item.get("operationName") or ""),
            "start": microseconds(start),
            "end": 0 if start is None or took is None else microseconds(start + took),
            "attributes": attributes,
            "events": tuple(_event(entry, trace_id, span_id, log) for log in (logs if isinstance(logs, list) else ())),
            "failed": attributes.get("error") is True or attributes.get("otel.status_code") == "ERROR",
            "message": str(attributes.get("otel.status_description") or ""),
            "resource": {**_values(process.get("tags")), "service.name": process.get("serviceName")},
        },
    )


def _event(entry: Entry, trace_id: str, span_id: str, log: Any) -> Record:
    fields = _values(mapping(log).get("fields"))
    at = number(mapping(log).get("timestamp"))
    name = str(fields.pop("event", fields.pop("name", "")))
    return Record(entry, trace_id, span_id, name, microseconds(at), fields)


def microseconds(count: float | None) -> int:
    """Nanoseconds since 1970 of microseconds; 0 for none, and for what is no moment."""
    return int(count) * 1000 if count is not None and 0 < count < _LATEST else 0


def _values(tags: Any) -> dict[str, Any]:
    items = [mapping(tag) for tag in (tags if isinstance(tags, list) else ())]
    return {str(item["key"]): item.get("value") for item in items if "key" in item}


def _parent(item: Mapping[str, Any]) -> str:
    references = item.get("references")
    above = (mapping(reference) for reference in (references if isinstance(references, list) else ()))
    return next(
        (str(span.get("spanID", "")) for span in above if span.get("refType") == "CHILD_OF"),
        str(item.get("parentSpanID") or ""),
    )
