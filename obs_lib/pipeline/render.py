"""Render the report of each stale day from the lake's numbers; no row of a log is read again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from obs_lib import __version__
from obs_lib.alerts.objectives import objective
from obs_lib.catalogue import METRICS as METRIC_DEFINITIONS
from obs_lib.catalogue import occasional
from obs_lib.digests import digest_of
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.tables import (
    ALERTS,
    ANCHORS,
    DRIFT,
    EVALUATOR_CHANGES,
    METRICS,
    QUARANTINE,
    REPORTS,
    SCHEMA_VERSION,
    SKETCHES,
)
from obs_lib.pipeline.calibrate import bias_rows, label_inputs, label_rows
from obs_lib.pipeline.fold import LEFT_STEPS, History, go_forward, history
from obs_lib.pipeline.plan import choose
from obs_lib.pipeline.revisions import SUMMARY, record_revision, summary_in_force
from obs_lib.pipeline.shown import shown_inputs
from obs_lib.pipeline.staging import write_file
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, ScoreStatus
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.inputs import rows as evaluator_rows
from obs_lib.reporting.report import make
from obs_lib.reporting.revision import revision_summary
from obs_lib.sources.repair import RULES

STEP = "render"
_CUT = 0.5
_SAMPLE = 20  # quarantined lines that a report shows


def render(ws: Workspace) -> list[str]:
    """Render every day whose numbers, alerts, trend or style changed; returns those days, oldest first."""
    return [str(day) for day in go_forward(ws, STEP, lambda past, day: _inputs(ws, past, day), _redo(ws))]


def page_path(ws: Workspace, day: Day) -> Path:
    """Where the rendered HTML report of a day lies."""
    return ws.lake.files / "pages" / f"{day}.html"


def report_text(ws: Workspace, day: Day) -> str:
    """The report of a day as plain text, made from what the lake holds now."""
    return make(_inputs_of(ws, history(ws), day), ws.settings.report).text


def _inputs(ws: Workspace, past: History, day: Day) -> object:
    trend = [
        (str(one), past.digests(one, "summarise").get("metrics"), past.digests(one, "compare"))
        for one in _trend_days(ws, day)
    ]
    written = [past.digests(day, step) for step in ("ingest", "anchor", "collect", "summarise", "compare", "alert")]
    labels = label_inputs(ws, past, day)
    return [trend, written, labels, past.failures(day), _provenance(ws), page_path(ws, day).is_file()]


def _redo(ws: Workspace) -> Any:
    def redo(past: History, day: Day, wanted: str) -> StepRecord:

        inputs = _inputs_of(ws, past, day)
        made = make(inputs, ws.settings.report)
        verdict = made.document.verdict
        before = summary_in_force(ws, day)
        after = revision_summary(inputs, verdict.label, _made_of(ws, past, day))
        page = made.html.encode()
        write_file(page_path(ws, day), page)
        row = {
            "format": "html",
            "path": f"pages/{day}.html",
            "digest": hashlib.sha256(page).hexdigest()[:32],
            "size": len(page),
            "provenance": json.dumps({**asdict(verdict), SUMMARY: after.to_json()}, sort_keys=True),
        }
        record_revision(ws, day, before, after)  # first, because the commit replaces what was before
        # The page is there now, so the next look at the inputs must find it there.
        wanted = digest_of(STEP, _inputs(ws, past, day))
        return ws.lake.commit(day, STEP, {REPORTS: pd.DataFrame([row])}, inputs=wanted)

    return redo


def _inputs_of(ws: Workspace, past: History, day: Day) -> ReportInputs:

    sketches = ws.lake.read(SKETCHES, [day])
    quarantine = ws.lake.read(QUARANTINE, [day])
    metrics = ws.lake.read(METRICS, _trend_days(ws, day))
    inputs = ReportInputs(
        day=day,
        metrics=metrics,
        drift=ws.lake.read(DRIFT, _trend_days(ws, day)),
        alerts=ws.lake.read(ALERTS, [day]),
        examples=[_example(row) for row in _kind(sketches, "examples")],
        reasons=[(*row["key"].split("|", 2), int(row["n"])) for row in _kind(sketches, "reasons")],
        versions=[(row["segment"], row["key"], int(row["n"])) for row in _kind(sketches, "versions")],
        repairs=_repairs(sketches),
        quarantine_count=len(quarantine),
        quarantine=list(quarantine[["file", "line", "reason"]].head(_SAMPLE).itertuples(index=False, name=None)),
        steps=[_step(past, day, step) for step in (*LEFT_STEPS, "compare", "alert") if (day, step) in past.steps],
        objectives=_objectives(ws),
        provenance=_provenance(ws) | _data(past, day),
        segments=_segments(metrics, day),
        evaluators=evaluator_rows(ws.lake.read(EVALUATOR_CHANGES, [day])),
        anchors=_anchors(ws.lake.read(ANCHORS, [day])),
        traces=[json.loads(row["payload"]) for row in _kind(sketches, "traces")],
        labelled=label_rows(ws, past, day),
        biases=bias_rows(ws, past, day),
    )
    return shown_inputs(inputs, ws.redactor)


def _trend_days(ws: Workspace, day: Day) -> list[Day]:
    return [day - dt.timedelta(days=back) for back in range(ws.settings.report.trend_days - 1, -1, -1)]


def _kind(sketches: pd.DataFrame, kind: str) -> list[dict[str, Any]]:
    rows: list[Any] = sketches[sketches["kind"] == kind].to_dict("records")
    return rows


def _example(row: dict[str, Any]) -> dict[str, Any]:
    evaluator, _, rank = row["key"].rpartition(":")
    return {"evaluator": evaluator, "rank": int(rank), **json.loads(row["payload"])}


def _anchors(rows: pd.DataFrame) -> list[tuple[str, int, int]]:
    """How many anchors each evaluator scored of which a person says what is right, and how many it gets right."""
    told = rows[(rows["status"] == ScoreStatus.SCORED.value) & rows["expected"].notna()]
    right = (told["value"] > _CUT) == told["expected"].astype(bool)
    return [(str(name), len(one), int(one.sum())) for name, one in right.groupby(told["evaluator"], sort=True)]


def _repairs(sketches: pd.DataFrame) -> list[tuple[str, str, int]]:

    return [(row["key"], RULES.get(row["key"], ""), int(row["n"])) for row in _kind(sketches, "repairs")]


def _step(past: History, day: Day, step: str) -> tuple[str, str, str]:
    record = past.steps[(day, step)]
    return step, record.state.value, record.note


def _segments(metrics: pd.DataFrame, day: Day) -> list[str]:
    """The day's segments: all first, then the largest."""
    today = metrics[(metrics["day"] == str(day)) & (metrics["metric"] == "requests") & (metrics["segment"] != ALL)]
    ranked = today.assign(value=-today["value"].fillna(0)).sort_values(["value", "segment"])
    return [ALL, *ranked["segment"]]


def _objectives(ws: Workspace) -> dict[str, float]:

    known = (*METRIC_DEFINITIONS, *occasional(ws.settings.alerts.objectives))
    limits = {metric.name: objective(metric, ws.settings.alerts) for metric in known}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _provenance(ws: Workspace) -> dict[str, str]:
    """What produced the numbers: code, settings, models."""
    standing = choose(ws.evaluators, None)
    opted = choose(ws.evaluators, ws.settings.scoring.evaluators)
    chosen = [one for one in ws.evaluators if one in standing or one in opted]
    told = {f"evaluator:{one.name}": f"{one.describe} (version {one.version})" for one in chosen}
    return {
        "code": f"obs_lib {__version__}, schema {SCHEMA_VERSION}",
        "settings": ws.settings.digest(),
        "redaction": ws.redactor.describe,
        "model:encoder": ws.encoder.identity,
        **told,
    }


def _made_of(ws: Workspace, past: History, day: Day) -> dict[str, str]:
    """Digests of what can change a report."""
    told = _provenance(ws)
    settings = {"settings": told.pop("settings"), "redaction": told.pop("redaction")}
    return {
        "logs": digest_of(past.digests(day, "ingest")),
        "settings": digest_of(settings),
        "code": digest_of(told),
        "scores": digest_of(past.digests(day, "collect")),
    }


def _data(past: History, day: Day) -> dict[str, str]:
    steps = ("ingest", "collect", "summarise", "compare", "alert")
    return {f"digest:{table}": digest for step in steps for table, digest in past.digests(day, step).items()}
