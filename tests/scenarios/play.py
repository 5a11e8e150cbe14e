"""Plays a scenario: days of a made-up service through the real summary, comparison and alerts.

What days have in common with those of another scenario, from the first one on, is played once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from obs_lib.alerts.data import DataFacts
from obs_lib.alerts.night import Night, raise_incidents
from obs_lib.alerts.options import AlertOptions
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.evaluator_change import evaluator_changes, incomparable
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import ANCHORS, DRIFT, METRICS
from obs_lib.pipeline.alert import traffic_of
from obs_lib.records import DriftVerdict, EvaluatorChange, Incident
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.summarise import summarise_day
from tests.scenarios.world import FIRST, Route, day_frames

EVERY_ROUTE = "*"
AWAY = (DriftVerdict.DRIFTED.value, DriftVerdict.EXPLAINED.value)
SATURDAY = 5


@dataclass(frozen=True)
class Event:
    """What is otherwise on some days, counted from 1, on one route or on every one."""

    first: int
    last: int
    route: str
    changes: Mapping[str, Any]

    def holds(self, number: int) -> bool:
        return self.first <= number <= self.last


@dataclass(frozen=True)
class Weather:
    """How the service is on one day: its routes, and the version of each evaluator that is not the first."""

    routes: tuple[tuple[str, Route], ...]
    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A made-up service and what happens to it. Days count from 1; a route exists while it has requests."""

    days: int
    routes: Mapping[str, Route]
    events: Sequence[Event] = ()
    weekend: float = 1.0
    """Part of the usual requests that come on Saturdays and Sundays."""
    lost: Sequence[int] = ()
    """Days without any log."""
    late: Mapping[int, int] = field(default_factory=dict)
    """The night, by the number of the day that it follows, in which a day's logs come; until then it has none."""
    failed: Sequence[int] = ()
    """Days whose summary failed."""
    moved: Mapping[str, int] = field(default_factory=dict)
    """The day from which an evaluator is another version, by its name."""
    seed: int = 1
    alerts: AlertOptions = field(default_factory=AlertOptions)

    def weather(self, number: int, night: int) -> Weather | None:
        """The routes of a day, as a night knows them; None where the day has no summary then."""
        if number in (*self.lost, *self.failed) or night < self.late.get(number, number):
            return None
        routes = dict(self.routes)
        for event in self.events:
            if event.holds(number):
                for name in routes if event.route == EVERY_ROUTE else (event.route,):
                    routes[name] = routes[name].changed(**event.changes)
        part = self.weekend if day_of(number).weekday() >= SATURDAY else 1.0
        asked = {name: route.changed(n=round(part * route.n)) for name, route in routes.items() if route.n}
        versions = tuple((name, "2") for name, first in sorted(self.moved.items()) if number >= first)
        return Weather(tuple(sorted(asked.items())), versions)


@dataclass(frozen=True, eq=False)
class Compared:
    """A day as the comparison leaves it, with the days before it."""

    day: dt.date
    past: tuple[Compared, ...] = field(repr=False)
    """All days before it that have a summary, oldest first."""
    summary: DaySummary
    versions: tuple[tuple[str, str], ...]
    drift: pd.DataFrame
    changes: tuple[EvaluatorChange, ...]

    def away(self) -> Iterator[tuple[str, str]]:
        """The distances and segments that stood away from the baseline."""
        rows = self.drift[self.drift["verdict"].isin(AWAY)]
        yield from rows[["name", "segment"]].itertuples(index=False, name=None)


def nights(scenario: Scenario) -> Iterator[list[list[Incident]]]:
    """The incidents of each day so far, as each night finds them."""
    yield from (_fold(scenario, night) for night in range(1, scenario.days + 1))


def play(scenario: Scenario) -> list[list[Incident]]:
    """The incidents of each day, as the last night finds them."""
    return _fold(scenario, scenario.days)


def _fold(scenario: Scenario, night: int) -> list[list[Incident]]:
    previous: list[Incident] = []
    days = []
    weathers = tuple(scenario.weather(number, night) for number in range(1, night + 1))
    for number in range(1, night + 1):
        failures = (("summarise", "it failed"),) if number in scenario.failed else ()
        night = _night(weathers[:number], scenario.seed, failures)
        previous = raise_incidents(night, previous, scenario.alerts)
        days.append(previous)
    return days


def day_of(number: int) -> dt.date:
    """The date of a day counted from 1."""
    return FIRST + dt.timedelta(days=number - 1)


def _night(weathers: tuple[Weather | None, ...], seed: int, failures: tuple[tuple[str, str], ...]) -> Night:
    """What the alerts of the last of some days rest on."""
    usual = len(weathers) > 1 and None not in weathers[:-1][-DriftOptions().window_days :]
    day = day_of(len(weathers))
    if weathers[-1] is None:
        nothing = METRICS.schema.empty_table().to_pandas(), DRIFT.schema.empty_table().to_pandas()
        return Night(day, *nothing, {}, DataFacts(failures=failures, usual=usual), has_summary=False)
    compared = _compared(weathers, seed)
    window = _before(compared.past, day, DriftOptions().window_days)
    requests = compared.summary.metric("requests", "all")
    return Night(
        day,
        compared.summary.metrics,
        compared.drift,
        {one.day: one.summary.metrics for one in window},
        DataFacts(interactions=int(requests[0]) if requests else 0, usual=usual),
        evaluators=compared.changes,
        traffic=traffic_of(compared.summary.metrics, compared.summary.sketches),
        traffic_before=[traffic_of(one.summary.metrics, one.summary.sketches) for one in window],
    )


@cache
def _compared(weathers: tuple[Weather | None, ...], seed: int) -> Compared:
    """The last of some days, which has a summary, against those before it."""
    weather, day, options = weathers[-1], day_of(len(weathers)), DriftOptions()
    assert weather is not None
    past = tuple(
        _compared(weathers[:number], seed) for number in range(1, len(weathers)) if weathers[number - 1] is not None
    )
    window = _before(past, day, options.history_days)
    away: dict[tuple[str, str], set[dt.date]] = {}
    for one in window:
        for key in one.away():
            away.setdefault(key, set()).add(one.day)
    today = _summary(day, weather.routes, seed)
    changes = _evaluators(weather.versions, {one.day: one.versions for one in window}, options)
    distances = measure(today, [one.summary for one in window], options, away, incomparable(changes))
    return Compared(day, past, today, weather.versions, drift_rows(distances, options), tuple(changes))


def _before(past: Sequence[Compared], day: dt.date, days: int) -> list[Compared]:
    return [one for one in past if one.day >= day - dt.timedelta(days=days)]


def _evaluators(
    versions: tuple[tuple[str, str], ...], window: Mapping[dt.date, tuple[tuple[str, str], ...]], options: DriftOptions
) -> list[EvaluatorChange]:
    """What the anchors say of evaluators that were ever another version."""
    names = sorted({name for held in (versions, *window.values()) for name, _ in held})

    def anchors(held: tuple[tuple[str, str], ...]) -> pd.DataFrame:
        rows = [(name, "anchor-1", dict(held).get(name, "1"), "SCORED", 0.5) for name in names]
        return pd.DataFrame(rows, columns=["evaluator", "anchor", "version", "status", "value"])

    assert set(anchors(()).columns) <= set(ANCHORS.names)
    return evaluator_changes(anchors(versions), {day: anchors(held) for day, held in window.items()}, options)


@cache
def _summary(day: dt.date, routes: tuple[tuple[str, Route], ...], seed: int) -> DaySummary:
    """What the comparison reads of a day."""
    interactions, scores, spans, labels = day_frames(day, dict(routes), seed)
    metrics, sketches = summarise_day(
        day, interactions, scores, {}, SummaryOptions(), ("route",), spans=spans, labels=labels
    )
    return DaySummary(day, metrics.assign(day=str(day)), sketches.assign(day=str(day)))
