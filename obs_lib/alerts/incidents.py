"""Incidents over days: a pure function from yesterday's incidents and today's evidence to today's incidents.

evidence of a cause that none open explains  -> NEW         news
evidence of an open one                      -> ONGOING     no news
  (also where its level alone is twice its worst)
  more severe, or elsewhere as well          -> WORSE       news
  twice its worst                            -> WORSE       no news
no evidence, but its level stands            -> ONGOING     it is on its way to being the baseline
no evidence                                  -> RECOVERING  until `closes`, then RESOLVED; the day after it is gone
its level stands on the day it closes        -> NEW_LEVEL   while an objective is breached, else ACCEPTED
the day has no summary                       -> ONGOING     nothing is known, so nothing is resolved

An incident keeps the worst severity that it had while it lasts, so that easing and worsening again wakes nobody twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from obs_lib.alerts.causes import Cause, Levels, causes, claim, place_of_family, strongest_first
from obs_lib.alerts.faults import Fault
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import Decomposition, Place, decompose, dimension, overlap
from obs_lib.alerts.severity import grade
from obs_lib.catalogue import metric_of
from obs_lib.catalogue.distances import DISTANCES, SEMANTIC_DRIFT
from obs_lib.digests import digest_of
from obs_lib.records import ALL, CLOSED, Day, Extent, Incident, IncidentState, Severity, Signal, Suspect

TWICE = 2.0  # times its worst, from which a family has grown
STANDS = 0.5  # part of an incident's worst change that is still there where its level stands


@dataclass(frozen=True)
class Evidence:
    """What speaks for incidents on one day."""

    day: Day
    signals: Sequence[Signal]
    """Changes against the baseline, outages and harm."""
    breaches: Sequence[Signal]
    """Objectives that are surely breached, one a metric and segment."""
    faults: Sequence[Fault]
    """What is wrong with the day's data."""
    levels: Levels
    """A metric beside its baseline, by segment; empty for what is no metric."""
    values: Mapping[tuple[str, str], float]
    """Today's metrics that have a value, by name and segment."""
    suspects: tuple[Suspect, ...] = ()
    """What else is otherwise today, likeliest first, of all places."""
    summarised: bool = True
    """Whether there are figures of the day; False on a day without logs or without a summary."""


def advance(evidence: Evidence, previous: Iterable[Incident], options: AlertOptions) -> list[Incident]:
    """The incidents of a day, worst first. previous : those of the last folded day before it, in all states."""
    standing = [incident for incident in previous if incident.state not in CLOSED]
    faults = _faults(evidence, [one for one in standing if one.kind == "data"], options)
    if not evidence.summarised:
        return _sorted([*(_unknown(one, evidence.day) for one in standing if one.kind != "data"), *faults])
    changes = [one for one in standing if one.kind == "change"]
    claims, free = claim([one for one in changes if one.state is not IncidentState.NEW_LEVEL], evidence.signals)
    attached, alone = _attached(changes, claims, sorted(evidence.breaches, key=strongest_first))
    begun = []
    for cause in causes(free, evidence.levels):
        own = [one for one in alone if _explains(cause, one)]
        alone = [one for one in alone if one not in own]
        begun.append(_begin(cause, own, evidence, options))
    carried = [
        _carry(one, claims.get(one.fingerprint, []), attached.get(one.fingerprint, []), evidence, options)
        for one in changes
    ]
    objectives = _objectives(alone, [one for one in standing if one.kind == "objective"], evidence, options)
    return _sorted([*begun, *carried, *objectives, *faults])


def _begin(cause: Cause, breaches: Sequence[Signal], evidence: Evidence, options: AlertOptions) -> Incident:
    """An incident on its first day. Its fingerprint names that beginning: the same cause on another day is another incident."""
    lead = cause.signals[0]
    graded = grade((*cause.signals, *(one for one in breaches if not one.standing)), options)
    place, family = tuple(sorted(cause.place)), lead.family or lead.metric
    parts = _decomposed(lead.metric, evidence.levels) if metric_of(lead.metric) else None
    return Incident(
        day=evidence.day,
        fingerprint=digest_of("change", str(evidence.day), family, list(place)),
        kind="change",
        severity=graded.severity,
        state=IncidentState.NEW,
        place=place,
        lead=family,
        title=_title(cause.signals),
        score=graded.score,
        why=graded.why,
        notify=graded.severity in options.notify_severities,
        first_day=evidence.day,
        last_day=evidence.day,
        extents=_extents(cause.signals, ()),
        suspects=tuple(one for one in evidence.suspects if _fits(one, cause.place)),
        mix=parts.mix if parts else None,
        behaviour=parts.behaviour if parts else None,
        evidence=(*cause.signals, *breaches),
    )


def _fits(suspect: Suspect, place: Place) -> bool:
    """Whether a suspect lies where the cause does; a stage must be part of it."""
    return suspect.segment in place if suspect.kind == "stage" else overlap(frozenset({suspect.segment}), place)


def _decomposed(metric: str, levels: Levels) -> Decomposition | None:
    """The whole's change over the segments of its best covered dimension."""
    known = levels(metric)
    whole = known.get(ALL)
    names = sorted({name for segment in known if (name := dimension(segment)) not in (None, "stage")}, key=str)
    if whole is None:
        return None
    found = (
        decompose(whole, [level for segment, level in known.items() if dimension(segment) == name]) for name in names
    )
    return next((parts for parts in found if parts is not None), None)


def _carry(
    incident: Incident, signals: list[Signal], breaches: list[Signal], evidence: Evidence, options: AlertOptions
) -> Incident:
    today = replace(incident, day=evidence.day, notify=False)
    if not signals and incident.kind == "change" and incident.state is not IncidentState.NEW_LEVEL:
        signals = _grown_unseen(incident, evidence)
    if signals:
        return _holding(today, sorted(signals, key=strongest_first), breaches, evidence, options)
    if incident.state is IncidentState.NEW_LEVEL:
        return _new_level(today, breaches, options)
    stands = _stands(incident, evidence)
    closes = incident.last_day + dt.timedelta(days=options.resolve_after_days)
    if evidence.day < closes:
        state = IncidentState.ONGOING if stands else IncidentState.RECOVERING
        return replace(today, state=state, closes=None if stands else closes)
    if stands and breaches:
        return _new_level(replace(today, state=IncidentState.NEW_LEVEL), breaches, options)
    state = IncidentState.ACCEPTED if stands else IncidentState.RESOLVED
    return replace(today, state=state, closes=evidence.day, notify=options.notify_resolved)


def _holding(
    today: Incident, signals: list[Signal], breaches: list[Signal], evidence: Evidence, options: AlertOptions
) -> Incident:
    """The incident on a day with evidence of it."""
    graded = grade((*signals, *(one for one in breaches if not one.standing)), options)
    spread = [one for one in signals if not overlap(frozenset({one.segment or ALL}), frozenset(today.place))]
    grown = any(_grown(one, today.extents) for one in signals)
    rose = graded.severity < today.severity
    reached = place_of_family(spread, evidence.levels) if spread else frozenset()
    place = frozenset(today.place) | reached
    known = {(one.kind, one.segment) for one in today.suspects}
    fresh = [
        one for one in evidence.suspects if reached and _fits(one, reached) and (one.kind, one.segment) not in known
    ]
    return replace(
        today,
        severity=min(today.severity, graded.severity),
        state=IncidentState.WORSE if rose or grown or spread else IncidentState.ONGOING,
        place=tuple(sorted({ALL} if ALL in place else place)),
        score=graded.score,
        why=graded.why if graded.severity <= today.severity else today.why,
        notify=(rose or bool(spread)) and min(today.severity, graded.severity) in options.notify_severities,
        last_day=evidence.day,
        closes=None,
        extents=_extents(signals, today.extents),
        suspects=(*fresh, *today.suspects),
        evidence=(*signals, *breaches),
    )


def _new_level(today: Incident, breaches: list[Signal], options: AlertOptions) -> Incident:
    """An incident whose level is the baseline by now: open while an objective is breached, by its distance from that."""
    if breaches:
        far = max(one.strength or 0.0 for one in breaches)
        severity = Severity.P2 if far >= STANDS else Severity.P3
        worst = max(breaches, key=lambda one: one.strength or 0.0)
        numbers = f"{worst.value:.3g} where the objective is {worst.objective:.3g}"
        why = f"it has become the baseline, and {_named(worst.metric)} is {numbers}"
        return replace(today, severity=severity, why=why, last_day=today.day, closes=None, evidence=tuple(breaches))
    closes = today.last_day + dt.timedelta(days=options.resolve_after_days)
    closed = today.day >= closes
    state = IncidentState.RESOLVED if closed else today.state
    return replace(today, state=state, closes=closes, notify=closed and options.notify_resolved)


def _objectives(
    breaches: list[Signal], standing: list[Incident], evidence: Evidence, options: AlertOptions
) -> list[Incident]:
    """One incident for each metric whose objective is breached and that no change explains."""
    by_metric: dict[str, list[Signal]] = {}
    for signal in breaches:
        by_metric.setdefault(signal.metric, []).append(signal)
    known = {incident.lead: incident for incident in standing}
    incidents = [
        _breached(metric, sorted(signals, key=strongest_first), known.get(metric), evidence, options)
        for metric, signals in by_metric.items()
        if metric in known or any(signal.settled for signal in signals)
    ]
    return incidents + [
        _carry(incident, [], [], evidence, options) for metric, incident in known.items() if metric not in by_metric
    ]


def _breached(
    metric: str, signals: list[Signal], known: Incident | None, evidence: Evidence, options: AlertOptions
) -> Incident:
    place = tuple(sorted(place_of_family(signals, evidence.levels)))
    severity = min((one.severity or options.objective_severity for one in signals if one.settled), default=Severity.P3)
    if known is not None:
        rose = severity < known.severity
        return replace(
            known,
            day=evidence.day,
            severity=min(severity, known.severity),
            state=IncidentState.WORSE if rose else IncidentState.ONGOING,
            place=place,
            why=signals[0].note or "",
            notify=rose and severity in options.notify_severities,
            last_day=evidence.day,
            closes=None,
            evidence=tuple(signals),
        )
    return Incident(
        day=evidence.day,
        fingerprint=digest_of("objective", str(evidence.day), metric),
        kind="objective",
        severity=severity,
        state=IncidentState.NEW,
        place=place,
        lead=metric,
        title=f"{_named(metric)} beyond its objective",
        score=max(one.strength or 0.0 for one in signals),
        why=signals[0].note or "",
        notify=severity in options.notify_severities,
        first_day=evidence.day,
        last_day=evidence.day,
        extents=(),
        evidence=tuple(signals),
    )


def _faults(evidence: Evidence, standing: list[Incident], options: AlertOptions) -> list[Incident]:
    """Incidents of data: by what is wrong, each as it stands today."""
    known = {incident.lead: incident for incident in standing}
    incidents = [_fault(fault, known.pop(fault.cause, None), evidence.day, options) for fault in evidence.faults]
    return incidents + [_carry(incident, [], [], evidence, options) for incident in known.values()]


def _fault(fault: Fault, before: Incident | None, day: Day, options: AlertOptions) -> Incident:
    rose = before is None or fault.severity < before.severity
    return Incident(
        day=day,
        fingerprint=before.fingerprint if before else digest_of("data", str(day), fault.cause),
        kind="data",
        severity=min(fault.severity, before.severity) if before else fault.severity,
        state=IncidentState.NEW if before is None else IncidentState.WORSE if rose else IncidentState.ONGOING,
        place=(ALL,),
        lead=fault.cause,
        title=fault.title,
        score=fault.score,
        why=fault.why,
        notify=rose and fault.severity in options.notify_severities,
        first_day=before.first_day if before else day,
        last_day=day,
        evidence=fault.evidence,
    )


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
        where: Place = frozenset({breach.segment or ALL})
        reasons = (one for one in incidents if breach.family in one.families and overlap(where, reach[one.fingerprint]))
        reason = next(reasons, None)
        if reason is None:
            alone.append(breach)
        else:
            of.setdefault(reason.fingerprint, []).append(breach)
    return of, alone


def _explains(cause: Cause, breach: Signal) -> bool:
    families = {signal.family for signal in cause.signals}
    return breach.family in families and overlap(frozenset({breach.segment or ALL}), cause.place)


def _stands(incident: Incident, evidence: Evidence) -> bool:
    """Whether what led the incident is still nearer to its worst than to what was before it; False where nobody can tell."""
    for extent in sorted(incident.extents, key=lambda extent: extent.family != incident.lead):
        value = evidence.values.get((extent.metric, extent.segment))
        if value is not None and extent.baseline is not None and extent.worst:
            return (value - extent.baseline) / extent.worst >= STANDS
    return False


def _grown_unseen(incident: Incident, evidence: Evidence) -> list[Signal]:
    """What has grown to twice its worst while the comparison, whose baseline its first days disturb, calls it chance."""
    signals = []
    for extent in incident.extents:
        value = evidence.values.get((extent.metric, extent.segment))
        if value is None or extent.baseline is None:
            continue
        effect = value - extent.baseline
        if extent.worst and effect / extent.worst >= TWICE:
            signals.append(
                Signal(
                    extent.metric,
                    value,
                    segment=extent.segment,
                    family=extent.family,
                    strength=1.0,
                    effect=effect,
                    baseline=extent.baseline,
                    note="against the days before it began",
                )
            )
    return signals


def _grown(signal: Signal, extents: Iterable[Extent]) -> bool:
    known = [
        abs(extent.worst) for extent in extents if extent.family == signal.family and extent.metric == signal.metric
    ]
    return bool(known) and signal.effect is not None and abs(signal.effect) >= TWICE * max(known) > 0


def _extents(signals: Iterable[Signal], known: Iterable[Extent]) -> tuple[Extent, ...]:
    """The worst that each metric and segment of the incident has shown; strongest family first as it began."""
    extents = {(extent.metric, extent.segment): extent for extent in known}
    for signal in signals:
        if signal.effect is None:
            continue
        key = (signal.metric, signal.segment or ALL)
        before = extents.get(key)
        if before is None:
            extents[key] = Extent(signal.family or signal.metric, *key, signal.baseline, signal.effect)
        elif abs(signal.effect) > abs(before.worst):
            extents[key] = replace(before, worst=signal.effect)
    return tuple(extents.values())


def _unknown(incident: Incident, day: Day) -> Incident:
    return replace(incident, day=day, state=IncidentState.ONGOING, notify=False)


def _sorted(incidents: Iterable[Incident]) -> list[Incident]:
    return sorted(
        incidents, key=lambda one: (one.state in CLOSED, one.severity, -one.score, one.kind, one.place, one.fingerprint)
    )


def _title(signals: Sequence[Signal]) -> str:
    """What the strongest signal's metric complains of, and what else changed."""
    lead = signals[0]
    defined = metric_of(lead.metric) or DISTANCES.get(lead.metric, SEMANTIC_DRIFT)
    others = list(dict.fromkeys(one.family for one in signals if one.family not in (None, lead.family)))
    return f"{defined.complaint}; also {', '.join(map(str, others))}" if others else defined.complaint


def _named(metric: str) -> str:
    known = metric_of(metric)
    return known.title if known else metric
