"""What a day's report is made from, read from the lake and masked as the settings say."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pandas as pd

from obs_lib import __version__
from obs_lib.alerts.objectives import objective
from obs_lib.alerts.routing import responsible
from obs_lib.alerts.storage import from_frame
from obs_lib.catalogue import EVALUATORS, occasional
from obs_lib.catalogue import metrics as metric_definitions
from obs_lib.drift import evaluator_change
from obs_lib.excerpts import ScoredExample, SlowTrace
from obs_lib.lake.tables import (
    ALERTS,
    ANCHORS,
    DRIFT,
    EVALUATOR_CHANGES,
    METRICS,
    QUARANTINE,
    SKETCHES,
    UNREAD,
)
from obs_lib.lake.version import SCHEMA_VERSION
from obs_lib.pipeline.calibrate import judge_biases, labelled_rates
from obs_lib.pipeline.fold import LEFT_STEPS, History
from obs_lib.pipeline.incident_examples import incident_examples
from obs_lib.pipeline.plan import choose
from obs_lib.pipeline.shown import shown_inputs
from obs_lib.pipeline.version_reports import versions_of_day
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, ScoreStatus
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.parts import (
    AnchorsRight,
    HalfReadCalls,
    LanguageCount,
    PassedCalls,
    RejectedRow,
    RepairCount,
    StepResult,
    Unscored,
    VersionCount,
)
from obs_lib.reporting.table_rows import rows
from obs_lib.sources.repair import RULES
from obs_lib.sources.unread import HALF, PASSED

_CUT = 0.5
_SAMPLE = 20  # rejected rows that a report shows


def report_inputs(ws: Workspace, past: History, day: Day) -> ReportInputs:
    """Everything that the report of a day says something of. past : the state of every step, read once."""
    metrics = ws.lake.read(METRICS, trend_days(ws, day))
    rejected = ws.lake.read(QUARANTINE, [day])
    incidents = from_frame(ws.lake.read(ALERTS, [day]))
    inputs = ReportInputs(
        day=day,
        metrics=metrics,
        drift=ws.lake.read(DRIFT, trend_days(ws, day)),
        alerts=incidents,
        incident_examples=incident_examples(ws, past, day, incidents),
        responsible={one.fingerprint: responsible(one, ws.settings.delivery.rules) for one in incidents},
        **_of_sketches(ws, day),
        rejected_count=len(rejected),
        rejected=[RejectedRow(**row) for row in rows(rejected[["file", "line", "reason"]].head(_SAMPLE))],
        **_of_unread(ws, day),
        steps=_steps(past, day),
        objectives=_objectives(ws),
        provenance=provenance(ws) | _digests(past, day),
        segments=_segments(metrics, day),
        labelled=labelled_rates(ws, past, day),
        biases=judge_biases(ws, past, day),
        evaluators=evaluator_change.from_frame(ws.lake.read(EVALUATOR_CHANGES, [day])),
        anchors=_anchors(ws.lake.read(ANCHORS, [day])),
        compared_versions=list(versions_of_day(ws, day)),
    )
    return shown_inputs(inputs, ws.redactor)


def trend_days(ws: Workspace, day: Day) -> list[Day]:
    """The days whose numbers a report shows, oldest first, `day` last."""
    return [day - dt.timedelta(days=back) for back in range(ws.settings.report.trend_days - 1, -1, -1)]


def provenance(ws: Workspace) -> dict[str, str]:
    """What produced the numbers: code, settings, models."""
    standing = choose(ws.evaluators, None)
    opted = choose(ws.evaluators, ws.settings.scoring.evaluators)
    chosen = [evaluator for evaluator in ws.evaluators if evaluator in standing or evaluator in opted]
    return {
        "code": f"obs_lib {__version__}, schema {SCHEMA_VERSION}",
        "settings": ws.settings_digest(),
        "redaction": ws.redactor.describe,
        "model:encoder": ws.encoder.identity,
        **{f"evaluator:{item.name}": f"{item.describe} (version {item.version})" for item in chosen},
        **{f"left out:{problem.subject}": str(problem.error) for problem in EVALUATORS.problems()},
    }


def _of_sketches(ws: Workspace, day: Day) -> dict[str, Any]:
    """The parts that the summary of the day keeps for people to read."""
    kinds = ("examples", "traces", "reasons", "versions", "languages", "repairs")
    sketches = ws.lake.read(SKETCHES, [day], where={"kind": list(kinds)})
    examples, traces, reasons, versions, languages, repairs = (
        sketches[sketches["kind"] == kind].to_dict("records") for kind in kinds
    )
    return {
        "examples": [ScoredExample.decode(row["key"], row["payload"]) for row in examples],
        "traces": [SlowTrace.decode(row["payload"]) for row in traces],
        "unscored": [_unscored(row["key"], int(row["n"])) for row in reasons],
        "versions": [VersionCount(row["segment"], row["key"], int(row["n"])) for row in versions],
        "languages": [LanguageCount(row["key"], int(row["n"])) for row in languages],
        "repairs": [RepairCount(row["key"], RULES.get(row["key"], ""), int(row["n"])) for row in repairs],
    }


def _of_unread(ws: Workspace, day: Day) -> dict[str, Any]:
    """Calls whose texts are missing, and those that are no interaction, commonest first."""
    unread = ws.lake.read(UNREAD, [day]).sort_values(["n", "what", "names"], ascending=[False, True, True])
    half, passed = (rows(unread[unread["kind"] == kind]) for kind in (HALF, PASSED))
    return {
        "half_read": [HalfReadCalls(row["what"], int(row["n"]), json.loads(row["names"])) for row in half],
        "passed_over": [PassedCalls(row["what"], int(row["n"]), row["file"], int(row["line"])) for row in passed],
    }


def _unscored(key: str, n: int) -> Unscored:
    evaluator, status, note = key.split("|", 2)
    return Unscored(evaluator, ScoreStatus(status), note, n)


def _steps(past: History, day: Day) -> list[StepResult]:
    records = [past.steps.get((day, step)) for step in (*LEFT_STEPS, "compare", "alert")]
    return [StepResult(record.step, record.state, record.note) for record in records if record is not None]


def _anchors(scored: pd.DataFrame) -> list[AnchorsRight]:
    """How many anchors each evaluator scored of which a person says what is right, and how many it gets right."""
    known = scored[(scored["status"] == ScoreStatus.SCORED.value) & scored["expected"].notna()]
    right = (known["value"] > _CUT) == known["expected"].astype(bool)
    by_evaluator = right.groupby(known["evaluator"], sort=True)
    return [AnchorsRight(str(name), len(of_one), int(of_one.sum())) for name, of_one in by_evaluator]


def _segments(metrics: pd.DataFrame, day: Day) -> list[str]:
    """The day's segments: all first, then the largest."""
    today = metrics[(metrics["day"] == str(day)) & (metrics["metric"] == "requests") & (metrics["segment"] != ALL)]
    ranked = today.assign(value=-today["value"].fillna(0)).sort_values(["value", "segment"])
    return [ALL, *ranked["segment"]]


def _objectives(ws: Workspace) -> dict[str, float]:
    known = (*metric_definitions(), *occasional(ws.settings.alerts.objectives))
    limits = {metric.name: objective(metric, ws.settings.alerts) for metric in known}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _digests(past: History, day: Day) -> dict[str, str]:
    steps = ("ingest", "collect", "summarise", "compare", "alert")
    return {f"digest:{table}": digest for step in steps for table, digest in past.digests(day, step).items()}
