"""The numbers of a night as Prometheus reads them: gauges that say how the newest night stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Gauge

from obs_lib.records import ALL, NightNumbers, Severity

METRIC = ("metric", "segment")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric of Prometheus. labels : beside `watch`, which all have."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


DAY = Family("night_watch_day_timestamp_seconds", "Beginning (UTC) of the day that the other numbers are of.")
VALUE = Family(
    "night_watch_metric", "A metric of the day, in its unit; no series where there is no data.", (*METRIC, "unit")
)
LOW = Family("night_watch_metric_low", "Lower end of its 95% interval; no series where there is none.", METRIC)
HIGH = Family("night_watch_metric_high", "Upper end of its 95% interval; no series where there is none.", METRIC)
COUNT = Family("night_watch_metric_observations", "Observations that entered it.", METRIC)
FAILED = Family("night_watch_metric_failed", "Observations that did not enter it because their score failed.", METRIC)
OBJECTIVE = Family("night_watch_metric_objective", "The limit on whose good side it should stay.", ("metric",))
DRIFT = Family(
    "night_watch_drift",
    "1 for the verdict on a metric or distance against its baseline.",
    ("name", "segment", "verdict"),
)
EFFECT = Family("night_watch_drift_effect", "How large the difference is, in its unit.", ("name", "segment", "unit"))
INCIDENTS = Family("night_watch_incidents", "Open incidents at the end of the day.", ("severity",))

FAMILIES = (DAY, VALUE, LOW, HIGH, COUNT, FAILED, OBJECTIVE, DRIFT, EFFECT, INCIDENTS)

Sample = tuple[Family, tuple[str, ...], float]


def registry_of(numbers: NightNumbers, *, segments: bool) -> tuple[CollectorRegistry, int]:
    """A registry with the night's numbers, and how many series it holds.

    segments : whether those of every segment, else of `all` alone: each value of a tag is a series for ever.
    """
    registry = CollectorRegistry()
    gauges = {one: Gauge(one.name, one.help, ("watch", *one.labels), registry=registry) for one in FAMILIES}
    n = 0
    for family, labels, value in samples(numbers):
        if segments or "segment" not in family.labels or labels[family.labels.index("segment")] == ALL:
            gauges[family].labels(numbers.watch, *labels).set(value)
            n += 1
    return registry, n


def samples(numbers: NightNumbers) -> Iterator[Sample]:
    """(family, its labels but `watch`, value) of every number."""
    yield DAY, (), dt.datetime.combine(numbers.day, dt.time(), dt.UTC).timestamp()
    units = numbers.units
    for one in numbers.metrics:
        at = (one.metric, one.segment)
        yield COUNT, at, one.n
        yield FAILED, at, one.n_failed
        if one.value is not None:
            yield VALUE, (*at, units.get(one.metric, "")), one.value
        for family, end in ((LOW, one.low), (HIGH, one.high)):
            if end is not None:
                yield family, at, end
    for metric, limit in numbers.objectives.items():
        yield OBJECTIVE, (metric,), limit
    for compared in numbers.comparisons:
        yield DRIFT, (compared.name, compared.segment, compared.verdict.value), 1
        if compared.effect is not None:
            yield EFFECT, (compared.name, compared.segment, compared.unit), compared.effect
    for severity in Severity:
        yield INCIDENTS, (severity.value,), sum(one.severity is severity for one in numbers.incidents)
