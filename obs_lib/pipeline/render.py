"""Render the report of each stale day from the lake's numbers.

Of the rows of logs examples of incidents are read, and those of two versions that stand side by side.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd

from obs_lib.digests import digest_of
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.tables import REPORTS
from obs_lib.pipeline.alert import is_alerted
from obs_lib.pipeline.calibrate import label_inputs
from obs_lib.pipeline.compare import window_days
from obs_lib.pipeline.fold import History, go_forward, history
from obs_lib.pipeline.quotes import QUOTES, quoted
from obs_lib.pipeline.report_inputs import provenance, report_inputs, trend_days
from obs_lib.pipeline.revisions import SUMMARY, record_revision, summary_in_force
from obs_lib.pipeline.staging import write_file
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.reporting.report import make
from obs_lib.reporting.revision import revision_summary

STEP = "render"


def render(ws: Workspace) -> list[str]:
    """Render every day whose numbers, alerts, trend or style changed; returns those days, oldest first."""

    def redo(past: History, day: Day, _: str) -> StepRecord:
        return _render_day(ws, past, day)

    # A page made of a day whose incidents are of other numbers would say "Quiet" beside a breach.
    return [str(day) for day in go_forward(ws, STEP, partial(_inputs, ws), redo, partial(is_alerted, ws))]


def page_path(ws: Workspace, day: Day) -> Path:
    """Where the rendered HTML report of a day lies."""
    return ws.lake.files / "pages" / f"{day}.html"


def report_text(ws: Workspace, day: Day) -> str:
    """The report of a day as plain text, made from what the lake holds now."""
    return make(report_inputs(ws, history(ws), day), ws.settings.named_report).text


def _inputs(ws: Workspace, past: History, day: Day) -> object:
    """What decides how the day's report reads, for its digest."""
    trend = [
        (str(shown), past.digests(shown, "summarise").get("metrics"), past.digests(shown, "compare"))
        for shown in trend_days(ws, day)
    ]
    # What examples of incidents are taken from, and the answers of before beside them.
    quoted = [
        (str(one), past.digests(one, "ingest"), past.digests(one, "collect")) for one in window_days(ws, past, day)
    ]
    written = [past.digests(day, step) for step in ("ingest", "anchor", "collect", "summarise", "compare", "alert")]
    labels = label_inputs(ws, past, day)
    return [trend, quoted, written, labels, past.failures(day), provenance(ws), page_path(ws, day).is_file()]


def _render_day(ws: Workspace, past: History, day: Day) -> StepRecord:
    inputs = report_inputs(ws, past, day)
    made = make(inputs, ws.settings.named_report)
    verdict, page = made.document.verdict, made.html.encode()
    before = summary_in_force(ws, day)
    after = revision_summary(inputs, verdict.label, _made_of(ws, past, day))
    stored = {**asdict(verdict), SUMMARY: after.to_json(), QUOTES: quoted(inputs)}
    write_file(page_path(ws, day), page)
    row = {
        "format": "html",
        "path": f"pages/{day}.html",
        "digest": hashlib.sha256(page).hexdigest()[:32],
        "size": len(page),
        "provenance": json.dumps(stored, sort_keys=True),
    }
    record_revision(ws, day, before, after)  # first, because the commit replaces what was before
    # The page is there now, so the next look at the inputs must find it there.
    wanted = digest_of(STEP, _inputs(ws, past, day))
    return ws.lake.commit(day, STEP, {REPORTS: pd.DataFrame([row])}, inputs=wanted)


def _made_of(ws: Workspace, past: History, day: Day) -> dict[str, str]:
    """Digests of what can change a report."""
    made = provenance(ws)
    settings = {"settings": made.pop("settings"), "redaction": made.pop("redaction")}
    return {
        "logs": digest_of(past.digests(day, "ingest")),
        "settings": digest_of(settings),
        "code": digest_of(made),
        "scores": digest_of(past.digests(day, "collect")),
    }
