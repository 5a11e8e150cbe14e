"""What is sent to people, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Self

from obs_lib.records.incidents import IncidentState, Severity
from obs_lib.records.logs import Day


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who looks after an incident, and by which instructions; None where no rule says so."""

    owner: str | None = None
    runbook: str | None = None
    """An address, http(s)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One incident as a message tells it. Every text is short, on one line, and markup in no medium."""

    fingerprint: str
    day: Day
    severity: Severity
    state: IncidentState
    kind: str
    lead: str
    place: tuple[str, ...]
    first_day: Day
    is_open: bool
    summary: str
    """One sentence with numbers, without a full stop."""
    responsible: Responsible = Responsible()


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a title of one line, and a body of lines. notices : what it tells; none where all is quiet."""

    key: str
    """Names what it says: a receiver that has seen the key has the message."""
    day: Day
    severity: Severity
    """The worst of its notices; P3 where there are none."""
    title: str
    body: str
    notices: tuple[Notice, ...] = ()
    link: str | None = None
    """Address of the day's report; None where it has none that others can open."""
    report: str | None = field(default=None, repr=False)
    """The day's report as HTML, for digests; None elsewhere."""
    watch: str = ""
    """Name of the watch that says it; empty for one without a name of its own."""

    def told_by(self, watch: str) -> Self:
        """The same as said by the watch of this name; unchanged for an empty one.

        Two watches may say the same of one day, such as that a night never began: receivers must not take one for the other.
        """
        if not watch:
            return self
        return replace(self, watch=watch, key=f"{watch}-{self.key}", title=f"{watch}: {self.title}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    status : SENT, the receiver took it; FAILED, it surely did not; UNKNOWN, nobody can say. detail : why, free of secrets;
    empty for SENT.
    """

    status: Literal["SENT", "FAILED", "UNKNOWN"]
    detail: str = ""
