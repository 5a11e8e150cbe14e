"""What became of a day's incidents: what was sent of each to whom, and what people did. Lives in `operations`, in no file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import Act, ActKind, acts_of
from obs_lib.pipeline.deliveries import SHORT, Attempt, DeliveryLog
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident
from obs_lib.reporting.anchors import handling_anchor
from obs_lib.reporting.handling import ActForm, Handling
from obs_lib.reporting.safe import line

_TEXT = 300  # characters of a note that are shown
_DONE = {
    ActKind.ACKNOWLEDGED: "acknowledged",
    ActKind.SNOOZED: "snoozed",
    ActKind.NOTE: "note",
    ActKind.CLOSED: "closed",
    ActKind.ACCEPTED: "accepted as the new normal",
    ActKind.FALSE_ALARM: "false alarm",
}


def handling_of(ws: Workspace, day: Day, form: Callable[[Incident], ActForm] | None = None) -> list[Handling]:
    """Of each incident of a day. form : how to act on one; None where nobody may from here."""
    incidents = from_frame(ws.lake.read(ALERTS, [day]))
    if not incidents:
        return []
    first = min(incident.first_day for incident in incidents)
    acts = acts_of(ws, {incident.fingerprint for incident in incidents}, first)
    sent = attempts_of(ws, [incident.fingerprint for incident in incidents], first)
    return [
        Handling(
            handling_anchor(one),
            tuple(text for of_day in sent.get(one.fingerprint, {}).values() for text in of_day),
            tuple(f"{act.at:%Y-%m-%d %H:%M} UTC {act_text(ws, act)}" for act in acts.get(one.fingerprint, [])),
            form(one) if form else None,
        )
        for one in incidents
    ]


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


def attempts_of(ws: Workspace, fingerprints: Sequence[str], first: Day) -> Mapping[str, Mapping[Day, list[str]]]:
    """Attempts to tell people of incidents, by fingerprint and the day that they were about, oldest first."""
    log = DeliveryLog(ws, first)
    attempts: dict[str, dict[Day, list[str]]] = {}
    for name in fingerprints:
        for attempt in log.attempts(name[:SHORT]):
            attempts.setdefault(name, {}).setdefault(attempt.update.day, []).append(_attempt_text(attempt))
    return attempts


def _attempt_text(attempt: Attempt) -> str:
    text = f"{attempt.at:%Y-%m-%d %H:%M} UTC to {line(attempt.channel, 60)}: {attempt.outcome}"
    return f"{text}, {line(attempt.detail, 160)}" if attempt.detail else text


def handling_lines(ws: Workspace, day: Day) -> Iterator[str]:
    """The same in a line each, for a terminal; nothing where nothing was sent or done."""
    for incident, handled in zip(from_frame(ws.lake.read(ALERTS, [day])), handling_of(ws, day), strict=True):
        yield from (f"{incident.short}  {text}" for text in (*handled.sent, *handled.acts))
