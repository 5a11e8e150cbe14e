"""Langfuse: observations, traces and scores, from its public API, its exports and its storage integration.

An entry is one of them as a JSON object; a trace that comes with its observations and scores inside is taken apart. A
generation is an interaction, and a stage of its trace as every other observation. A trace's record gives no row of its own:
what it knows of its interactions (name, user, session, tags) goes into theirs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.connections import Connection
from obs_lib.lake.tables import INTERACTIONS, LABELS, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import CLOCKED, Entries, Entry, Item, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.base import CALL, StagedFormat
from obs_lib.sources.formats.langfuse.api import open_api
from obs_lib.sources.formats.langfuse.fields import failure, interaction, plain
from obs_lib.sources.formats.langfuse.steps import label
from obs_lib.sources.formats.langfuse.trace import (
    LATEST,
    Part,
    Trace,
    by_trace,
    contexts_by_call,
    flags_by_call,
    is_llm,
    names_a_model,
    parts_of,
    quality_by_call,
    sort_in,
    subject_of,
)
from obs_lib.sources.formats.parse import mapping, milliseconds, moment, object_of
from obs_lib.sources.formats.spill import shares
from obs_lib.sources.langfuse_api import GRACE
from obs_lib.sources.options import SourceOptions

AGAIN = "observation comes again later"
_EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC)
_STAMP = re.compile(
    rb'"(?:startTime|endTime|timestamp|start_time|end_time)"\s*:\s*"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^"\\]{0,24})"'
)


FIELDS = CALL | {
    *("user_id", "session_id", "trace_id", "prompt_version", "ttft_ms", "total_latency_ms", "cost_usd", "tags"),
    *("contexts", "safety_flags", "quality_score"),
}


class LangfuseFormat(StagedFormat):
    """Observations, traces and scores, in any order. One read holds all its entries in memory."""

    describe = "Langfuse's observations, traces and scores: exports and the public API"
    tables = frozenset({INTERACTIONS, SPANS, LABELS})
    fields = FIELDS
    derived = CLOCKED

    @classmethod
    def open_entries(cls, options: SourceOptions, connection: Connection | None) -> Entries:
        """The public API's."""
        return open_api(options, connection)

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the names of an observation, be it inside a trace; of a score by what it judges; of a trace by its marks."""
        saved = mapping(item.get("trace")) or item
        inside = saved.get("observations", item.get("observations"))
        if isinstance(inside, list) and inside and isinstance(inside[0], dict):
            return cls.owns({"traceId": saved.get("id"), **inside[0]})
        of_a_trace = not {"traceId", "trace_id"}.isdisjoint(item)
        observed = not {"startTime", "start_time"}.isdisjoint(item) and "type" in item
        scored = not {"dataType", "data_type"}.isdisjoint(item) and "value" in item and "name" in item
        traced = {"id", "timestamp"} <= item.keys() and ("htmlPath" in item or {"bookmarked", "public"} <= item.keys())
        return (of_a_trace and (observed or scored)) or traced

    def days(self, raw: bytes) -> set[Day]:
        """The days of the moments that the entry names, and of a quarter of an hour around them."""
        days: set[Day] = set()
        for stamp in _STAMP.findall(raw):
            at = moment(stamp.decode("latin-1"))
            if at is not None and _EARLIEST + GRACE < at < LATEST - GRACE:
                days |= {(at - GRACE).date(), at.date(), (at + GRACE).date()}
        return days

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Rejects while reading; then, trace by trace, its interactions, spans and labels."""
        for share in shares(entries, by_trace):
            yield from self._read(share)

    def _read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        traces: dict[str, Trace] = {}
        for entry in entries:
            try:
                if entry.cut:
                    raise Rejected("line too long")
                for item in parts_of(plain(object_of(entry.raw))):
                    earlier = sort_in(traces, entry, item)
                    if earlier is not None:
                        yield RejectedEntry(earlier, AGAIN)
            except Rejected as reason:
                yield RejectedEntry(entry, str(reason))
        for trace in traces.values():
            yield from self._rows(trace)

    def _rows(self, trace: Trace) -> Iterator[Item]:
        trace.settle()
        by_column: dict[str, Mapping[str, Any]] = {
            "contexts": contexts_by_call(trace),
            "safety_flags": flags_by_call(trace),
            "quality_score": quality_by_call(trace),
        }
        for call in trace.calls:
            fields = interaction(call.item, trace.record)
            name = str(call.item.get("id"))
            fields |= {column: by_call[name] for column, by_call in by_column.items() if name in by_call}
            repairs = tuple(fields.pop("repairs", ()))
            yield Row(INTERACTIONS, call.entry, fields, repairs=repairs)
        for step in [*trace.calls, *trace.steps.values()]:
            if step.start is not None and step.item.get("traceId"):
                yield self._span(step, step if is_llm(step.item) else trace.call_of(step.start))
        for step in trace.steps.values():
            if names_a_model(step.item):
                yield PassedOver(step.entry, str(step.item["type"]).lower(), step.start)
        for score in trace.scores:
            yield _label(score, trace)

    def _span(self, step: Part, call: Part | None) -> Row:
        item, name = step.item, step.item.get("name")
        fields = {
            "trace_id": item["traceId"],
            "span_id": item["id"],
            "parent_id": item.get("parentObservationId"),
            "request_id": call.item["id"] if call else None,
            "stage": self.names.stage_of(name if isinstance(name, str) else "", str(item.get("type"))),
            "name": name,
            "start": step.start,
            "duration_ms": milliseconds(step.start, moment(item.get("endTime"))),
            "error": failure(item)[0],
        }
        return Row(SPANS, step.entry, fields, call.start if call else step.start)


def _label(score: Part, trace: Trace) -> Row:
    """A label, of the day of its interaction whenever it was given."""
    subject = subject_of(score.item, trace)
    start = next((call.start for call in trace.calls if call.item["id"] == subject), None)
    return Row(LABELS, score.entry, {"request_id": subject, **label(score.item)}, start)
