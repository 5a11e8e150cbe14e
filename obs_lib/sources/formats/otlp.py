"""OpenTelemetry: traces and logs as the Collector's file exporter writes them.

Every LLM span is an interaction; its `request_id` is the span's id alone. 64 random bits collide in a day of a million
requests about once in 37 million days, and an id that depended on what else was read would change from run to run.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from obs_lib.lake.tables import INTERACTIONS, LABELS, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import CLOCKED, Entry, Found, Reject
from obs_lib.sources.formats import calls, contexts, evaluations, genai
from obs_lib.sources.formats.otlp_json import Record, Span
from obs_lib.sources.formats.otlp_pile import Pile
from obs_lib.sources.formats.traces import Trace, kind_of

GRACE_S = 15 * 60
"""Seconds around midnight in which a trace may have begun or may end in the neighbouring day."""

_TIMES = re.compile(rb'"(?:startT|endT|t|observedT)imeUnixNano"\s*:\s*"?([0-9]{1,19})')
_DAY_NS = 86_400 * 10**9
_NO_VERDICT = "evaluation without a name or a verdict"
_DAYS = (dt.date.max - dt.date(1970, 1, 1)).days


class StageNamer(Protocol):
    """Which of `records.STAGES` a span is, by its name and by what it says of its kind (None where it says nothing)."""

    def stage_of(self, name: str, kind: str | None) -> str: ...


class OtlpFormat:
    """Lines of OTLP JSON. The traces of all entries of one read are put together in memory."""

    derived = CLOCKED

    def __init__(self, names: StageNamer) -> None:
        self.names = names

    def days(self, raw: bytes) -> set[Day]:
        """Days of every time in the line, and of the quarter of an hour around it: a trace may cross midnight."""
        days = set()
        for digits in set(_TIMES.findall(raw)):
            at = int(digits)
            if at:  # 0 stands for a time that is not known
                for near in (at - GRACE_S * 10**9, at + GRACE_S * 10**9):
                    days.add(min(max(near // _DAY_NS, 0), _DAYS))
        return {dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in days}

    def read(self, entries: Iterable[Entry]) -> Iterator[Found | Reject]:
        """Interactions, spans and labels, trace by trace; then one Reject for each entry that has a part without a row."""
        pile = Pile()
        for entry in entries:
            pile.add(entry)
        for trace_id, spans in pile.traces.items():
            yield from self._rows(pile, trace_id, Trace(spans.values()))
        yield from _orphans(pile)
        yield from pile.rejects()

    def _rows(self, pile: Pile, trace_id: str, trace: Trace) -> Iterator[Found]:
        records = pile.records.get(trace_id, {})
        events = {span.span_id: _by_time([*span.events, *records.pop(span.span_id, [])]) for span in trace.spans}
        yield from _interactions(pile, trace, events)
        for span in trace.spans:
            call = trace.call_of(span)
            day_of = span if call is None else call
            yield Found(SPANS, span.entry, self._stage_row(trace, span, call), calls.moment(day_of.start))
            yield from _labels(pile, day_of, span, events[span.span_id])

    def _stage_row(self, trace: Trace, span: Span, call: Span | None) -> dict[str, Any]:
        return {
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "parent_id": span.parent_id or None,
            "request_id": None if call is None else call.span_id,
            "stage": self._stage(trace, span),
            "name": span.name,
            "start": calls.moment(span.start),
            "duration_ms": calls.duration_ms(span),
            "error": calls.failure(span.attributes, span.events, span.failed, span.message)[0],
        }

    def _stage(self, trace: Trace, span: Span) -> str:
        """A wrapper repeats the time of the inference inside it, so it is none itself."""
        if trace.is_wrapper(span):
            return "other"
        kind = kind_of(span) or ("chat" if trace.call_of(span) is span else None)
        return self.names.stage_of(span.name, kind)


def _interactions(pile: Pile, trace: Trace, events: dict[str, list[Record]]) -> Iterator[Found]:
    retrievals, guardrails = contexts.Retrievals(trace), contexts.guardrails(trace)
    for call in trace.calls:
        answer = call.attributes.get("gen_ai.response.id")
        if isinstance(answer, str):
            pile.answers[answer] = call
        try:
            row = calls.interaction(trace, call, events)
        except RecursionError:
            pile.reject(call.entry, "nested too deeply")
            continue
        row["contexts"], bare = retrievals.contexts(call)
        if bare:
            row["tags"]["contexts_without_text"] = bare
        row["safety_flags"] = contexts.safety_flags(guardrails.get(call.span_id, []))
        yield Found(INTERACTIONS, call.entry, row, calls.moment(call.start))


def _labels(pile: Pile, subject: Span, span: Span, events: list[Record]) -> Iterator[Found]:
    """Verdicts on the interaction `subject` that stand at one of its spans."""
    named = {"request_id": subject.span_id}
    for label in evaluations.of_attributes(span.attributes):
        yield Found(LABELS, span.entry, named | label, calls.moment(subject.start))
    for event in events:
        if event.name == genai.EVALUATION:
            verdict = evaluations.of_event(event.attributes)
            if verdict is None:
                pile.reject(event.entry, _NO_VERDICT)
            else:
                yield Found(LABELS, event.entry, named | verdict, calls.moment(subject.start))


def _orphans(pile: Pile) -> Iterator[Found]:
    """Log records whose span was not read: details are interactions, evaluations name the interaction that they judge."""
    left = [record for spans in pile.records.values() for records in spans.values() for record in records]
    for record in [*left, *pile.unnamed]:
        if record.name == genai.DETAILS:
            yield from _details(pile, record)
        elif record.name == genai.EVALUATION:
            yield from _verdict(pile, record)
        else:
            pile.reject(record.entry, "content whose span is not in the logs")


def _details(pile: Pile, record: Record) -> Iterator[Found]:
    try:
        row = calls.from_details(record)
    except RecursionError:
        pile.reject(record.entry, "nested too deeply")
        return
    if not record.at or not row["request_id"]:
        pile.reject(record.entry, f"{genai.DETAILS}: no time, or neither a span nor a response id")
        return
    yield Found(INTERACTIONS, record.entry, row, calls.moment(record.at))


def _verdict(pile: Pile, record: Record) -> Iterator[Found]:
    call = pile.answers.get(str(record.attributes.get("gen_ai.response.id")))
    subject = record.span_id if call is None else call.span_id
    label = evaluations.of_event(record.attributes)
    if not subject:
        pile.reject(record.entry, "evaluation of an unknown response")
    elif label is None:
        pile.reject(record.entry, _NO_VERDICT)
    else:
        of = None if call is None else calls.moment(call.start)
        yield Found(LABELS, record.entry, {"request_id": subject} | label, of)


def _by_time(events: list[Record]) -> list[Record]:
    return sorted(events, key=lambda event: event.at)
