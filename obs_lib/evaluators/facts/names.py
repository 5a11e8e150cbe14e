"""Names in an English sentence, each with the words beside it, so that one in another's place is seen."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

import yaml

from obs_lib.evaluators.facts.moments import DAYS, MONTHS
from obs_lib.evaluators.facts.stems import stem
from obs_lib.text import STOP_WORDS

_WORDS = yaml.safe_load((Path(__file__).parents[1] / "words" / "facts.yaml").read_text(encoding="utf-8"))
_WORD = re.compile(r"[^\W\d_](?:[\w'’&]|-(?=\w))*|\d+|[.,;:!?()\"]")
_POSSESSIVE = re.compile(r"['’]s?$")
_CALENDAR = frozenset({*MONTHS, *DAYS})
_VERBS = frozenset(_WORDS["verbs_after_names"].split())
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "prof", "st"})
_ALIASES = tuple(frozenset(line.split()) for line in _WORDS["aliases"])
_SHARED_BEGINNING = 4
EDGE = ""
"""The neighbour of a name at an end of its sentence."""


class Name(NamedTuple):
    """One name as it is written. words : lower-case. left, right : stems of the nearest words of content; EDGE for none."""

    start: int
    end: int
    words: tuple[str, ...]
    left: str
    right: str

    @property
    def stems(self) -> list[str]:
        """Of its words."""
        return [stem(word) for word in self.words]

    def stands_like(self, other: Name) -> bool:
        """Whether the other stands between the same words, or between a word and an end of its sentence."""
        return self.left == other.left and self.right == other.right and bool(self.left or self.right)

    def stands_beside(self, other: Name) -> bool:
        """Whether the other has the same word on one side."""
        return self.left == other.left != EDGE or self.right == other.right != EDGE

    def may_be(self, other: Name) -> bool:
        """Whether both may name one thing: a shared word or beginning, or the initials.

        >>> WHO, health = read_names("The WHO said so.")[0], read_names("The World Health Organization said so.")[0]
        >>> WHO.may_be(health)
        True
        """
        mine, theirs = (tuple(word for word in one if word not in two) for one, two in self._both(other))
        if not mine or not theirs or any(_is_short_for(*pair) for pair in self._both(other)):
            return True
        beginnings = {word[:_SHARED_BEGINNING] for word in mine} & {word[:_SHARED_BEGINNING] for word in theirs}
        return bool(beginnings) or any(
            not group.isdisjoint(mine) and not group.isdisjoint(theirs) for group in _ALIASES
        )

    def _both(self, other: Name) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        return (self.words, other.words), (other.words, self.words)


def _is_short_for(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    initials = "".join(word[0] for word in long)
    letters = short[0].replace(".", "") if len(short) == 1 else ""
    return letters == initials or (0 < len(letters) < _SHARED_BEGINNING and letters[0] == initials[0])


def read_names(sentence: str, known: AbstractSet[str] = frozenset()) -> list[Name]:
    """Names in order. known : words that the texts also write small, which are none at the beginning of a sentence."""
    row = [(match.start(), match.end(), _POSSESSIVE.sub("", match[0])) for match in _WORD.finditer(sentence)]
    named = [_is_name(row, at, known) for at in range(len(row))]
    found = []
    at = 0
    while at < len(row):
        if not named[at]:
            at += 1
            continue
        stop = at
        while stop < len(row) and named[stop]:
            stop += 1
        words = tuple(row[place][2].lower() for place in range(at, stop))
        found.append(
            Name(
                row[at][0],
                row[stop - 1][1],
                words,
                _beside(row, range(at - 1, -1, -1)),
                _beside(row, range(stop, len(row))),
            )
        )
        at = stop
    return found


def _is_name(row: list[tuple[int, int, str]], at: int, known: AbstractSet[str]) -> bool:
    word = row[at][2]
    low = word.lower()
    stop = low in STOP_WORDS and not (word.isupper() and len(word) > len("US"))
    if not word[:1].isupper() or stop or low in _CALENDAR or low in _TITLES:
        return False
    first = at == 0 or row[at - 1][2] in {".", "!", "?", ":", '"'}
    if not first:
        return True
    following = row[at + 1][2] if at + 1 < len(row) else ""
    goes_on = following[:1].isupper() and following.lower() not in STOP_WORDS
    acts = goes_on or following.endswith("ed") or following.lower() in _VERBS
    return acts and low not in known and not low.endswith(("s", "ing", "ly"))


def _beside(row: list[tuple[int, int, str]], places: range) -> str:
    for place in places:
        word = row[place][2]
        if word[0].isalnum() and word.lower() not in STOP_WORDS:
            return stem(word)
    return EDGE
