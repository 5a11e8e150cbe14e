"""MLflow: traces as its API and its artifacts hold them, `{"info": {...}, "data": {"spans": [...]}}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import embedded, mapping, moment
from obs_lib.sources.formats.spans import (
    Record,
    Span,
    SpanFormat,
    annotation,
    at,
    each,
    events_of,
    plain_id,
    span_of,
)

_STARTS = re.compile(rb'"(?:start_time|start_time_ns|start_time_unix_nano)\\?"\s*:\s*"?(\d{19})\b')
_GRACE_S = 900
_MOMENTS = ("time_unix_nano", "timestamp", "time")  # of an event


class MlflowFormat(SpanFormat):
    """Traces with their spans inside."""

    describe = "MLflow's traces as JSON"

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the two halves of a trace, or a table's columns."""
        halves = mapping(embedded(item.get("trace"))) or item
        of_table = "spans" in item and not {"trace_metadata", "request_metadata"}.isdisjoint(item)
        return ("info" in halves and "spans" in mapping(embedded(halves.get("data")))) or of_table or _is_data(item)

    def days(self, raw: bytes) -> set[Day]:
        """Days of the starts of spans, and of the quarter of an hour around them."""
        near = (int(digits) / 1e9 + grace for digits in set(_STARTS.findall(raw)) for grace in (-_GRACE_S, _GRACE_S))
        return {at.date() for seconds in near if (at := moment(seconds)) is not None} | super().days(raw)

    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterator[Span | Record | Rejected]:
        """Every span of a trace, and its assessments; user and session stand in the trace's metadata."""
        item = mapping(embedded(item.get("trace"))) or item  # a row of a searched table holds it as text
        data = mapping(embedded(item.get("data"))) or item
        if "spans" not in data:
            raise Rejected("not a trace of MLflow")
        info = mapping(item.get("info")) or item
        metadata = mapping(embedded(info.get("trace_metadata", info.get("request_metadata"))))
        own: dict[str, Any] = {
            name: metadata[name] for name in ("mlflow.trace.user", "mlflow.trace.session") if name in metadata
        }
        trace_id = str(info.get("trace_id") or info.get("request_id") or "")
        spans = list(each(embedded(data["spans"]), lambda span: _span(entry, span, trace_id, own)))
        yield from spans
        top = next((span for span in spans if isinstance(span, Span) and not span.parent_id), None)
        if top is not None:
            yield from _verdicts(entry, embedded(info.get("assessments")), top)


def _is_data(item: Mapping[str, Any]) -> bool:
    """Whether it is the half of a trace that lies as an artifact: its spans."""
    listed = item.get("spans")
    first = mapping(listed[0]) if isinstance(listed, list) and listed else {}
    return any(name.startswith("mlflow.") for name in mapping(first.get("attributes")))


def _span(entry: Entry, item: dict[str, Any], of_trace: str, own: dict[str, Any]) -> Span:
    context, status = mapping(item.get("context")), mapping(item.get("status"))
    trace_id = of_trace or plain_id(context.get("trace_id", item.get("trace_id")))
    span_id = plain_id(context.get("span_id", item.get("span_id")))
    code = str(status.get("code") or item.get("status_code") or "")
    return span_of(
        entry,
        {
            "trace_id": trace_id,
            "span_id": span_id,
            "parent_id": plain_id(item.get("parent_id", item.get("parent_span_id"))),
            "name": str(item.get("name") or ""),
            "start": at(item, ("start_time_unix_nano", "start_time_ns", "start_time")),
            "end": at(item, ("end_time_unix_nano", "end_time_ns", "end_time")),
            "attributes": own | mapping(embedded(item.get("attributes"))),
            "events": events_of(entry, (trace_id, span_id), embedded(item.get("events")), _MOMENTS),
            "failed": code.endswith("ERROR"),
            "message": str(status.get("message") or item.get("status_message") or ""),
        },
    )


def _verdicts(entry: Entry, assessments: Any, top: Span) -> Iterator[Record]:
    """Feedback that people and judges gave; of the whole trace, or of one of its spans. What is expected is no verdict."""
    for given in map(mapping, assessments if isinstance(assessments, list) else ()):
        value = mapping(given.get("feedback")).get("value")
        if value is not None and given.get("valid") is not False:
            kind = str(mapping(given.get("source")).get("source_type")).removesuffix("_JUDGE")
            of = top.trace_id, plain_id(given.get("span_id")) or top.span_id
            yield annotation(entry, of, given.get("assessment_name", given.get("name")), value, kind)
