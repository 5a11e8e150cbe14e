"""Incidents that receivers show until they hear of their end, and that a later fold finds never to have been.

Logs that come late, or a day that is run again, may leave nothing of an incident that was told, so that no day has its end.
What such a receiver knows it by is kept in `operations` when it is told.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from obs_lib.lake.tables import ALERTS, OPERATIONS
from obs_lib.pipeline.acts import days_since
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, Incident, IncidentState, Responsible, Severity

KIND = "standing"
_DAYS = 30  # after which a receiver has forgotten by itself, or does not care any more

Told = tuple[Incident, Responsible]


def remember(ws: Workspace, told: Iterable[Told]) -> None:
    """Keep what names incidents to receivers that show them. No text of a log is in it."""
    known = set(_rows(ws)["subject"])
    rows = [
        {
            "at": dt.datetime.now(dt.UTC),
            "kind": KIND,
            "subject": incident.fingerprint,
            "outcome": incident.severity.value,
            "detail": json.dumps(
                {
                    "kind": incident.kind,
                    "lead": incident.lead,
                    "owner": who.owner,
                    "day": str(incident.day),
                    "first_day": str(incident.first_day),
                },
                sort_keys=True,
            ),
        }
        for incident, who in told
        if incident.fingerprint not in known
    ]
    if rows:
        ws.lake.append(OPERATIONS, dt.datetime.now(dt.UTC).date(), pd.DataFrame(rows))


def withdrawn(ws: Workspace) -> list[Told]:
    """What was told and stands on no day any more, as RESOLVED on the day after it was told.

    Nothing while the alerts of a day on which it may stand are being made, or could not be: what cannot be read is not gone.
    """
    rows = _rows(ws)
    told = rows.drop_duplicates("subject").to_dict("records")
    first = min((json.loads(row["detail"])["first_day"] for row in told), default=None)
    days = [one for one in ws.lake.records(step="alert") if first is not None and str(one.day) >= first]
    unread = max((str(one.day) for one in days if not one.readable), default="")
    standing = set(
        ws.lake.read(ALERTS, [one.day for one in days if one.readable], ["day", "fingerprint"])["fingerprint"]
        if days
        else ()
    )
    return [
        _ended(row)
        for row in told
        if row["subject"] not in standing and unread < json.loads(row["detail"])["first_day"]
    ]


def _rows(ws: Workspace) -> pd.DataFrame:
    first = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=_DAYS)
    return ws.lake.read(OPERATIONS, days_since(first), ["at", "subject", "outcome", "detail"], {"kind": [KIND]})


def _ended(row: dict[Any, Any]) -> Told:
    kept = json.loads(row["detail"])
    day, first = Day.fromisoformat(kept["day"]), Day.fromisoformat(kept["first_day"])
    incident = Incident(
        day=day + dt.timedelta(days=1),
        fingerprint=row["subject"],
        kind=kept["kind"],
        severity=Severity(row["outcome"]),
        state=IncidentState.RESOLVED,
        place=(ALL,),
        lead=kept["lead"],
        title="Withdrawn: the days were made again, and nothing of it is left",
        score=0.0,
        why="",
        notify=False,
        first_day=first,
        last_day=day,
    )
    return incident, Responsible(kept["owner"])
