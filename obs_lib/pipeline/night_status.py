"""How a night stands: whether it is done, and how bad it was. For those who wait for it."""

from __future__ import annotations

from dataclasses import dataclass

from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import Act, ActKind, standing_acts
from obs_lib.pipeline.alert import is_alerted
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident, Severity

_SETTLED = (ActKind.CLOSED, ActKind.ACCEPTED, ActKind.FALSE_ALARM)


@dataclass(frozen=True, slots=True)
class NightStatus:
    """A night as the lake stands now.

    done : whether the fold has taken in all that is written of it: its incidents are those of its numbers, or of its failure.
    failures : (step, message) of steps that failed and have no good result in force.
    open : incidents that are open on the day and that nobody closed, accepted or called a false alarm, the worst first; empty
        until it is done.
    """

    done: bool
    failures: tuple[tuple[str, str], ...]
    open: tuple[Incident, ...]

    def worse_than(self, allowed: Severity) -> tuple[Incident, ...]:
        """Those of the open incidents that are more severe than allowed."""
        return tuple(incident for incident in self.open if incident.severity < allowed)


def night_status(ws: Workspace, day: Day) -> NightStatus:
    """What the lake says of the night of a day; a night that nothing is known of is not done. Changes nothing."""
    past = history(ws)
    failures = tuple(past.failures(day))
    if day not in past.days or not is_alerted(ws, past, day):
        return NightStatus(False, failures, ())
    incidents = [incident for incident in from_frame(ws.lake.read(ALERTS, [day])) if incident.is_open]
    acts = standing_acts(ws, incidents)
    left = [one for one in incidents if not _settled(one, acts.get(one.fingerprint))]
    return NightStatus(True, failures, tuple(sorted(left, key=lambda one: (one.severity, -one.score))))


def _settled(incident: Incident, act: Act | None) -> bool:
    """Whether somebody has said that it is nothing to wait for, and it has not become more severe since."""
    return act is not None and act.kind in _SETTLED and act.holds_back(incident, incident.day)
