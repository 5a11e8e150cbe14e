from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd

from obs_lib.alerts.data import DataFacts
from obs_lib.alerts.night import Night, raise_alerts
from obs_lib.alerts.options import AlertOptions

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()
DAY = dt.date(2024, 3, 9)


def week(metrics: pd.DataFrame) -> dict[dt.date, pd.DataFrame]:
    return {DAY - dt.timedelta(days=n): metrics for n in range(1, 8)}


def test_a_day_brings_all_kinds_together(metrics: Make, drift: Make) -> None:
    bad = metrics({"value": 0.4, "low": 0.35, "high": 0.45})
    changed = drift({}, {"name": "change:format_compliance", "effect": -0.4})
    night = Night(DAY, bad, changed, week(metrics({})), DataFacts(interactions=90, rejected=10))
    found = raise_alerts(night, [], OPTIONS)
    assert [(one.kind, one.severity.value, one.notify) for one in found] == [
        ("change", "P1", True),
        ("data", "P2", False),
        ("objective", "P3", True),
    ]


def test_a_quiet_day_brings_nothing(metrics: Make, drift: Make) -> None:
    night = Night(
        DAY, metrics({}), drift({"verdict": "STABLE"}), week(metrics({})), DataFacts(interactions=300, usual=True)
    )
    assert raise_alerts(night, [], OPTIONS) == []


def test_a_day_without_logs_notifies_and_keeps_what_was_open(metrics: Make, drift: Make) -> None:
    facts = DataFacts(interactions=300, usual=True)
    before = raise_alerts(Night(DAY, metrics({}), drift({}), {}, facts), [], OPTIONS)
    gone = Night(DAY + dt.timedelta(days=5), metrics(), drift(), {}, DataFacts(usual=True), has_summary=False)
    found = raise_alerts(gone, before, OPTIONS)
    assert [(one.kind, one.state.value, one.notify) for one in found] == [
        ("data", "NEW", True),
        ("change", "ONGOING", False),
    ]
