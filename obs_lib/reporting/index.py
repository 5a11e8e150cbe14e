"""Days as entries of the index page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from obs_lib.records import Severity
from obs_lib.reporting.blocks import Tone
from obs_lib.reporting.numbers import long_day, whole
from obs_lib.reporting.safe import line
from obs_lib.reporting.verdict import severity_tone

_STRIP = 42  # days in the strip above the list: six weeks
_LINK = re.compile(r"(?!/{2})[A-Za-z0-9_./?=&%#-]+")  # a path on the same server; no scheme, no other host


@dataclass(frozen=True, slots=True)
class Entry:
    """One day of the index. `label` is the word for `tone`; `revision` is 1 where the report never changed."""

    iso: str
    name: str
    href: str
    verdict: str
    label: str
    tone: Tone
    new: int
    open: int
    revision: int


def entries(days: Sequence[Mapping[str, object]]) -> list[Entry]:
    """Newest first. A link that could leave the server is replaced by the one to the day's own file."""
    return sorted((_entry(one) for one in days), key=lambda entry: entry.iso, reverse=True)


def strip(listed: Sequence[Entry]) -> list[tuple[str, Entry | None]]:
    """The last weeks up to the newest day as (ISO day, its entry or None), oldest first; empty without days."""
    if not listed:
        return []
    by_day = {entry.iso: entry for entry in listed}
    newest, oldest = (dt.date.fromisoformat(one.iso) for one in (listed[0], listed[-1]))
    n = min(_STRIP, (newest - oldest).days + 1)
    days = [(newest - dt.timedelta(days=back)).isoformat() for back in range(n - 1, -1, -1)]
    return [(day, by_day.get(day)) for day in days]


def _entry(one: Mapping[str, object]) -> Entry:
    iso = dt.date.fromisoformat(str(one["day"])).isoformat()
    severity = str(one.get("severity") or "")
    href = str(one.get("href") or "")
    if severity in set(Severity):
        tone, label = severity_tone(severity), severity
    else:
        tone, label = (Tone.ABSENT, line(severity, 20)) if severity else (Tone.GOOD, "quiet")
    return Entry(
        iso,
        long_day(iso),
        href if _LINK.fullmatch(href) else f"{iso}.html",
        line(one.get("verdict"), 240),
        label,
        tone,
        whole(one.get("new")),
        whole(one.get("open")),
        whole(one.get("revision")) or 1,
    )
