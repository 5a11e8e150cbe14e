"""One range of days against another: their summaries, which evaluators they can share, and the decision."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.evaluator_change import incomparable
from obs_lib.drift.options import NIGHTS_A_QUARTER
from obs_lib.drift.ranges import range_distances
from obs_lib.errors import ConfigError, DayNotReady
from obs_lib.lake.tables import METRICS, SKETCHES
from obs_lib.pipeline.compare import evaluators_changed
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState

FALSE_ALARMS = 0.05


def compare_ranges(
    ws: Workspace, baseline: Sequence[Day], current: Sequence[Day], false_alarms: float = FALSE_ALARMS
) -> pd.DataFrame:
    """Return rows of `tables.DRIFT` without `day`: every metric of the current days against the baseline days.

    Days without a summary or without data are left out. false_alarms : chance of any, over all rows, if nothing changed; to
    0.2. ConfigError where the ranges share a day; DayNotReady where one has no summary.
    """
    before, now = (_summaries(ws, days) for days in ready_days(ws, baseline, current))
    last = now[-1].day
    days = [one.day for one in (*before, *now) if one.day != last]
    away = incomparable(evaluators_changed(ws, last, days))
    limits = ws.settings.drift.model_copy(update={"false_alarms_a_quarter": false_alarms * NIGHTS_A_QUARTER})
    return drift_rows(range_distances(before, now, limits, away), limits)


def ready_days(ws: Workspace, baseline: Sequence[Day], current: Sequence[Day]) -> tuple[list[Day], list[Day]]:
    """The days of both ranges that have a summary with data, at least one of each; errors as of `compare_ranges`."""
    if shared := sorted(set(baseline) & set(current)):
        raise ConfigError("the two ranges share a day", rule="days of their own", found=str(shared[0]))
    return _ready(ws, baseline), _ready(ws, current)


def _ready(ws: Workspace, days: Sequence[Day]) -> list[Day]:
    records = ws.lake.records(days, METRICS.step)
    ready = [record.day for record in records if record.state is StepState.READY]
    if not ready:
        raise DayNotReady(
            f"no day from {days[0]} to {days[-1]} has a summary",
            where=ws.lake.root,
            fix="`obs days` lists the days of the lake",
        )
    return sorted(ready)


def _summaries(ws: Workspace, ready: Sequence[Day]) -> list[DaySummary]:
    """The days' numbers."""
    metrics = ws.lake.read(METRICS, ready)
    none = pd.DataFrame(columns=["day", *SKETCHES.names])
    return [DaySummary(day, metrics[metrics["day"] == str(day)], none) for day in ready]
