"""Hold each stale day against its trailing baseline window, and decide over all its distances at once."""

from __future__ import annotations

import datetime as dt
import json

from obs_lib.digests import digest_of
from obs_lib.drift.baseline import window
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.evaluator_change import evaluator_changes, incomparable, to_frame
from obs_lib.drift.measure import DaySummary, Drifted, measure
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.tables import ANCHORS, DRIFT, EVALUATOR_CHANGES, METRICS, SKETCHES
from obs_lib.pipeline import anchor
from obs_lib.pipeline.fold import History, go_forward, is_current
from obs_lib.pipeline.migrate import up_to_date
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, DriftVerdict, EvaluatorChange, StepState

STEP = "compare"
_SKETCHES = ("tokens", "words", "exchanges", "answers", "latency_model")
_AWAY = (DriftVerdict.DRIFTED.value, DriftVerdict.EXPLAINED.value)


def compare(ws: Workspace) -> list[str]:
    """Redo the comparison of every day whose summary, baseline or policy changed; returns those days, oldest first."""

    def redo(past: History, day: Day, wanted: str) -> StepRecord:
        return _compare_day(ws, past, day, wanted)

    up_to_date(ws.lake)
    return [str(day) for day in go_forward(ws, STEP, lambda past, day: _inputs(ws, past, day), redo)]


def is_compared(ws: Workspace, past: History, day: Day) -> bool:
    """Whether the day has been compared as it and its baseline stand now."""
    return is_current(past, day, STEP, _inputs(ws, past, day))


def _inputs(ws: Workspace, past: History, day: Day) -> object:
    compared = [past.digests(one, STEP) for one in window_days(ws, past, day)]
    anchors = [past.digests(one, anchor.STEP) for one in (*window_days(ws, past, day), day)]
    return [ws.settings.digest("drift"), past.digests(day, "summarise"), _window(ws, past, day), compared, anchors]


def window_days(ws: Workspace, past: History, day: Day) -> list[Day]:
    """The baseline days of `day`, oldest first; days without data are left out."""
    ready = [one for one in past.days if (r := past.summary(one)) is not None and r.state is StepState.READY]
    return list(window(day, ready, ws.settings.drift.window_days))


def _window(ws: Workspace, past: History, day: Day) -> list[tuple[str, str]]:
    """The baseline days with what names their summaries."""
    return [(str(one), digest_of(past.digests(one, "summarise"))) for one in window_days(ws, past, day)]


def _compare_day(ws: Workspace, past: History, day: Day, wanted: str) -> StepRecord:
    summary = past.summary(day)
    if summary is None or summary.state is StepState.NO_DATA:
        frames = {DRIFT: drift_rows([], ws.settings.drift), EVALUATOR_CHANGES: to_frame([])}
        return ws.lake.commit(day, STEP, frames, inputs=wanted, state=StepState.NO_DATA)
    named = dict(_window(ws, past, day))
    days = window_days(ws, past, day)
    *before, today = _summaries(ws, [*days, day])
    changes = _evaluators(ws, day, days)
    distances = measure(today, before, ws.settings.drift, _drifted(ws, days), incomparable(changes))
    rows = drift_rows(distances, ws.settings.drift)
    used = rows["baseline_days"].map(lambda days: json.dumps([(one, named[one]) for one in json.loads(days)]))
    frames = {DRIFT: rows.assign(baseline_days=used), EVALUATOR_CHANGES: to_frame(changes)}
    return ws.lake.commit(day, STEP, frames, inputs=wanted)


def _evaluators(ws: Workspace, day: Day, days: list[Day]) -> list[EvaluatorChange]:
    """Which evaluators scored the day otherwise than the baseline days."""
    rows = ws.lake.read(ANCHORS, [*days, day])
    of_day = {one: rows[rows["day"] == str(one)] for one in (*days, day)}
    return evaluator_changes(of_day.pop(day), of_day, ws.settings.drift)


def _drifted(ws: Workspace, days: list[Day]) -> Drifted:
    """Which of the baseline days stood away from their own baseline, by distance and segment; whatever the reason."""
    rows = ws.lake.read(DRIFT, days)
    rows = rows[rows["verdict"].isin(_AWAY)]
    drifted: dict[tuple[str, str], set[Day]] = {}
    for day, name, segment in zip(rows["day"], rows["name"], rows["segment"], strict=True):
        drifted.setdefault((name, segment), set()).add(dt.date.fromisoformat(day))
    return drifted


def _summaries(ws: Workspace, days: list[Day]) -> list[DaySummary]:
    metrics, sketches = ws.lake.read(METRICS, days), ws.lake.read(SKETCHES, days)
    sketches = sketches[sketches["kind"].isin(_SKETCHES)]
    each = [(day, metrics["day"] == str(day), sketches["day"] == str(day)) for day in days]
    return [DaySummary(day, metrics[of_metrics], sketches[of_sketches]) for day, of_metrics, of_sketches in each]
