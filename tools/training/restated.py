"""The same said otherwise: numbers, dates and short forms in another notation, and sentences with an aside left out."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_GROUPED = re.compile(r"\b\d{1,3}(?:,\d{3})+\b")
_PLAIN = re.compile(r"\b[1-9]\d{4,8}\b")
_LARGE = re.compile(r"\b(\d+(?:\.\d{1,2})?) (thousand|million|billion)\b", re.IGNORECASE)
_SMALL = re.compile(r"(?<![\d.,$€£-])\b([2-9]|10|11|12)\b(?![\d.,:%/-])")
_PERCENT = re.compile(r"(?<=\d) ?(?:%|percent|per cent)(?!\w)")
_DATE = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December) (\d{1,2}), (\d{4})\b"
)
_SHORT = {
    "is not": "isn't", "are not": "aren't", "was not": "wasn't", "were not": "weren't", "does not": "doesn't",
    "do not": "don't", "did not": "didn't", "cannot": "can't", "will not": "won't", "could not": "couldn't",
}  # fmt: skip
_LONG = {short: long for long, short in _SHORT.items()}
_SAME = {
    "also": "too", "however": "but", "because": "since", "large": "big", "big": "large", "begin": "start",
    "began": "started", "started": "began", "wrote": "authored", "about": "roughly", "approximately": "about",
    "whole": "entire", "buy": "purchase", "needs": "requires", "requires": "needs", "help": "assist", "show": "display",
    "film": "movie", "movie": "film", "almost": "nearly", "nearly": "almost", "located": "situated", "children": "kids",
    "near": "close to", "allows": "lets", "allow": "let", "provides": "offers", "offers": "provides",
    "received": "got", "company": "firm", "usually": "normally", "often": "frequently", "purchase": "buy",
}  # fmt: skip
_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ASIDE = re.compile(r" \([^()]{3,80}\)|, (?:which|who) [^,.]{5,80}(?=[,.])")
_MAGNITUDES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


def _grouping(text: str, rng: random.Random) -> str:
    if _GROUPED.search(text):
        return _GROUPED.sub(lambda match: match[0].replace(",", ""), text)
    return _PLAIN.sub(lambda match: f"{int(match[0]):,}", text)


def _magnitude(text: str, rng: random.Random) -> str:
    return _LARGE.sub(lambda match: f"{round(float(match[1]) * _MAGNITUDES[match[2].lower()]):,}", text)


def _numeral(text: str, rng: random.Random) -> str:
    return _SMALL.sub(lambda match: _WORDS[int(match[1]) - 2], text)


def _percent(text: str, rng: random.Random) -> str:
    return _PERCENT.sub(rng.choice(("%", " percent", " per cent")), text)


def _date(text: str, rng: random.Random) -> str:
    form = rng.choice(("{2}-{0:02}-{1:02}", "{1} {3} {2}", "the {1}th of {3} {2}"))
    return _DATE.sub(lambda m: form.format(_MONTHS.index(m[1]) + 1, int(m[2]), m[3], m[1]), text)


def _contraction(text: str, rng: random.Random) -> str:
    table = _SHORT if rng.random() < 0.6 else _LONG
    return re.sub("|".join(map(re.escape, table)), lambda match: table[match[0]], text)


def _aside(text: str, rng: random.Random) -> str:
    return _ASIDE.sub("", text, count=1)


def _synonyms(text: str, rng: random.Random) -> str:
    return re.sub(r"\b[a-z]+\b", lambda match: _SAME.get(match[0], match[0]), text)


RESTATEMENTS: tuple[Callable[[str, random.Random], str], ...] = (
    _grouping, _magnitude, _numeral, _percent, _date, _contraction, _aside, _synonyms,
)  # fmt: skip


def restate(text: str, rng: random.Random) -> str | None:
    """The text with all that can be written otherwise written otherwise; None where nothing can."""
    other = text
    for change in RESTATEMENTS:
        if rng.random() < 0.8:
            other = change(other, rng)
    return other if other != text else None
