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


_EXTENSIVE_UNITS = frozenset({"count", "tokens", "USD", "tokens/s"})
_ABSOLUTE_UNITS = frozenset({"share", "probability", "score"})


@dataclass(frozen=True, slots=True)
class Metric:
    """The definition of one number of a day: all that any stage asks about it."""

    name: str
    """As in tables and settings: words joined by `_`. What people's labels say of a metric is written `<metric>:<what>`."""
    title: str
    """As readers see it."""
    unit: str
    """ms, s, h, tokens/s, share, probability, tokens, USD, count, score, correlation, W or °C."""
    direction: Literal["higher_is_better", "lower_is_better"] | None
    """Which way is better; None where neither is, so that it has no objective and is not compared."""
    objective: float | None
    """The default limit, in `unit`, on whose good side the value should stay; None for none."""
    formula: str
    """The definition in words or symbols, with its source."""
    evaluator: str | None = None
    """The score that it sums up; None for a system metric."""
    aggregation: Literal["mean", "share_above", "share_below"] | None = None
    """How a column of scores becomes the metric. Shares are cut at 0.5. None for a system metric."""
    family: str = field(default="", kw_only=True)
    """What its changes say: those of one family say much the same and count once. By default the score, `latency` where
    the unit is ms, else the metric's own name."""
    extensive: bool | None = field(default=None, kw_only=True)
    """Whether it follows the traffic rather than the model, as totals do, so that it is not compared. By default so in
    count, tokens, USD and tokens/s; never None once made."""
    part_of: str | None = field(default=None, kw_only=True)
    """The metric that it is a part of: the whole is compared, its parts say why. None for no part."""
    smallest_effect: float | None = field(default=None, kw_only=True)
    """The smallest change that counts, in `unit`, 0 or more; None for that of the unit: `drift.min_share`, or
    `drift.min_relative` of the baseline (see `relative`)."""
    quantile: float | None = field(default=None, kw_only=True)
    """Which quantile of its values it is, in (0, 1); None where it is none."""
    explained_by: Literal["ttft", "decode", "total"] | None = field(default=None, kw_only=True)
    """The latency model by which the length of prompts and answers explains it (`stats.latency_model`); None where none
    does."""

    def __post_init__(self) -> None:
        """Fill in what was not said, so that everybody reads the same."""
        if not self.family:
            object.__setattr__(self, "family", self.evaluator or ("latency" if self.unit == "ms" else self.name))
        if self.extensive is None:
            object.__setattr__(self, "extensive", self.unit in _EXTENSIVE_UNITS)

    @property
    def relative(self) -> bool:
        """Whether the smallest change that counts is by default a part of the baseline, and not an amount in `unit`."""
        return self.unit not in _ABSOLUTE_UNITS


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One number of a day in one segment."""

    day: Day
    metric: str
    segment: str
    """ALL, or `tag=value`."""
    status: MetricStatus
    value: float | None
    """In the metric's unit; None exactly when status is NO_DATA."""
    low: float | None
    """Lower end of the 95% interval; None without a value, and of a total, which has no sampling error."""
    high: float | None
    """Upper end of the 95% interval; None when `low` is."""
    std_error: float | None
    """Standard error of the value in its unit, which the comparison uses; None where unknown."""
    n: int
    """Interactions (of GPU metrics samples, of stages spans or traces) that entered."""
    n_skipped: int = 0
    """Those that could not, for want of what the metric reads."""
    n_failed: int = 0
    """Those whose score failed."""
    note: str = ""
    """One short sentence for the reader (why there is no data, which rule applied); empty for none."""


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
class BudgetedEvaluator(Protocol):
    """An evaluator that can pay for so much a day, such as a judge: which cases it scores is decided for a day as a whole."""

    def for_day(self, day: Day, all_cases: pd.DataFrame) -> Evaluator:
        """The evaluator for one day. all_cases : the day's distinct cases that are drawn, scored before or not."""
        ...

    def for_anchors(self, day: Day) -> Evaluator:
        """The evaluator for the frozen anchors of one night, which takes nothing over from other nights."""
        ...

    def still_valid(self, rows: pd.DataFrame) -> list[bool]:
        """Of an evaluator made by `for_day`: whether it would still give each earlier row of the day (columns case, note)."""
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
