"""Supported answers with one thing changed on purpose: what detectors must see and cosines hardly do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from obs_lib.evaluators.checks import OPPOSITES, UNITS
from obs_lib.text import names

_NUMBER = re.compile(r"\b\d+(?:,\d{3})*\b")
_VERB = re.compile(r"\b(is|are|was|were|can|will|has been|have been|does|did|could|would|should)\b(?! not\b|n't)")
_NOT = re.compile(r"\b(?:not|never) |n't\b")
_MEASURE = re.compile(r"(\d[\d,.]*\s*)([a-z%]+)\b", re.IGNORECASE)


def alter_number(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Another number of about the same size in one place."""
    matches = list(_NUMBER.finditer(text))
    if not matches:
        return None
    match = rng.choice(matches)
    value = int(match[0].replace(",", ""))
    other = value
    while other == value:
        other = (
            value + rng.choice((-3, -2, -1, 1, 2, 3, 7))
            if rng.random() < 0.6
            else int(value * rng.choice((0.5, 2, 10)))
        )
        other = abs(other)
        value = value if other != value else value + 1
    return text[: match.start()] + str(other) + text[match.end() :]


def alter_name(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Another capitalised name in place of one."""
    own = sorted({name for name in names(text) if len(name) > 3})
    strange = [name for name in others if name.lower() not in text.lower()]
    if not own or not strange:
        return None
    return re.sub(rf"\b{re.escape(rng.choice(own))}\b", rng.choice(strange).title(), text, flags=re.IGNORECASE)


def negate(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """A "not" put in, or taken away."""
    if _NOT.search(text):
        return _NOT.sub("", text, count=1)
    matches = list(_VERB.finditer(text))
    if not matches:
        return None
    match = rng.choice(matches)
    first, *rest = match[0].split()
    return text[: match.start()] + " ".join([first, "not", *rest]) + text[match.end() :]


def turn(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """A word turned into its opposite."""
    matches = [match for match in re.finditer(r"[a-z]+", text) if match[0] in OPPOSITES]
    if not matches:
        return None
    match = rng.choice(matches)
    return text[: match.start()] + rng.choice(sorted(OPPOSITES[match[0]])) + text[match.end() :]


def alter_unit(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Another unit behind a number."""
    matches = [match for match in _MEASURE.finditer(text) if match[2].lower() in UNITS]
    if not matches:
        return None
    match = rng.choice(matches)
    other = rng.choice(sorted({unit for unit in UNITS.values() if unit != UNITS[match[2].lower()] and len(unit) > 2}))
    return text[: match.start(2)] + other + text[match.end(2) :]


def swap_names(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Two names that change places."""
    return _swapped(text, list(_PROPER.finditer(text)), rng)


def swap_numbers(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Two numbers that change places."""
    return _swapped(text, list(_NUMBER.finditer(text)), rng)


def alter_word(text: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Another month, weekday, magnitude or quantifier, or the other end of a comparison."""
    matches = [match for match in _WORDS.finditer(text) if match[0].lower() in _INSTEAD]
    if not matches:
        return None
    match = rng.choice(matches)
    other = rng.choice(_INSTEAD[match[0].lower()])
    return text[: match.start()] + (other.capitalize() if match[0][0].isupper() else other) + text[match.end() :]


def _swapped(text: str, matches: Sequence[re.Match[str]], rng: random.Random) -> str | None:
    pairs = [(a, b) for a in matches for b in matches if a.end() < b.start() and a[0].lower() != b[0].lower()]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


_PROPER = re.compile(
    r"(?<=[a-z,;] )[A-Z]\w+(?: [A-Z]\w+)*|^(?!The |It |He |She |In |A |An |This )[A-Z]\w+(?: [A-Z]\w+)+"
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_EXCHANGED = (
    _MONTHS,
    _WEEKDAYS,
    ["thousand", "million", "billion"],
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
    ["first", "second", "third", "fourth", "last"],
    ["seconds", "minutes", "hours", "days", "weeks", "months", "years"],
    ["all", "some", "none of the", "few", "most"],
    ["always", "sometimes", "never", "rarely", "usually"],
    ["at least", "at most", "exactly"],
    ["more than", "less than"],
    ["before", "after"],
    ["more", "less"],
    ["higher", "lower"],
    ["larger", "smaller"],
    ["increased", "decreased"],
    ["rose", "fell"],
    ["both", "neither"],
    ["every", "no"],
    ["north", "south", "east", "west"],
    ["northern", "southern", "eastern", "western"],
    ["with", "without"],
    ["red", "blue", "green", "yellow", "black", "white"],
    ["mother", "father"],
    ["brother", "sister"],
    ["american", "british", "french", "german", "canadian", "australian", "italian", "spanish", "japanese", "indian"],
)
_INSTEAD = {word: [each for each in words if each != word] for words in _EXCHANGED for word in words}
_WORDS = re.compile(r"\b(?:at least|at most|more than|less than|[a-z]+)\b", re.IGNORECASE)

ALTERATIONS: dict[str, Callable[[str, random.Random, Sequence[str]], str | None]] = {
    "number": alter_number,
    "name": alter_name,
    "negation": negate,
    "opposite": turn,
    "unit": alter_unit,
    "names in each other's place": swap_names,
    "numbers in each other's place": swap_numbers,
    "word": alter_word,
}
