"""Numbers in English text as values: digits, words, scales and fractions, each with how exact it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

TOKEN = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?|US\$|[^\W\d_]+(?:[²³]|/[^\W\d_]+)?|°[CF]?|[^\w\s]", re.UNICODE
)
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = {
    **{word: value for value, word in enumerate(_SMALL.split())},
    **{word: 20 + 10 * place for place, word in enumerate(_TENS.split())},
    "dozen": 12,
}
_RANKS = (
    "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth"
)
ORDINALS = {word: rank for rank, word in enumerate(_RANKS.split(), 2)}
"""Without "first", which counts as often as it begins a list."""
OFTEN = {"twice": 2, "thrice": 3}
SCALES = {"hundred": 100, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12, "lakh": 1e5}
_SCALES_SHORT = {"k": 1e3, "K": 1e3, "M": 1e6, "mn": 1e6, "mln": 1e6, "bn": 1e9, "B": 1e9, "tn": 1e12}
_MONEY_ONLY = {"m": 1e6, "b": 1e9}
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_ROUND = 0.01
"""What the last zeros of a whole number may stand for at most, as a share of it: 5,000 may be 4,980, and no 4,900."""
_ARTICLES = frozenset({"a", "an"})


STARTS = {*WORDS, *OFTEN, *SCALES, *ORDINALS, *_FRACTIONS, *_ARTICLES, "half"}
"""What an amount begins with where it begins with no digit."""


class Token(NamedTuple):
    """A word, number or sign with its place in the text."""

    start: int
    end: int
    text: str

    @property
    def low(self) -> str:
        """In lower case."""
        return self.text.lower()


class Number(NamedTuple):
    """A number that ends before token `stop`. grain : the place value of its last digit that counts, as 0.1 in 2.3.

    loose : a word such as "one" that is a pronoun as often as a number. part : whether it is a share of a whole ("half").
    """

    value: float
    grain: float
    stop: int
    loose: bool = False
    part: bool = False


def tokens(text: str) -> list[Token]:
    """Words, numbers and signs in order.

    >>> [token.text for token in tokens("US$1,250.50 (5km/h)")]
    ['US$', '1,250.50', '(', '5', 'km/h', ')']
    """
    return [Token(match.start(), match.end(), match[0]) for match in TOKEN.finditer(text)]


def read_number(row: Sequence[Token], at: int, money: bool = False) -> Number | None:
    """The number that starts at token `at`, with its scale; None where none does. money : whether a currency precedes.

    >>> read_number(tokens("1.25 million users"), 0)[:2], read_number(tokens("two hundred and five"), 0)[:2]
    ((1250000.0, 10000.0), (205.0, 1.0))
    """
    token = row[at]
    if token.text in _FRACTIONS:
        return Number(_FRACTIONS[token.text], 0.01, at + 1, part=True)
    if token.text[0].isdecimal():
        number = _digits(token.text, at + 1)
        following = row[at + 1] if at + 1 < len(row) else None
        if following is not None and following.text in _FRACTIONS:
            return Number(number.value + _FRACTIONS[following.text], 0.01, at + 2)
        if _slash(row, at):
            return Number(number.value / float(row[at + 2].text), 0.001, at + 3, part=True)
        return _scaled(row, number, money)
    said = _part(row, at) or _spoken(row, at)
    if said is not None and [token.low for token in row[said.stop : said.stop + 3]] == ["and", "a", "half"]:
        return Number(said.value + 0.5, 0.1, said.stop + 3)
    return said


def _digits(text: str, stop: int) -> Number:
    plain = text.replace(",", "")
    value = float(plain)
    if "." in plain:
        return Number(value, 10.0 ** -len(plain.split(".")[1]), stop)
    zeros = len(plain) - len(plain.rstrip("0"))
    return Number(value, max(1.0, min(10.0**zeros, _ROUND * value)), stop)


def _slash(row: Sequence[Token], at: int) -> bool:
    """Whether "1/2" stands there: small whole numbers, so that no date and no ratio of parts is taken for one."""
    if at + 2 >= len(row) or row[at + 1].text != "/" or row[at + 2].start != row[at + 1].end:
        return False
    above, below = row[at].text, row[at + 2].text
    return above.isdecimal() and below.isdecimal() and 0 < int(above) < int(below) <= 10


def _scaled(row: Sequence[Token], number: Number, money: bool) -> Number:
    """With "million", "k" and the like that follow."""
    while number.stop < len(row):
        token = row[number.stop]
        glued = token.start == row[number.stop - 1].end
        scale = SCALES.get(token.low)
        if scale is None and (glued or money):
            scale = _SCALES_SHORT.get(token.text) or (_MONEY_ONLY.get(token.text) if money else None)
        if scale is None:
            return number
        number = Number(number.value * scale, number.grain * scale, number.stop + 1, number.loose)
    return number


def _spoken(row: Sequence[Token], at: int) -> Number | None:
    """Number words: tens and ones with or without a hyphen, hundreds with or without "and", scales."""
    total, part, stop, last = 0.0, 0.0, at, 1000.0
    start = at + 1 if row[at].low in _ARTICLES and at + 1 < len(row) and row[at + 1].low in SCALES else at
    if start > at:
        part, stop = 1.0, start
    place = start
    while place < len(row):
        word = row[place].low
        if word in WORDS and word != "dozen" and WORDS[word] < last:
            part += WORDS[word]
            last = 10.0 if WORDS[word] >= 20 else 0.0
        elif word in SCALES and stop > at:
            scale = SCALES[word]
            part, total = (part * scale, total) if scale <= 100 else (0.0, total + part * scale)
            last = 100.0
        elif word == "dozen":
            part, last = 12.0, 0.0
        elif stop > at and _joins(word, last) and place + 1 < len(row) and row[place + 1].low in WORDS:
            place += 1
            continue
        else:
            break
        place += 1
        stop = place
    if stop == at or stop == start > at:
        return None
    value = total + part
    grain = 1.0 if part else max(1.0, _ROUND * value)
    return Number(value, grain, stop, loose=stop == at + 1 and value <= 1)


def _joins(word: str, last: float) -> bool:
    """Whether a number goes on behind this: "twenty-five", "two hundred and five"."""
    return word == "-" or (word == "and" and last == 100.0)


def _part(row: Sequence[Token], at: int) -> Number | None:
    """Half, a third, two-thirds, three quarters; "half a million" is 500,000."""
    above, place = 1.0, at
    word = row[at].low
    if word in _ARTICLES or (word in WORDS and WORDS[word] < 10):
        above, place = float(WORDS.get(word, 1)), at + 1
        if place < len(row) and row[place].text == "-":
            place += 1
    if place >= len(row):
        return None
    word = row[place].low
    below = _PARTS.get(word) or (_PARTS.get(word.rstrip("s")) if place > at else None)
    if below is None or (place == at and word != "half"):
        return None
    number = Number(above / below, 0.01, place + 1, part=True)
    if place + 2 < len(row) and row[place + 1].low in _ARTICLES and row[place + 2].low in SCALES:
        scale = SCALES[row[place + 2].low]
        return Number(number.value * scale, scale / 10, place + 3)
    return number
