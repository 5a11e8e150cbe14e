"""Revisions of a day's report: a row in `operations` for each one that says something else than the one before it.

A page rests on what the lake holds now, so that the same logs give the same bytes whenever they came. What it said before
is known only when it is replaced, and stands beside it (docs/decisions/0011-revisions.md).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from obs_lib.digests import digest_of
from obs_lib.errors import LakeDamaged
from obs_lib.lake.maintenance import days_held
from obs_lib.lake.tables import OPERATIONS, REPORTS
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.reporting.revision import Difference, RevisionSummary, difference
from obs_lib.reporting.revision_text import sentences

KIND = "revision"
SUMMARY = "summary"
"""Where the table `reports` keeps the summary of a revision, in the JSON of `provenance`."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The last revision of a day that differs from the one before it.

    number : of the revision, 2 at least. at : when it was rendered. changed : what it says otherwise.
    before, after : digests of the summaries of the one before it and of itself.
    """

    number: int
    at: dt.datetime
    changed: Difference
    before: str
    after: str

    @property
    def head(self) -> str:
        """A line that names the revision."""
        return f"Revision {self.number} of {self.at:%Y-%m-%d %H:%M} UTC: what changed since the last one"

    @property
    def sentences(self) -> list[str]:
        """What changed, a line each."""
        return list(sentences(self.changed))


def summary_in_force(ws: Workspace, day: Day) -> RevisionSummary | None:
    """The summary that the last rendering of the day left; None where there is none. Whatever the state of the day: a
    rendering that was killed is one whose page may be there.
    """
    try:
        rows = ws.lake.rows(REPORTS, [day], ["provenance"]).to_pylist()
    except LakeDamaged:  # and is about to be replaced
        return None
    stored = next((json.loads(row["provenance"]).get(SUMMARY) for row in rows), None)
    return None if stored is None else RevisionSummary.from_json(stored)


def record_revision(ws: Workspace, day: Day, before: RevisionSummary | None, after: RevisionSummary) -> None:
    """Append what changed, if anything did. A rendering that is done again after a kill appends nothing twice."""
    changed = difference(before, after) if before is not None else None
    if before is None or changed is None:
        return
    last = last_revisions(ws, [day]).get(day)
    old, new = digest_of(before.to_json()), digest_of(after.to_json())
    if last is not None and (last.before, last.after) == (old, new):
        return
    now = dt.datetime.now(dt.UTC)
    detail = {KIND: last.number + 1 if last else 2, "from": old, "to": new, **changed.to_json()}
    # Not by Lake.log, which cuts its detail.
    row = {"at": now, "kind": KIND, "subject": str(day), "outcome": "DONE", "detail": json.dumps(detail)}
    ws.lake.append(OPERATIONS, now.date(), pd.DataFrame([row]))


def last_revisions(ws: Workspace, days: Sequence[Day]) -> dict[Day, Revision]:
    """The last revision of each of the days that has one; maintenance may have dropped old ones."""
    if not days:
        return {}
    logged = [day for day in days_held(ws.lake, OPERATIONS) if day >= min(days)]  # none before its day
    chosen = {"kind": [KIND], "subject": [str(day) for day in days]}
    rows = ws.lake.read_sound(OPERATIONS, logged, ["at", "subject", "detail"], chosen).sort_values("at")
    return {
        dt.date.fromisoformat(row["subject"]): _revision(row["at"].to_pydatetime(), row["detail"])
        for row in rows.to_dict("records")
    }


def _revision(at: dt.datetime, detail: str) -> Revision:
    stored = json.loads(detail)
    return Revision(stored[KIND], at, Difference.from_json(stored), stored["from"], stored["to"])
