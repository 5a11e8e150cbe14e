"""One LLM span of a trace, as an interaction in the names of the native log format."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.formats.otlp import genai, langfuse, openinference
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import first, number, text
from obs_lib.sources.formats.otlp.dialects import catalogue as dialects
from obs_lib.sources.formats.otlp.encoding import Record, Span
from obs_lib.sources.formats.otlp.traces import Trace
from obs_lib.sources.formats.usage import lacks_part
from obs_lib.sources.repair import UNKNOWN_PART
from obs_lib.sources.validate import COUNTS

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIMING = frozenset({"ttft_ms", "prefill_ms", "decode_ms"})
_INHERITED = ("session_id", "user_id", "prompt_version")
FIRST_CHUNK = re.compile(
    r"first.*(?:token|chunk)|new_token\Z|content\.completion\.chunk|mlflow\.chunk\.item\.0\Z", re.IGNORECASE
)
_STATUS_IN_TEXT = re.compile(r"\b(?:[Ee]rror|[Ss]tatus) ?[Cc]ode:? (\d{3})\b")
_ROUTES = (
    "route",
    "ai.telemetry.functionId",
    "gen_ai.agent.name",
    "agent.name",
    "agent_name",  # pydantic-ai's first
    "gen_ai.workflow.name",
    "traceloop.workflow.name",
    "http.route",
)
_PROMPT_NAMES = ("gen_ai.prompt.name", "llm.prompt_template.name", "prompt.id")
_ENVIRONMENTS = ("deployment.environment.name", "deployment.environment")


def moment(nanoseconds: int) -> dt.datetime:
    """The moment in UTC, to the microsecond."""
    return _EPOCH + dt.timedelta(microseconds=nanoseconds // 1000)


def duration_ms(span: Span) -> float | None:
    """Milliseconds from start to end, negative where clocks disagree; None where the span never ended."""
    return (span.end - span.start) / 1e6 if span.end else None


def failure(
    attributes: Attributes, events: Iterable[Record], failed: bool, message: str
) -> tuple[str | None, str | None]:
    """What went wrong, and as which of `records.ERROR_KINDS`; (None, None) where nothing did."""
    named = text(attributes.get("error.type"))
    if not failed and not named:
        return None, None
    raised: Attributes = next((event.attributes for event in events if event.name == "exception"), {})
    message = message or text(raised.get("exception.message")) or ""
    named = named or text(raised.get("exception.type"))
    status = number(first(attributes, ("http.response.status_code", "http.status_code")))
    if type(status) is not int and (code := _STATUS_IN_TEXT.search(message)):
        status = int(code[1])
    kind = error_kind(named, status if type(status) is int else None, message or None) or "other"
    return message or named or "error", kind


def fields(attributes: Attributes, events: list[Record]) -> dict[str, Any]:
    """What a span's own attributes and events say: in GenAI's names, else OpenInference's, else a dialect's."""
    said = openinference.fields(attributes) | genai.fields(attributes, events)
    known = dialects.fields(attributes)
    poorer = {name for name in COUNTS if name in said and not said[name] and known.get(name)}
    for whole, part in (("output_tokens", "reasoning_tokens"), ("input_tokens", "cached_input_tokens")):
        if lacks_part(said.get(whole), known.get(part), known.get(whole)):
            poorer.add(whole)  # the usage that the dialect has tells more of the same tokens
    return known | {name: value for name, value in said.items() if name not in poorer}


def interaction(trace: Trace, call: Span, events: Mapping[str, list[Record]]) -> dict[str, Any]:
    """The native fields of an LLM span.

    What it leaves out is taken from LLM spans around it; whose request it is also from its other ancestors.
    events : of each span by its id, those that log records name among them, in the order of their times.
    """
    own = events.get(call.span_id, [])
    attributes = with_details(call.attributes, own)
    native = fields(attributes, own)
    for outer in trace.wrappers(call):
        around = events.get(outer.span_id, [])
        known = fields(with_details(outer.attributes, around), around)
        native = {name: value for name, value in known.items() if name not in _TIMING} | native
    for outer in trace.above(call):
        known = (
            dialects.fields(outer.attributes)
            | openinference.identity(outer.attributes)
            | genai.identity(outer.attributes)
        )
        native = {name: known[name] for name in _INHERITED if name in known} | native
    asked = dialects.asked_around(outer.attributes for outer in trace.above(call))
    if asked and native.get("prompt") is None:
        native["prompt"] = asked
    error, kind = failure(attributes, own, call.failed, call.message)
    native |= _langfuse(call)
    counts, repairs = genai.usage(attributes, native)
    if genai.answered_with_unknown_parts(attributes):
        repairs = [*repairs, UNKNOWN_PART]
    native |= counts
    return {
        "request_id": call.span_id,
        "trace_id": call.trace_id,
        "timestamp": moment(call.start).isoformat(),
        "total_latency_ms": duration_ms(call),
        "ttft_ms": _first_chunk_ms(call.start, own),
        "error": error,
        "error_kind": kind,
        **native,
        "tags": native.get("tags", {})
        | tags([attributes, *(outer.attributes for outer in trace.above(call))], call.resource),
        "repairs": repairs,
    }


def _langfuse(call: Span) -> dict[str, Any]:
    """What Langfuse's SDK says of a generation; nothing for a span of others."""
    if not langfuse.is_generation(call.attributes):
        return {}
    start, end = moment(call.start), moment(call.end) if call.end else None
    return langfuse.native_fields(call.attributes, name=call.name, start=start, end=end)


def from_details(record: Record) -> dict[str, Any]:
    """The native fields of an operation's details whose span was not kept: no latency, the event's time as its moment."""
    error, kind = failure(record.attributes, [], False, "")
    return {
        "request_id": record.span_id or text(record.attributes.get("gen_ai.response.id")),
        "trace_id": record.trace_id or None,
        "timestamp": moment(record.at).isoformat(),
        **fields(record.attributes, []),
        "error": error,
        "error_kind": kind,
        "tags": tags([record.attributes], {}),
    }


def tags(attributes: list[Attributes], resource: Attributes) -> dict[str, Any]:
    """Where the call came from. attributes : of the call and its ancestors, nearest first."""
    own = {}
    for known in reversed(attributes):
        own.update(openinference.metadata(known))
    standard = {
        "service": resource.get("service.name"),
        "environment": first(resource, _ENVIRONMENTS),
        "prompt_name": _nearest(attributes, _PROMPT_NAMES),
        "route": own.get("route") or _nearest(attributes, _ROUTES) or resource.get("service.name"),
    }
    return own | {name: text(value) for name, value in standard.items() if value not in (None, "")}


def with_details(attributes: Attributes, events: list[Record]) -> Attributes:
    """The attributes of a span, and beneath them what the events with its details add."""
    added: dict[str, Any] = {}
    for event in events:
        if event.name == genai.DETAILS:
            added.update(event.attributes)
    return {**added, **attributes}


def _nearest(attributes: list[Attributes], names: tuple[str, ...]) -> Any:
    return next((value for known in attributes if (value := first(known, names)) is not None), None)


def _first_chunk_ms(start: int, events: list[Record]) -> float | None:
    """From events, where no attribute tells: the event that says "first token", or the first chunk of the answer.

    `gen_ai.content.completion` is none of them: it holds the whole answer and is written when that is complete.
    """
    at = min((event.at for event in events if event.at and FIRST_CHUNK.search(event.name)), default=None)
    return None if at is None else (at - start) / 1e6
