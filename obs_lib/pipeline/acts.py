"""What people do about an incident: acknowledge, snooze, note, close, accept, call it a false alarm.

Each act is a row of `operations`, appended and never changed: an overlay on incidents, no part of a digest, of the fold or of
what is measured. Of several acts the last one stands; a note stands beside it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from obs_lib.alerts.storage import from_frame
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import ALERTS, OPERATIONS
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ID_DIGITS, Day, Incident, Severity

KIND = "act"
LONGEST_NAME = 100
"""Characters of the name of who acts."""
_LONGEST_TEXT = 1_000  # characters


class ActKind(StrEnum):
    """What somebody did about an incident."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    """Somebody looks after it."""
    SNOOZED = "SNOOZED"
    """It is told again on a day."""
    NOTE = "NOTE"
    """Words, which change nothing."""
    CLOSED = "CLOSED"
    """Done with, whatever the numbers say."""
    ACCEPTED = "ACCEPTED"
    """This is the new normal."""
    FALSE_ALARM = "FALSE_ALARM"
    """Nothing was wrong; `obs alerts review` counts these."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a person."""

    fingerprint: str
    at: dt.datetime
    kind: ActKind
    severity: Severity
    """That of the incident at the act: when it gets worse than that, people are told all the same."""
    by: str | None = None
    """Who; None where nobody said."""
    until: Day | None = None
    """The day on which a snooze ends; None for other acts."""
    text: str | None = None
    form: str | None = None
    """The id of the form by which it came; None for an act from elsewhere."""

    def holds_back(self, incident: Incident, today: Day) -> bool:
        """Whether the incident is not to be sent again today because of it."""
        if self.kind is ActKind.NOTE or incident.severity < self.severity:
            return False
        return self.until is None or today < self.until

    def reminds(self, incident: Incident) -> bool:
        """Whether the night after which a snooze ends is that of the incident, which is still open: then it is news again."""
        return self.until is not None and incident.is_open and incident.day + dt.timedelta(days=1) == self.until


def record_act(
    ws: Workspace,
    short: str,
    kind: ActKind,
    *,
    by: str | None = None,
    until: Day | None = None,
    text: str | None = None,
    form: str | None = None,
) -> Act:
    """Append an act to the incident that `short` names; see `incident_of`. ConfigError for what cannot be one, and for a form
    that has been sent already.
    """
    _check(kind, by, until, text)
    incident = incident_of(ws, short)
    if form is not None:
        known = acts_of(ws, [incident.fingerprint], incident.first_day).get(incident.fingerprint, [])
        if any(act.form == form for act in known):
            raise ConfigError("the form has been sent already", rule="once", fix="load the page again")
    now = dt.datetime.now(dt.UTC)
    act = Act(incident.fingerprint, now, kind, incident.severity, by, until, text, form)
    detail = {"by": by, "until": str(until) if until else None, "text": text, "severity": act.severity.value}
    detail |= {"form": form} if form else {}
    # Not by Lake.log, which cuts its detail.
    row = {
        "at": now,
        "kind": KIND,
        "subject": act.fingerprint,
        "outcome": kind.value,
        "detail": json.dumps(detail, sort_keys=True, ensure_ascii=False),
    }
    ws.lake.append(OPERATIONS, now.date(), pd.DataFrame([row]))
    return act


def acts_of(ws: Workspace, fingerprints: Collection[str], since: Day) -> dict[str, list[Act]]:
    """The acts on incidents, oldest first. since : a day before which none of them was there, so that nobody acted on it."""
    days = days_since(since)
    if not fingerprints or not days:
        return {}
    chosen = {"kind": [KIND], "subject": sorted(fingerprints)}
    rows = ws.lake.read(OPERATIONS, days, ["at", "subject", "outcome", "detail"], chosen).sort_values("at")
    acts: dict[str, list[Act]] = {}
    for row in rows.to_dict("records"):
        acts.setdefault(row["subject"], []).append(_act(row["subject"], row["at"], row["outcome"], row["detail"]))
    return acts


def standing_acts(ws: Workspace, incidents: Collection[Incident]) -> dict[str, Act]:
    """The act that stands on each incident, by its fingerprint; an incident that nobody acted on is not there."""
    if not incidents:
        return {}
    first = min(incident.first_day for incident in incidents)
    acts = acts_of(ws, {incident.fingerprint for incident in incidents}, first)
    return {name: act for name, of_it in acts.items() if (act := standing(of_it)) is not None}


def standing(acts: Iterable[Act]) -> Act | None:
    """The last act that is no note; None for none. acts : of one incident, oldest first."""
    return next((act for act in reversed(list(acts)) if act.kind is not ActKind.NOTE), None)


def incident_of(ws: Workspace, short: str) -> Incident:
    """The incident that the first digits of a fingerprint name, on its last day. ConfigError for none or several."""
    if len(short) < ID_DIGITS:
        raise ConfigError("an incident's id is too short", rule=f"{ID_DIGITS} digits at least", found=short)
    rows = known_incidents(ws)
    rows = rows[rows["fingerprint"].str.startswith(short)]
    names = sorted(rows["fingerprint"].unique())
    if not names:
        raise ConfigError(
            "there is no such incident", found=short, where=ws.lake.root, fix="`obs alerts DAY` lists them"
        )
    if len(names) > 1:
        raise ConfigError(
            "several incidents have ids that begin so",
            rule="unambiguous",
            found=short,
            fix=f"use one of {', '.join(names)}",
        )
    last = dt.date.fromisoformat(rows["day"].max())
    return from_frame(ws.lake.read(ALERTS, [last], where={"fingerprint": names}))[0]


def known_incidents(ws: Workspace) -> pd.DataFrame:
    """Day, fingerprint, place, lead and first day of every incident on every day of the lake."""
    days = [record.day for record in ws.lake.records(step="alert") if record.readable]
    return ws.lake.read(ALERTS, days, ["day", "fingerprint", "segment", "place", "lead", "first_day"])


def days_since(first: Day) -> list[Day]:
    """Every day from `first` to today."""
    today = dt.datetime.now(dt.UTC).date()
    return [first + dt.timedelta(days=n) for n in range((today - first).days + 1)]


def _act(fingerprint: str, at: pd.Timestamp, outcome: str, detail: str) -> Act:
    stored = json.loads(detail)
    until = stored.get("until")
    return Act(
        fingerprint,
        at.to_pydatetime(),
        ActKind(outcome),
        Severity(stored["severity"]),
        stored.get("by"),
        dt.date.fromisoformat(until) if until else None,
        stored.get("text"),
        stored.get("form"),
    )


def _check(kind: ActKind, by: str | None, until: Day | None, text: str | None) -> None:
    if (kind is ActKind.SNOOZED) != (until is not None):
        raise ConfigError(
            "a snooze has an end, and nothing else has one", rule="a day", found=str(until), where="until"
        )
    if until is not None and until <= dt.datetime.now(dt.UTC).date():
        raise ConfigError("a snooze ends at once", rule="a day after today", found=str(until), where="until")
    if by is None and kind is not ActKind.NOTE:
        raise ConfigError("nobody is named who acts", rule="a name", where="by")
    if by is not None and not 0 < len(by.strip()) <= LONGEST_NAME:
        raise ConfigError("no name of a person", rule=f"1 to {LONGEST_NAME} characters", found=by[:40], where="by")
    if kind is ActKind.NOTE and not (text or "").strip():
        raise ConfigError("a note says nothing", rule="some text", where="text")
    if text is not None and len(text) > _LONGEST_TEXT:
        raise ConfigError(
            "the text is too long", rule=f"at most {_LONGEST_TEXT:,} characters", found=len(text), where="text"
        )
