"""How far an answer says what a reference says, by their words alone: exact match, token F1 and inclusion.

Texts are normalised as SQuAD v1.1 does it: lower case, no punctuation, no English articles, single spaces. Three things are
added: a number keeps its sign and its decimal point and is written by its value (1,000.50 is 1000.5; SQuAD would read 3.14
as 314), punctuation is Unicode's as in MLQA, and so are Chinese characters and kana words of one character each. What
normalisation would leave empty (the answer "A", the answer "+") keeps its articles, else its punctuation.

References
----------
Rajpurkar et al. (2016), SQuAD: 100,000+ questions for machine comprehension of text, and its evaluate-v1.1.py; Lewis et al.
(2020), MLQA.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from typing import NamedTuple

_NUMBER = re.compile(
    r"(?<![0-9.,])(?<![0-9][-/:\u2212])"  # no part of a date, a time, a range, a version
    r"(?P<sign>(?<!\w)[-\u2212])?"
    r"(?:(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<part>[0-9]+))?|(?<!\w)\.(?P<bare>[0-9]+))"
    r"(?![-/:\u2212.,]?[0-9])"
)
_ARTICLE = re.compile(r"\b(a|an|the)\b")
_CHARACTER = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])")
_VERDICTS = frozenset({"yes", "no", "true", "false"})
_OPTION = re.compile(r"(?<!\w)(?:A(?!\w| [a-z])|I(?!\w| |['\u2019])|[B-HJ-Z](?!\w))")
"""A letter by itself, as in "B", "(B)", "option B": not the article A, not the pronoun I."""


class Match(NamedTuple):
    """exact : same text once normalised. f1 : of their tokens, in [0, 1]. included : the answer contains the reference."""

    exact: bool
    f1: float
    included: bool

    @property
    def value(self) -> float:
        """Agreement in [0, 1]: 1 for an exact or an inclusion match, else F1."""
        return 1.0 if self.exact or self.included else self.f1


class Said(NamedTuple):
    """A text with what is compared of it, made once by `read`. tokens : how often each word of `normal` stands there."""

    text: str
    normal: str
    tokens: Counter[str]


def read(text: str) -> Said:
    """The text, ready to be compared."""
    normal = normalise(text)
    return Said(text, normal, Counter(normal.split()))


def match(answer: Said, reference: Said) -> Match:
    """Compare an answer with one reference.

    >>> match(read("It is Paris, of course."), read("paris")).included, match(read("Rome"), read("Paris")).value
    (True, 0.0)
    """
    return Match(answer.normal == reference.normal, token_f1(answer, reference), _included(answer, reference))


def normalise(text: str) -> str:
    """The text as it is compared; empty for a blank one only.

    >>> normalise("The  Eiffel-Tower, 1,000.50 m!"), normalise("A."), normalise("-0.50")
    ('eiffeltower 1000.5 m', 'a', '-0.5')
    """
    lower = unicodedata.normalize("NFKC", text).lower()
    words = _CHARACTER.sub(r" \1 ", _without_punctuation(lower))
    return _spaced(_ARTICLE.sub(" ", words)) or _spaced(words) or _spaced(lower)


def token_f1(one: Said, other: Said) -> float:
    """Harmonic mean of precision and recall of the tokens, in [0, 1]; symmetric; 1 for two blank texts.

    >>> token_f1(read("the cat sat"), read("cat sat down"))
    0.8
    """
    few, many = sorted((one.tokens, other.tokens), key=len)
    shared = sum(min(n, many[token]) for token, n in few.items())
    total = few.total() + many.total()
    return 2 * shared / total if total else 1.0


def _included(answer: Said, reference: Said) -> bool:
    """Whether the reference stands in the answer as whole words.

    Of yes, no, true and false the first word of the answer decides, because they stand in many a sentence; of an option (one
    capital letter) that the answer names no other.
    """
    if reference.normal in _VERDICTS:
        return answer.normal.partition(" ")[0] == reference.normal
    if _OPTION.fullmatch(option := reference.text.strip()):
        return set(_OPTION.findall(answer.text)) == {option}
    return bool(reference.normal) and f" {reference.normal} " in f" {answer.normal} "


def _without_punctuation(text: str) -> str:
    pieces, end = [], 0
    for number in _NUMBER.finditer(text):
        pieces += [_dropped(text[end : number.start()]), _written(number)]
        end = number.end()
    return "".join([*pieces, _dropped(text[end:])])


def _written(digits: re.Match[str]) -> str:
    """A number by its value."""
    whole = (digits["whole"] or "0").replace(",", "").lstrip("0") or "0"
    part = (digits["part"] or digits["bare"] or "").rstrip("0")
    number = f"{whole}.{part}" if part else whole
    return f"-{number}" if digits["sign"] and number != "0" else number


def _dropped(text: str) -> str:
    return text.translate(_PUNCTUATION)


class _Punctuation(dict[int, int | None]):
    """For `str.translate`: each character is looked up once a process."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        self[code] = None if char in string.punctuation or unicodedata.category(char).startswith("P") else code
        return self[code]


_PUNCTUATION = _Punctuation()


def _spaced(text: str) -> str:
    return " ".join(text.split())
