"""Incidents of kind `data`: logs missing, scores failed, an evaluator that moved; one incident a cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.faults import Fault
from obs_lib.alerts.ongoing import held
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.recovering import recover
from obs_lib.digests import digest_of
from obs_lib.records import ALL, Day, Incident, IncidentState


def data_incidents(evidence: Evidence, standing: Iterable[Incident], options: AlertOptions) -> list[Incident]:
    """Those of a day. standing : those of the day before."""
    known = {incident.lead: incident for incident in standing}
    incidents = [_incident(fault, known.pop(fault.cause, None), evidence.day, options) for fault in evidence.faults]
    return incidents + [recover(incident, (), evidence, options) for incident in known.values()]


def _incident(fault: Fault, before: Incident | None, day: Day, options: AlertOptions) -> Incident:
    if before is not None:
        today = held(before, day, fault.severity, options)
        return replace(today, title=fault.title, score=fault.score, why=fault.why, evidence=fault.evidence)
    return Incident(
        day=day,
        fingerprint=digest_of("data", str(day), fault.cause),
        kind="data",
        severity=fault.severity,
        state=IncidentState.NEW,
        place=(ALL,),
        lead=fault.cause,
        title=fault.title,
        score=fault.score,
        why=fault.why,
        notify=fault.severity in options.notify_severities,
        first_day=day,
        last_day=day,
        evidence=fault.evidence,
    )
