"""What the summary of a day keeps of its logs for people to read: the worst answers, and the slowest traces.

Each is a payload of the table `sketches`, as JSON with sorted keys.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from obs_lib.log_text import NAME, PLAIN, SEGMENT, marked


@dataclass(frozen=True, slots=True)
class ScoredExample:
    """An answer that an evaluator finds bad. Texts are cut at `summaries.excerpt_chars`."""

    evaluator: str = field(metadata=marked(NAME))
    rank: int
    """From 0, the worst one."""
    request_id: str = field(metadata=marked(NAME))
    segment: str = field(metadata=marked(SEGMENT))
    prompt: str | None
    response: str | None
    value: float
    """The score, in the evaluator's unit."""
    note: str | None
    evidence: Any
    """What JSON can hold: as the evaluator gives it, or the start of it as text where it is long; None for none."""

    @property
    def key(self) -> str:
        """Of its sketch."""
        return f"{self.evaluator}:{self.rank:02d}"

    def encode(self) -> bytes:
        """As JSON; evaluator and rank stand in the key."""
        return _json({name: value for name, value in asdict(self).items() if name not in ("evaluator", "rank")})

    @classmethod
    def decode(cls, key: str, payload: bytes) -> ScoredExample:
        """The inverse of `encode`."""
        evaluator, _, rank = key.rpartition(":")
        return cls(evaluator=evaluator, rank=int(rank), **json.loads(payload))


@dataclass(frozen=True, slots=True)
class SlowSpan:
    """One stage of a slow trace. Times in ms from the start of the trace."""

    name: str | None
    stage: str = field(metadata=marked(PLAIN))
    """One of records.STAGES."""
    parent: int | None
    """Position of the span that it stands in, which comes before it; None for a root."""
    start_ms: float
    duration_ms: float
    """As drawn: cut to its parent's."""
    logged_ms: float | None
    """As logged; None where the log has none."""
    error: str | None
    """None when the stage succeeded."""
    critical: bool
    """Whether the critical path goes through it or what stands in it."""
    critical_ms: float
    """Its own time on the critical path."""


@dataclass(frozen=True, slots=True)
class SlowTrace:
    """One of the slowest traces of a day. Spans stand before those that stand in them, and otherwise by their start."""

    trace_id: str | None = field(metadata=marked(NAME))
    request_id: str | None = field(metadata=marked(NAME))
    """None where the trace holds no interaction."""
    segment: str = field(metadata=marked(SEGMENT))
    """Of its interaction; empty where there is none."""
    start: str = field(metadata=marked(PLAIN))
    """ISO time, UTC."""
    duration_ms: float
    left_out: int
    """Shorter spans that are not among `spans`."""
    spans: tuple[SlowSpan, ...]
    path: tuple[tuple[int, float, float], ...]
    """The critical path as (position of a span, from, to), the latest first."""

    def encode(self) -> bytes:
        """As JSON."""
        return _json(asdict(self))

    @classmethod
    def decode(cls, payload: bytes) -> SlowTrace:
        """The inverse of `encode`."""
        stored = json.loads(payload)
        stored["spans"] = tuple(SlowSpan(**span) for span in stored["spans"])
        stored["path"] = tuple((at, begun, ended) for at, begun, ended in stored["path"])
        return cls(**stored)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
