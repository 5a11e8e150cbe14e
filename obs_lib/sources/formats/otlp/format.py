"""OpenTelemetry: traces and logs as the Collector's file exporter writes them.

Every LLM span is an interaction; its `request_id` is the span's id alone. 64 random bits collide in a day of a million
requests about once in 37 million days, and an id that depended on what else was read would change from run to run.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS, LABELS, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import CLOCKED, Entry, Item, PassedOver, Row
from obs_lib.sources.formats.base import CALL, StagedFormat
from obs_lib.sources.formats.otlp import calls, coding_agents, contexts, evaluations, genai
from obs_lib.sources.formats.otlp.by_trace import by_trace
from obs_lib.sources.formats.otlp.collected import Answered, Collected
from obs_lib.sources.formats.otlp.encoding import Record, Span
from obs_lib.sources.formats.otlp.half_read import half_read
from obs_lib.sources.formats.otlp.logged_calls import LoggedCalls, ids_of
from obs_lib.sources.formats.otlp.spellings import as_collected, is_otlp
from obs_lib.sources.formats.otlp.traces import Trace, kind_of
from obs_lib.sources.formats.spill import shares

GRACE_S = 15 * 60
"""Seconds around midnight in which a trace may have begun or may end in the neighbouring day."""

FIELDS = CALL | {
    *("user_id", "session_id", "trace_id", "provider", "prompt_version", "contexts", "expected_format", "safety_flags"),
    *("ttft_ms", "total_latency_ms", "prefill_ms", "decode_ms", "cost_usd", "tags"),
}
"""What spans can say, in whatever clothes they come."""

_TIMES = re.compile(
    rb'"(?:(?:startT|endT|t|observedT)imeUnixNano|(?:start_|end_|observed_)?time_unix_nano)"\s*:\s*"?([0-9]{1,19})'
)
_DAY_NS = 86_400 * 10**9
_AROUND = frozenset({"chain", "agent", "workflow", "invoke_agent", "invoke_workflow", "create_agent", "evaluator"})
_NO_VERDICT = "evaluation without a name or a verdict"
_DAYS = (dt.date.max - dt.date(1970, 1, 1)).days


class OtlpFormat(StagedFormat):
    """Lines of OTLP JSON. The traces of all entries of one read are put together in memory."""

    describe = "OpenTelemetry traces and logs: GenAI conventions of three generations, OpenInference, the Langfuse SDK"
    tables = frozenset({INTERACTIONS, SPANS, LABELS})
    fields = FIELDS
    derived = CLOCKED

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the names of the three signals."""
        return is_otlp(as_collected(dict(item), b""))

    def days(self, raw: bytes) -> set[Day]:
        """Days of every time in the line, and of the quarter of an hour around it: a trace may cross midnight."""
        days = set()
        for digits in set(_TIMES.findall(raw)):
            at = int(digits)
            if at:  # 0 stands for a time that is not known
                for near in (at - GRACE_S * 10**9, at + GRACE_S * 10**9):
                    days.add(min(max(near // _DAY_NS, 0), _DAYS))
        return {dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in days}

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Interactions, spans and labels, trace by trace; then a RejectedEntry for each entry that has a part without a row."""
        answers: dict[str, Answered] = {}
        for share in shares(entries, by_trace):
            collected = Collected(answers=answers)
            for entry in share:
                collected.add(entry)
            yield from self.rows_of(collected)

    def rows_of(self, collected: Collected) -> Iterator[Item]:
        """What was collected, trace by trace; then what stands by itself, and what gives no row."""
        alone = _orphans(collected)
        again = coding_agents.restated(collected.agents, (record for record in alone if record.name == genai.DETAILS))
        logged = LoggedCalls(coding_agents.rows(collected.agents, again))
        for trace_id, spans in collected.traces.items():
            yield from self._rows(collected, trace_id, Trace(spans.values()), logged)
        yield from logged.rest(collected.answers)
        told = set(map(id, again.values()))
        yield from _rows_alone(collected, [record for record in alone if id(record) not in told])
        yield from collected.rejects()

    def _rows(self, collected: Collected, trace_id: str, trace: Trace, logged: LoggedCalls) -> Iterator[Item]:
        records = collected.records.get(trace_id, {})
        events = {span.span_id: _by_time([*span.events, *records.get(span.span_id, [])]) for span in trace.spans}
        yield from _interactions(collected, trace, events, logged)
        for span in trace.passed:
            yield PassedOver(span.entry, kind_of(span) or span.name, calls.moment(span.start))
        for span in trace.spans:
            call = trace.call_of(span)
            day_of = span if call is None else call
            yield Row(SPANS, span.entry, self._stage_row(trace, span, call), calls.moment(day_of.start))
            yield from _labels(collected, day_of, span, events[span.span_id])

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
        kind = kind_of(span)
        if trace.call_of(span) is span:
            kind = "chat"  # whatever word the log has for it
        elif kind is not None and kind.lower() in _AROUND and not trace.is_leaf(span):
            return "other"  # a chain's time is that of what stands inside it, whatever its name
        if kind is None and contexts.documents(span) is not None:
            kind = "retriever"  # a vector store's client says what it found, and not what it is
        return self.names.stage_of(span.name, kind)


def _interactions(
    collected: Collected, trace: Trace, events: dict[str, list[Record]], logged: LoggedCalls
) -> Iterator[Row]:
    retrievals, guardrails = contexts.Retrievals(trace), contexts.guardrails(trace)
    for call in trace.calls:
        collected.answers.update(dict.fromkeys(ids_of(call), Answered(call.span_id, call.start)))
        try:
            row = calls.interaction(trace, call, events)
        except RecursionError:
            collected.reject(call.entry, "nested too deeply")
            continue
        row["contexts"], bare = retrievals.contexts(call)
        if bare:
            row["tags"]["contexts_without_text"] = bare
        row["safety_flags"] = contexts.safety_flags(guardrails.get(call.span_id, []))
        row |= {name: value for name, value in logged.beside(call).items() if row.get(name) is None}
        repairs, half = tuple(row.pop("repairs")), half_read(call, row, events.get(call.span_id, []))
        yield Row(INTERACTIONS, call.entry, row, calls.moment(call.start), repairs, half)


def _labels(collected: Collected, subject: Span, span: Span, events: list[Record]) -> Iterator[Row]:
    """Verdicts on the interaction `subject` that stand at one of its spans."""
    named = {"request_id": subject.span_id}
    for label in evaluations.of_attributes(span.attributes):
        yield Row(LABELS, span.entry, named | label, calls.moment(subject.start))
    for event in events:
        if event.name == evaluations.ANNOTATED:
            for label in evaluations.of_attributes(event.attributes):
                yield Row(LABELS, event.entry, named | label, calls.moment(subject.start))
        if event.name == genai.EVALUATION:
            verdict = evaluations.of_event(event.attributes)
            if verdict is None:
                collected.reject(event.entry, _NO_VERDICT)
            else:
                yield Row(LABELS, event.entry, named | verdict, calls.moment(subject.start))


def _orphans(collected: Collected) -> list[Record]:
    """Log records whose span was not read."""
    left = [
        record
        for trace_id, spans in collected.records.items()
        for span_id, records in spans.items()
        if span_id not in collected.traces.get(trace_id, ())
        for record in records
    ]
    return [*left, *collected.unnamed]


def _rows_alone(collected: Collected, records: list[Record]) -> Iterator[Row]:
    """Of records without a span: details are interactions, evaluations name the interaction that they judge."""
    for record in records:
        if record.name == genai.DETAILS:
            yield from _details(collected, record)
        elif record.name == genai.EVALUATION:
            yield from _verdict(collected, record)
        elif record.name == evaluations.ANNOTATED:  # of a day whose spans are not read here
            for label in evaluations.of_attributes(record.attributes):
                yield Row(LABELS, record.entry, {"request_id": record.span_id} | label)
        else:
            collected.reject(record.entry, "content whose span is not in the logs")


def _details(collected: Collected, record: Record) -> Iterator[Row]:
    try:
        row = calls.from_details(record)
    except RecursionError:
        collected.reject(record.entry, "nested too deeply")
        return
    if not record.at or not row["request_id"]:
        collected.reject(record.entry, f"{genai.DETAILS}: no time, or neither a span nor a response id")
        return
    yield Row(INTERACTIONS, record.entry, row, calls.moment(record.at))


def _verdict(collected: Collected, record: Record) -> Iterator[Row]:
    call = collected.answers.get(str(record.attributes.get("gen_ai.response.id")))
    subject = record.span_id if call is None else call.span_id
    label = evaluations.of_event(record.attributes)
    if not subject:
        collected.reject(record.entry, "evaluation of an unknown response")
    elif label is None:
        collected.reject(record.entry, _NO_VERDICT)
    else:
        of = None if call is None else calls.moment(call.start)
        yield Row(LABELS, record.entry, {"request_id": subject} | label, of)


def _by_time(events: list[Record]) -> list[Record]:
    return sorted(events, key=lambda event: event.at)
