"""What a page server needs: the list of days, one day's page, and the index over them. Reads the lake, changes nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

from obs_lib.lake.tables import ALERTS, REPORTS
from obs_lib.pipeline.handling import handling_lines, handling_of
from obs_lib.pipeline.render import STEP, page_path, report_text
from obs_lib.pipeline.revisions import last_revisions
from obs_lib.pipeline.watch import late_nights
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import CLOSED, Day, Incident, IncidentState
from obs_lib.reporting.card import LastNight
from obs_lib.reporting.handling import ActForm, with_handling
from obs_lib.reporting.html import render_index
from obs_lib.reporting.index import ReportedDay
from obs_lib.reporting.revision_text import as_text, with_banner


def list_days(ws: Workspace, most: int | None = None) -> list[ReportedDay]:
    """The days whose report is rendered, newest first; the newest `most` of them where that is given."""
    rendered = sorted(record.day for record in ws.lake.records(step=STEP) if record.readable)
    rendered = rendered[-most:] if most else rendered
    reports = ws.lake.read_sound(REPORTS, rendered, ["day", "provenance"])
    verdicts = dict(zip(reports["day"], reports["provenance"].map(json.loads), strict=True))
    days = [day for day in rendered if str(day) in verdicts]  # maintenance drops verdicts of days long past
    alerts = ws.lake.read_sound(ALERTS, days, ["day", "severity", "state"])
    alerts = alerts[~alerts["state"].isin([state.value for state in CLOSED])]
    opened: dict[str, list[tuple[str, str]]] = {}
    for name, severity, state in alerts.itertuples(index=False):
        opened.setdefault(name, []).append((severity, state))
    revisions = last_revisions(ws, days)
    listed = []
    for day in sorted(days, reverse=True):
        verdict, of_day = verdicts[str(day)], opened.get(str(day), [])
        quiet = "" if verdict["tone"] == "good" else verdict["label"]
        listed.append(
            ReportedDay(
                day=day,
                verdict=verdict["sentence"],
                severity=min((severity for severity, _ in of_day), default=quiet),
                new=sum(state == IncidentState.NEW.value for _, state in of_day),
                open=len(of_day),
                revision=revisions[day].number if day in revisions else 1,
            )
        )
    return listed


def page(ws: Workspace, day: Day) -> bytes | None:
    """The HTML report of a day as it was rendered; None when there is none."""
    path = page_path(ws, day)
    return path.read_bytes() if path.is_file() else None


def shown_page(ws: Workspace, day: Day, form: Callable[[Incident], ActForm] | None = None) -> bytes | None:
    """The same with what became of its incidents, under what changed since the last revision, where there was more than one.

    form : how the reader acts on an incident; None for a reader who may not.
    """
    rendered, revision = page(ws, day), last_revisions(ws, [day]).get(day)
    if rendered is None:
        return None
    shown = with_handling(rendered, handling_of(ws, day, form))
    return with_banner(shown, revision.head, revision.sentences) if revision else shown


def last_night(ws: Workspace, address: str, now: dt.datetime | None = None) -> LastNight:
    """How the watch stands at `now` (default: the clock). address : of its list of days."""
    late = [incident for incident in late_nights(ws, now) if incident.state is not IncidentState.RESOLVED]
    newest = next(iter(list_days(ws, most=1)), None)
    return LastNight(ws.settings.named_report.title, address, newest, tuple(f"{one.title}." for one in late))


def index(ws: Workspace) -> str:
    """An HTML page that lists the days."""
    return render_index(list_days(ws), ws.settings.named_report.title)


def text(ws: Workspace, day: Day) -> str:
    """The report of a day as plain text, and after it what became of its incidents and what changed since the last revision.
    DayNotReady when the fold has not
    come to it.
    """
    ws.lake.read_ready(REPORTS, day)
    revision = last_revisions(ws, [day]).get(day)
    handled = list(handling_lines(ws, day))
    shown = report_text(ws, day) + ("\n" + as_text("What was sent and done", handled) if handled else "")
    return shown + ("\n" + as_text(revision.head, revision.sentences) if revision else "")
