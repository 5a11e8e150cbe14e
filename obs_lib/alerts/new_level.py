"""NEW_LEVEL: an incident whose level is the baseline by now, while an objective is still breached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue.distances import title_of
from obs_lib.records import Incident, IncidentState, Severity, Signal

_FAR = 0.5  # strength of a distance from the objective, which its smallest effect has, from which it is P2


def at_new_level(before: Incident, breaches: Sequence[Signal], evidence: Evidence, options: AlertOptions) -> Incident:
    """The incident at its new level: by its distance from the objective, until that is kept again. breaches : of it."""
    today = replace(before, day=evidence.day, notify=False)
    if breaches:
        worst = max(breaches, key=lambda one: one.strength or 0.0)
        severity = Severity.P2 if (worst.strength or 0.0) >= _FAR else Severity.P3
        numbers = f"{worst.value:.3g} where the objective is {worst.objective:.3g}"
        why = f"it has become the baseline, and {title_of(worst.metric)} is {numbers}"
        return replace(today, severity=severity, why=why, last_day=today.day, closes=None, evidence=tuple(breaches))
    closes = today.last_day + dt.timedelta(days=options.resolve_after_days)
    closed = today.day >= closes
    state = IncidentState.RESOLVED if closed else today.state
    return replace(today, state=state, closes=closes, notify=closed and options.notify_resolved)
