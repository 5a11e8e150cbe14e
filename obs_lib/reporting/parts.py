"""The parts of what a report is made from, besides the lake's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from obs_lib.excerpts import SlowTrace
from obs_lib.log_text import NAME, PLAIN, SEGMENT, marked
from obs_lib.records import Day, ScoreStatus, StepState
from obs_lib.stats.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Unscored:
    """Scores of an evaluator that are SKIPPED or FAILED for one reason."""

    evaluator: str = field(metadata=marked(NAME))
    status: ScoreStatus
    note: str
    n: int


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """Answers in one language."""

    code: str = field(metadata=marked(PLAIN))
    """A key of `languages.LANGUAGES`."""
    n: int


@dataclass(frozen=True, slots=True)
class VersionCount:
    """Interactions of a segment that one model version answered."""

    segment: str = field(metadata=marked(SEGMENT))
    version: str = field(metadata=marked(NAME))
    n: int


@dataclass(frozen=True, slots=True)
class RepairCount:
    """Interactions that a rule of sources/repair.py repaired."""

    rule: str = field(metadata=marked(PLAIN))
    does: str = field(metadata=marked(PLAIN))
    """What the rule does, in words; empty for one that is no longer known."""
    n: int


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """An input row that could not be read."""

    file: str = field(metadata=marked(NAME))
    line: int | None
    """From 1; None where the source has no lines."""
    reason: str


@dataclass(frozen=True, slots=True)
class HalfReadCalls:
    """Interactions whose tokens arrived and whose texts did not."""

    dialect: str
    """Whose names their spans bear."""
    n: int
    unread: Sequence[str]
    """Attributes that were seen, may hold the texts, and were not read."""


@dataclass(frozen=True, slots=True)
class PassedCalls:
    """Calls that give no interaction and are no fault, such as embeddings."""

    what: str
    """In the log's own word."""
    n: int
    file: str = field(metadata=marked(NAME))
    line: int
    """Where the first of them stands, from 1."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step of the night stands."""

    step: str = field(metadata=marked(PLAIN))
    state: StepState
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnchorsRight:
    """Of the frozen anchors on which a person says what is right, how many an evaluator scored and got right."""

    evaluator: str = field(metadata=marked(NAME))
    n: int
    right: int


@dataclass(frozen=True, slots=True)
class LabelScope:
    """What people's labels say of one rate, over a day or a window. Estimates are None where labels cannot say."""

    n: int
    """Labels drawn at random with a known probability."""
    picked: int
    """Other labels: feedback, and answers that somebody picked."""
    scored: int
    """Scored interactions behind the raw rate."""
    raw: Estimate | None
    """As the evaluator counts."""
    alone: Estimate | None
    """By the labels alone."""
    corrected: Estimate | None
    why: str = field(metadata=marked(PLAIN))
    """Why there is no corrected rate; empty where there is one."""
    agreement: Mapping[str, Estimate | None] = field(metadata=marked(PLAIN))
    """Of evaluator and people: agreement, kappa, precision, recall, f1."""
    drawn: bool
    """Whether `agreement` rests on labels drawn at random; on the others only where there are none of these."""


@dataclass(frozen=True, slots=True)
class LabelledRate:
    """A metric that anybody labelled in the window."""

    metric: str = field(metadata=marked(PLAIN))
    days: int
    """Days of the window that have a label."""
    window: LabelScope
    day: LabelScope | None
    """None without a label on the day itself."""


@dataclass(frozen=True, slots=True)
class BiasEstimate:
    """A bias of a judge in units of its score, its 95% interval, and the answers that it rests on."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class JudgeBiases:
    """How a judge errs where people labelled its answers as well, over the days of its latest version in the window."""

    score: str = field(metadata=marked(PLAIN))
    model: str = field(metadata=marked(PLAIN))
    family: str | None = field(metadata=marked(PLAIN))
    """Who makes the model; None where that is not known."""
    drawn: bool
    """Whether the labels were drawn at random."""
    n: int
    """Labelled answers that count."""
    own: int
    """Of them, of models of the judge's family."""
    other: int
    """Of models of other families."""
    length: BiasEstimate | None
    """For each doubling of an answer's length; None where the answers cannot carry it."""
    own_family: BiasEstimate | None
    """Of answers of its own family against others'; None as well."""


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """An answer of a baseline day, to be read beside one of today."""

    day: Day
    request_id: str = field(metadata=marked(NAME))
    prompt: str | None
    response: str | None
    value: float | None
    """Its score; None where no score is meant."""


@dataclass(frozen=True, slots=True)
class IncidentExample:
    """A request that shows an incident."""

    request_id: str = field(metadata=marked(NAME))
    segment: str = field(metadata=marked(SEGMENT))
    prompt: str | None
    response: str | None
    value: float
    """The score of an answer, or where no score is meant its cosine with `earlier`; what a slow request took in ms; how many
    requests failed as this one did; 1 of a harmful answer."""
    note: str | None
    """What the evaluator, or the error, says; who confirms that it is harmful; None for nothing."""
    earlier: EarlierAnswer | None = None


ExampleKind = Literal["harmful", "answers", "errors", "slow", "stage"]


@dataclass(frozen=True, slots=True)
class IncidentExamples:
    """Requests that show an incident in one way."""

    fingerprint: str = field(metadata=marked(PLAIN))
    kind: ExampleKind = field(metadata=marked(PLAIN))
    subject: str = field(metadata=marked(PLAIN))
    """The metric or distance of answers; the column of `interactions` by which requests fail or are slow; a stage."""
    items: tuple[IncidentExample, ...]
    """Worst first; empty where `traces` say more."""
    traces: tuple[SlowTrace, ...] = ()
    """Slowest first."""
