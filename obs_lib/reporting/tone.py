"""How much attention something asks for."""

from __future__ import annotations

from enum import StrEnum

from obs_lib.records import Severity


class Tone(StrEnum):
    """From nothing to say to something to act on now; ABSENT is what could not be measured."""

    PLAIN = "plain"
    GOOD = "good"
    NOTICE = "notice"
    WARNING = "warning"
    SERIOUS = "serious"
    CRITICAL = "critical"
    ABSENT = "absent"


SHAPES = {
    Tone.PLAIN: "",
    Tone.GOOD: "●",
    Tone.NOTICE: "◆",
    Tone.WARNING: "▲",
    Tone.SERIOUS: "▲",
    Tone.CRITICAL: "■",
    Tone.ABSENT: "○",
}
"""A shape for every tone, so that colour is never the only sign."""

SEVERITY_TONES: dict[str, Tone] = {
    Severity.P0: Tone.CRITICAL,
    Severity.P1: Tone.SERIOUS,
    Severity.P2: Tone.WARNING,
    Severity.P3: Tone.NOTICE,
}


def severity_tone(severity: str) -> Tone:
    """The tone of a severity; PLAIN for one that is not known."""
    return SEVERITY_TONES.get(severity, Tone.PLAIN)


def worse_of(first: Tone, second: Tone) -> Tone:
    """The one that asks for more attention."""
    order = [Tone.PLAIN, Tone.GOOD, Tone.ABSENT, Tone.NOTICE, Tone.WARNING, Tone.SERIOUS, Tone.CRITICAL]
    return max(first, second, key=order.index)
