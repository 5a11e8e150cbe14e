"""Examples of an incident: today's answers, failures and traces that show it, from where it lies.

The one place right of the summaries that reads rows of logs, and only of days with an incident. What is chosen depends on the
lake alone: of equal ones the first by request id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import assert_never

from obs_lib.alerts.place import Place
from obs_lib.catalogue import metric_of
from obs_lib.catalogue.distances import DISTANCES
from obs_lib.catalogue.harm import CONFIRMED_HARM
from obs_lib.excerpts import SlowTrace
from obs_lib.pipeline.compare import window_days
from obs_lib.pipeline.earlier_answers import EarlierAnswers
from obs_lib.pipeline.example_requests import ExampleRequests, Items
from obs_lib.pipeline.fold import History
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident, Signal
from obs_lib.reporting.parts import ExampleKind, IncidentExamples

_INCIDENTS = 20  # the worst, that get examples: a page with more is not read
_SUBJECTS = 2  # ways in which each is shown
_FIRST_TOKEN = "ttft"  # noqa: S105 - the beginning of metrics' names


def incident_examples(ws: Workspace, past: History, day: Day, incidents: Sequence[Incident]) -> list[IncidentExamples]:
    """Examples of the day's worst incidents that have evidence today and are of requests; of others there are none."""
    rows = ExampleRequests(ws, day)
    ranked = sorted(incidents, key=lambda one: (one.severity, one.fingerprint))
    shown = [one for one in ranked if one.is_open and one.last_day == day and one.kind != "data"][:_INCIDENTS]
    found: list[IncidentExamples] = []
    for incident in shown:
        before = [one for one in window_days(ws, past, day) if one < incident.first_day]
        found += islice(_of_incident(ws, rows, incident, before[-1] if before else None), _SUBJECTS)
    return found


def _of_incident(
    ws: Workspace, rows: ExampleRequests, incident: Incident, before: Day | None
) -> Iterator[IncidentExamples]:
    """Examples of one. before : the baseline day whose answers stand beside today's; None for none."""
    place = frozenset(incident.place)
    for kind, subject in _subjects(incident.evidence):
        items: Items = ()
        traces: tuple[SlowTrace, ...] = ()
        match kind:
            case "harmful":
                items = rows.harmful(place)
            case "answers":
                items = _answers(ws, rows, place, subject, before)
            case "errors":
                items = rows.failed(place)
            case "slow":
                traces = rows.slow_traces(place, subject)
                items = () if traces else rows.slow(place, subject)
            case "stage":
                traces = rows.stage_traces(place, subject)
            case _:
                assert_never(kind)
        if items or traces:
            yield IncidentExamples(incident.fingerprint, kind, subject, items, traces)


def _answers(ws: Workspace, rows: ExampleRequests, place: Place, subject: str, before: Day | None) -> Items:
    metric = metric_of(subject)
    evaluator = metric.evaluator if metric else None
    earlier = EarlierAnswers(ws, before, rows.day, place, evaluator) if before else None
    if evaluator is not None:
        return rows.worst(place, evaluator, earlier)
    return rows.changed(place, earlier) if earlier else ()


def _subjects(evidence: Sequence[Signal]) -> list[tuple[ExampleKind, str]]:
    """What to look for: the strongest of each kind, then the others; of distances none where a metric says how they are bad."""
    subjects = list(dict.fromkeys(subject for signal in evidence for subject in _subject(signal)))
    if any(kind == "answers" and name not in DISTANCES for kind, name in subjects):
        subjects = [(kind, name) for kind, name in subjects if name not in DISTANCES]
    first = {kind: (kind, name) for kind, name in reversed(subjects)}
    return sorted(subjects, key=lambda one: first[one[0]] != one)


def _subject(signal: Signal) -> Iterator[tuple[ExampleKind, str]]:
    """What shows a signal; nothing where no request does by itself."""
    metric = metric_of(signal.metric)
    if metric is None:
        if signal.metric in DISTANCES:
            yield "answers", signal.metric
    elif metric is CONFIRMED_HARM:
        yield "harmful", metric.name
    elif signal.segment is not None and signal.segment.startswith("stage="):
        yield "stage", signal.segment.partition("=")[2]
    elif metric.evaluator is not None:
        yield "answers", metric.name
    elif metric.family == "errors":
        yield "errors", "error_kind"
    elif metric.unit == "ms":
        yield "slow", "ttft_ms" if metric.name.startswith(_FIRST_TOKEN) else "total_latency_ms"
