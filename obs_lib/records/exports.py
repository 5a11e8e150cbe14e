"""What leaves for other systems: scores one by one, and the numbers of a night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from obs_lib.records.comparison import DriftVerdict
from obs_lib.records.incidents import Incident
from obs_lib.records.logs import Day
from obs_lib.records.metrics import MetricValue

OWN_SCORE = "night-watch-"
"""How the id of every score that leaves begins: by it we know our own in the logs of those systems, and pass it over."""

SCORE_ID = "night_watch.score.id"
"""The attribute that holds it where a receiver has no field for ids."""


def is_own_score(id: object) -> bool:
    """Whether the id of a score, as another system gives it, is that of one that was sent there from here.

    >>> is_own_score("night-watch-0123"), is_own_score("0123"), is_own_score(None)
    (True, False, False)
    """
    return isinstance(id, str) and id.startswith(OWN_SCORE)


@dataclass(frozen=True, slots=True)
class ExportedScore:
    """One evaluator's verdict on one interaction. No text of a log, unless `explanation` is asked for."""

    id: str
    """Begins with OWN_SCORE; the same whenever the same version of the evaluator scores the same interaction again."""
    request_id: str
    """The interaction; in logs of spans the span's id, in Langfuse's the observation's."""
    trace_id: str | None
    """None where nothing is traced."""
    at: dt.datetime
    """When the interaction began: a moment that a backfill does not change."""
    evaluator: str
    version: str
    value: float
    """In [0, 1]; which end is the better one depends on the evaluator."""
    label: Literal["pass", "fail"] | None
    """Whether the value is on the good side of the cut that the day's share is counted by; None where none is counted."""
    by_model: bool
    """Whether a language model gave it, as judges do."""
    explanation: str | None
    """The evidence as JSON, masked and cut; None where it is not asked for, or there is none."""


@dataclass(frozen=True, slots=True)
class ComparedNumber:
    """How a metric or a distance of the night stands against its baseline."""

    name: str
    segment: str
    verdict: DriftVerdict
    effect: float | None
    """The size that a reader judges, in `unit`; None when it could not be measured."""
    unit: str


@dataclass(frozen=True, slots=True)
class NightNumbers:
    """What a night found, in numbers. Names of segments are masked as the settings say."""

    watch: str
    day: Day
    metrics: Sequence[MetricValue]
    units: Mapping[str, str]
    """By metric; see `Metric.unit`."""
    objectives: Mapping[str, float]
    """The limits in force by metric, in its unit; a metric without one is left out."""
    comparisons: Sequence[ComparedNumber]
    incidents: Sequence[Incident]
    """Those that are open at the end of the day."""
