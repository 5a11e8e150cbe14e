"""Incidents of kind `objective`: breaches that no change explains, one incident a metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from obs_lib.alerts.causes import place_of_family, strongest_first
from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.ongoing import held
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.recovering import recover
from obs_lib.catalogue.distances import title_of
from obs_lib.digests import digest_of
from obs_lib.records import Incident, IncidentState, Severity, Signal


def objective_incidents(
    breaches: Iterable[Signal], standing: Iterable[Incident], evidence: Evidence, options: AlertOptions
) -> list[Incident]:
    """Those of a day. breaches : without those that a change explains. standing : those of the day before."""
    by_metric: dict[str, list[Signal]] = {}
    for signal in breaches:
        by_metric.setdefault(signal.metric, []).append(signal)
    known = {incident.lead: incident for incident in standing}
    incidents = [
        _incident(metric, sorted(signals, key=strongest_first), known.get(metric), evidence, options)
        for metric, signals in by_metric.items()
        if metric in known or any(signal.settled for signal in signals)
    ]
    return incidents + [
        recover(incident, (), evidence, options) for metric, incident in known.items() if metric not in by_metric
    ]


def _incident(
    metric: str, signals: Sequence[Signal], before: Incident | None, evidence: Evidence, options: AlertOptions
) -> Incident:
    place, why = tuple(sorted(place_of_family(signals, evidence.levels))), signals[0].note or ""
    severity = min((one.severity or options.objective_severity for one in signals if one.settled), default=Severity.P3)
    if before is not None:
        today = held(before, evidence.day, severity, options)
        return replace(today, place=place, why=why, evidence=tuple(signals))
    return Incident(
        day=evidence.day,
        fingerprint=digest_of("objective", str(evidence.day), metric),
        kind="objective",
        severity=severity,
        state=IncidentState.NEW,
        place=place,
        lead=metric,
        title=f"{title_of(metric)} beyond its objective",
        score=max(one.strength or 0.0 for one in signals),
        why=why,
        notify=severity in options.notify_severities,
        first_day=evidence.day,
        last_day=evidence.day,
        evidence=tuple(signals),
    )
