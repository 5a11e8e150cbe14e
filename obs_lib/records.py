"""The nouns, in the order in which they flow through a night.

Only the nouns that travel between stages live here. Rows of tables are columns (`tables.py`), not objects: a day of a
million interactions never becomes a million Python objects.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Day = dt.date
"""A calendar day in UTC."""

ALL = "all"
"""The segment that holds every interaction of a day. Other segments are written `tag=value`."""


STAGES = ("router", "prompt_builder", "retrieval", "inference", "output_processor", "safety_filter", "tool", "other")
"""What a span of a trace can be of a request. Sources map the names in the logs to these."""

STAGE_SEGMENTS = tuple(f"stage={stage}" for stage in STAGES)
"""Where the metrics of each stage stand. They slice the time of traces, not the interactions."""

ERROR_KINDS = (
    "timeout",
    "rate_limit",
    "content_filter",
    "context_length",
    "auth",
    "client",
    "server",
    "connection",
    "other",
)
"""Why a request failed. Sources map the logs' error types and status codes to these."""


CLOCK_REASONS = (
    "gpu_idle",
    "applications_clocks",
    "sw_power_cap",
    "hw_slowdown",
    "sync_boost",
    "sw_thermal",
    "hw_thermal",
    "hw_power_brake",
    "display_clock",
    "board_limit",
    "reliability",
)
"""Why a GPU's clocks are not at their highest: the bits of NVML's clocks event reasons (nvml.h), lowest first. DCGM's are
the same."""

THROTTLING = frozenset({"sw_power_cap", "hw_slowdown", "sw_thermal", "hw_thermal", "hw_power_brake"})
"""The reasons that take speed away under load: heat and power."""


def clock_reasons(mask: int) -> list[str]:
    """The reasons in a bit mask; a bit that has no name yet is "other".

    >>> clock_reasons(0x44), clock_reasons(0), clock_reasons(1 << 40)
    (['sw_power_cap', 'hw_thermal'], [], ['other'])
    """
    named = [reason for bit, reason in enumerate(CLOCK_REASONS) if mask >> bit & 1]
    return named + (["other"] if mask >> len(CLOCK_REASONS) else [])


class StepState(StrEnum):
    """Where one step of one day stands. Readers take READY and NO_DATA only."""

    WRITING = "WRITING"
    READY = "READY"
    NO_DATA = "NO_DATA"
    FAILED = "FAILED"


class ScoreStatus(StrEnum):
    """What became of one evaluator on one interaction."""

    SCORED = "SCORED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


class MetricStatus(StrEnum):
    """NO_DATA: no interaction had what the metric needs, so there is no value. Never a zero."""

    OK = "OK"
    NO_DATA = "NO_DATA"


@dataclass(frozen=True, slots=True)
class Metric:
    """The definition of one number of a day.

    unit : "ms", "s", "tokens/s", "share", "probability", "tokens", "USD", "count", "score", "nats", "cosine distance".
    direction : which way is better; None where neither is.
    objective : the default threshold, a limit that the value should stay on the good side of; None for no objective.
    evaluator : name of the evaluator whose scores it sums up; None for system metrics.
    aggregation : how a score column becomes the metric. Shares are cut at 0.5.
    formula : the definition in words or symbols, with its source.
    """

    name: str
    title: str
    unit: str
    direction: Literal["higher_is_better", "lower_is_better"] | None
    objective: float | None
    formula: str
    evaluator: str | None = None
    aggregation: Literal["mean", "share_above", "share_below"] | None = None


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One number of a day in one segment. value, low and high are None exactly when status is NO_DATA.

    low, high : 95% interval; None as well where the number is a total and has no sampling error.
    std_error : standard error of value in the same unit; None where unknown. Comparison uses it.
    n : interactions that entered. n_skipped, n_failed : those that could not, by reason.
    note : one short sentence for the reader (why there is no data, which rule applied); empty for none.
    """

    day: Day
    metric: str
    segment: str
    status: MetricStatus
    value: float | None
    low: float | None
    high: float | None
    std_error: float | None
    n: int
    n_skipped: int = 0
    n_failed: int = 0
    note: str = ""


class Vectors(Protocol):
    """Unit vectors of texts, looked up by the text itself. Each distinct text was encoded once."""

    @property
    def dimension(self) -> int: ...

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of length 1. KeyError for a text that was not announced."""
        ...


class Evaluator(Protocol):
    """One way to score interactions. Works on columns, never on single rows.

    name : the score's name, as in the `scores` table.
    version : raise it whenever the same input would score differently.
    needs : columns of `interactions` that it reads.
    describe : one sentence for the report: which model or formula stands behind the number.
    """

    name: str
    version: str
    needs: frozenset[str]
    describe: str

    def texts(self, batch: pd.DataFrame) -> list[str]:
        """The texts whose vectors `score` will ask for; empty for an evaluator that reads no vectors."""
        ...

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        """One row for each row of `batch`, same order and index.

        Columns: status (ScoreStatus), value (float, None unless SCORED), note (the reason for SKIPPED or FAILED, else ""),
        evidence (JSON text with what a reader needs to believe the value, or None); where scoring costs money also
        cost_usd (float, None where unknown or nothing was asked).
        """
        ...


@runtime_checkable
class Daily(Protocol):
    """An evaluator whose work is bounded for each day of logs as a whole, such as a judge with a budget."""

    def of_day(self, day: Day, every_case: pd.DataFrame) -> Evaluator:
        """The evaluator for one day. every_case : the day's distinct cases that are drawn, scored before or not."""
        ...

    def of_anchors(self, day: Day) -> Evaluator:
        """The evaluator for the frozen anchors of one night, which takes nothing over from other nights."""
        ...

    def stands(self, rows: pd.DataFrame) -> list[bool]:
        """Of an evaluator made by `of_day`: for each earlier row of the day (columns case, note) whether it is still right."""
        ...


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a day stands from its baseline, and what chance alone would give. Measuring only: knows no threshold.

    name : "semantic_drift", "token_kl", "change:<metric>", or "token_adjusted:<metric>" (a change with the length of prompts
        and answers taken out).
    statistic : the distance itself; None when it could not be measured (note says why).
    null_mean, null_high : mean and 95% quantile of the statistic if nothing had changed; None if unknown.
    p_value : chance of a statistic at least this extreme if nothing had changed, in (0, 1]; None if unknown.
    effect : the size that a reader judges, in `unit`: today minus baseline for a change, statistic minus null mean for a
        distance.
    baseline_value : what the baseline shows, for a change; None for distances.
    n_baseline, n_current : observations compared (prompts, tokens or interactions).
    baseline_days : the days that were ready and used.
    """

    name: str
    segment: str
    statistic: float | None
    null_mean: float | None
    null_high: float | None
    p_value: float | None
    effect: float | None
    unit: str
    n_baseline: int
    n_current: int
    baseline_days: tuple[Day, ...]
    baseline_value: float | None = None
    note: str = ""


class DriftVerdict(StrEnum):
    """What the decision makes of a distance, seeing all distances of the day at once.

    EXPLAINED: the metric changed, and the length of prompts and answers says why (at equal tokens it is STABLE).
    """

    STABLE = "STABLE"
    DRIFTED = "DRIFTED"
    EXPLAINED = "EXPLAINED"
    TOO_FEW = "TOO_FEW"


class Severity(StrEnum):
    """P0 wakes somebody up now, P1 today, P2 this week, P3 is for the record."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class AlertState(StrEnum):
    """NEW on its first day, ONGOING while it holds, RESOLVED on the day it is closed (then it disappears)."""

    NEW = "NEW"
    ONGOING = "ONGOING"
    RESOLVED = "RESOLVED"


@dataclass(frozen=True, slots=True)
class Alert:
    """One incident as it stands on one day.

    kind : "change" (against the baseline), "objective" (a standing breach of a threshold), "data" (logs missing, scores
        failed).
    fingerprint : stable name of the incident over days: same kind, segment and cause give the same fingerprint.
    score : the composite score in [0, 1] behind the severity.
    notify : whether this day's state is worth a message to people (new or worse, and of a severity that pages).
    evidence : facts behind it, one mapping a signal (metric, value, baseline, p_value, effect, ...), JSON-able.
    first_day, last_day : first day of the incident; last day on which its condition held.
    """

    day: Day
    fingerprint: str
    kind: Literal["change", "objective", "data"]
    severity: Severity
    state: AlertState
    segment: str
    title: str
    score: float
    notify: bool
    first_day: Day
    last_day: Day
    evidence: tuple[Mapping[str, object], ...] = field(default=())
