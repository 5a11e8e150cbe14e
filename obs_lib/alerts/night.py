"""One day's alerts from everything that the fold knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from obs_lib.alerts.composite import change_conditions
from obs_lib.alerts.conditions import Kind
from obs_lib.alerts.data import DataFacts, data_conditions
from obs_lib.alerts.evaluators import evaluators_moved, moved_conditions
from obs_lib.alerts.incidents import EVERY_KIND, advance
from obs_lib.alerts.objectives import breaches
from obs_lib.alerts.options import AlertOptions
from obs_lib.records import Alert, Day, EvaluatorChange


@dataclass(frozen=True)
class Night:
    """What a day's alerts rest on. Frames have their tables' columns and may be empty."""

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


def raise_alerts(night: Night, previous: Iterable[Alert], options: AlertOptions) -> list[Alert]:
    """Return the alerts of a day, worst first. previous : all alerts of the last folded day before it."""
    conditions = data_conditions(night.facts, night.metrics, options)
    moved = evaluators_moved(night.evaluators)
    conditions += moved_conditions(moved)
    if night.has_summary:
        conditions += change_conditions(night.drift, night.metrics, options)
        conditions += breaches(night.metrics, night.window, options, night.drift, moved)
    known: frozenset[Kind] = EVERY_KIND if night.has_summary else frozenset({"data"})
    return advance(night.day, previous, conditions, options, known)
