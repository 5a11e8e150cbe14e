"""What holds on one day, before it becomes an incident over days."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from obs_lib.records import Severity, Signal

Kind = Literal["change", "objective", "data"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Something wrong on one day."""

    kind: Kind
    segment: str
    cause: str
    """What tells it from other conditions of the same kind and segment; the same over days."""
    severity: Severity
    title: str
    score: float
    """How bad, in [0, 1]."""
    evidence: tuple[Signal, ...] = ()
    """What speaks for it, strongest first."""
    sudden: bool = True
    """Whether its beginning is news. False for what may have stood for long."""
    urgent: bool = False
    """Whether that news is worth a message whatever the severity."""

    @property
    def fingerprint(self) -> str:
        """Name of the incident over days: 32 hexadecimal digits."""
        return fingerprint(self.kind, self.segment, self.cause)

    @property
    def families(self) -> frozenset[str]:
        """The independent families of signals behind a change; empty for the other kinds."""
        return frozenset(signal.family for signal in self.evidence if signal.family is not None)


def fingerprint(kind: Kind, segment: str, cause: str) -> str:
    """Return the stable name of an incident.

    >>> fingerprint("change", "all", "change")[:12]
    '347dd1b5be39'
    """
    # JSON, not a joined text: a segment comes from logs and may hold any separator.
    return hashlib.sha256(json.dumps([kind, segment, cause]).encode()).hexdigest()[:32]


def number(value: Any) -> float | None:
    """Return a cell of a frame as a float; None for null, NaN and infinity.

    >>> number(float("nan")) is None, number(3)
    (True, 3.0)
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None
