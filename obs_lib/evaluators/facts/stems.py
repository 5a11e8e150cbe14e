"""English words without their endings, so that "opens", "open" and "opening" meet, short words too."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path

import yaml

from obs_lib.text import STOP_WORDS

_LONGEST, _SHORTEST = 6, 3
_ENDINGS = (
    "ions",
    "ion",
    "ingly",
    "ments",
    "ment",
    "ings",
    "ing",
    "edly",
    "ied",
    "ies",
    "ely",
    "ed",
    "es",
    "ly",
    "s",
    "e",
    "y",
)
_WORDS = yaml.safe_load((Path(__file__).parents[1] / "words" / "facts.yaml").read_text(encoding="utf-8"))
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
_TAILS = re.compile(r"(?:n['’]t|['’]\w+)$")
_IRREGULAR: dict[str, str] = {form: base for base, forms in _WORDS["irregular"].items() for form in forms.split()}
_EMPTY = STOP_WORDS | frozenset(_WORDS["empty"].split())
"""Words that carry no content of their own: beside stop words those of permission and order of size, which rules read."""


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """What is left of a word without its inflection, at most six letters.

    >>> [stem(word) for word in ("Files", "filing", "spent", "operated", "operation", "given", "studies", "study")]
    ['fil', 'fil', 'spend', 'operat', 'operat', 'giv', 'stud', 'stud']
    """
    low = _TAILS.sub("", word.lower())
    low = _IRREGULAR.get(low, low)
    for ending in _ENDINGS:
        if low.endswith(ending) and len(low) - len(ending) >= _SHORTEST and not low.endswith("ss"):
            low = low[: -len(ending)]
            break
    if len(low) > _SHORTEST + 1 and low[-1] == low[-2] and low[-1] not in "aeiouls":
        low = low[:-1]
    return low[:_LONGEST]


def content(text: str) -> list[str]:
    """Stems of the words that carry content, in order; numbers are none."""
    return [
        stem(word)
        for word in _WORD.findall(text)
        if not word.isdecimal() and _TAILS.sub("", word.lower()) not in _EMPTY
    ]


def shared(part: Iterable[str], whole: Collection[str]) -> list[str]:
    """Those of `part` that are in `whole`."""
    return [each for each in part if each in whole]
