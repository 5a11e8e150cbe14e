"""The story of an incident, day by day: how it stood and why, what spoke for it, who was told, and what people did about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import acts_of, incident_of
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.handling import act_text, attempts_of
from obs_lib.pipeline.incident_examples import incident_examples
from obs_lib.pipeline.shown import shown_record
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident, IncidentState
from obs_lib.redaction.columns import shown_rows
from obs_lib.reporting.incident_examples import example_text
from obs_lib.reporting.incident_text import STATES, sentence, signals
from obs_lib.reporting.safe import line, place_title

_SIGNALS = 3
_TEXT = 300  # characters of a why that are shown


@dataclass(frozen=True, slots=True)
class StoryDay:
    """What happened to an incident on one day. Of a day after its last, or before a fold knew it, only acts are known."""

    day: Day
    state: str | None
    severity: str | None
    place: str | None
    why: str | None
    """The arithmetic of the severity."""
    signals: tuple[str, ...]
    """The strongest ones, a sentence each."""
    sent: tuple[str, ...]
    """Each attempt to tell somebody of this day: when, to which channel, and what became of it."""
    acts: tuple[str, ...]
    """What people did on this day by the clock."""


@dataclass(frozen=True, slots=True)
class Story:
    """An incident from its first day on."""

    fingerprint: str
    sentence: str
    """How it stood on its last day."""
    days: tuple[StoryDay, ...]
    examples: tuple[str, ...]
    """What shows it on its last day with evidence, a line each; empty where that day's rows are gone."""


def explain(ws: Workspace, short: str) -> Story:
    """The story of the incident that the first digits of a fingerprint name. ConfigError for none or several."""
    incident = incident_of(ws, short)
    fingerprint = incident.fingerprint
    alerted = [record.day for record in ws.lake.records(step="alert") if record.readable]
    rows = ws.lake.read(ALERTS, alerted, where={"fingerprint": [fingerprint]})
    incidents = {incident.day: incident for incident in from_frame(shown_rows(ALERTS, rows, ws.redactor))}
    first, last = min(incidents), max(incidents)
    acts: dict[Day, list[str]] = {}
    for act in acts_of(ws, [fingerprint], first).get(fingerprint, []):
        acts.setdefault(act.at.date(), []).append(f"{act.at:%H:%M} UTC {act_text(ws, act)}")
    sent = attempts_of(ws, [fingerprint], first).get(fingerprint, {})
    days = (_day(day, incidents.get(day), sent, acts) for day in sorted({*incidents, *sent, *acts}))
    return Story(fingerprint, sentence(incidents[last]), tuple(days), tuple(_examples(ws, incident)))


def _day(day: Day, incident: Incident | None, sent: Mapping[Day, list[str]], acts: Mapping[Day, list[str]]) -> StoryDay:
    told, done = tuple(sent.get(day, ())), tuple(acts.get(day, ()))
    if incident is None:
        return StoryDay(day, None, None, None, None, (), told, done)
    place = "everywhere" if incident.everywhere else place_title(incident.place)
    why = line(incident.why, _TEXT) or None
    state, severity = STATES[incident.state], incident.severity.value
    return StoryDay(day, state, severity, place, why, signals(incident, _SIGNALS), told, done)


def _examples(ws: Workspace, incident: Incident) -> Iterator[str]:
    """What shows an incident. incident : as the lake has it on its last day, with evidence of the last day that has some."""
    day = incident.last_day
    for found in incident_examples(ws, history(ws), day, [replace(incident, day=day, state=IncidentState.ONGOING)]):
        yield from example_text(shown_record(found, ws.redactor))
