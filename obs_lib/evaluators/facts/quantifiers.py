"""How many of what a clause speaks of: none, few, some, many, most, all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import yaml

from obs_lib.evaluators.facts.stems import content

_WORDS = yaml.safe_load((Path(__file__).parents[1] / "words" / "facts.yaml").read_text(encoding="utf-8"))["quantifiers"]
_LEVEL = {word: level for level, words in _WORDS.items() for word in words.split()}
_FIXED = {
    "not all": "some",
    "not every": "some",
    "not everyone": "some",
    "not always": "some",
    "a few": "some",
    "a number of": "some",
    "a lot of": "many",
    "quite a few": "many",
    "more than half": "most",
}
_NO_LEVEL = r"at all|at most|after all|most (?=[a-z]+ (?:of|in|for|than)\b)|(?:the|its|his|her|their|our|my|['’]s) most"
_SAID = re.compile(rf"\b(?P<fixed>{'|'.join(_FIXED)}|{_NO_LEVEL})\b|\b(?P<word>{'|'.join(_LEVEL)})\b", re.IGNORECASE)
_LOOSE = frozenset({frozenset({"most", "many"}), frozenset({"some", "many"}), frozenset({"few", "some"})})
_NEAR = 2


class Quantifier(NamedTuple):
    """level : one of few, some, many, most, all. nouns : stems of the words behind it."""

    start: int
    end: int
    level: str
    nouns: tuple[str, ...]

    def agrees(self, known: Quantifier) -> bool:
        """Whether both count the same to the same level."""
        return self.level == known.level and not set(self.nouns).isdisjoint(known.nouns)

    def conflicts(self, known: Quantifier) -> bool:
        """Whether both count the same and come to another level.

        >>> said = [read_quantifiers(text)[0] for text in ("All members vote", "Some members vote", "every member")]
        >>> said[0].conflicts(said[1]), said[0].conflicts(said[2])
        (True, False)
        """
        differ = self.level != known.level and frozenset({self.level, known.level}) not in _LOOSE
        return differ and not set(self.nouns).isdisjoint(known.nouns)


def read_quantifiers(text: str) -> list[Quantifier]:
    """The words of a text that say how many, in order."""
    found = []
    for match in _SAID.finditer(text):
        level = _FIXED.get((match["fixed"] or "").lower()) if match["fixed"] else _LEVEL[match["word"].lower()]
        nouns = tuple(content(text[match.end() :])[:_NEAR])
        if level is not None and nouns:
            found.append(Quantifier(match.start(), match.end(), level, nouns))
    return found
