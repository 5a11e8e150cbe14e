"""What is wrong on a day, what speaks for it, and how it stands."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal

from obs_lib.log_text import PLAIN, SEGMENT, marked
from obs_lib.records.logs import Day


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
    fingerprint: str = field(metadata=marked(PLAIN))
    """Stable name of the incident over days: same kind, segment and cause give the same fingerprint."""
    kind: Literal["change", "objective", "data"] = field(metadata=marked(PLAIN))
    """Against the baseline; a standing breach of a limit; logs missing, scores failed or an evaluator that moved."""
    severity: Severity
    state: AlertState
    segment: str = field(metadata=marked(SEGMENT))
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

    def to_row(self) -> dict[str, object]:
        """Return the alert as a row of the table `alerts`, without `day`."""
        return {
            "fingerprint": self.fingerprint,
            "kind": self.kind,
            "severity": self.severity.value,
            "state": self.state.value,
            "segment": self.segment,
            "title": self.title,
            "score": self.score,
            "notify": self.notify,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "evidence": json.dumps([signal.to_json() for signal in self.evidence], sort_keys=True, allow_nan=False),
        }

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
