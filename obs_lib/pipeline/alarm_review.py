"""False alarms, as people marked them, by what led the incident and where: which rule to look at."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import ActKind, acts_of, known_incidents, standing
from obs_lib.pipeline.workspace import Workspace
from obs_lib.redaction.columns import shown_rows


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """Incidents of one lead in one place, and how many of them somebody called a false alarm."""

    lead: str
    """The family of a change; the metric of a breach; what is wrong with the data."""
    place: str
    false_alarms: int
    incidents: int


def false_alarms(ws: Workspace) -> list[FalseAlarms]:
    """Where false alarms were, most first. An incident counts once, as the last act on it says, where it began."""
    rows = known_incidents(ws)
    if not len(rows):
        return []
    since = dt.date.fromisoformat(rows["first_day"].min())
    rows = shown_rows(ALERTS, rows, ws.redactor).sort_values("day").drop_duplicates("fingerprint")
    acts = acts_of(ws, set(rows["fingerprint"]), since)
    last = {name: standing(of_it) for name, of_it in acts.items()}
    wrong = {name for name, act in last.items() if act is not None and act.kind is ActKind.FALSE_ALARM}
    counts: dict[tuple[str, str], list[int]] = {}
    for name, lead, place, segment in zip(
        *(rows[key] for key in ("fingerprint", "lead", "place", "segment")), strict=True
    ):
        count = counts.setdefault((lead or "", ", ".join(json.loads(place)) if place else segment), [0, 0])
        count[0] += name in wrong
        count[1] += 1
    counted = [FalseAlarms(*where, n, total) for where, (n, total) in counts.items() if n]
    return sorted(counted, key=lambda count: (-count.false_alarms, count.lead, count.place))
