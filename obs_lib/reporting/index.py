"""Days as entries of the index page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_lib.records import Day, Severity
from obs_lib.reporting.numbers import long_day
from obs_lib.reporting.safe import line
from obs_lib.reporting.tone import Tone, severity_tone

_STRIP = 42  # days in the strip above the list: six weeks


@dataclass(frozen=True, slots=True)
class ReportedDay:
    """A day that has a report.

    verdict : the sentence at its head. severity : the worst open one, P0..P3; on a day without, "" when it was quiet, else
    the word for what it was ("No data"). new, open : numbers of incidents. revision : of the report; 1 where it never changed.
    """

    day: Day
    verdict: str
    severity: str
    new: int
    open: int
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One day of the index, as the page shows it. `label` is the word for `tone`."""

    iso: str
    name: str
    href: str
    verdict: str
    label: str
    tone: Tone
    new: int
    open: int
    revision: int


def entries(days: Sequence[ReportedDay]) -> list[Entry]:
    """Newest first, each with the link to the day's own file beside the page."""
    return sorted(map(_entry, days), key=lambda entry: entry.iso, reverse=True)


def strip(listed: Sequence[Entry]) -> list[tuple[str, Entry | None]]:
    """The last weeks up to the newest day as (ISO day, its entry or None), oldest first; empty without days."""
    if not listed:
        return []
    by_day = {entry.iso: entry for entry in listed}
    newest, oldest = (dt.date.fromisoformat(entry.iso) for entry in (listed[0], listed[-1]))
    n = min(_STRIP, (newest - oldest).days + 1)
    days = [(newest - dt.timedelta(days=back)).isoformat() for back in range(n - 1, -1, -1)]
    return [(day, by_day.get(day)) for day in days]


def _entry(reported: ReportedDay) -> Entry:
    iso, severity = reported.day.isoformat(), reported.severity
    if severity in set(Severity):
        tone, label = severity_tone(severity), severity
    else:
        tone, label = (Tone.ABSENT, line(severity, 20)) if severity else (Tone.GOOD, "quiet")
    return Entry(
        iso,
        long_day(iso),
        f"{iso}.html",
        line(reported.verdict, 240),
        label,
        tone,
        reported.new,
        reported.open,
        reported.revision,
    )
