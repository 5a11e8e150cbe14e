"""What models get wrong and vectors hardly see: numbers, units, names, negation, and words turned into their opposite.

Each check compares what a sentence of an answer says with what the contexts say, by rules that read English and, for digits
and capitalised names, most languages written in Latin script. Where a rule finds nothing to compare it finds no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from obs_lib.evaluators.facts.figures import Figures, read_figures
from obs_lib.text import content_stems, names, sentences, words

_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,:/]\d+)*|\b(?:[a-z]+(?:-[a-z]+)?)\b|%", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_CITATION = re.compile(r"\[\d{1,3}\]")
_LISTED = re.compile(r"^\s*\d{1,3}[.)]\s")
_WORDS = yaml.safe_load((Path(__file__).parent / "words" / "checks.yaml").read_text(encoding="utf-8"))
WORDS_FOR_NUMBERS: Mapping[str, str] = {
    **{word: str(value) for value, word in enumerate(_WORDS["small_numbers"].split())},
    **{word: str(30 + 10 * place) for place, word in enumerate(_WORDS["tens"].split())},
}
_SAID_LOOSELY = frozenset({"0", "1", "2"})
"""Spelled out, these are pronouns and articles as often as numbers ("one of them", "the two")."""

UNITS: Mapping[str, str] = {word: line.split()[0] for line in _WORDS["units"] for word in line.split()}
NEGATIONS: frozenset[str] = frozenset(_WORDS["negations"].split())
_SHORT_NOT = re.compile(r"n['\u2019]t\b", re.IGNORECASE)

_PAIRS: list[list[str]] = [line.split() for line in _WORDS["opposites"]]
OPPOSITES: Mapping[str, frozenset[str]] = {
    word: frozenset(other for pair in _PAIRS if word in pair for other in pair if other != word)
    for word in {word for pair in _PAIRS for word in pair}
}


class Statement(NamedTuple):
    """What the checks read of one sentence. numbers : as digits; measures : those with a unit; figures : as values."""

    stems: frozenset[str]
    numbers: frozenset[str]
    measures: frozenset[tuple[str, str]]
    names: frozenset[str]
    words: frozenset[str]
    negated: bool
    figures: Figures


class Known(NamedTuple):
    """What all contexts say together, and their sentences one by one."""

    statements: tuple[Statement, ...]
    numbers: frozenset[str]
    measures: frozenset[tuple[str, str]]
    words: frozenset[str]


class Faults(NamedTuple):
    """Whether a sentence has numbers, units or names that the contexts do not (1 or 0), and whether it says the contrary.

    negation, opposite : in [0, 1], how much of the sentence the context sentence shares that says it the other way round; 0
    where none does.
    """

    numbers: float
    units: float
    names: float
    negation: float
    opposite: float
    found: tuple[str, ...]


def read_statement(sentence: str) -> Statement:
    """The parts of one sentence that the checks compare."""
    text = _LISTED.sub("", _CITATION.sub(" ", sentence))
    distinct = frozenset(words(text))
    numbers, measures = _numbers(text)
    negated = bool(distinct & NEGATIONS) or bool(_SHORT_NOT.search(text))
    return Statement(
        frozenset(content_stems(text)),
        frozenset(numbers),
        frozenset(measures),
        frozenset(names(text)),
        distinct,
        negated,
        read_figures(text),
    )


def read_known(texts: Iterable[str]) -> Known:
    """What the contexts say, in whatever order they stand."""
    sentence_texts = {span.text: None for text in texts for span in sentences(text)}
    statements = tuple(read_statement(text) for text in sorted(sentence_texts))
    return Known(
        statements,
        frozenset(number for each in statements for number in each.numbers),
        frozenset(measure for each in statements for measure in each.measures),
        frozenset(word for each in statements for word in each.words),
    )


def faults(statement: Statement, known: Known) -> Faults:
    """What a sentence says that the contexts do not.

    >>> context = read_known(["The bridge opened in 1932 and is 503 metres long."])
    >>> faults(read_statement("It opened in 1923 and is 503 miles long."), context).found
    ('number 1923', 'unit 503 mile')
    >>> faults(read_statement("It is 0.503 km long."), context).found
    ()
    >>> faults(read_statement("The bridge is not 503 metres long."), context).negation > 0.5
    True
    """
    numbers, units = _unknown(statement, known)
    strange = statement.names - known.words
    nearest = max(
        known.statements, key=lambda each: (_share(statement.stems, each.stems), len(each.stems)), default=None
    )
    shared = 0.0 if nearest is None else _share(statement.stems, nearest.stems)
    turned = (
        set()
        if nearest is None
        else {w for w in statement.words - nearest.words if OPPOSITES.get(w, _NONE) & nearest.words}
    )
    differs = nearest is not None and statement.negated != nearest.negated
    shown = [f"number {number}" for number in sorted(numbers)]
    shown += [f"unit {value} {unit}" for value, unit in sorted(units)]
    shown += [f"name {name}" for name in sorted(strange)]
    shown += [f"opposite {word}" for word in sorted(turned)]
    return Faults(
        float(bool(numbers)),
        float(bool(units)),
        float(bool(strange)),
        shared if differs else 0.0,
        shared if turned else 0.0,
        tuple(shown),
    )


def _unknown(statement: Statement, known: Known) -> tuple[frozenset[str], set[tuple[str, str]]]:
    """Numbers that no context has, and units that none has with their number; none of what the contexts say otherwise."""
    numbers, values = statement.numbers - known.numbers, {value for value, _ in known.measures}
    units = {pair for pair in statement.measures - known.measures if pair[0] in values}
    if (numbers or units) and statement.figures.known_to(each.figures for each in known.statements):
        return frozenset(), set()
    return numbers, units


_NONE: frozenset[str] = frozenset()


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _numbers(text: str) -> tuple[set[str], set[tuple[str, str]]]:
    """Numbers as digits ("1,000" and "1000" are one), and those that are followed by a unit, with it."""
    numbers: set[str] = set()
    measures: set[tuple[str, str]] = set()
    last: str | None = None
    for match in _NUMBER.finditer(text):
        piece = match[0].lower()
        if piece[0].isdigit():
            last = piece.replace(",", "") if _GROUPED.fullmatch(piece) else piece
            numbers.add(last)
        elif piece in WORDS_FOR_NUMBERS and WORDS_FOR_NUMBERS[piece] not in _SAID_LOOSELY:
            last = WORDS_FOR_NUMBERS[piece]
            numbers.add(last)
        else:
            if last is not None and piece in UNITS:
                measures.add((last, UNITS[piece]))
            last = None
    return numbers, measures
