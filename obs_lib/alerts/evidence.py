"""What speaks for incidents on one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from obs_lib.alerts.causes import Levels
from obs_lib.alerts.faults import Fault
from obs_lib.records import Day, Signal, Suspect


@dataclass(frozen=True)
class Evidence:
    """What speaks for incidents on one day."""

    day: Day
    signals: Sequence[Signal]
    """Changes against the baseline, outages and harm."""
    breaches: Sequence[Signal]
    """Objectives that are surely breached, one a metric and segment."""
    faults: Sequence[Fault]
    """What is wrong with the day's data."""
    levels: Levels
    """A metric beside its baseline, by segment; empty for what is no metric."""
    values: Mapping[tuple[str, str], float]
    """Today's metrics that have a value, by name and segment."""
    suspects: tuple[Suspect, ...] = ()
    """What else is otherwise today, likeliest first, of all places."""
    summarised: bool = True
    """Whether there are figures of the day; False on a day without logs or without a summary."""
