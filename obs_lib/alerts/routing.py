"""Which route takes an incident, and who looks after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fnmatch import fnmatchcase

from obs_lib.alerts.delivery_options import MatchOptions, RouteOptions, RuleOptions
from obs_lib.records import Day, Incident, Responsible


def responsible(incident: Incident, rules: Iterable[RuleOptions]) -> Responsible:
    """Owner and runbook of an incident, each by the first rule that matches and gives one."""
    matching = [rule for rule in rules if matches(incident, rule)]
    owner = next((rule.owner for rule in matching if rule.owner), None)
    return Responsible(owner, next((rule.runbook for rule in matching if rule.runbook), None))


def takes(route: RouteOptions, incident: Incident, owner: str | None, moment: dt.datetime) -> bool:
    """Whether a route sends an incident at a moment. owner : the incident's; None for none."""
    if route.owners and not (owner and _any([owner], route.owners)):
        return False
    if route.hours and not any(hours.holds(moment) for hours in route.hours):
        return False
    return matches(incident, route)


def matches(incident: Incident, match: MatchOptions) -> bool:
    """Whether an incident is meant. Of its place one segment is enough, of its families one."""
    if match.severities and incident.severity not in match.severities:
        return False
    if match.segments and not _any(incident.place, match.segments):
        return False
    return not match.families or _any({*incident.families, incident.lead}, match.families)


def too_old(day: Day, now: dt.datetime, max_age_hours: float) -> bool:
    """Return whether a day ended (midnight UTC) more than `max_age_hours` before `now`, which has a time zone.

    >>> too_old(dt.date(2023, 6, 15), dt.datetime(2023, 6, 18, 0, 0, tzinfo=dt.UTC), 48)
    False
    """
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)
    return now - end > dt.timedelta(hours=max_age_hours)


def _any(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
