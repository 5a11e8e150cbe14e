"""Revisions of a day's report: a row in `operations` for each one that says something else than the one before it.

A page rests on what the lake holds now, so that the same logs give the same bytes whenever they came. What it said before
is known only when it is replaced, and stands beside it (docs/decisions/0011-revisions.md).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from obs_lib.digests import digest_of
from obs_lib.lake.tables import OPERATIONS, REPORTS
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.reporting.revision import difference, sentences

KIND = "revision"


@dataclass(frozen=True, slots=True)
class Revision:
    """The last revision of a day that differs from the one before it.

    number : of the revision, 2 at least. at : when it was rendered. found : see `reporting.revision.difference`.
    """

    number: int
    at: dt.datetime
    found: Mapping[str, Any]

    @property
    def head(self) -> str:
        """A line that names the revision."""
        return f"Revision {self.number} of {self.at:%Y-%m-%d %H:%M} UTC: what changed since the last one"

    @property
    def sentences(self) -> list[str]:
        """What changed, a line each."""
        return list(sentences(self.found))


def gist_in_force(ws: Workspace, day: Day) -> dict[str, Any] | None:
    """The gist that the last rendering of the day left; None where there is none. Whatever the state of the day: a rendering
    that was killed is one whose page may be there.
    """
    rows = ws.lake.rows(REPORTS, [day], ["provenance"]).to_pylist()
    gists = [json.loads(row["provenance"]).get("gist") for row in rows]
    return gists[0] if gists else None


def record_revision(ws: Workspace, day: Day, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """Append what changed, if anything did. A rendering that is done again after a kill appends nothing twice."""
    found = difference(before, after) if before is not None else None
    if found is None:
        return
    last = last_revisions(ws, [day]).get(day)
    names = {"from": digest_of(before), "to": digest_of(after)}
    if last is not None and {name: last.found.get(name) for name in names} == names:
        return
    now = dt.datetime.now(dt.UTC)
    detail = {"revision": last.number + 1 if last else 2, **names, **found}
    # Not by Lake.log, which cuts its detail.
    row = {"at": now, "kind": KIND, "subject": str(day), "outcome": "DONE", "detail": json.dumps(detail)}
    ws.lake.append(OPERATIONS, now.date(), pd.DataFrame([row]))


def last_revisions(ws: Workspace, days: Sequence[Day]) -> dict[Day, Revision]:
    """The last revision of each of the days that has one; maintenance may have dropped old ones."""
    if not days:
        return {}
    today = dt.datetime.now(dt.UTC).date()
    logged = [min(days) + dt.timedelta(days=n) for n in range((today - min(days)).days + 1)]  # none before its day
    chosen = {"kind": [KIND], "subject": [str(day) for day in days]}
    rows = ws.lake.read(OPERATIONS, logged, ["at", "subject", "detail"], chosen)
    found = {}
    for row in rows.sort_values("at").to_dict("records"):
        detail = json.loads(row["detail"])
        found[dt.date.fromisoformat(row["subject"])] = Revision(detail["revision"], row["at"].to_pydatetime(), detail)
    return found
