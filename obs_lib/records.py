"""The nouns, in the order in which they flow through a night.

Only the nouns that travel between stages live here. Rows of tables are columns (`tables.py`), not objects: a day of a
million interactions never becomes a million Python objects.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

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


CASE_COLUMNS = ("prompt", "response", "contexts", "expected_format", "error", "reference")
"""What evaluators may read of an interaction: text, or None."""


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
    short_title: str = field(default="", kw_only=True)
    """The same at the head of a narrow column, beside the metrics of its group; by default the title."""
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
    hidden_at_zero: bool = field(default=False, kw_only=True)
    """Whether a report only names it where it was 0 on all days shown, as the kinds of what is rare are."""
    quantile: float | None = field(default=None, kw_only=True)
    """Which quantile of its values it is, in (0, 1); None where it is none."""
    explained_by: Literal["ttft", "decode", "total"] | None = field(default=None, kw_only=True)
    """The latency model by which the length of prompts and answers explains it (`stats.latency_model`); None where none
    does."""

    def __post_init__(self) -> None:
        """Fill in what was not said, so that everybody reads the same."""
        if not self.short_title:
            object.__setattr__(self, "short_title", self.title)
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
    """How far a day stands from its baseline, and what chance alone would give. Measuring only: knows no threshold."""

    name: str
    """`semantic_drift`, `token_kl`, `change:<metric>`, or `token_adjusted:<metric>` (`catalogue.distances`)."""
    segment: str
    statistic: float | None
    """The distance itself, in `unit`; None when it could not be measured (note says why)."""
    null_mean: float | None
    """Mean of the statistic if nothing had changed; None if unknown."""
    null_high: float | None
    """95% quantile of the statistic if nothing had changed (of a change, 97.5%); None if unknown."""
    p_value: float | None
    """Chance of a statistic at least this extreme if nothing had changed, in (0, 1]; None if unknown."""
    effect: float | None
    """The size that a reader judges, in `unit`: today minus baseline for a change, statistic minus null mean for a distance;
    None when it could not be measured."""
    unit: str
    n_baseline: int
    """Observations of the baseline: pairs of a prompt and a day, tokens, or interactions."""
    n_current: int
    """Observations of today: prompts, tokens, or interactions."""
    baseline_days: tuple[Day, ...]
    """The days that were ready and used."""
    baseline_value: float | None = None
    """What the baseline shows, for a change; None for distances."""
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


class EvaluatorVerdict(StrEnum):
    """SAME: as on every baseline day. MIXED: some baseline days were scored otherwise and are left out. MOVED: so many were
    that the others do not make a baseline.
    """

    SAME = "SAME"
    MIXED = "MIXED"
    MOVED = "MOVED"


@dataclass(frozen=True, slots=True)
class EvaluatorChange:
    """One evaluator of a day against the baseline days, by its version and its scores on the anchors."""

    evaluator: str
    version: str
    verdict: EvaluatorVerdict
    away: tuple[Day, ...] = ()
    """Baseline days that are not comparable, oldest first."""
    comparable: int = 0
    """How many other baseline days there are."""
    reason: str = ""
    """`version` or `scores`, of the latest day away; empty for none."""
    anchors: int = 0
    """How many anchors both days scored."""
    moved: int = 0
    """How many of them stand beyond the band."""
    largest: float | None = None
    """The largest difference, in score units; None where a score came or went, and where nothing is away."""
    worst: str = ""
    """The anchor with it; empty where nothing is away."""
    before: str = ""
    """The version of the latest day away; empty for none."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is not as it was or should be: evidence of an incident. What does not apply to a signal is None."""

    metric: str
    """A metric or a distance by its name, `step`, or in words what of a day's data it is about."""
    value: float | None = None
    """Today's, in `unit`."""
    unit: str | None = None
    family: str | None = None
    """See `Metric.family`; of changes alone."""
    basis: str | None = None
    """The name by which `alerts.family_weights` weighs it in the place of its family's."""
    strength: float | None = None
    """How much of a change it is, in [0, 1]."""
    effect: float | None = None
    """Today minus baseline for a change, statistic minus what chance gives for a distance; in `unit`."""
    baseline: float | None = None
    """What the baseline shows, for a change; in `unit`."""
    null_mean: float | None = None
    """What a distance is on average by chance alone, in `unit`."""
    null_high: float | None = None
    """What a distance exceeds by chance alone on 5 of 100 days, in `unit`."""
    p_adjusted: float | None = None
    """The p-value adjusted over the day, in (0, 1]."""
    low: float | None = None
    """Lower end of the value's 95% interval, for a breach; None as well where there is none."""
    high: float | None = None
    """Upper end of the value's 95% interval, for a breach; None as well where there is none."""
    objective: float | None = None
    """The limit that a breach is beyond, in `unit`."""
    limit: float | None = None
    """The limit that an outage or a fault of the data has reached, in `unit`."""
    surely: bool | None = None
    """Whether the whole interval of a breach lies beyond the objective."""
    token_adjusted: float | None = None
    """What a breach's value would be with prompts and answers as long as in the baseline, in `unit`."""
    n: int | None = None
    """Interactions, log lines, scores or anchors behind it."""
    step: str | None = None
    """The step that failed."""
    note: str | None = None
    """One short sentence for the reader."""

    def to_json(self) -> dict[str, object]:
        """Return what applies, by name; numbers that the signal's sort always has are null where they are unknown."""
        always = {"low", "high"} if self.objective is not None else set()
        always |= {"value"} if self.step is None else set()
        return {name: value for name, value in asdict(self).items() if value is not None or name in always}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Signal:
        """Return the signal that `to_json` gave, whatever else a later release may have written with it."""
        named = {_RENAMED.get(name, name): value for name, value in facts.items()}
        return cls(**{item.name: named[item.name] for item in fields(cls) if item.name in named})


_RENAMED = {"at_equal_tokens": "token_adjusted"}  # as lakes have it that were written before the name changed


@dataclass(frozen=True, slots=True)
class Alert:
    """One incident as it stands on one day."""

    day: Day
    fingerprint: str
    """Stable name of the incident over days: same kind, segment and cause give the same fingerprint."""
    kind: Literal["change", "objective", "data"]
    """Against the baseline; a standing breach of a limit; logs missing, scores failed or an evaluator that moved."""
    severity: Severity
    state: AlertState
    segment: str
    title: str
    score: float
    """How bad, in [0, 1]; of a change the composite score behind the severity."""
    notify: bool
    """Whether this day's state is worth a message to people (new or worse, and of a severity that is)."""
    first_day: Day
    """First day of the incident."""
    last_day: Day
    """Last day on which its condition held."""
    evidence: tuple[Signal, ...] = ()
    """What speaks for it, strongest first."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Alert:
        """Return the alert of a row of the table `alerts`, with `day`."""
        return cls(
            day=dt.date.fromisoformat(row["day"]),
            fingerprint=row["fingerprint"],
            kind=row["kind"],
            severity=Severity(row["severity"]),
            state=AlertState(row["state"]),
            segment=row["segment"],
            title=row["title"],
            score=float(row["score"]),
            notify=bool(row["notify"]),
            first_day=dt.date.fromisoformat(row["first_day"]),
            last_day=dt.date.fromisoformat(row["last_day"]),
            evidence=tuple(Signal.from_json(facts) for facts in json.loads(row["evidence"])),
        )
