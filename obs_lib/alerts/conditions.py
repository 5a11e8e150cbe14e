"""What holds on one day, before it becomes an incident over days."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from obs_lib.records import Severity

Kind = Literal["change", "objective", "data"]
Evidence = tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Something wrong on one day.

    cause : what tells it from other conditions of the same kind and segment; the same over days.
    score : how bad, in [0, 1].
    sudden : whether its beginning is news. False for what may have stood for long.
    urgent : whether that news is worth a message whatever the severity.
    """

    kind: Kind
    segment: str
    cause: str
    severity: Severity
    title: str
    score: float
    evidence: Evidence = ()
    sudden: bool = True
    urgent: bool = False

    @property
    def fingerprint(self) -> str:
        """Name of the incident over days: 32 hexadecimal digits."""
        return fingerprint(self.kind, self.segment, self.cause)

    @property
    def families(self) -> frozenset[str]:
        """The independent families of signals behind a change; empty for the other kinds."""
        return frozenset(str(fact["family"]) for fact in self.evidence if "family" in fact)


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
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None
