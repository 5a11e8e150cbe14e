"""Amounts of a text as (kind, value in the kind's base unit), so that the same said otherwise is the same.

Written here because what PyPI has does more and less: quantulum3 reads units with a trained classifier and pint converts what
is already parsed; neither says how exact a number is written, which is what tells a rounded number from a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from obs_lib.evaluators.facts.numerals import OFTEN, ORDINALS, STARTS, Number, Token, read_number, tokens
from obs_lib.evaluators.facts.stems import content
from obs_lib.evaluators.facts.units import CURRENCIES, Unit, read_unit

_BEFORE = {
    **dict.fromkeys(("at least", "minimum of", "no less than", "not less than", "no fewer than", "over", "more than", "above",
                     "exceeding", "greater than", "upwards of", "starting at", "minimum", ">", "≥"), 1),
    **dict.fromkeys(("at most", "up to", "no more than", "not more than", "maximum of", "within", "under", "less than",
                     "below", "fewer than", "maximum", "not exceed", "not exceeding", "no longer than", "<", "≤"), -1),
}  # fmt: skip
_BEHIND = {
    "or more": 1,
    "or longer": 1,
    "or less": -1,
    "or fewer": -1,
    "+": 1,
    "minimum": 1,
    "maximum": -1,
    "at least": 1,
    "at most": -1,
}
_ABOUT_WORDS = "about around roughly approximately nearly almost some circa approx ca ~ ≈ close estimated"
_ABOUT = frozenset(_ABOUT_WORDS.split())
_BETWEEN = frozenset({"-", "business", "working", "full", "calendar", "consecutive", "whole"})
_PER = frozenset({"per", "/", "a", "an", "each", "every"})
_REGULAR = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
    "annually": "year",
}
_ARTICLES = frozenset({"a", "an"})
_RANGE = frozenset({"-", "–", "—", "to", "and", "or"})
_LOOK_BACK = 3
_NOUNS = 3
_LARGEST_OF = 1000


class Quantity(NamedTuple):
    """An amount and where it stands.

    kind : what is measured; "" for a bare number. value, grain : in the kind's base unit, and the place value of the last digit
    that counts. unit : one of its unit in the base unit. top : the upper end of a range; 0 where it is none. bound : 1 for "at
    least", -1 for "at most", else 0. per : seconds behind "per" ("$5 a month"), 0 for none. loose : a word that is a pronoun or
    an article as often as a number. nouns : stems of the words behind it.
    """

    start: int
    end: int
    kind: str
    value: float
    grain: float
    unit: float = 1.0
    top: float = 0.0
    bound: int = 0
    about: bool = False
    per: float = 0.0
    loose: bool = False
    nouns: frozenset[str] = frozenset()

    @property
    def plain(self) -> float:
        """The number as it stands, without its unit."""
        return self.value / self.unit


def read_quantities(text: str) -> list[Quantity]:
    """The amounts of a text in order. Dates and times are none: `moments.without_moments` takes them out before.

    >>> [(q.kind, q.value, q.bound) for q in read_quantities("at least 5 mg for $1.5M, about 2 km in one in two cases")]
    [('mass', 0.005, 1), ('USD', 1500000.0, 0), ('length', 2000.0, 0), ('share', 0.5, 0)]
    """
    row = tokens(text)
    found: list[Quantity] = []
    at = 0
    while at < len(row):
        begins = row[at].text[0].isdecimal() or row[at].low in STARTS
        quantity, stop = _read(text, row, at) if begins and not _inside_a_name(text, row[at]) else (None, at + 1)
        if quantity is not None:
            found.append(quantity)
        at = max(stop, at + 1)
    return _as_ranges(text, found)


def _inside_a_name(text: str, token: Token) -> bool:
    """Whether a digit belongs to a name or version, such as B12, GPT-4 or 3.2.1."""
    if not token.text[0].isdecimal():
        return False
    before, after = text[max(0, token.start - 2) : token.start], text[token.end : token.end + 2]
    glued = before[-1:].isalpha() or before[-1:] in {"_", "#"}
    hyphened = before[-1:] == "-" and before[:1].isalpha()
    versioned = (after[:1] == "." and after[1:].isdecimal()) or (before[-1:] == "." and before[:1].isdecimal())
    return glued or hyphened or versioned


def _read(text: str, row: Sequence[Token], at: int) -> tuple[Quantity | None, int]:
    """The amount that starts at token `at`, if one does, and the token behind it."""
    if (rank := _ordinal(row, at)) is not None:
        stop = at + 1 if row[at].low in ORDINALS else at + 2
        return _placed(text, row, (at, stop), Quantity(0, 0, "ordinal", rank, 1.0)), stop
    if row[at].low in OFTEN:
        per, stop = _per(row, at + 1)
        return _placed(text, row, (at, stop), Quantity(0, 0, "times", OFTEN[row[at].low], 1.0, per=per)), stop
    money = _currency(row, at)
    number = read_number(row, at, money is not None) or _one(row, at)
    if number is None:
        return None, at + 1
    stop = number.stop
    if (whole := _of_whole(row, number)) is not None:
        share, stop = whole
        return _placed(text, row, (at, stop), Quantity(0, 0, "share", share, 0.01)), stop
    unit = money
    if unit is None:
        unit, stop = _unit_behind(row, number)
    found = _measured(number, unit, number.loose or (number.part and not _says(row, number.stop, "of")))
    found = found._replace(loose=found.loose or (number.loose and row[at].low in _ARTICLES))
    if unit is not None and [token.low for token in row[stop : stop + 3]] == ["and", "a", "half"]:
        found, stop = found._replace(value=found.value + unit.factor / 2, grain=unit.factor / 10, loose=False), stop + 3
    per, stop = _per(row, stop) if unit is not None else (0.0, stop)
    return _placed(text, row, (at, stop), found._replace(per=per)), stop


def _currency(row: Sequence[Token], at: int) -> Unit | None:
    """The currency whose sign or code stands before token `at`."""
    sign = read_unit(row[:at], at - 1) if at else None
    return sign[0] if sign is not None and sign[0].kind in CURRENCIES else None


def _one(row: Sequence[Token], at: int) -> Number | None:
    """1 for the article of "a week"; None for any other."""
    article = row[at].low in _ARTICLES and at + 1 < len(row) and len(row[at + 1].text) > len("mg")
    unit = read_unit(row, at + 1) if article else None
    return Number(1.0, 1.0, at + 1, loose=True) if unit is not None and unit[0].kind == "duration" else None


def _ordinal(row: Sequence[Token], at: int) -> float | None:
    """2 for "second" or "2nd"; None where no ordinal stands."""
    word, before = row[at].low, row[at - 1].low if at else ""
    if word in ORDINALS and before not in {"a", "per", "-", "/"} and not before.isdecimal():
        return float(ORDINALS[word])
    glued = at + 1 < len(row) and row[at + 1].start == row[at].end and row[at + 1].low in {"st", "nd", "rd", "th"}
    return float(word) if glued and word.isdecimal() else None


def _of_whole(row: Sequence[Token], number: Number) -> tuple[float, int] | None:
    """The share in "one in two" and "3 out of 4", with the token behind it."""
    place = number.stop
    words = [token.low for token in row[place : place + 2]]
    step = 2 if words == ["out", "of"] else 1 if words[:1] == ["in"] else 0
    if not step or place + step >= len(row):
        return None
    whole = read_number(row, place + step)
    if whole is None or not 0 < number.value < whole.value <= _LARGEST_OF or (step == 1 and read_unit(row, whole.stop)):
        return None
    return number.value / whole.value, whole.stop


def _unit_behind(row: Sequence[Token], number: Number) -> tuple[Unit | None, int]:
    """The unit that follows a number, past a hyphen, "business" or, behind "half", an article."""
    place = number.stop
    while place < len(row) and (row[place].low in _BETWEEN or (number.part and row[place].low in {"a", "an", "of"})):
        place += 1
    found = read_unit(row, place) if place < len(row) else None
    return found if found is not None else (None, number.stop)


def _says(row: Sequence[Token], at: int, word: str) -> bool:
    return at < len(row) and row[at].low == word


def _measured(number: Number, unit: Unit | None, loose: bool) -> Quantity:
    """The amount in base units, not yet placed."""
    if unit is None:
        return Quantity(0, 0, "share" if number.part else "", number.value, number.grain, loose=loose)
    kind = "temperature" if unit.kind in {"celsius", "fahrenheit"} else unit.kind
    grain = number.grain * (1 / 1.8 if unit.kind == "fahrenheit" else unit.factor)
    return Quantity(0, 0, kind, unit.base(number.value), grain, unit.factor)


def _per(row: Sequence[Token], at: int) -> tuple[float, int]:
    """Seconds of "per month", "/h", "a year", "monthly", with the token behind it; 0 where there is none."""
    if at < len(row) and row[at].low in _REGULAR:
        unit = read_unit([row[at]._replace(text=_REGULAR[row[at].low])], 0)
        return (unit[0].factor, at + 1) if unit else (0.0, at)
    if at + 1 < len(row) and row[at].low in _PER:
        found = read_unit(row, at + 1)
        if found is not None and found[0].kind == "duration":
            return found[0].factor, found[1]
    return 0.0, at


def _placed(text: str, row: Sequence[Token], place: tuple[int, int], found: Quantity) -> Quantity:
    """With its place in the text, what bounds it, and the words behind it."""
    first, stop = place
    signed = _currency(row, first) is not None
    before = [token.low for token in row[max(0, first - signed - _LOOK_BACK) : first - signed]]
    behind = [token.low for token in row[stop : stop + 2]]
    bound = next((_BEFORE[words] for n in (3, 2, 1) if (words := " ".join(before[-n:])) in _BEFORE), 0)
    bound = bound or next((_BEHIND[words] for n in (2, 1) if (words := " ".join(behind[:n])) in _BEHIND), 0)
    following = text[row[stop - 1].end : row[min(stop + _NOUNS, len(row)) - 1].end]
    return found._replace(
        start=row[first - signed].start,
        end=row[stop - 1].end,
        bound=bound,
        about=bool(_ABOUT & set(before)),
        nouns=frozenset(content(following)[:2] or _key(text[: row[first - signed].start])),
    )


def _key(before: str) -> list[str]:
    """What an amount counts where it stands behind a colon, as in "Stars: 4"."""
    return content(before)[-2:] if before.rstrip().endswith(":") else []


def _as_ranges(text: str, found: list[Quantity]) -> list[Quantity]:
    """Both ends of "5-10 mg" and "$5 to 10" with the unit; the lower one knows the upper one."""
    for place in range(len(found) - 1):
        low, high = found[place], found[place + 1]
        if text[low.end : high.start].strip().lower() not in _RANGE or high.plain <= low.plain:
            continue
        if not low.kind and high.kind:
            low = low._replace(kind=high.kind, value=low.value * high.unit, grain=low.grain * high.unit, unit=high.unit)
        elif not high.kind and low.kind:
            high = high._replace(kind=low.kind, value=high.value * low.unit, grain=high.grain * low.unit, unit=low.unit)
        if low.kind == high.kind:
            joined = (
                text[low.end : high.start].strip().lower() not in {"and", "or"}
                or "between" in text[: low.start].lower()
            )
            found[place] = low._replace(top=high.value if joined else 0.0, nouns=low.nouns | high.nouns)
            found[place + 1] = high
    return found
