"""The requests that show an incident: slow traces, failures by kind, bad answers beside those of before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from obs_lib.catalogue.distances import DISTANCES, title_of
from obs_lib.records import Incident
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Example, Examples, TableBlock
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.parts import EarlierAnswer, IncidentExample, IncidentExamples
from obs_lib.reporting.safe import excerpt, line
from obs_lib.reporting.traces_section import waterfall

_EACH = 2  # examples of an evaluator for each way in which an incident is shown


def examples_of(inputs: ReportInputs, incident: Incident, options: ReportOptions) -> list[IncidentExamples]:
    """What is shown of one incident's; none on a day without evidence of it."""
    trimmed = (
        replace(one, items=one.items[: options.max_examples], traces=one.traces[: options.max_traces])
        for one in inputs.incident_examples
        if one.fingerprint == incident.fingerprint
    )
    return [one for one in trimmed if one.items or one.traces][: max(1, options.max_examples // _EACH)]


def example_blocks(found: Sequence[IncidentExamples], options: ReportOptions) -> Iterator[Examples | TableBlock]:
    """A block for each way in which they show it, a waterfall for each trace."""
    for one in found:
        if one.items:
            yield Examples(_title(one), "", tuple(_example(one, item, options) for item in one.items))
        for rank, trace in enumerate(one.traces):
            yield waterfall(trace, options, folded=rank > 0)


def example_text(found: IncidentExamples) -> Iterator[str]:
    """The same in a line each, for a terminal."""
    for item in found.items:
        words = f"{_title(found)}: {_value(found, item)}, request {line(item.request_id, 60)}: {line(item.prompt, 120)}"
        yield f"{words} → {line(item.response or item.note, 160) or '(empty)'}"
        if item.earlier:
            yield f"  {_then(item.earlier)}: {line(item.earlier.prompt, 120)} → {line(item.earlier.response, 160)}"
    for trace in found.traces:
        longest = max(trace.spans, key=lambda span: span.critical_ms, default=None)
        took = f", of them {numbers.write(longest.critical_ms, 'ms')} in {longest.stage}" if longest else ""
        failed = next((f"; {span.stage} fails: {line(span.error, 120)}" for span in trace.spans if span.error), "")
        yield f"Trace {line(trace.trace_id, 60)}: {numbers.write(trace.duration_ms, 'ms')}{took}{failed}"


def _title(found: IncidentExamples) -> str:
    if found.kind == "harmful":
        return "Answers confirmed as harmful"
    if found.kind == "errors":
        return "Requests that fail, by kind of error"
    if found.kind == "slow":
        return "Slowest requests"
    return (
        "Answers unlike those of before" if found.subject in DISTANCES else f"Worst answers: {title_of(found.subject)}"
    )


def _value(found: IncidentExamples, item: IncidentExample) -> str:
    if found.kind == "harmful":
        return "harmful"
    if found.kind == "errors":
        return numbers.plural(int(item.value), "request")
    return numbers.write(item.value, "ms" if found.kind == "slow" else "score")


def _example(found: IncidentExamples, item: IncidentExample, options: ReportOptions) -> Example:
    facts = [("note", line(item.note, 300)), ("request", line(item.request_id, 80))]
    earlier: list[tuple[str, str]] = []
    if item.earlier is not None:
        then, limit = _then(item.earlier), options.excerpt_chars
        if item.earlier.prompt != item.prompt:
            day = numbers.short_day(str(item.earlier.day))
            earlier.append((f"Nearest prompt of {day}", excerpt(item.earlier.prompt, limit)))
        earlier.append((then, excerpt(item.earlier.response, limit)))
        facts.append(("then", line(item.earlier.request_id, 80)))
    return Example(
        title=line(item.segment, 80),
        value=_value(found, item),
        prompt=excerpt(item.prompt, options.excerpt_chars) or "(empty)",
        response=excerpt(item.response, options.excerpt_chars) or "(empty)",
        facts=tuple((label, text) for label, text in facts if text),
        earlier=tuple(earlier),
    )


def _then(earlier: EarlierAnswer) -> str:
    """What an earlier answer stands under.

    "Answer of 12 Mar, 0.91"
    """
    score = f", {numbers.write(earlier.value, 'score')}" if earlier.value is not None else ""
    return f"Answer of {numbers.short_day(str(earlier.day))}{score}"
