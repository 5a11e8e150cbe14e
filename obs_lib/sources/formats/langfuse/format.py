"""Langfuse: observations, traces and scores, from its public API, its exports and its storage integration.

An entry is one of them as a JSON object; a trace that comes with its observations and scores inside is taken apart. A
generation is an interaction, and a stage of its trace as every other observation. A trace's record gives no row of its own:
what it knows of its interactions (name, user, session, tags) goes into theirs.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from obs_lib.connections import Connection
from obs_lib.lake.tables import INTERACTIONS, LABELS, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import CLOCKED, Entries, Entry, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.base import Format
from obs_lib.sources.formats.langfuse.api import open_api
from obs_lib.sources.formats.langfuse.fields import documents, failure, interaction, label, plain, raised
from obs_lib.sources.formats.parse import milliseconds, moment, number, object_of
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.stages import StageNamer, StageNames

GRACE = dt.timedelta(minutes=15)
"""Around a day, in which a trace that crosses midnight is still read whole."""

QUALITY = "quality"
"""The score whose value is an interaction's `quality_score`."""

AGAIN = "observation comes again later"
_LLM = ("GENERATION",)
_LATEST = dt.datetime.max.replace(tzinfo=dt.UTC)
_EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC)
_STAMP = re.compile(
    rb'"(?:startTime|endTime|timestamp|start_time|end_time)"\s*:\s*"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^"\\]{0,24})"'
)


@dataclass(slots=True)
class _Part:
    """One observation or score, with the entry that it stands in."""

    entry: Entry
    item: dict[str, Any]
    start: dt.datetime | None = None


@dataclass(slots=True)
class _Trace:
    """All that was read of one trace."""

    record: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, _Part] = field(
        default_factory=dict
    )  # observations by id: one that comes twice counts as it came last
    scores: list[_Part] = field(default_factory=list)
    calls: list[_Part] = field(default_factory=list)
    steps: dict[str, _Part] = field(default_factory=dict)
    starts: list[dt.datetime] = field(default_factory=list)

    def settle(self) -> None:
        """When all is read: tells generations, in the order of their starts (those without one last), from other steps."""
        self.calls = [part for part in self.parts.values() if _is_llm(part.item)]
        self.calls.sort(key=lambda call: call.start or _LATEST)
        self.steps = {name: part for name, part in self.parts.items() if not _is_llm(part.item)}
        self.starts = [call.start for call in self.calls if call.start is not None]

    def call_of(self, start: dt.datetime) -> _Part | None:
        """The generation that a step belongs to: the first that starts at or after it, else the last; None for none."""
        return self.calls[min(bisect_left(self.starts, start), len(self.starts) - 1)] if self.starts else None


class LangfuseFormat(Format):
    """Observations, traces and scores, in any order. One read holds all its entries in memory."""

    describe = "Langfuse's observations, traces and scores: exports and the public API"
    tables = frozenset({INTERACTIONS, SPANS, LABELS})
    derived = CLOCKED

    def __init__(self, names: StageNamer) -> None:
        self.names = names

    @classmethod
    def from_options(cls, options: SourceOptions) -> Self:
        """With the source's names of stages."""
        return cls(StageNames(options.stages))

    @classmethod
    def open_entries(cls, options: SourceOptions, connection: Connection | None) -> Entries:
        """The public API's."""
        return open_api(options, connection)

    def days(self, raw: bytes) -> set[Day]:
        """The days of the moments that the entry names, and of a quarter of an hour around them."""
        found: set[Day] = set()
        for stamp in _STAMP.findall(raw):
            at = moment(stamp.decode("latin-1"))
            if at is not None and _EARLIEST + GRACE < at < _LATEST - GRACE:
                found |= {(at - GRACE).date(), at.date(), (at + GRACE).date()}
        return found

    def read(self, entries: Iterable[Entry]) -> Iterator[Row | RejectedEntry]:
        """Rejects while reading; then, trace by trace, its interactions, spans and labels."""
        traces: dict[str, _Trace] = {}
        for entry in entries:
            try:
                if entry.cut:
                    raise Rejected("line too long")
                for item in _parts(plain(object_of(entry.raw))):
                    earlier = _sort_in(traces, entry, item)
                    if earlier is not None:
                        yield RejectedEntry(earlier, AGAIN)
            except Rejected as reason:
                yield RejectedEntry(entry, str(reason))
        for trace in traces.values():
            yield from self._rows(trace)

    def _rows(self, trace: _Trace) -> Iterator[Row]:
        trace.settle()
        found: Mapping[str, Any] = _contexts(trace)
        flags: Mapping[str, Any] = _flags(trace)
        quality: Mapping[str, Any] = _quality(trace)
        for call in trace.calls:
            fields = interaction(call.item, trace.record)
            name = str(call.item.get("id"))
            for column, known in (("contexts", found), ("safety_flags", flags), ("quality_score", quality)):
                if name in known:
                    fields[column] = known[name]
            yield Row(INTERACTIONS, call.entry, fields)
        for step in [*trace.calls, *trace.steps.values()]:
            if step.start is not None and step.item.get("traceId"):
                yield self._span(step, step if _is_llm(step.item) else trace.call_of(step.start))
        for score in trace.scores:
            yield _label(score, trace)

    def _span(self, step: _Part, call: _Part | None) -> Row:
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


def _parts(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The item, and before it what a whole trace carries inside."""
    for name in ("observations", "scores"):
        inner = item.get(name)
        for part in inner if isinstance(inner, list) else ():
            if isinstance(part, dict):
                yield plain(part)
    yield item


def _sort_in(traces: dict[str, _Trace], entry: Entry, item: dict[str, Any]) -> Entry | None:
    """Puts an observation, score or trace to its trace; `Rejected` where it is none of them.

    Gives the entry of an observation whose place this one takes, None where it takes none.
    """
    name = item.get("id")
    if "startTime" in item and "type" in item:
        part, at = _observation(entry, item), item.get("traceId")
        parts = traces.setdefault(at if isinstance(at, str) and at else f"observation {name}", _Trace()).parts
        earlier = parts.pop(part.item["id"], None)
        parts[part.item["id"]] = part
        return earlier.entry if earlier else None
    if isinstance(item.get("name"), str) and ("value" in item or "stringValue" in item):
        traces.setdefault(_trace_of_score(item), _Trace()).scores.append(_Part(entry, item))
    elif isinstance(name, str) and name and "timestamp" in item:
        traces.setdefault(name, _Trace()).record = item
    else:
        raise Rejected("neither an observation, a trace nor a score of Langfuse")
    return None


def _observation(entry: Entry, item: dict[str, Any]) -> _Part:
    """The observation; `Rejected` where it could not be a row."""
    name, at, start = item.get("id"), item.get("traceId"), moment(item["startTime"])
    if not isinstance(name, str) or not name:
        raise Rejected("observation without id")
    if not _is_llm(item) and start is None:
        raise Rejected("observation without a startTime that can be read")
    if not _is_llm(item) and (not isinstance(at, str) or not at):
        raise Rejected("observation that is neither a generation nor part of a trace")
    return _Part(entry, item, start)


def _is_llm(item: dict[str, Any]) -> bool:
    return str(item.get("type")).upper() in _LLM


def _trace_of_score(score: dict[str, Any]) -> str:
    """The trace that a score stands in; `Rejected` where it judges a session, an experiment or nothing."""
    subject = score.get("subject")
    if isinstance(subject, dict):  # API v3
        inside = subject.get("traceId") or subject.get("trace_id")
        score["observationId"] = subject.get("id") if subject.get("kind") == "observation" else None
        score["traceId"] = subject.get("id") if subject.get("kind") == "trace" else inside
    for name in (score.get("traceId"), score.get("observationId")):
        if isinstance(name, str) and name:
            return name
    raise Rejected("score of neither a trace nor an observation")


def _contexts(trace: _Trace) -> dict[str, list[dict[str, Any]]]:
    """By generation, what the retrievers that belong to it found, each text once."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for call, step in _steps(trace, "RETRIEVER"):
        for document in documents(step.item.get("output")) or ():
            found.setdefault(call, {}).setdefault(document["text"], document)
    return {call: list(texts.values()) for call, texts in found.items()}


def _flags(trace: _Trace) -> dict[str, list[str]]:
    """By generation, the names of the guardrails that raised something; an empty list where none of its guardrails did."""
    found: dict[str, list[str]] = {}
    for call, step in _steps(trace, "GUARDRAIL"):
        name = step.item.get("name")
        found.setdefault(call, []).extend([name if isinstance(name, str) and name else "guardrail"] * raised(step.item))
    return found


def _steps(trace: _Trace, kind: str) -> Iterator[tuple[str, _Part]]:
    """The steps of one type in the order of their starts, each with the generation that it belongs to."""
    for step in sorted(trace.steps.values(), key=lambda step: (step.start or _LATEST, step.item["id"])):
        call = trace.call_of(step.start) if step.start else None
        if call is not None and str(step.item["type"]).upper() == kind:
            yield call.item["id"], step


def _quality(trace: _Trace) -> dict[str, float]:
    """By generation, the value of its score named QUALITY; the last one counts."""
    found = {}
    for score in trace.scores:
        value = number(score.item.get("value"))
        if score.item["name"] == QUALITY and value is not None:
            found[_judged(score.item, trace)] = value
    return found


def _judged(score: dict[str, Any], trace: _Trace) -> str:
    """The interaction that a score is about: its observation's, else its trace's last, else named by the trace itself.

    A score of a step counts for the interaction that the step belongs to.
    """
    name = score.get("observationId")
    if isinstance(name, str) and name:
        step = trace.steps.get(name)
        call = trace.call_of(step.start) if step and step.start else None
        return str(call.item["id"]) if call else name
    return str(trace.calls[-1].item["id"]) if trace.calls else str(score["traceId"])


def _label(score: _Part, trace: _Trace) -> Row:
    """A label, of the day of its interaction whenever it was given."""
    judged = _judged(score.item, trace)
    start = next((call.start for call in trace.calls if call.item["id"] == judged), None)
    return Row(LABELS, score.entry, {"request_id": judged, **label(score.item)}, start)
