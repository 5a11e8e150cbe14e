"""One day's alerts from everything that the fold knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from obs_lib.alerts.composite import change_conditions
from obs_lib.alerts.conditions import Kind
from obs_lib.alerts.data import DataFacts, data_conditions
from obs_lib.alerts.evaluators import evaluators_moved, moved_conditions
from obs_lib.alerts.incidents import EVERY_KIND, advance
from obs_lib.alerts.objectives import breaches
from obs_lib.alerts.options import AlertOptions
from obs_lib.records import Alert, Day


@dataclass(frozen=True)
class Night:
    """What a day's alerts rest on. Frames have their tables' columns and may be empty.

    metrics, drift : the day's rows. window : the `metrics` rows of each baseline day, one frame a day.
    facts : how the data arrived.
    evaluators : the day's rows of `evaluator_changes`; None where nothing is known of them.
    judged : whether there are figures of the day to judge; False on a day without logs or without a summary.
    """

    day: Day
    metrics: pd.DataFrame
    drift: pd.DataFrame
    window: Sequence[pd.DataFrame]
    facts: DataFacts
    judged: bool = True
    evaluators: pd.DataFrame | None = None


def raise_alerts(night: Night, previous: Iterable[Alert], options: AlertOptions) -> list[Alert]:
    """Return the alerts of a day, worst first. previous : all alerts of the last folded day before it."""
    conditions = data_conditions(night.facts, night.metrics, options)
    moved = evaluators_moved(night.evaluators)
    conditions += moved_conditions(moved)
    if night.judged:
        conditions += change_conditions(night.drift, night.metrics, options)
        conditions += breaches(night.metrics, night.window, options, night.drift, moved)
    judged: frozenset[Kind] = EVERY_KIND if night.judged else frozenset({"data"})
    return advance(night.day, previous, conditions, options, judged)
