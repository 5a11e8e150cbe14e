"""What another policy of alerts would have told people over days that are past, against the present one. Changes nothing.

Both fold the same days again in memory, and begin with the incidents that stood on the day before the first. What people did
about incidents, the age of a day and channels play no part: this is about the policy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from obs_lib.alerts.night import Night, raise_incidents
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import overlap
from obs_lib.alerts.storage import from_frame, to_frame
from obs_lib.errors import DayNotReady
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.alert import night_of
from obs_lib.pipeline.deliveries import AT_ONCE
from obs_lib.pipeline.fold import History, history
from obs_lib.pipeline.night import days_between
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, Incident
from obs_lib.redaction.columns import shown_rows

Folded = Mapping[Day, Sequence[Incident]]
Who = Literal["both", "policy", "present"]
How = Literal["message", "digest"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One incident that is news on a day: under which of the two policies, and as its own message or an entry of the digest."""

    day: Day
    under: Who
    how: How
    incident: Incident


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause that either policy tells people of, and the days from its beginning until it does; None for never."""

    incident: Incident
    policy_days: int | None
    present_days: int | None


@dataclass(frozen=True, slots=True)
class Rates:
    """What a policy comes to."""

    pages: int
    """Messages that are sent at once."""
    digests: int
    pages_a_week: float
    mean_days: float | None
    """Mean days to detect, of what is told at all; None where nothing is."""
    untold: int
    """Causes that only the other policy tells."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Both policies over the same days."""

    days: tuple[Day, ...]
    entries: tuple[Entry, ...]
    causes: tuple[Cause, ...]
    policy: Rates
    present: Rates


def replay(ws: Workspace, first: Day, last: Day, policy: AlertOptions) -> Replay:
    """Fold the days from first to last again under a policy and under that of the settings. DayNotReady where none is there."""
    wanted, past = set(days_between(first, last)), history(ws)
    days = [day for day in past.days if day in wanted]
    if not days:
        raise DayNotReady(f"the lake has no day from {first} to {last}", where=ws.lake.root, fix="run `obs days`")
    before = past.before(days[0])
    standing = from_frame(ws.lake.read(ALERTS, [before])) if before else []
    policies = (policy, ws.settings.alerts)
    folded: list[dict[Day, list[Incident]]] = [{}, {}]
    previous = [standing, standing]
    for day in days:  # a night at a time: a year of them would not fit
        night = _night(ws, past, day)
        previous = [raise_incidents(night, known, options) for known, options in zip(previous, policies, strict=True)]
        for of_day, incidents in zip(folded, previous, strict=True):
            of_day[day] = incidents
    entries, causes = _entries(*folded), _causes(*folded)
    policy_days, present_days = [one.policy_days for one in causes], [one.present_days for one in causes]
    return Replay(
        tuple(days),
        tuple(replace(entry, incident=_shown(ws, entry.incident)) for entry in entries),
        tuple(replace(cause, incident=_shown(ws, cause.incident)) for cause in causes),
        _rates(folded[0], policy_days),
        _rates(folded[1], present_days),
    )


def _shown(ws: Workspace, incident: Incident) -> Incident:
    """The incident as people may see it."""
    frame = to_frame([incident]).assign(day=str(incident.day))
    return from_frame(shown_rows(ALERTS, frame, ws.redactor))[0]


def _night(ws: Workspace, past: History, day: Day) -> Night:
    night = night_of(ws, past, day)
    if not past.closed(day):
        return night
    # Maintenance has dropped the day's interactions; that they were there stands in its numbers.
    rows = night.metrics[night.metrics["status"] == "OK"]
    requests = rows.loc[(rows["metric"] == "requests") & (rows["segment"] == ALL), "value"].sum()
    return replace(night, facts=replace(night.facts, interactions=int(requests)))


def _entries(policy: Folded, present: Folded) -> tuple[Entry, ...]:
    """What is news, by day, the worst first."""
    entries = []
    for day, incidents in policy.items():
        new, now = _news(incidents), _news(present[day])
        for (how, name), incident in sorted((now | new).items(), key=lambda item: (item[1].severity, item[0])):
            key = how, name
            under: Who = "both" if key in new and key in now else "policy" if key in new else "present"
            entries.append(Entry(day, under, how, incident))
    return tuple(entries)


def _news(incidents: Sequence[Incident]) -> dict[tuple[How, str], Incident]:
    """What is told of a day, by how and fingerprint."""
    return {
        ("message" if one.severity in AT_ONCE else "digest", one.fingerprint): one for one in incidents if one.notify
    }


def _causes(policy: Folded, present: Folded) -> tuple[Cause, ...]:
    """Causes that either tells, oldest first. Two incidents are one cause where they are of one lead, overlap and meet."""
    told_new, told_now = _told(policy), _told(present)
    causes, matched = [], set()
    for incident, day in told_new:
        free = [(one, told) for one, told in told_now if one.fingerprint not in matched and _same(incident, one)]
        other = min(free, key=lambda known: known[0].fingerprint != incident.fingerprint, default=None)
        if other is None:
            causes.append(Cause(incident, (day - incident.first_day).days, None))
        else:
            matched.add(other[0].fingerprint)
            began = min(incident.first_day, other[0].first_day)
            causes.append(Cause(incident, (day - began).days, (other[1] - began).days))
    causes += [Cause(one, None, (day - one.first_day).days) for one, day in told_now if one.fingerprint not in matched]
    return tuple(sorted(causes, key=lambda cause: (cause.incident.first_day, cause.incident.fingerprint)))


def _told(folded: Folded) -> list[tuple[Incident, Day]]:
    """Each incident that is ever news, as it stands on its last day, with the day on which it first is."""
    told: dict[str, Day] = {}
    last: dict[str, Incident] = {}
    for day, incidents in folded.items():
        for incident in incidents:
            last[incident.fingerprint] = incident
            if incident.notify:
                told.setdefault(incident.fingerprint, day)
    return [(last[name], day) for name, day in told.items()]


def _same(one: Incident, other: Incident) -> bool:
    if one.fingerprint == other.fingerprint:
        return True
    meet = one.first_day <= other.last_day and other.first_day <= one.last_day
    return (
        (one.kind, one.lead) == (other.kind, other.lead)
        and meet
        and overlap(frozenset(one.place), frozenset(other.place))
    )


def _rates(folded: Folded, days: Sequence[int | None]) -> Rates:
    news = [[one for one in incidents if one.notify] for incidents in folded.values()]
    pages = sum(one.severity in AT_ONCE for of_day in news for one in of_day)
    digests = sum(any(one.severity not in AT_ONCE for one in of_day) for of_day in news)
    told = [count for count in days if count is not None]
    return Rates(pages, digests, 7 * pages / len(folded), fmean(told) if told else None, len(days) - len(told))
