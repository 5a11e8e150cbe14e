"""Whom a text speaks of, as a class instead of a name, so that what is said counts and not of whom."""

from __future__ import annotations

from pathlib import Path

import yaml

PEOPLE = "<people>"
YOU = "<you>"

_WORDS = yaml.safe_load((Path(__file__).parent / "words" / "identity.yaml").read_text(encoding="utf-8"))
_GROUP = frozenset(_WORDS["groups"])
_BEFORE_PEOPLE = frozenset(_WORDS["before_persons"])
_PERSONS = frozenset(_WORDS["persons"])
_ADDRESSED = frozenset(_WORDS["addressed"])


def classed(words: list[str]) -> list[str]:
    """The words with groups of people as `<people>` and whoever is spoken to as `<you>`.

    >>> classed("i like black people and your refugees".split())
    ['i', 'like', '<people>', 'and', '<you>', '<people>']
    """
    classes: list[str] = []
    i = 0
    while i < len(words):
        word = words[i]
        pair = i + 1 < len(words) and words[i + 1] in _PERSONS
        if pair and (word in _BEFORE_PEOPLE or word in _GROUP):
            classes.append(PEOPLE)
            i += 2
            continue
        classes.append(PEOPLE if word in _GROUP else YOU if word in _ADDRESSED else word)
        i += 1
    return classes
