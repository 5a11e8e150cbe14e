"""One day's incidents from everything that the fold knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from obs_lib.alerts.data import DataFacts, data_faults
from obs_lib.alerts.evaluators import evaluators_moved, moved_faults
from obs_lib.alerts.evidence import Evidence
from obs_lib.alerts.harm import confirmed_levels, harm_signals
from obs_lib.alerts.incidents import advance
from obs_lib.alerts.objectives import breaches
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import Level, dimension
from obs_lib.alerts.signals import change_signals
from obs_lib.alerts.suspects import Traffic, suspects
from obs_lib.catalogue.distances import CHANGE, DISTANCES
from obs_lib.catalogue.harm import CONFIRMED_HARM
from obs_lib.records import Day, EvaluatorChange, Incident


@dataclass(frozen=True)
class Night:
    """What a day's incidents rest on. Frames have their tables' columns and may be empty."""

    day: Day
    metrics: pd.DataFrame
    """The day's rows."""
    drift: pd.DataFrame
    """The day's rows."""
    window: Mapping[Day, pd.DataFrame]
    """The rows of `metrics` of each baseline day."""
    facts: DataFacts
    has_summary: bool = True
    """Whether there are figures of the day; False on a day without logs or without a summary."""
    evaluators: Sequence[EvaluatorChange] = ()
    """The day's evaluators against the baseline days; empty where nothing is known of them."""
    traffic: Traffic = field(default_factory=Traffic)
    """Who and what was asked today."""
    traffic_before: Sequence[Traffic] = ()
    """The same of each baseline day."""


def raise_incidents(night: Night, previous: Iterable[Incident], options: AlertOptions) -> list[Incident]:
    """Return the incidents of a day, worst first. previous : all incidents of the last folded day before it."""
    moved = evaluators_moved(night.evaluators)
    faults = [*data_faults(night.facts, night.metrics, options), *moved_faults(moved)]
    if not night.has_summary:
        return advance(Evidence(night.day, (), (), faults, _nothing, {}, summarised=False), previous, options)
    values = _values(night.metrics)
    requests = {segment: value for (metric, segment), value in values.items() if metric == "requests"}
    levels = _levels(night.drift, requests) | {CONFIRMED_HARM.name: confirmed_levels(values, requests)}
    changes = [*change_signals(night.drift)]
    harm = [*harm_signals(night.metrics, lambda metric: levels.get(metric, {}), options)]
    evidence = Evidence(
        night.day,
        signals=[*harm, *changes],
        breaches=breaches(night.metrics, night.window, options, night.drift, moved),
        faults=faults,
        levels=lambda metric: levels.get(metric, {}),
        values=values,
        suspects=suspects(night.traffic, night.traffic_before, changes, moved),
    )
    return advance(evidence, previous, options)


def _levels(drift: pd.DataFrame, segments: Iterable[str]) -> dict[str, dict[str, Level]]:
    """Each compared metric beside its baseline, and each distance beside what chance gives, by segment.

    segments : those that have interactions today: one in which a metric has no value has no part in its change.
    """
    before = drift["baseline_value"].where(drift["name"].str.startswith(CHANGE), drift["null_mean"])
    compared = drift["name"].str.startswith(CHANGE) | drift["name"].isin(DISTANCES)
    rows = drift.assign(before=before)[compared & before.notna() & drift["effect"].notna()]
    levels: dict[str, dict[str, Level]] = {}
    absent = {segment: Level(0.0, 0.0, 0, 0) for segment in segments if dimension(segment) is not None}
    columns = (rows[name] for name in ("name", "segment", "before", "effect", "n_current", "n_baseline"))
    for name, segment, baseline, effect, n, n_baseline in zip(*columns, strict=True):
        level = Level(float(baseline + effect), float(baseline), int(n), int(n_baseline))
        levels.setdefault(str(name).removeprefix(CHANGE), dict(absent))[str(segment)] = level
    return levels


def _values(metrics: pd.DataFrame) -> dict[tuple[str, str], float]:
    rows = metrics[(metrics["status"] == "OK") & metrics["value"].notna()]
    return {
        (str(metric), str(segment)): float(value)
        for metric, segment, value in zip(rows["metric"], rows["segment"], rows["value"], strict=True)
    }


def _nothing(_: str) -> dict[str, Level]:
    return {}
