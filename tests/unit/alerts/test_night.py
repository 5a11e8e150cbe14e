from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd

from obs_lib.alerts.data import DataFacts
from obs_lib.alerts.night import Night, raise_incidents
from obs_lib.alerts.options import AlertOptions

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()
DAY = dt.date(2024, 3, 9)
POOR = {"metric": "relevance", "value": 0.6, "low": 0.58, "high": 0.62}


def week(metrics: pd.DataFrame) -> dict[dt.date, pd.DataFrame]:
    return {DAY - dt.timedelta(days=n): metrics for n in range(1, 8)}


def test_a_day_brings_all_kinds_together(metrics: Make, drift: Make) -> None:
    today = metrics({"value": 0.4, "low": 0.35, "high": 0.45}, POOR)
    changed = drift({}, {"name": "change:format_compliance", "effect": -0.4, "baseline_value": 0.95})
    night = Night(DAY, today, changed, week(metrics({}, POOR)), DataFacts(interactions=90, rejected=10))
    change, objective, data = raise_incidents(night, [], OPTIONS)
    assert [(one.kind, one.lead, one.severity.value, one.notify) for one in (change, objective, data)] == [
        ("change", "format", "P1", True),
        ("objective", "relevance", "P2", True),
        ("data", "quarantine", "P2", True),
    ]
    assert [(signal.metric, signal.objective) for signal in change.evidence] == [
        ("format_compliance", None),
        ("refusal_rate", None),
        ("refusal_rate", 0.2),  # what a change explains is no incident of its own
    ]


def test_a_quiet_day_brings_nothing(metrics: Make, drift: Make) -> None:
    facts = DataFacts(interactions=300, usual=True)
    night = Night(DAY, metrics({}), drift({"verdict": "STABLE"}), week(metrics({})), facts)
    assert raise_incidents(night, [], OPTIONS) == []


def test_a_day_without_logs_notifies_and_keeps_what_was_open(metrics: Make, drift: Make) -> None:
    facts = DataFacts(interactions=300, usual=True)
    before = raise_incidents(Night(DAY, metrics({}), drift({}), {}, facts), [], OPTIONS)
    gone = Night(DAY + dt.timedelta(days=5), metrics(), drift(), {}, DataFacts(usual=True), has_summary=False)
    incidents = raise_incidents(gone, before, OPTIONS)
    assert [(one.kind, one.state.value, one.notify) for one in incidents] == [
        ("data", "NEW", True),
        ("change", "ONGOING", False),
    ]
