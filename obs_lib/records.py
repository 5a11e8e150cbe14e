"""The nouns, in the order in which they flow through a night.

Only the nouns that travel between stages live here. Rows of tables are columns (`tables.py`), not objects: a day of a
million interactions never becomes a million Python objects.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
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
_SEVERE_AMOUNT, _SEVERE_PART = 0.15, 0.5


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
    severe_effect: float | None = field(default=None, kw_only=True)
    """The size from which its change is P1 without company, as `smallest_effect` is meant; None for that of the unit: 0.15
    of a share, probability or score, else half of the baseline; 0 for never."""
    complaint: str = field(default="", kw_only=True)
    """What a tired reader is told when it got worse, such as "Requests fail"; by default its title and which way."""
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
        if self.severe_effect is None:
            object.__setattr__(self, "severe_effect", _SEVERE_PART if self.relative else _SEVERE_AMOUNT)
        if not self.complaint:
            way = "fell" if self.direction == "higher_is_better" else "rose"
            object.__setattr__(self, "complaint", f"{self.title} {way}")

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


class IncidentState(StrEnum):
    """Where an incident stands on one day."""

    NEW = "NEW"
    """Its first day."""
    ONGOING = "ONGOING"
    """It holds."""
    WORSE = "WORSE"
    """It grew to twice its worst, became more severe or spread today."""
    RECOVERING = "RECOVERING"
    """No signal today; it closes on `closes` unless one comes back."""
    RESOLVED = "RESOLVED"
    """Closed today: what it showed is as before. Tomorrow it is gone."""
    NEW_LEVEL = "NEW_LEVEL"
    """What it showed has become the baseline and an objective is still breached: it stays open until that is kept again."""
    ACCEPTED = "ACCEPTED"
    """Closed today: what it showed has become the baseline and no objective is breached. Tomorrow it is gone."""


CLOSED = frozenset({IncidentState.RESOLVED, IncidentState.ACCEPTED})
"""States of an incident's last day."""


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
    segment: str | None = None
    """Where it shows; None where it is about the day as a whole."""
    family: str | None = None
    """See `Metric.family`; None for a fault of the data."""
    severity: Severity | None = None
    """What it is worth whatever else there is; None where its size and its company say it."""
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
    standing: bool | None = None
    """Whether a breach may have stood for long: earlier days were in breach, or too few are known."""
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
class Suspect:
    """Something else that is otherwise since the day on which an incident began."""

    kind: Literal["version", "evaluator", "stage", "traffic", "prompts", "logs"]
    segment: str
    evidence: str
    """One sentence without a full stop, with numbers."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far one metric of an incident has moved in one segment, at its worst."""

    family: str
    metric: str
    segment: str
    baseline: float | None
    """What the baseline showed when it began; None for a distance."""
    worst: float
    """The largest effect of a day so far, in the metric's unit, with its sign."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause as it stands on one day."""

    day: Day
    fingerprint: str
    """Names its beginning, and stays while it lasts: the same cause on another day is another incident."""
    kind: Literal["change", "objective", "data"]
    """Against the baseline; a breach of a limit that no change explains; logs missing, scores failed, an evaluator moved."""
    severity: Severity
    """The worst that it had; of a new level that of its distance from the objective."""
    state: IncidentState
    place: tuple[str, ...]
    """The smallest set of segments that explains it, sorted; `("all",)` for the whole."""
    lead: str
    """The family of a change that was strongest on its first day; the metric of a breach; what is wrong with the data."""
    title: str
    score: float
    """How bad, in [0, 1]; of a change the composite score of its families."""
    why: str
    """The arithmetic of the severity: one sentence without a full stop."""
    notify: bool
    """Whether its state is news today, and of a severity that people are told."""
    first_day: Day
    last_day: Day
    """The last day with evidence of it."""
    closes: Day | None = None
    """The day on which it closes unless evidence comes back; None while there is some."""
    extents: tuple[Extent, ...] = ()
    """How far its metrics moved at worst; empty of kinds other than `change`."""
    suspects: tuple[Suspect, ...] = ()
    """What else is otherwise since its first day, likeliest first."""
    mix: float | None = None
    """Part of the lead's change in the whole that moved traffic explains, in the metric's unit; None where nobody can tell."""
    behaviour: float | None = None
    """The rest of it: segments that behave otherwise; None where `mix` is."""
    evidence: tuple[Signal, ...] = ()
    """What speaks for it today, strongest first; on a day without, what did last."""

    @property
    def families(self) -> frozenset[str]:
        """The families of its changes."""
        return frozenset(extent.family for extent in self.extents) | ({self.lead} if self.kind == "change" else set())

    @property
    def is_open(self) -> bool:
        """Whether it is there tomorrow."""
        return self.state not in CLOSED

    @property
    def everywhere(self) -> bool:
        """Whether it lies in the whole."""
        return ALL in self.place

    def to_row(self) -> dict[str, object]:
        """Return the row of the table `alerts`, without `day`."""
        return {
            "fingerprint": self.fingerprint,
            "kind": self.kind,
            "severity": self.severity.value,
            "state": self.state.value,
            "segment": self.place[0],
            "place": _json(self.place),
            "lead": self.lead,
            "title": self.title,
            "score": self.score,
            "why": self.why,
            "notify": self.notify,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "closes": self.closes.isoformat() if self.closes else None,
            "extents": _json([asdict(extent) for extent in self.extents]),
            "suspects": _json([asdict(suspect) for suspect in self.suspects]),
            "mix": self.mix,
            "behaviour": self.behaviour,
            "evidence": _json([signal.to_json() for signal in self.evidence]),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Incident:
        """Return the incident of a row of the table, with `day`. Rows of lakes before incidents had places are read as well."""
        evidence = tuple(Signal.from_json(facts) for facts in _listed(row.get("evidence")))
        families = [signal.family for signal in evidence if signal.family is not None]
        return cls(
            day=dt.date.fromisoformat(row["day"]),
            fingerprint=row["fingerprint"],
            kind=row["kind"],
            severity=Severity(row["severity"]),
            state=IncidentState(row["state"]),
            place=tuple(_listed(row.get("place"))) or (row["segment"],),
            lead=_text(row.get("lead")) or next(iter(families), evidence[0].metric if evidence else ""),
            title=row["title"],
            score=float(row["score"]),
            why=_text(row.get("why")) or "",
            notify=bool(row["notify"]),
            first_day=dt.date.fromisoformat(row["first_day"]),
            last_day=dt.date.fromisoformat(row["last_day"]),
            closes=dt.date.fromisoformat(closes) if (closes := _text(row.get("closes"))) else None,
            extents=tuple(Extent(**extent) for extent in _listed(row.get("extents"))),
            suspects=tuple(Suspect(**suspect) for suspect in _listed(row.get("suspects"))),
            mix=_number(row.get("mix")),
            behaviour=_number(row.get("behaviour")),
            evidence=evidence,
        )


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), sort_keys=True, allow_nan=False)


def _listed(text: object) -> list[Any]:
    return list(json.loads(text)) if isinstance(text, str) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    """A cell of a frame; None for what pandas says is missing."""
    return float(value) if isinstance(value, int | float) and value == value else None
