"""Hold each stale day against its trailing baseline window, and decide over all its distances at once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from functools import partial

import pandas as pd

from obs_lib.drift.baseline import window
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.evaluator_change import Incomparable, evaluator_changes, incomparable, to_frame
from obs_lib.drift.measure import DaySummary, Drifted, measure
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.tables import ANCHORS, DRIFT, EVALUATOR_CHANGES, METRICS, SKETCHES
from obs_lib.pipeline import anchor
from obs_lib.pipeline.by_day import by_day
from obs_lib.pipeline.fold import History, go_forward, is_current
from obs_lib.pipeline.migrate import up_to_date
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, DriftVerdict, EvaluatorChange, StepState

STEP = "compare"
_OF_WINDOW = ("tokens", "words", "exchanges", "answers")
_OF_HISTORY = ("latency_model",)
_NUMBERS = ("day", "metric", "segment", "status", "value", "std_error", "n", "effective_n")
_SCORES = ("day", "evaluator", "anchor", "version", "status", "value")
_AWAY = (DriftVerdict.DRIFTED.value, DriftVerdict.EXPLAINED.value)


def compare(ws: Workspace) -> list[str]:
    """Redo the comparison of every day whose summary, baseline or policy changed; returns those days, oldest first."""

    def redo(past: History, day: Day, wanted: str) -> StepRecord:
        return _compare_day(ws, past, day, wanted)

    up_to_date(ws.lake)
    return [str(day) for day in go_forward(ws, STEP, partial(_inputs, ws), redo)]


def is_compared(ws: Workspace, past: History, day: Day) -> bool:
    """Whether the day has been compared as it and its baseline stand now."""
    return is_current(past, day, STEP, partial(_inputs, ws))


def _inputs(ws: Workspace, past: History, day: Day) -> object:
    days = history_days(ws, past, day)
    compared = [past.digests(one, STEP) for one in days]
    anchors = [past.digests(one, anchor.STEP) for one in (*days, day)]
    return [ws.settings_digest("drift"), past.digests(day, "summarise"), _named(past, days), compared, anchors]


def window_days(ws: Workspace, past: History, day: Day) -> list[Day]:
    """The days before `day` that show how things were lately, oldest first; days without data are left out."""
    return _with_data(past, window(day, past.days, ws.settings.drift.window_days))


def history_days(ws: Workspace, past: History, day: Day) -> list[Day]:
    """The same as far back as metrics are compared."""
    return _with_data(past, window(day, past.days, ws.settings.drift.history_days))


def _with_data(past: History, days: Iterable[Day]) -> list[Day]:
    return [one for one in days if (r := past.summary(one)) is not None and r.state is StepState.READY]


def _named(past: History, days: list[Day]) -> list[tuple[str, str]]:
    """Days with what names their summaries."""
    return [(str(one), past.named(one)) for one in days]


def _compare_day(ws: Workspace, past: History, day: Day, wanted: str) -> StepRecord:
    summary = past.summary(day)
    if summary is None or summary.state is StepState.NO_DATA:
        frames = {DRIFT: drift_rows([], ws.settings.drift), EVALUATOR_CHANGES: to_frame([])}
        return ws.lake.commit(day, STEP, frames, inputs=wanted, state=StepState.NO_DATA)
    days = history_days(ws, past, day)
    named = dict(_named(past, days))
    changes = evaluators_changed(ws, day, days)
    distances = measure(*what_is_compared(ws, past, day, changes))
    rows = drift_rows(distances, ws.settings.drift)
    used = rows["baseline_days"].map(lambda days: json.dumps([(one, named[one]) for one in json.loads(days)]))
    frames = {DRIFT: rows.assign(baseline_days=used), EVALUATOR_CHANGES: to_frame(changes)}
    return ws.lake.commit(day, STEP, frames, inputs=wanted)


def what_is_compared(
    ws: Workspace, past: History, day: Day, changes: list[EvaluatorChange]
) -> tuple[DaySummary, list[DaySummary], DriftOptions, Drifted, Incomparable]:
    """The day, the days before it (oldest first), and what `measure` asks beside. changes : `evaluators_changed` of the day."""
    days = history_days(ws, past, day)
    *before, today = _summaries(ws, [*days, day], {*window_days(ws, past, day), day})
    return today, before, ws.settings.drift, _drifted(ws, days), incomparable(changes)


def evaluators_changed(ws: Workspace, day: Day, days: list[Day]) -> list[EvaluatorChange]:
    """Which evaluators scored the day otherwise than the baseline days."""
    rows = ws.lake.read(ANCHORS, [*days, day], _SCORES)
    *window, today = by_day(rows, [*days, day])
    return evaluator_changes(today, dict(zip(days, window, strict=True)), ws.settings.drift)


def _drifted(ws: Workspace, days: list[Day]) -> Drifted:
    """Which of the baseline days stood away from their own baseline, by distance and segment; whatever the reason."""
    rows = ws.lake.read(DRIFT, days)
    rows = rows[rows["verdict"].isin(_AWAY)]
    drifted: dict[tuple[str, str], set[Day]] = {}
    for day, name, segment in zip(rows["day"], rows["name"], rows["segment"], strict=True):
        drifted.setdefault((name, segment), set()).add(dt.date.fromisoformat(day))
    return drifted


def _summaries(ws: Workspace, days: list[Day], recent: set[Day]) -> list[DaySummary]:
    """Numbers and latency models of all days; words and meaning, which are large, of the recent ones."""
    metrics, latency = ws.lake.read(METRICS, days, _NUMBERS), ws.lake.read(SKETCHES, days, where={"kind": _OF_HISTORY})
    large = ws.lake.read(SKETCHES, sorted(recent), where={"kind": _OF_WINDOW})
    of_day = [by_day(rows, days) for rows in (metrics, latency, large)]
    return [DaySummary(day, numbers, pd.concat(kept)) for day, numbers, *kept in zip(days, *of_day, strict=True)]
