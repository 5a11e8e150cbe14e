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


ALTERATIONS: dict[str, Callable[[str, random.Random, Sequence[str]], str | None]] = {
    "number": alter_number,
    "name": alter_name,
    "negation": negate,
    "opposite": turn,
    "unit": alter_unit,
}
