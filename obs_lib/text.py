"""Sentences and words of any language, in time linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’)\]]*(?=\s)|[。！？｡]+[”’」）]*|\n")
"""Where a sentence may end. The look-behind keeps a long run of dots from being tried from each of its dots."""
_ABBREVIATION = re.compile(
    r"^\s*(?:\w|\d{1,3})\.$|(?:^|[\s(\"])(?:[A-Z]|(?i:e\.g|i\.e|vs|cf|fig|dr|mr|mrs|ms|prof|st))\.$"
)
"""What ends in a full stop without ending a sentence: list numbers, initials, common English abbreviations."""
_LOOK_BACK = 12
_LONGEST = 600
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_CITATION = re.compile(r"\[\d{1,3}\]")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z]\w+")
_STEM = 6

STOP_WORDS = frozenset(Path(__file__).with_name("stop_words.txt").read_text(encoding="utf-8").split())
"""English words that carry no content, and the tails of contractions."""


def encodable(text: str) -> str:
    r"""The text with each lone surrogate, which no UTF-8 can hold, replaced by one `?`, so that places stay.

    >>> encodable("half\ud83d a pair")
    'half? a pair'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


class Span(NamedTuple):
    """A piece of a text: characters [start, end) and the piece itself."""

    start: int
    end: int
    text: str


def sentences(text: str) -> list[Span]:
    """Sentences with their places; line breaks end them too, and none is longer than 600 characters.

    >>> [span.text for span in sentences("Dr. Smith left at 5.30. Why? No idea")]
    ['Dr. Smith left at 5.30.', 'Why?', 'No idea']
    """
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        if not _ABBREVIATION.search(text[max(start, end - _LOOK_BACK) : end]):
            spans += _pieces(text, start, end)
            start = end
    return [*spans, *_pieces(text, start, len(text))]


def _pieces(text: str, start: int, end: int) -> Iterable[Span]:
    """The sentence at [start, end) without surrounding space, cut where it is too long, if it holds a word at all."""
    for left in range(start, end, _LONGEST):
        raw = text[left : min(left + _LONGEST, end)]
        piece = raw.strip()
        if _WORD.search(piece):
            first = left + len(raw) - len(raw.lstrip())
            yield Span(first, first + len(piece), piece)


def words(text: str) -> list[str]:
    """Lower-case words in order.

    >>> words("It’s 5 o'clock")
    ['it', 's', '5', 'o', 'clock']
    """
    return _WORD.findall(text.lower())


def content_stems(text: str) -> list[str]:
    """Words that carry content, cut to six letters so that inflections meet.

    >>> content_stems("They were beginning the inspections")
    ['beginn', 'inspec']
    """
    return [word[:_STEM] for word in words(_CITATION.sub(" ", text)) if word not in STOP_WORDS and not word.isdigit()]


def numbers(text: str) -> set[str]:
    """Numbers as written, without marks of citation.

    >>> sorted(numbers("In 1999 [3] it was 4.5"))
    ['1999', '4.5']
    """
    return set(_NUMBER.findall(_CITATION.sub(" ", text)))


def names(text: str) -> set[str]:
    """Capitalised words inside a sentence, lower-cased; empty for scripts without capitals."""
    return {name.lower() for name in _NAME.findall(text)}
