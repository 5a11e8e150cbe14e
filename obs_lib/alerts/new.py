"""NEW: an incident on its first day."""

from __future__ import annotations

from collections.abc import Sequence

from obs_lib.alerts.causes import Cause, Levels
from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.extents import extended
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import Decomposition, decompose, dimension
from obs_lib.alerts.severity import grade
from obs_lib.alerts.suspects import suspected
from obs_lib.catalogue import metric_of
from obs_lib.catalogue.distances import SEMANTIC_DRIFT, definition_of
from obs_lib.digests import digest_of
from obs_lib.records import ALL, Incident, IncidentState, Signal


def begin(cause: Cause, breaches: Sequence[Signal], evidence: Evidence, options: AlertOptions) -> Incident:
    """The incident of a cause on its first day. breaches : those of objectives that the cause brings about.

    Its fingerprint names that beginning: the same cause on another day is another incident.
    """
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
        extents=extended(cause.signals),
        suspects=tuple(one for one in evidence.suspects if suspected(one, cause.place)),
        mix=parts.mix if parts else None,
        behaviour=parts.behaviour if parts else None,
        evidence=(*cause.signals, *breaches),
    )


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


def _title(signals: Sequence[Signal]) -> str:
    """What the strongest signal's metric complains of, and what else changed; a metric before a distance, which says little."""
    lead = next((one for one in signals if metric_of(one.metric)), signals[0])
    others = list(dict.fromkeys(one.family for one in signals if one.family not in (None, lead.family)))
    complaint = (definition_of(lead.metric) or SEMANTIC_DRIFT).complaint
    return f"{complaint}; also {', '.join(map(str, others))}" if others else complaint
