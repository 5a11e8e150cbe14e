"""A tool that begins to fail is found where it fails, by the machinery that knows nothing of tools."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import pandas as pd

from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.decision import decide
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import INTERACTIONS, SKETCHES, SPANS
from obs_lib.records import DriftVerdict
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.tool_metrics import tool_metrics
from tests.unit.summaries.conftest import _frame
from tests.unit.summaries.test_tools import span

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(6)]


def summary(day: dt.date, failed: int) -> DaySummary:
    """So many of 100 spans of `weather` fail, and 2 of 100 of `clock`."""
    tools = {"weather": failed, "clock": 2}
    spans = [
        span(f"{tool}{n}", n, tool, "down" if n < bad else None) for tool, bad in tools.items() for n in range(100)
    ]
    frame = _frame(INTERACTIONS, [])
    values = tool_metrics(day, frame, _frame(SPANS, spans), Segments(frame["tags"], [], 0), SummaryOptions())
    metrics = pd.DataFrame([asdict(value) | {"status": value.status.value} for value in values])
    return DaySummary(day, metrics, _frame(SKETCHES, []))


def test_the_tool_that_fails_more_has_changed_and_the_other_has_not() -> None:
    window = [summary(day, 2 + n % 2) for n, day in enumerate(DAYS[:-1])]
    decisions = decide(measure(summary(DAYS[-1], 40), window, DriftOptions()), DriftOptions())
    changed = {(one.distance.name, one.distance.segment) for one in decisions if one.verdict is DriftVerdict.DRIFTED}
    assert changed == {("change:tool_failure_rate", "all"), ("change:tool_failure_rate", "tool=weather")}
    # A tool slices calls: it has no answers whose words could drift.
    assert not [one for one in decisions if one.distance.segment == "tool=weather" and "token" in one.distance.name]
