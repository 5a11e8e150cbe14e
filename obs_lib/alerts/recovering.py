"""RECOVERING, RESOLVED and ACCEPTED: an incident on a day without evidence of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.extents import level_stands
from obs_lib.alerts.new_level import at_new_level
from obs_lib.alerts.options import AlertOptions
from obs_lib.records import Incident, IncidentState, Signal


def recover(before: Incident, breaches: Sequence[Signal], evidence: Evidence, options: AlertOptions) -> Incident:
    """The incident as it recovers, or closes. breaches : those of objectives that it brought about and that still hold."""
    today = replace(before, day=evidence.day, notify=False)
    stands = level_stands(before, evidence.values)
    closes = before.last_day + dt.timedelta(days=options.resolve_after_days)
    if evidence.day < closes:
        state = IncidentState.ONGOING if stands else IncidentState.RECOVERING
        return replace(today, state=state, closes=None if stands else closes)
    if stands and breaches:
        return at_new_level(replace(before, state=IncidentState.NEW_LEVEL), breaches, evidence, options)
    state = IncidentState.ACCEPTED if stands else IncidentState.RESOLVED
    return replace(today, state=state, closes=evidence.day, notify=options.notify_resolved)
