"""Spans as an OpenTelemetry SDK prints them: the console exporter of Python (`span.to_json()`), an object each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import mapping
from obs_lib.sources.formats.spans import Span, SpanFormat, events_of, nanoseconds, plain_id, span_of


class ConsoleFormat(SpanFormat):
    """Spans, an object each, indented or not."""

    describe = "spans as OpenTelemetry's console exporter prints them"

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its context and kind."""
        return "context" in item and str(item.get("kind", "")).startswith("SpanKind.") and "attributes" in item

    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterable[Span]:
        """One span."""
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
                "events": events_of(entry, trace_id, span_id, item.get("events")),
                "failed": status.get("status_code") == "ERROR",
                "message": str(status.get("description") or ""),
                "resource": mapping(mapping(item.get("resource")).get("attributes")),
            },
        )
