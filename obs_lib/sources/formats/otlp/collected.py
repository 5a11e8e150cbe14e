"""Entries of OTLP JSON taken apart, and put together again by trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from obs_lib.records import SCORE_ID, is_own_score
from obs_lib.sources.entries import Entry, Rejected, RejectedEntry
from obs_lib.sources.formats.otlp import calls, coding_agents, genai
from obs_lib.sources.formats.otlp.encoding import Record, Span, parse, parts, record_of, span_of


class Answered(NamedTuple):
    """An interaction that verdicts may name by its response: its span and its start in nanoseconds since 1970."""

    span_id: str
    start: int


@dataclass(slots=True)
class Collected:
    """What the entries of one read hold, sorted by trace. Of a span that comes twice, the last one read counts."""

    traces: dict[str, dict[str, Span]] = field(default_factory=dict)
    records: dict[str, dict[str, list[Record]]] = field(default_factory=dict)
    unnamed: list[Record] = field(default_factory=list)
    agents: list[Record] = field(default_factory=list)  # what coding agents did
    answers: dict[str, Answered] = field(default_factory=dict)  # interactions by the id of their response
    _problems: dict[int, tuple[Entry, str]] = field(default_factory=dict)
    _idle: dict[int, tuple[Entry, str]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Takes an entry apart; what cannot be read becomes a problem of it."""
        self._idle[id(entry)] = (entry, "neither spans nor log records")
        try:
            line = parse(entry)
            if "resourceMetrics" in line:
                self.reject(entry, "metrics are no interactions")
            self._add_spans(entry, line)
            self._add_records(entry, line)
        except Rejected as problem:
            self.reject(entry, str(problem))
        except RecursionError:
            self.reject(entry, "nested too deeply")

    def add_span(self, span: Span) -> None:
        """Takes a span in; an earlier one of its id is put aside."""
        self.use(span.entry)
        trace = self.traces.setdefault(span.trace_id, {})
        earlier = trace.pop(span.span_id, None)
        if earlier is not None:
            self.reject(earlier.entry, "span comes again later")
        trace[span.span_id] = span

    def reject(self, entry: Entry, reason: str) -> None:
        """Notes that a part of an entry gives no row."""
        self._problems.setdefault(id(entry), (entry, reason))

    def use(self, entry: Entry) -> None:
        """Notes that something of the entry went into a row."""
        self._idle.pop(id(entry), None)

    def rejects(self) -> Iterator[RejectedEntry]:
        """At most one for each entry: the first rule that it breaks, or that nothing of it is of use."""
        for entry, reason in (self._idle | self._problems).values():
            yield RejectedEntry(entry, reason)

    def _add_spans(self, entry: Entry, line: dict[str, Any]) -> None:
        for part in parts(line, "resourceSpans", "scopeSpans", "spans"):
            try:
                span = span_of(entry, *_whole(part))
            except Rejected as problem:
                self.reject(entry, str(problem))
                continue
            self.add_span(span)

    def _add_records(self, entry: Entry, line: dict[str, Any]) -> None:
        for part in parts(line, "resourceLogs", "scopeLogs", "logRecords"):
            try:
                record = record_of(entry, _whole(part)[1])
            except Rejected as problem:
                self.reject(entry, str(problem))
                continue
            if is_own_score(record.attributes.get(SCORE_ID)):
                self.use(entry)
            elif coding_agents.is_event(record):
                self.use(entry)
                self.agents.append(record)
            elif _is_of_use(record):
                self.use(entry)
                self._file(record)
            elif id(entry) in self._idle:
                self._idle[id(entry)] = (entry, "no GenAI event")

    def annotate(self, verdicts: list[Record]) -> None:
        """Takes verdicts on spans in; of those that name no trace it is found by the span's id."""
        of_trace = {span_id: trace_id for trace_id, spans in self.traces.items() for span_id in spans}
        for verdict in verdicts:
            self._file(replace(verdict, trace_id=verdict.trace_id or of_trace.get(verdict.span_id, "")))

    def _file(self, record: Record) -> None:
        if record.trace_id and record.span_id:
            self.records.setdefault(record.trace_id, defaultdict(list))[record.span_id].append(record)
        else:
            self.unnamed.append(record)


def _whole(part: tuple[Any, Any] | Rejected) -> tuple[Any, Any]:
    if isinstance(part, Rejected):
        raise part
    return part


def _is_of_use(record: Record) -> bool:
    return record.name == genai.EVALUATION or genai.is_content(record) or bool(calls.FIRST_CHUNK.search(record.name))
