"""The log of what was sent to whom: rows of `operations`, appended before and after each attempt, never changed.

A claim says that an attempt begins, and another row what became of it. A claim without a certain failure is a maybe, also that
of a process that was killed. Nothing depends on the order of rows.
"""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from obs_lib.lake.tables import OPERATIONS
from obs_lib.pipeline.acts import days_since
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident, Outcome, Severity

DELIVERY = "delivery"
SHORT = 12  # digits of a fingerprint by which a row names an incident
AT_ONCE = frozenset({Severity.P0, Severity.P1})
"""Severities of which each incident is a message of its own, and which arrive at least once; others at most once."""
CLAIMED, SENT, FAILED, UNKNOWN = "CLAIMED", "SENT", "FAILED", "UNKNOWN"
_WITHDRAWN = ":withdrawn"


@dataclass(frozen=True, slots=True)
class Update:
    """What is told of one incident: how severe it is on a day, or that a later fold finds it never to have been.

    name : the first digits of its fingerprint, or `quiet`.
    """

    day: Day
    name: str
    severity: Severity
    withdrawn: bool = False

    @classmethod
    def of(cls, incident: Incident, *, withdrawn: bool = False) -> Update:
        """The update that an incident is on its day."""
        return cls(incident.day, incident.fingerprint[:SHORT], incident.severity, withdrawn)

    def __str__(self) -> str:
        return f"{self.name}:{self.severity}" + _WITHDRAWN * self.withdrawn


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is known of one update and one channel."""

    update: Update
    channel: str
    outcome: str
    """SENT, FAILED or UNKNOWN, of all attempts together."""
    attempts: int
    at: dt.datetime
    """When last something was noted of it."""
    detail: str = ""
    """Why it failed, the last time that it did; empty for none."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, or what is known of it: its claim, or what became of it."""

    at: dt.datetime
    update: Update
    channel: str
    outcome: str
    """CLAIMED, SENT, FAILED or UNKNOWN; TIMED_OUT in rows of earlier releases."""
    detail: str


@dataclass
class DeliveryLog:
    """What was tried, read once and then kept up with each attempt through it. since : the oldest day that it is asked of."""

    ws: Workspace
    since: Day
    _rows: dict[tuple[Day, str], list[Attempt]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        days = days_since(self.since)
        log = self.ws.lake.read(OPERATIONS, days, where={"kind": [DELIVERY]}) if days else None
        for row in log.to_dict("records") if log is not None else ():
            for one in _rows(row["at"].to_pydatetime(), str(row["subject"]), str(row["outcome"]), row["detail"] or ""):
                self._note(one)

    def attempt(self, channel: str, updates: Collection[Update], send: Callable[[], Outcome]) -> Outcome:
        """Claim an attempt, make it, and record what became of it. updates : of one day, what one message tells."""
        self.claim(channel, updates)
        outcome = send()
        self._write(channel, updates, outcome.status, outcome.detail)
        return outcome

    def claim(self, channel: str, updates: Collection[Update]) -> None:
        """Claim an attempt of which somebody else will know what became."""
        self._write(channel, updates, CLAIMED, "")

    def confirm(self, channel: str, updates: Collection[Update]) -> None:
        """Record that such an attempt has arrived."""
        self._write(channel, updates, SENT, "")

    def outcome(self, update: Update, channel: str) -> str | None:
        """SENT, UNKNOWN or FAILED of an update or of a more severe one of its day; None where nothing was tried.

        What came before a withdrawal that arrived is void, so that what comes back is told again; and the other way round.
        """
        since = self._overturned(update, channel)
        rows = [
            row
            for row in self._of(update, channel)
            if row.update.severity <= update.severity and row.update.withdrawn == update.withdrawn
            if since is None or row.at > since
        ]
        return _standing(rows) if rows else None

    def settled(self, update: Update, channels: Collection[str]) -> bool:
        """Whether an update needs no further attempt by any of the channels: P0 and P1 have arrived, others may have."""
        enough = {SENT} if update.severity in AT_ONCE else {SENT, UNKNOWN}
        return any(self.outcome(update, channel) in enough for channel in channels)

    def first_tried(self, update: Update) -> dt.datetime | None:
        """When an update, or a more severe one of its day, was first tried by anybody; None for never."""
        rows = self._rows.get((update.day, update.name), ())
        return min((row.at for row in rows if row.update.severity <= update.severity), default=None)

    def was_sent(self, name: str, channel: str) -> bool:
        """Whether a channel was told of an incident on any of the days."""
        return any((row.update.name, row.channel, row.outcome) == (name, channel, SENT) for row in self._all())

    def attempts(self, name: str) -> list[Attempt]:
        """Each attempt to tell of an incident, oldest first. One that nobody recorded the end of is UNKNOWN."""
        rows = sorted((row for row in self._all() if row.update.name == name), key=lambda row: row.at)
        open_claims: dict[tuple[Update, str], list[Attempt]] = {}
        told = []
        for row in rows:
            claims = open_claims.setdefault((row.update, row.channel), [])
            if row.outcome == CLAIMED:
                claims.append(row)
                continue
            del claims[-1:]
            told.append(row)
        lost = [claim for claims in open_claims.values() for claim in claims]
        told += [replace(claim, outcome=UNKNOWN, detail="the process ended before it could say") for claim in lost]
        return sorted(told, key=lambda row: row.at)

    def deliveries(self) -> Iterator[Delivery]:
        """All that is known, by day, incident, severity and channel."""
        grouped: dict[tuple[Day, str, Severity, str], list[Attempt]] = {}
        for row in sorted(self._all(), key=lambda row: row.at):
            key = (row.update.day, row.update.name, row.update.severity, row.channel)
            grouped.setdefault(key, []).append(row)
        for (*_, channel), rows in sorted(grouped.items()):
            outcome = _standing(rows)
            detail = next((row.detail for row in reversed(rows) if row.detail), "") if outcome != SENT else ""
            attempts = sum(row.outcome == CLAIMED for row in rows) or len(rows)  # earlier releases claimed nothing
            yield Delivery(rows[0].update, channel, outcome, attempts, rows[-1].at, detail)

    def _overturned(self, update: Update, channel: str) -> dt.datetime | None:
        """When the channel last heard the contrary of an update; None for never."""
        sent = (
            row for row in self._all() if (row.update.name, row.channel, row.outcome) == (update.name, channel, SENT)
        )
        return max((row.at for row in sent if row.update.withdrawn != update.withdrawn), default=None)

    def _all(self) -> Iterator[Attempt]:
        for rows in self._rows.values():
            yield from rows

    def _of(self, update: Update, channel: str) -> list[Attempt]:
        return [row for row in self._rows.get((update.day, update.name), ()) if row.channel == channel]

    def _write(self, channel: str, updates: Collection[Update], outcome: str, detail: str) -> None:
        (day,) = {update.day for update in updates}
        subject = f"{day} {channel} {'+'.join(sorted(map(str, updates)))}"
        self.ws.lake.log(DELIVERY, subject, outcome, detail)
        now = dt.datetime.now(dt.UTC)
        for update in updates:
            self._note(Attempt(now, update, channel, outcome, detail))

    def _note(self, row: Attempt) -> None:
        self._rows.setdefault((row.update.day, row.update.name), []).append(row)


def deliveries(ws: Workspace, since: Day) -> list[Delivery]:
    """What was sent to whom of the days from `since` on, oldest day first."""
    return list(DeliveryLog(ws, since).deliveries())


def sent_to(ws: Workspace, day: Day, fingerprints: Iterable[str]) -> list[str]:
    """To whom each incident of a day was sent, and with what outcome where that is not SENT; empty for nobody.

    "pager UNKNOWN, team"
    """
    told: dict[str, list[str]] = {}
    for one in deliveries(ws, day):
        if one.update.day == day:
            said = one.channel if one.outcome == SENT else f"{one.channel} {one.outcome}"
            told.setdefault(one.update.name, []).append(said)
    return [", ".join(dict.fromkeys(told.get(name[:SHORT], []))) for name in fingerprints]


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """One process sends at a time; others wait. folder : the lake's files. A killed process holds nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "notify.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _standing(rows: Collection[Attempt]) -> str:
    """What several rows of one channel come to."""
    outcomes = [row.outcome for row in rows]
    if SENT in outcomes:
        return SENT
    return UNKNOWN if outcomes.count(CLAIMED) > outcomes.count(FAILED) else FAILED


def _rows(at: dt.datetime, subject: str, outcome: str, detail: str) -> Iterator[Attempt]:
    """A row of the table for each incident that the message told."""
    day, channel, updates = subject.split(" ", 2)
    for update in updates.split("+"):
        name, _, severity = update.removesuffix(_WITHDRAWN).rpartition(":")
        told = Update(dt.date.fromisoformat(day), name, Severity(severity), update.endswith(_WITHDRAWN))
        yield Attempt(at, told, channel, outcome, detail)
