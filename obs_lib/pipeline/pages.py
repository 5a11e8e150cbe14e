"""What a page server needs: the list of days, one day's page, and the index over them. Reads the lake, changes nothing."""

from __future__ import annotations

import json

from obs_lib.lake.tables import ALERTS, REPORTS
from obs_lib.pipeline.render import STEP, page_path, report_text
from obs_lib.pipeline.revisions import last_revisions
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.reporting.html import render_index
from obs_lib.reporting.revision import as_text, with_banner


def list_days(ws: Workspace) -> list[dict[str, object]]:
    """One mapping a rendered day, newest first: day, verdict (a sentence), severity, new and open (numbers of incidents),
    revision (a number).

    severity : the worst open one; on a day without, "" when it was quiet, else the word for what it was ("No data").
    """
    rendered = [record.day for record in ws.lake.records(step=STEP) if record.readable]
    told = ws.lake.read(REPORTS, rendered).set_index("day")["provenance"].map(json.loads)
    days = [day for day in rendered if str(day) in told.index]  # maintenance drops verdicts of days long past
    alerts = ws.lake.read(ALERTS, days)
    revised = last_revisions(ws, days)
    opened = alerts[alerts["state"] != "RESOLVED"]
    rows: list[dict[str, object]] = []
    for one in sorted(days, reverse=True):
        day = str(one)
        mine = opened[opened["day"] == day]
        verdict = told[day]
        quiet = "" if verdict["tone"] == "good" else verdict["label"]
        rows.append(
            {
                "day": day,
                "verdict": verdict["sentence"],
                "severity": min(mine["severity"], default=quiet),
                "new": int((mine["state"] == "NEW").sum()),
                "open": len(mine),
                "revision": revised[one].number if one in revised else 1,
            }
        )
    return rows


def page(ws: Workspace, day: Day) -> bytes | None:
    """The HTML report of a day as it was rendered; None when there is none."""
    path = page_path(ws, day)
    return path.read_bytes() if path.is_file() else None


def shown_page(ws: Workspace, day: Day) -> bytes | None:
    """The same under what changed since the last revision, where there was more than one."""
    found, revision = page(ws, day), last_revisions(ws, [day]).get(day)
    return with_banner(found, revision.head, revision.sentences) if found and revision else found


def index(ws: Workspace) -> str:
    """An HTML page that lists the days."""
    return render_index(list_days(ws))


def text(ws: Workspace, day: Day) -> str:
    """The report of a day as plain text, and after it what changed since the last revision. DayNotReady when the fold has not
    come to it.
    """
    ws.lake.read_ready(REPORTS, day)
    revision = last_revisions(ws, [day]).get(day)
    return report_text(ws, day) + ("\n" + as_text(revision.head, revision.sentences) if revision else "")
