"""The story of an incident, day by day: how it stood and why, what spoke for it, who was told, and what people did about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import Act, ActKind, acts_of, incident_of
from obs_lib.pipeline.deliveries import SHORT, DeliveryLog
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident
from obs_lib.redaction.columns import shown_rows
from obs_lib.reporting.incident_text import STATES, sentence, signals
from obs_lib.reporting.safe import line, place_title

_SIGNALS = 3
_TEXT = 300  # characters of a note that are shown
_DONE = {
    ActKind.ACKNOWLEDGED: "acknowledged",
    ActKind.SNOOZED: "snoozed",
    ActKind.NOTE: "note",
    ActKind.CLOSED: "closed",
    ActKind.ACCEPTED: "accepted as the new normal",
    ActKind.FALSE_ALARM: "false alarm",
}


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


def explain(ws: Workspace, short: str) -> Story:
    """The story of the incident that the first digits of a fingerprint name. ConfigError for none or several."""
    fingerprint = incident_of(ws, short).fingerprint
    alerted = [record.day for record in ws.lake.records(step="alert") if record.readable]
    rows = ws.lake.read(ALERTS, alerted, where={"fingerprint": [fingerprint]})
    incidents = {incident.day: incident for incident in from_frame(shown_rows(ALERTS, rows, ws.redactor))}
    first, last = min(incidents), max(incidents)
    acts: dict[Day, list[str]] = {}
    for act in acts_of(ws, [fingerprint], first).get(fingerprint, []):
        acts.setdefault(act.at.date(), []).append(f"{act.at:%H:%M} UTC {act_text(ws, act)}")
    sent = _attempts(ws, fingerprint, first)
    days = (_day(day, incidents.get(day), sent, acts) for day in sorted({*incidents, *sent, *acts}))
    return Story(fingerprint, sentence(incidents[last]), tuple(days))


def act_text(ws: Workspace, act: Act) -> str:
    """An act in a few words; what people wrote is masked as text of logs is, which it may quote.

    "snoozed until 2024-03-09 by Ada: waits for the new index"
    """
    words = _DONE[act.kind]
    if act.until is not None:
        words += f" until {act.until}"
    if act.by:
        words += f" by {line(act.by, 100)}"
    return f"{words}: {line(ws.redactor.shown(act.text), _TEXT)}" if act.text else words


def _day(day: Day, incident: Incident | None, sent: Mapping[Day, list[str]], acts: Mapping[Day, list[str]]) -> StoryDay:
    told, done = tuple(sent.get(day, ())), tuple(acts.get(day, ()))
    if incident is None:
        return StoryDay(day, None, None, None, None, (), told, done)
    place = "everywhere" if incident.everywhere else place_title(incident.place)
    why = line(incident.why, _TEXT) or None
    state, severity = STATES[incident.state], incident.severity.value
    return StoryDay(day, state, severity, place, why, signals(incident, _SIGNALS), told, done)


def _attempts(ws: Workspace, fingerprint: str, first: Day) -> dict[Day, list[str]]:
    """Attempts to tell people of an incident, by the day that they were about."""
    attempts: dict[Day, list[str]] = {}
    for attempt in DeliveryLog(ws, first).attempts(fingerprint[:SHORT]):
        text = f"{attempt.at:%Y-%m-%d %H:%M} UTC to {line(attempt.channel, 60)}: {attempt.outcome}"
        text += f", {line(attempt.detail, 160)}" if attempt.detail else ""
        attempts.setdefault(attempt.update.day, []).append(text)
    return attempts
