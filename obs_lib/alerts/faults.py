"""What is wrong with the data of one day, before it becomes an incident over days."""

from __future__ import annotations

from dataclasses import dataclass

from obs_lib.records import Severity, Signal


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a day's logs, steps or evaluators."""

    cause: str
    """What tells it from other faults; the same over days."""
    severity: Severity
    title: str
    score: float
    """How bad, in [0, 1]."""
    evidence: tuple[Signal, ...] = ()
    why: str = ""
    """The arithmetic of the severity: one sentence without a full stop."""
