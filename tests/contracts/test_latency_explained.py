"""Longer prompts page nobody, a slower server does: fortnights of synthetic logs through summary, comparison and alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from obs_lib.alerts.data import DataFacts
from obs_lib.alerts.night import Night, raise_incidents
from obs_lib.alerts.options import AlertOptions
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import INTERACTIONS, SKETCHES
from obs_lib.records import DriftVerdict, Incident, Severity
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import read_day
from obs_lib.sources.source import open_source
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.system import system_summary

FIRST, DAYS, EVENT = dt.date(2024, 5, 1), 14, 12
AWAY = (DriftVerdict.DRIFTED.value, DriftVerdict.EXPLAINED.value)
# Kept on ordinary days (p95 is about 600 ms), broken by prompts twice as long.
ALERTS = AlertOptions(objectives={"ttft_p95": 900.0})
WITH_TTFT, TOTAL_ONLY, OUTPUT_ONLY = "ttft", "total", "output"


@dataclass(frozen=True)
class Weather:
    """longer : factor on tokens. slower : factor on times at equal tokens. hang : share of requests that take ten times.

    stuck : whether one request takes ten minutes.
    """

    longer: float = 1.0
    slower: float = 1.0
    hang: float = 0.0
    stuck: bool = False


def summary(day: dt.date, rng: np.random.Generator, weather: Weather, logs: str, n: int = 300) -> DaySummary:
    """A day whose server is 2% faster or slower by itself."""
    given, made = (np.maximum(weather.longer * rng.lognormal(mean, 0.7, n), 1).round() for mean in (6, 5))
    server = weather.slower * rng.lognormal(0, 0.02) * np.where(rng.random(n) < weather.hang, 10, 1)
    first = server * (100 * rng.lognormal(0, 0.3, n) + 0.4 * given * rng.lognormal(0, 0.15, n))
    total = first + server * 18 * (made - 1) * rng.lognormal(0, 0.2, n)
    if weather.stuck:
        total[0] = 600_000
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    known: dict[str, Any] = {
        "request_id": pa.array([f"r{k:05d}" for k in range(n)]),
        "timestamp": pa.array([noon] * n, pa.timestamp("us", tz="UTC")),
        "output_tokens": pa.array(made.astype(int)),
        "total_latency_ms": pa.array(total),
        "error_logged": pa.array([False] * n),
    }
    if logs != OUTPUT_ONLY:
        known["input_tokens"] = pa.array(given.astype(int))
    if logs == WITH_TTFT:
        known["ttft_ms"] = pa.array(first)
    frame = pa.table(
        {name: known.get(name, pa.nulls(n, kind)) for name, kind in INTERACTIONS.types.items()}
    ).to_pandas()
    return summarised(day, frame, ())


def summarised(day: dt.date, frame: pd.DataFrame, tags: tuple[str, ...]) -> DaySummary:
    """What `compare` reads of a day."""
    values, sketches = system_summary(day, frame, Segments(frame["tags"], tags, 20), SummaryOptions())
    metrics = pd.DataFrame([asdict(value) for value in values])
    measured = dict.fromkeys(("value", "low", "high", "std_error"), "float64")
    metrics = metrics.assign(status=metrics["status"].astype(str)).astype(measured)
    return DaySummary(day, metrics, pd.DataFrame(sketches, columns=list(SKETCHES.names)))


@dataclass(frozen=True)
class History:
    """What the fold has seen: the days, those that stood away, and the last incidents."""

    days: tuple[DaySummary, ...] = ()
    away: Mapping[tuple[str, str], frozenset[dt.date]] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()
    drift: pd.DataFrame = field(default_factory=pd.DataFrame)

    def then(self, today: DaySummary) -> History:
        window = self.days[-7:]
        drift = drift_rows(measure(today, window, DriftOptions(), self.away), DriftOptions())
        away = dict(self.away)
        for name, segment in drift[drift["verdict"].isin(AWAY)][["name", "segment"]].itertuples(index=False):
            away[(name, segment)] = away.get((name, segment), frozenset()) | {today.day}
        night = Night(
            today.day, today.metrics, drift, {one.day: one.metrics for one in window}, DataFacts(interactions=300)
        )
        return History((*self.days, today), away, tuple(raise_incidents(night, self.incidents, ALERTS)), drift)


def go_on(history: History, seed: int, weather: Weather, logs: str) -> History:
    """One more day of such weather."""
    number = len(history.days) + 1
    day = FIRST + dt.timedelta(days=number - 1)
    return history.then(summary(day, np.random.default_rng([seed, number]), weather, logs))


@cache
def quiet(seed: int, logs: str = WITH_TTFT, days: int = EVENT - 1) -> History:
    """So many ordinary days."""
    return History() if not days else go_on(quiet(seed, logs, days - 1), seed, Weather(), logs)


def nights(seed: int, weather: Weather, logs: str = WITH_TTFT, last: int = DAYS) -> Iterator[History]:
    """Each day from EVENT on, on which the weather changes."""
    history = quiet(seed, logs)
    for _ in range(EVENT, last + 1):
        history = go_on(history, seed, weather, logs)
        yield history


def verdict(drift: pd.DataFrame, name: str) -> str:
    return str(drift.set_index("name")["verdict"].get(name, "absent"))


def paging(history: History) -> list[Incident]:
    return [incident for incident in history.incidents if incident.notify]


@pytest.mark.parametrize("logs", [WITH_TTFT, TOTAL_ONLY, OUTPUT_ONLY])
@pytest.mark.parametrize("longer", [2.0, 0.5])
def test_longer_prompts_and_answers_page_nobody(logs: str, longer: float) -> None:
    first, *later = nights(0, Weather(longer=longer), logs)
    assert verdict(first.drift, "change:latency_p50") == "EXPLAINED"
    assert verdict(first.drift, "token_adjusted:latency_p50") == "STABLE"
    for history in (first, *later):
        assert paging(history) == []
        assert [incident.title for incident in history.incidents if incident.kind == "change"] == []


def test_a_promise_that_longer_prompts_break_is_reported_and_notifies_nobody() -> None:
    (breach, *_) = (incident for history in nights(0, Weather(longer=2.0)) for incident in history.incidents)
    assert (breach.title, breach.severity, breach.state, breach.notify) == (
        "Time to first token, p95 beyond its objective",
        "P3",
        "NEW",
        False,
    )
    assert breach.evidence[0].note == "explained by longer prompts or answers"
    assert breach.evidence[0].token_adjusted is not None
    assert breach.evidence[0].token_adjusted < 900


@pytest.mark.parametrize("logs", [WITH_TTFT, TOTAL_ONLY, OUTPUT_ONLY])
@pytest.mark.parametrize("longer", [1.0, 2.0, 0.7])
def test_a_slower_server_pages_on_its_first_day_whatever_the_prompts(logs: str, longer: float) -> None:
    """With shorter prompts the latency itself looks as always: 1.4 times 0.7 is about one."""
    assert paging(quiet(0, logs)) == []
    first, second = nights(0, Weather(longer=longer, slower=1.4), logs, last=EVENT + 1)
    (incident,) = (incident for incident in paging(first) if incident.kind == "change")
    assert (incident.lead, incident.title.startswith("Answers ")) == ("latency", True)
    assert any(signal.basis == "token-adjusted latency" for signal in incident.evidence)
    assert [incident for incident in paging(second) if incident.kind == "change"] == []


def test_requests_that_hang_are_not_put_down_to_long_prompts() -> None:
    """The typical request is as fast as ever; the tail is not, and twice the tokens do not explain it."""
    (history,) = nights(0, Weather(longer=2.0, hang=0.15), last=EVENT)
    assert verdict(history.drift, "token_adjusted:latency_p95") == "DRIFTED"
    assert verdict(history.drift, "change:latency_p95") == "DRIFTED"
    assert any(incident.kind == "change" for incident in history.incidents)


def test_one_request_that_is_stuck_notifies_nobody() -> None:
    for history in nights(0, Weather(stuck=True)):
        assert paging(history) == []


@pytest.mark.slow
def test_two_hundred_quiet_days_stay_quiet() -> None:
    histories = [quiet(seed, days=day) for seed in range(100, 110) for day in range(DriftOptions().min_days + 1, 25)]
    alarms = sum(bool(history.drift["verdict"].isin(AWAY).any()) for history in histories)
    assert len(histories) >= 200
    # The false discovery rate is 1%; where nothing changed at all, every alarm is false, so it bounds alarms a day.
    assert alarms <= 0.01 * len(histories) + 3 * np.sqrt(0.01 * 0.99 * len(histories))
    assert sum(len(paging(history)) for history in histories) == 0


@pytest.mark.real
def test_real_logs_are_quiet_until_the_model_changes_and_then_say_what_changed(real_data: Path, tmp_path: Path) -> None:
    """No first token and no input tokens in these logs: total latency on output tokens. Day 15 brings another GPT-4."""
    route, source = "route=assistant-large", open_source(SourceOptions(path=str(real_data / "logs" / "chat")))
    history = History()
    for number in range(1, 16):
        day = dt.date(2023, 6, number)
        (tmp_path / str(day)).mkdir()
        frame = read_day([source], day, tmp_path / str(day)).frame(INTERACTIONS)
        history = history.then(summarised(day, frame.sort_values("request_id", ignore_index=True), ("route",)))
        moved = history.drift[history.drift["verdict"].isin(AWAY)]
        assert moved.empty == (number < 15)
        assert [alert for alert in paging(history) if alert.severity <= Severity.P1] == []
    before, after = (one.metric("decode_per_token", route) for one in history.days[-2:])
    assert before is not None
    assert after is not None
    assert after[0] > 1.5 * before[0]  # slower a token, and shorter answers hide it
    verdicts = moved[moved["segment"] == route].set_index("name")["verdict"]
    assert verdicts["change:latency_p95"] == "EXPLAINED"
    assert verdicts["token_adjusted:token_weighted_latency"] == "DRIFTED"
