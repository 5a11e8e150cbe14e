"""What is wrong on a day, what speaks for it, and how it stands."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal

from obs_lib.log_text import PLAIN, SEGMENT, marked
from obs_lib.records.logs import ALL, Day


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


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is not as it was or should be: evidence of an incident. What does not apply to a signal is None."""

    metric: str
    """A metric or a distance by its name, `step`, or in words what of a day's data it is about."""
    value: float | None = None
    """Today's, in `unit`."""
    unit: str | None = None
    segment: str | None = field(default=None, metadata=marked(SEGMENT))
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
    nights: int | None = None
    """Of a change that several last nights together show, how many; `value` is then their mean."""
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
    settled: bool | None = None
    """Whether a breach is an incident without a change beside it: the days before say so too."""
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

    kind: Literal["version", "evaluator", "stage", "traffic", "prompts", "logs"] = field(metadata=marked(PLAIN))
    segment: str = field(metadata=marked(SEGMENT))
    evidence: str
    """One sentence without a full stop, with numbers."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far one metric of an incident has moved in one segment, at its worst."""

    family: str = field(metadata=marked(PLAIN))
    metric: str = field(metadata=marked(PLAIN))
    segment: str = field(metadata=marked(SEGMENT))
    baseline: float | None
    """What the baseline showed when it began; None for a distance."""
    worst: float
    """The largest effect of a day so far, in the metric's unit, with its sign."""


ID_DIGITS = 8
"""Of a fingerprint, by which people name an incident."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause as it stands on one day."""

    day: Day
    fingerprint: str = field(metadata=marked(PLAIN))
    """Names its beginning, and stays while it lasts: the same cause on another day is another incident."""
    kind: Literal["change", "objective", "data"] = field(metadata=marked(PLAIN))
    """Against the baseline; a breach of a limit that no change explains; logs missing, scores failed, an evaluator moved."""
    severity: Severity
    """The worst that it had; of a new level that of its distance from the objective."""
    state: IncidentState
    place: tuple[str, ...] = field(metadata=marked(SEGMENT))
    """The smallest set of segments that explains it, sorted; `("all",)` for the whole."""
    lead: str = field(metadata=marked(PLAIN))
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
    def short(self) -> str:
        """By what people name it: the first digits of its fingerprint."""
        return self.fingerprint[:ID_DIGITS]

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
