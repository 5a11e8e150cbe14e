"""Simulated nights of a service whose truth is known: what the comparison makes of quiet quarters and of changes.

Numbers of a day are drawn as the day's summary would have measured them, with its own estimators, and go through the real
comparison and decision. Texts and vectors are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from obs_lib.alerts.signals import change_signals
from obs_lib.drift.baseline import DaySummary, window
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.records import ALL, DriftVerdict
from obs_lib.stats.clusters import design_effect
from obs_lib.stats.intervals import Estimate, quantile, share
from obs_lib.stats.latency_model import cells, pack
from obs_lib.summaries.sampled import Strata, sampled_share

FIRST = dt.date(2024, 1, 1)  # a Monday
_AWAY = (DriftVerdict.DRIFTED.value, DriftVerdict.EXPLAINED.value)
_QUALITY = ("hallucination_rate", "toxicity_rate", "refusal_rate", "format_compliance", "context_utilization")
_TIMES = {"latency_p50": 0.5, "latency_p95": 0.95, "ttft_p50": 0.5}


@dataclass(frozen=True)
class Service:
    """A service on one day. n : interactions by route. rates : share of bad answers by metric.

    users : answers of one user, alike with intra-class correlation `icc`. times : factor on times. scatter : of days'
    times, as a standard deviation of logarithms. tail : standard deviation of the logarithm of one time.
    """

    n: Mapping[str, int] = field(default_factory=lambda: {"a": 400, "b": 400})
    rates: Mapping[str, float] = field(default_factory=lambda: {"refusal_rate": 0.05, "error_rate": 0.005})
    users: int = 1
    icc: float = 0.0
    times: float = 1.0
    scatter: float = 0.02
    tail: float = 0.5

    def changed(self, **rates: float) -> Service:
        """The same with other rates."""
        return replace(self, rates={**self.rates, **rates})


Weather = Callable[[int], Service]
"""How the service is on a night, counted from 0."""

RATES = {
    "refusal_rate": 0.05,
    "hallucination_rate": 0.1,
    "toxicity_rate": 0.002,
    "error_rate": 0.005,
    "format_compliance": 0.97,
}
ORDINARY = Service(rates=RATES)
WARM_UP = 30  # quiet nights before a change


def _weekends(service: Service) -> Weather:
    """Half the traffic on Saturdays and Sundays."""
    halved = replace(service, n={route: n // 2 for route, n in service.n.items()})
    return lambda night: halved if night % 7 >= 5 else service


def _small(night: int) -> Service:
    """A large route, a small one, and one that comes and goes about the least that is compared."""
    return replace(ORDINARY, n={"a": 400, "b": 60, "c": 15 + (night * 7) % 40})


_ALIKE = replace(ORDINARY, users=20, icc=0.3)
QUIET: dict[str, Weather] = {
    "ordinary": lambda _: ORDINARY,
    "weekends": _weekends(ORDINARY),
    "heavy tails, days that scatter by 5%": lambda _: replace(ORDINARY, tail=1.2, scatter=0.05),
    "small and changing routes": _small,
    "errors of 0.8%": lambda _: ORDINARY.changed(error_rate=0.008),
    "users of 20 alike answers (0.3)": lambda _: _ALIKE,
    "all of it together": _weekends(
        replace(_ALIKE.changed(error_rate=0.008), tail=1.0, scatter=0.05, n={"a": 400, "b": 120, "c": 60})
    ),
}
"""Services to which nothing happens."""


@dataclass(frozen=True)
class Change:
    """A change that begins after WARM_UP quiet nights. by : what its metric rises by on its n-th night, from 1."""

    n: int
    metric: str
    by: Callable[[int], float]
    nights: int = 14

    def weather(self, night: int) -> Service:
        service = replace(ORDINARY, n={"a": self.n})
        if night < WARM_UP:
            return service
        amount = self.by(night - WARM_UP + 1)
        if self.metric == "latency":
            return replace(service, times=1 + amount)
        return service.changed(**{self.metric: RATES[self.metric] + amount})


CHANGES = {
    "refusal 5% +5 points, n = 400": Change(400, "refusal_rate", lambda _: 0.05),
    "refusal 5% +5 points, n = 2,000": Change(2000, "refusal_rate", lambda _: 0.05),
    "refusal +10 points, n = 100": Change(100, "refusal_rate", lambda _: 0.1),
    "toxic share +1 point, n = 2,000": Change(2000, "toxicity_rate", lambda _: 0.01),
    "hallucination 10% +5 points, n = 400": Change(400, "hallucination_rate", lambda _: 0.05),
    "refusal, a creep of half a point a night, n = 400": Change(
        400, "refusal_rate", lambda night: min(0.005 * night, 0.2), 40
    ),
    "latency +10%, n = 400": Change(400, "latency", lambda _: 0.1),
}


@dataclass(frozen=True)
class Found:
    """One night on which the comparison found a change for the worse."""

    night: int
    metric: str
    segment: str


def quarter(weather: Weather, nights: int, seed: int, options: DriftOptions | None = None) -> Iterator[list[Found]]:
    """What each night finds, by the real comparison over the nights before it."""
    options, rng = options or DriftOptions(), np.random.default_rng(seed)
    past: list[DaySummary] = []
    away: dict[tuple[str, str], set[dt.date]] = {}
    for night in range(nights):
        today = _summary(FIRST + dt.timedelta(days=night), weather(night), rng)
        held = set(window(today.day, [day.day for day in past], options.history_days))
        history = [day for day in past if day.day in held]
        drift = drift_rows(measure(today, history, options, away), options)
        rows = drift[drift["verdict"].isin(_AWAY)]
        for key in zip(rows["name"], rows["segment"], strict=True):
            away.setdefault(key, set()).add(today.day)
        yield [Found(night, signal.metric, signal.segment) for signal in change_signals(drift)]
        past.append(today)


def told(found: Iterator[list[Found]], quiet: int = 2) -> list[int]:
    """Nights on which something new is found: a metric that was not, anywhere, in the `quiet` nights before."""
    last: dict[str, int] = {}
    news = []
    for signals in found:
        names = {signal.metric for signal in signals}
        night = signals[0].night if signals else 0
        if any(night - last.get(name, -9) > quiet for name in names) and names:
            news.append(night)
        last |= dict.fromkeys(names, night)
    return news


def nights_to_find(change: Change, seed: int) -> int | None:
    """The night on which a change is found, from 1; None where none of its nights finds it."""
    for found in quarter(change.weather, WARM_UP + change.nights, seed):
        for one in found:
            latency = change.metric == "latency" and one.metric in (*_TIMES, "token_weighted_latency")
            if one.night >= WARM_UP and (one.metric == change.metric or latency):
                return one.night - WARM_UP + 1
    return None


def drawn(rng: np.random.Generator, n: int, size: int, rate: float, icc: float) -> tuple[np.ndarray, np.ndarray]:
    """Hits of users of `size` answers, alike with an intra-class correlation; and whose they are."""
    clusters = np.arange(n) // size
    return _hits(rng, Service(users=size, icc=icc), rate, clusters), clusters


def _summary(day: dt.date, service: Service, rng: np.random.Generator) -> DaySummary:
    """A day's numbers, as its summary would have measured them, of the whole and of each route."""
    sizes = [n for n in service.n.values() if n]
    total = sum(sizes)
    ends = np.cumsum([0, *sizes])
    routes = [name for name, n in service.n.items() if n]
    parts = {ALL: slice(None)} | {
        f"route={name}": slice(int(first), int(last)) for name, first, last in zip(routes, ends, ends[1:], strict=False)
    }
    clusters = np.arange(total) // max(service.users, 1)
    rows = [
        ("requests", segment, float(np.arange(total)[part].size), None, np.arange(total)[part].size, None)
        for segment, part in parts.items()
    ]
    for metric, rate in service.rates.items():
        hits = _hits(rng, service, rate, clusters)
        for segment, part in parts.items():
            rows.append(
                _row(metric, segment, _rate(metric, hits[part], clusters[part], service.users), hits[part].size)
            )
    tokens, times = _times(rng, service, total)
    sketches = []
    for segment, part in parts.items():
        for metric, q in _TIMES.items():
            values = times[part]
            known = np.sort(values)
            estimate, _ = quantile(known, q)
            if service.users > 1:
                below = (values <= estimate.value).astype(float)
                estimate, _ = quantile(known, q, design_effect(below - below.mean(), clusters[part]))
            rows.append(_row(metric, segment, estimate, known.size))
        for model, columns in (("total", [tokens[part]] * 2), ("ttft", [tokens[part]])):
            sketches.append(("latency_model", segment, model, known.size, pack(cells(columns, times[part]))))
    metrics = pd.DataFrame(rows, columns=["metric", "segment", "value", "std_error", "n", "effective_n"])
    kept = pd.DataFrame(sketches, columns=["kind", "segment", "key", "n", "payload"])
    return DaySummary(day, metrics.assign(status="OK"), kept)


def _row(metric: str, segment: str, estimate: Estimate, n: int) -> tuple[object, ...]:
    return metric, segment, estimate.value, estimate.std_error, n, estimate.effective_n


def _hits(rng: np.random.Generator, service: Service, rate: float, clusters: np.ndarray) -> np.ndarray:
    if service.users <= 1 or service.icc <= 0 or not 0 < rate < 1:
        return rng.random(len(clusters)) < rate
    scale = 1 / service.icc - 1
    of_user = rng.beta(rate * scale, (1 - rate) * scale, int(clusters[-1]) + 1)
    return rng.random(len(clusters)) < of_user[clusters]


def _rate(metric: str, hits: np.ndarray, clusters: np.ndarray, users: int) -> Estimate:
    of = clusters if users > 1 else None
    if metric in _QUALITY:
        weights = np.ones(len(hits))
        return sampled_share(hits, weights, Strata.by_weight(weights), of)
    return share(hits, clusters=of)


def _times(rng: np.random.Generator, service: Service, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of each request, and how long it took, in ms."""
    tokens = np.maximum(rng.lognormal(5.5, 0.4, n), 1).round()
    day = service.times * rng.lognormal(0, service.scatter)
    return tokens, day * (60 + 0.5 * tokens) * rng.lognormal(0, service.tail, n)
