"""Plays a scenario: days of a made-up service through the real summary, comparison and alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from obs_lib.alerts.data import DataFacts
from obs_lib.alerts.night import Night, raise_incidents
from obs_lib.alerts.options import AlertOptions
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import DRIFT, METRICS
from obs_lib.pipeline.alert import traffic_of
from obs_lib.records import DriftVerdict, Incident
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.summarise import summarise_day
from tests.scenarios.world import FIRST, Route, day_frames

AWAY = (DriftVerdict.DRIFTED.value, DriftVerdict.EXPLAINED.value)


@dataclass(frozen=True)
class Event:
    """What is otherwise on some days, counted from 1, on one route."""

    first: int
    last: int
    route: str
    changes: Mapping[str, Any]

    def holds(self, number: int) -> bool:
        return self.first <= number <= self.last


@dataclass(frozen=True)
class Scenario:
    """A made-up service and what happens to it."""

    days: int
    routes: Mapping[str, Route]
    events: Sequence[Event] = ()
    lost: Sequence[int] = ()
    """Days without any log."""
    failed: Sequence[int] = ()
    """Days whose summary failed."""
    seed: int = 1
    alerts: AlertOptions = field(default_factory=AlertOptions)

    def weather(self, number: int) -> dict[str, Route]:
        """The routes of a day, counted from 1."""
        routes = dict(self.routes)
        for event in self.events:
            if event.holds(number):
                routes[event.route] = routes[event.route].changed(**event.changes)
        return routes


def play(scenario: Scenario) -> list[list[Incident]]:
    """The incidents of each day."""
    drift_options = DriftOptions()
    summaries: list[DaySummary] = []
    away: dict[tuple[str, str], set[dt.date]] = {}
    previous: list[Incident] = []
    days = []
    for number in range(1, scenario.days + 1):
        day = FIRST + dt.timedelta(days=number - 1)
        window = [one for one in summaries if one.day >= day - dt.timedelta(days=drift_options.window_days)]
        usual = bool(summaries) and len(summaries) == number - 1
        if number in scenario.lost or number in scenario.failed:
            failures = (("summarise", "it failed"),) if number in scenario.failed else ()
            facts = DataFacts(failures=failures, usual=usual)
            night = Night(
                day,
                METRICS.schema.empty_table().to_pandas(),
                DRIFT.schema.empty_table().to_pandas(),
                {},
                facts,
                has_summary=False,
            )
        else:
            today = summary(day, tuple(sorted(scenario.weather(number).items())), scenario.seed)
            drift = drift_rows(measure(today, window, drift_options, away), drift_options)
            for name, segment in drift[drift["verdict"].isin(AWAY)][["name", "segment"]].itertuples(index=False):
                away.setdefault((name, segment), set()).add(day)
            night = Night(
                day,
                today.metrics,
                drift,
                {one.day: one.metrics for one in window},
                DataFacts(interactions=int(today.metric("requests", "all")[0]), usual=usual),
                traffic=traffic_of(today.metrics, today.sketches),
                traffic_before=[traffic_of(one.metrics, one.sketches) for one in window],
            )
            summaries.append(today)
        previous = raise_incidents(night, previous, scenario.alerts)
        days.append(previous)
    return days


@cache
def summary(day: dt.date, routes: tuple[tuple[str, Route], ...], seed: int) -> DaySummary:
    """What the comparison reads of a day."""
    interactions, scores, spans = day_frames(day, dict(routes), seed)
    metrics, sketches = summarise_day(day, interactions, scores, {}, SummaryOptions(), ("route",), spans=spans)
    return DaySummary(day, metrics.assign(day=str(day)), sketches.assign(day=str(day)))
