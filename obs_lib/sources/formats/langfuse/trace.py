"""What was read of one trace of Langfuse: observations put in order, and what its other steps say of each generation."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from obs_lib.records import is_own_score
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.langfuse.fields import plain
from obs_lib.sources.formats.langfuse.steps import raised
from obs_lib.sources.formats.parse import moment, number, object_of
from obs_lib.sources.formats.retrieved import documents

QUALITY = "quality"
"""The score whose value is an interaction's `quality_score`."""

LATEST = dt.datetime.max.replace(tzinfo=dt.UTC)
_LLM = ("GENERATION",)


@dataclass(slots=True)
class Part:
    """One observation or score, with the entry that it stands in."""

    entry: Entry
    item: dict[str, Any]
    start: dt.datetime | None = None


@dataclass(slots=True)
class Trace:
    """All that was read of one trace.

    record : the trace's own. parts : observations by id; one that comes twice counts as it came last. scores : in their order.
    calls, steps, starts : generations, all other observations by id, and when generations began, once `settle` is called.
    """

    record: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    scores: list[Part] = field(default_factory=list)
    calls: list[Part] = field(default_factory=list)
    steps: dict[str, Part] = field(default_factory=dict)
    starts: list[dt.datetime] = field(default_factory=list)

    def settle(self) -> None:
        """When all is read: tells generations, in the order of their starts (those without one last), from other steps."""
        self.calls = [part for part in self.parts.values() if is_llm(part.item)]
        self.calls.sort(key=lambda call: call.start or LATEST)
        self.steps = {name: part for name, part in self.parts.items() if not is_llm(part.item)}
        self.starts = [call.start for call in self.calls if call.start is not None]

    def call_of(self, start: dt.datetime) -> Part | None:
        """The generation that a step belongs to: the first that starts at or after it, else the last; None for none."""
        return self.calls[min(bisect_left(self.starts, start), len(self.starts) - 1)] if self.starts else None


def parts_of(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The item, and before it what a whole trace carries inside; one saved from the pages stands beside its observations."""
    saved = item.get("trace")
    if isinstance(saved, dict) and any(isinstance(one.get("observations"), list) for one in (item, saved)):
        beside = {name: item[name] for name in ("observations", "scores") if isinstance(item.get(name), list)}
        yield from parts_of(plain(saved | beside))
        return
    for name in ("observations", "scores"):
        inner = item.get(name)
        for part in inner if isinstance(inner, list) else ():
            if isinstance(part, dict):
                yield plain(part)
    yield item


def by_trace(entry: Entry) -> Iterator[tuple[str, Entry]]:
    """The entry under its trace; "" where it cannot be read."""
    try:
        items = list(parts_of(plain(object_of(entry.raw)))) if not entry.cut else []
    except Rejected:
        items = []
    yield next((name for item in items if (name := _trace_of(item))), ""), entry


def _trace_of(item: dict[str, Any]) -> str:
    """The trace that an item belongs to; what names none stands by itself, under its own id."""
    inside = item.get("traceId")
    if isinstance(inside, str) and inside:
        return inside
    try:
        return _trace_of_score(item)
    except Rejected:
        return str(item.get("id") or "")


def sort_in(traces: dict[str, Trace], entry: Entry, item: dict[str, Any]) -> Entry | None:
    """Puts an observation, score or trace to its trace; `Rejected` where it is none of them.

    Gives the entry of an observation whose place this one takes, None where it takes none.
    """
    name = item.get("id")
    if "startTime" in item and "type" in item:
        part, at = _observation(entry, item), item.get("traceId")
        parts = traces.setdefault(at if isinstance(at, str) and at else f"observation {name}", Trace()).parts
        earlier = parts.pop(part.item["id"], None)
        parts[part.item["id"]] = part
        return earlier.entry if earlier else None
    if isinstance(item.get("name"), str) and ("value" in item or "stringValue" in item):
        if is_own_score(name):
            return None  # nobody's label: what we think of our own answers is no second opinion
        traces.setdefault(_trace_of_score(item), Trace()).scores.append(Part(entry, item))
    elif isinstance(name, str) and name and "timestamp" in item:
        traces.setdefault(name, Trace()).record = item
    else:
        raise Rejected("neither an observation, a trace nor a score of Langfuse")
    return None


def _observation(entry: Entry, item: dict[str, Any]) -> Part:
    """The observation; `Rejected` where it could not be a row."""
    name, at, start = item.get("id"), item.get("traceId"), moment(item["startTime"])
    if not isinstance(name, str) or not name:
        raise Rejected("observation without id")
    if not is_llm(item) and start is None:
        raise Rejected("observation without a startTime that can be read")
    if not is_llm(item) and (not isinstance(at, str) or not at):
        raise Rejected("observation that is neither a generation nor part of a trace")
    return Part(entry, item, start)


def is_llm(item: dict[str, Any]) -> bool:
    """Whether an observation is a generation: a call to a model that answers."""
    return str(item.get("type")).upper() in _LLM


def names_a_model(item: dict[str, Any]) -> bool:
    """Whether an observation says that a model was called for it, or how many tokens that took."""
    return any(item.get(name) for name in ("providedModelName", "model", "usageDetails"))


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


def contexts_by_call(trace: Trace) -> dict[str, list[dict[str, Any]]]:
    """By generation, the documents of the retrievers that belong to it, each text once."""
    by_call: dict[str, dict[str, dict[str, Any]]] = {}
    for call, step in _steps(trace, "RETRIEVER"):
        for document in documents(step.item.get("output")) or ():
            by_call.setdefault(call, {}).setdefault(document["text"], document)
    return {call: list(texts.values()) for call, texts in by_call.items()}


def flags_by_call(trace: Trace) -> dict[str, list[str]]:
    """By generation, the names of the guardrails that raised something; an empty list where none of its guardrails did."""
    by_call: dict[str, list[str]] = {}
    for call, step in _steps(trace, "GUARDRAIL"):
        name = step.item.get("name")
        by_call.setdefault(call, []).extend(
            [name if isinstance(name, str) and name else "guardrail"] * raised(step.item)
        )
    return by_call


def _steps(trace: Trace, kind: str) -> Iterator[tuple[str, Part]]:
    """The steps of one type in the order of their starts, each with the generation that it belongs to."""
    for step in sorted(trace.steps.values(), key=lambda step: (step.start or LATEST, step.item["id"])):
        call = trace.call_of(step.start) if step.start else None
        if call is not None and str(step.item["type"]).upper() == kind:
            yield call.item["id"], step


def quality_by_call(trace: Trace) -> dict[str, float]:
    """By generation, the value of its score named QUALITY; the last one counts."""
    by_call = {}
    for score in trace.scores:
        value = number(score.item.get("value"))
        if score.item["name"] == QUALITY and value is not None:
            by_call[subject_of(score.item, trace)] = value
    return by_call


def subject_of(score: dict[str, Any], trace: Trace) -> str:
    """The interaction that a score is about: its observation's, else its trace's last, else named by the trace itself.

    A score of a step counts for the interaction that the step belongs to.
    """
    name = score.get("observationId")
    if isinstance(name, str) and name:
        step = trace.steps.get(name)
        call = trace.call_of(step.start) if step and step.start else None
        return str(call.item["id"]) if call else name
    return str(trace.calls[-1].item["id"]) if trace.calls else str(score["traceId"])
