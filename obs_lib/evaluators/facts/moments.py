"""Dates, times of day and weekdays of an English text, however they are written, with what of them is said.

A date is (year, month, day), a time (hour, minute), a weekday its number; None stands for what is not said. Where the way of
writing leaves it open ("03/04/2024", "9:30") every reading is kept, and two moments agree when any of their readings do.
dateparser and dateutil read one date that they are given, filling in today's for what is missing; here what is missing matters.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from obs_lib.evaluators.facts.numerals import WORDS

Reading = tuple[int | None, ...]

MONTHS = [name.lower() for name in calendar.month_name[1:]]
DAYS = [name.lower() for name in calendar.day_name]
_FULL_MONTH = rf"(?P<month>{'|'.join(name.title() for name in MONTHS)})\b"
_MONTH = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in MONTHS)}|Sept)\b\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>1[0-9]{3}|20\d{2})"
_BEFORE_YEAR = "in|since|of|until|by|from|to|year|before|after|between|during|circa|early|late|mid|around"
_BEFORE_MONTH = rf"\b(?:{_BEFORE_YEAR}|till|last|next|this|every|and|through)[\s-]+"
_HALF = r"(?P<half>[ap]\.?\s?m\b\.?)"
_PATTERNS = tuple(
    (kind, re.compile(pattern, 0 if kind == "month" else re.IGNORECASE))
    for kind, pattern in (
        ("date", rf"(?<![\d.-]){_YEAR}[-/.](?P<month>[01]?\d)[-/.]{_DAY}(?![\d-])"),
        ("slashed", r"(?<![\d./])(?P<one>[0-3]?\d)(?P<sep>[/.])(?P<two>[0-3]?\d)(?P=sep)(?P<year>\d{4}|\d{2})(?![\d./])"),
        ("date", rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}(?:,?\s+{_YEAR})?\b(?!:)"),
        ("date", rf"\b(?:the\s+)?{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?\b"),
        ("date", rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}\b"),
        ("time", rf"\b(?P<hour>1[0-2]|0?\d)(?:[:.](?P<minute>[0-5]\d))?\s?{_HALF}"),
        ("time", r"(?<![\d:.])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]?\d)(?::[0-5]\d)?(?![\d:])"),
        ("time", r"\b(?P<hour>1[0-2]|\d)(?=\s?(?:-|–|to|and)\s?(?:1[0-2]|\d)(?::[0-5]\d)?\s?[ap]\.?m\b)"),
        ("time", r"\b(?P<spoken>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|1[0-2]|\d) o['’]?clock\b"),
        ("time", r"\b(?P<named>noon|midday|midnight)\b"),
        ("decade", r"\b(?:the\s+)?(?P<year>1[0-9]\d0|20\d0)['’]?s\b"),
        ("month", rf"(?:{_BEFORE_MONTH}|[-–]\s?){_FULL_MONTH}"),
        ("weekday", rf"\b(?P<weekday>{'|'.join(DAYS)})s?\b"),
        ("year", rf"(?<![\d.,$€£#-]){_YEAR}(?![\d%]|[.,]\d|-(?:year|page|day|mile|foot|seat|room))\b"),
        ("year", rf"(?<=\d{{4}}[-–]){_YEAR}\b"),
    )
)  # fmt: skip
_AFTER_YEAR = (
    "and|or|to|in|on|at|as|by|for|from|with|when|where|after|before|until|but|because|while|the|a|an|that|which|who|is|was|has|"
    "had|it|he|she|they|we|of|season|census|edition|election|report"
)
_COUNTED = re.compile(rf"\s(?!(?:{_AFTER_YEAR})\b)[a-z]")
_DATING = re.compile(rf"\b(?:{_BEFORE_YEAR})[\s-]$|[(–-]$", re.IGNORECASE)
_THROUGH = frozenset({"-", "–", "—", "to", "through", "until", "till"})
_LONGEST = 300  # years of a span that is read as one
_NOON, _LONGEST_MONTH = 12, 31


class Moment(NamedTuple):
    """kind : "date", "time" or "weekday". readings : what it may mean, each a row of fields."""

    start: int
    end: int
    kind: str
    readings: frozenset[Reading]

    def agrees(self, known: Moment) -> bool:
        """Whether `known` says all that this one does."""
        return self.kind == known.kind and any(
            all(mine is None or mine == theirs for mine, theirs in zip(one, other, strict=True))
            for one in self.readings
            for other in known.readings
        )

    def fits(self, known: Moment) -> bool:
        """Whether both say something of the same field, and some reading of the one goes with one of the other."""
        return self._share_a_field(known) and any(
            all(mine is None or theirs is None or mine == theirs for mine, theirs in zip(one, other, strict=True))
            for one in self.readings
            for other in known.readings
        )

    def conflicts(self, known: Moment) -> bool:
        """Whether both say something of the same field, and no reading of the one goes with any of the other."""
        return self._share_a_field(known) and not self.fits(known)

    def _share_a_field(self, known: Moment) -> bool:
        pairs = ((one, other) for one in self.readings for other in known.readings)
        return self.kind == known.kind and any(
            mine is not None and theirs is not None
            for one, other in pairs
            for mine, theirs in zip(one, other, strict=True)
        )


def read_moments(text: str) -> list[Moment]:
    """Dates, times and weekdays in order, none inside another.

    >>> [sorted(each.readings) for each in read_moments("from 4 July 2024, 9am")]
    [[(2024, 7, 4)], [(9, 0)]]
    """
    found: list[Moment] = []
    taken = bytearray(len(text))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.start(_first(match)), match.end()
            if any(taken[start:end]) or (kind == "year" and _is_counted(text, match)):
                continue
            readings = frozenset(_readings(kind, match))
            if readings:
                taken[start:end] = b"\1" * (end - start)
                found.append(
                    Moment(start, end, "date" if kind in {"slashed", "decade", "month", "year"} else kind, readings)
                )
    return _spread(text, sorted(found, key=lambda each: each.start))


def _spread(text: str, found: list[Moment]) -> list[Moment]:
    """The first of "1939 to 1945" and "Monday to Friday" with all that lies between, so that 1942 is no other year."""
    for place, (low, high) in enumerate(pairwise(found)):
        joined = text[low.end : high.start].strip().lower() in _THROUGH
        if joined and low.kind == high.kind == "weekday":
            first, last = (min(each.readings, key=str)[0] or 0 for each in (low, high))
            days = frozenset(((first + n) % 7,) for n in range((last - first) % 7 + 1))
            found[place : place + 2] = [low._replace(readings=days), high._replace(readings=days)]
        elif joined and low.kind == high.kind == "date" and len(low.readings) == len(high.readings) == 1:
            (one,), (other,) = low.readings, high.readings
            if one[1:] == (None, None) and one[0] and other[0] and 0 < other[0] - one[0] <= _LONGEST:
                years = ((year, None, None) for year in range(one[0], other[0] + 1))
                found[place] = low._replace(readings=frozenset(years))
    return found


def without_moments(text: str, moments: list[Moment]) -> str:
    """The text with spaces where its dates and times stand, of the same length."""
    for each in moments:
        text = text[: each.start] + " " * (each.end - each.start) + text[each.end :]
    return text


def _first(match: re.Match[str]) -> str | int:
    return "month" if match.re.groupindex.keys() == {"month"} else 0


def _is_counted(text: str, match: re.Match[str]) -> bool:
    """Whether a number such as 1500 counts what is named behind it, rather than naming a year."""
    return bool(_COUNTED.match(text, match.end())) and not _DATING.search(
        text[max(0, match.start() - 9) : match.start()]
    )


def _readings(kind: str, match: re.Match[str]) -> Iterator[Reading]:
    part = match.groupdict()
    if kind in {"date", "month", "year"}:
        date = (_int(part.get("year")), _month(part.get("month")), _int(part.get("day")))
        if _is_date(date):
            yield date
    elif kind == "slashed":
        year = int(part["year"]) if len(part["year"]) > len("99") else 2000 + int(part["year"])
        one, two = int(part["one"]), int(part["two"])
        yield from (date for date in {(year, one, two), (year, two, one)} if _is_date(date))
    elif kind == "decade":
        yield from ((int(part["year"]) + n, None, None) for n in range(10))
    elif kind == "weekday":
        yield (DAYS.index(part["weekday"].lower()),)
    else:
        yield from _times(part)


def _times(part: dict[str, str | None]) -> Iterator[Reading]:
    named, spoken, half = ((part.get(name) or "").lower() for name in ("named", "spoken", "half"))
    if named:
        yield (0, 0) if named == "midnight" else (_NOON, 0)
        return
    written = part.get("hour") or str(WORDS.get(spoken, spoken))
    hour, minute = int(written), int(part.get("minute") or 0)
    if half:
        yield hour % _NOON + (_NOON if half.startswith("p") else 0), minute
        return
    yield hour % 24, minute
    if 0 < hour <= _NOON and not written.startswith("0"):
        yield (hour + _NOON) % 24, minute


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)


def _month(text: str | None) -> int | None:
    if text is None or text.isdecimal():
        return _int(text)
    return next(n for n, name in enumerate(MONTHS, 1) if name.startswith(text.lower().rstrip(".")[:3]))


def _is_date(date: Reading) -> bool:
    _, month, day = date
    return (month is None or 1 <= month <= len(MONTHS)) and (day is None or 1 <= day <= _LONGEST_MONTH)
