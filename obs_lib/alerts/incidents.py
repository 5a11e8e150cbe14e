"""Incidents over days: a pure function from yesterday's incidents and today's evidence to today's incidents.

evidence of a cause that none open explains  -> NEW         news                          (new.py)
evidence of an open one                      -> ONGOING     no news                       (ongoing.py)
  (also where its level alone is twice its worst)
  more severe, or elsewhere as well          -> WORSE       news
  twice its worst                            -> WORSE       no news
no evidence, but its level stands            -> ONGOING     it is on its way to being the baseline
no evidence                                  -> RECOVERING  until `closes`, then RESOLVED; the day after it is gone
                                                                                          (recovering.py)
its level stands on the day it closes        -> NEW_LEVEL   while an objective is breached, else ACCEPTED
                                                                                          (new_level.py)
evidence that a new level goes on the same way -> WORSE     news
the day has no summary                       -> ONGOING     nothing is known, so nothing is resolved

An incident keeps the worst severity that it had while it lasts, so that easing and worsening again wakes nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from obs_lib.alerts.causes import causes, claim, explains, strongest_first
from obs_lib.alerts.data_incidents import data_incidents
from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.extents import grown_unseen
from obs_lib.alerts.new import begin
from obs_lib.alerts.new_level import at_new_level
from obs_lib.alerts.objective_incidents import objective_incidents
from obs_lib.alerts.ongoing import hold
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.recovering import recover
from obs_lib.records import ALL, CLOSED, Incident, IncidentState, Signal


def advance(evidence: Evidence, previous: Iterable[Incident], options: AlertOptions) -> list[Incident]:
    """The incidents of a day, worst first. previous : those of the last folded day before it, in all states."""
    standing = [incident for incident in previous if incident.state not in CLOSED]
    faults = data_incidents(evidence, [one for one in standing if one.kind == "data"], options)
    if not evidence.summarised:
        unknown = (
            replace(one, day=evidence.day, state=IncidentState.ONGOING, notify=False)
            for one in standing
            if one.kind != "data"
        )
        return _worst_first([*unknown, *faults])
    changes = [one for one in standing if one.kind == "change"]
    claims, free = claim(changes, evidence.signals)
    attached, alone = _attached(changes, claims, sorted(evidence.breaches, key=strongest_first))
    begun = []
    for cause in causes(free, evidence.levels):
        families = {signal.family for signal in cause.signals}
        own = [one for one in alone if explains(families, cause.place, one)]
        alone = [one for one in alone if one not in own]
        begun.append(begin(cause, own, evidence, options))
    carried = [
        _carried(one, claims.get(one.fingerprint, []), attached.get(one.fingerprint, []), evidence, options)
        for one in changes
    ]
    objectives = objective_incidents(alone, [one for one in standing if one.kind == "objective"], evidence, options)
    return _worst_first([*begun, *carried, *objectives, *faults])


def _carried(
    change: Incident, signals: list[Signal], breaches: list[Signal], evidence: Evidence, options: AlertOptions
) -> Incident:
    """An open change as it stands today. signals, breaches : today's that are of it."""
    if change.state is IncidentState.NEW_LEVEL and not signals:
        return at_new_level(change, breaches, evidence, options)
    found = sorted(signals or grown_unseen(change, evidence.values), key=strongest_first)
    if found:
        return hold(change, found, breaches, evidence, options)
    return recover(change, breaches, evidence, options)


def _attached(
    incidents: Sequence[Incident], claims: Mapping[str, Sequence[Signal]], breaches: Iterable[Signal]
) -> tuple[dict[str, list[Signal]], list[Signal]]:
    """The breaches that an open change is the reason of, by its fingerprint, and the others."""
    of: dict[str, list[Signal]] = {}
    alone = []
    reach = {
        one.fingerprint: frozenset({*one.place, *(signal.segment or ALL for signal in claims.get(one.fingerprint, ()))})
        for one in incidents
    }
    for breach in breaches:
        reasons = (one for one in incidents if explains(one.families, reach[one.fingerprint], breach))
        reason = next(reasons, None)
        if reason is None:
            alone.append(breach)
        else:
            of.setdefault(reason.fingerprint, []).append(breach)
    return of, alone


def _worst_first(incidents: Iterable[Incident]) -> list[Incident]:
    return sorted(
        incidents, key=lambda one: (one.state in CLOSED, one.severity, -one.score, one.kind, one.place, one.fingerprint)
    )
