"""ONGOING and WORSE: an incident on a later day with evidence of it."""

from __future__ import annotations

from dataclasses import replace

from obs_lib.alerts.causes import place_of_family
from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.extents import extended, has_grown
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import within
from obs_lib.alerts.severity import grade
from obs_lib.alerts.suspects import suspected
from obs_lib.records import ALL, Day, Incident, IncidentState, Severity, Signal


def held(
    before: Incident,
    day: Day,
    severity: Severity,
    options: AlertOptions,
    *,
    grown: bool = False,
    spread: bool = False,
) -> Incident:
    """The incident a day later, with its worst severity so far; more severe than ever, or elsewhere as well, is news."""
    rose, worst = severity < before.severity, min(severity, before.severity)
    return replace(
        before,
        day=day,
        severity=worst,
        state=IncidentState.WORSE if rose or grown or spread else IncidentState.ONGOING,
        notify=(rose or spread) and worst in options.notify_severities,
        last_day=day,
        closes=None,
    )


def hold(
    before: Incident, signals: list[Signal], breaches: list[Signal], evidence: Evidence, options: AlertOptions
) -> Incident:
    """A change on a day with signals of it, strongest first. breaches : those of objectives that it brings about."""
    graded = grade((*signals, *(one for one in breaches if not one.standing)), options)
    spread = [one for one in signals if not within(one.segment, frozenset(before.place))]
    reached = place_of_family(spread, evidence.levels) if spread else frozenset()
    place = frozenset(before.place) | reached
    goes_on = before.state is IncidentState.NEW_LEVEL
    known = {(one.kind, one.segment) for one in before.suspects}
    fresh = [
        one for one in evidence.suspects if reached and suspected(one, reached) and (one.kind, one.segment) not in known
    ]
    grown = any(has_grown(one, before.extents) for one in signals)
    return replace(
        held(before, evidence.day, graded.severity, options, grown=grown, spread=bool(spread) or goes_on),
        place=tuple(sorted({ALL} if ALL in place else place)),
        score=graded.score,
        why=graded.why if goes_on or graded.severity <= before.severity else before.why,
        extents=extended(signals, before.extents),
        suspects=(*fresh, *before.suspects),
        evidence=(*signals, *breaches),
    )
