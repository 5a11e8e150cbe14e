"""Contrasts by rule: what a context says, the same said otherwise, and with one thing changed. Ten domains, six kinds.

The facts stand in training/made/contrasts.yaml; numbers, dates and names are drawn. Every context holds all facts of its
domain, so that other numbers and names stand around the one that counts.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from training.grammar import FOLDER

KINDS = ("unit", "number", "date", "negation", "name", "quantifier")
_SOME_NAMES = "Alvarez Okafor Lindqvist Moreau Tanaka Kowalski Haddad Fischer Romero Novak Bianchi Larsen Petrov Murphy"
_NAMES = _SOME_NAMES.split()
_FIRST_DAY = dt.date(2015, 1, 1)


class Contrast(NamedTuple):
    """contexts, and an answer that they support or contradict. tuned : whether the rules were written in sight of it."""

    domain: str
    kind: str
    tuned: bool
    contexts: tuple[str, ...]
    answer: str
    supported: bool


def contrasts(rounds: int, seed: int = 11) -> Iterator[Contrast]:
    """Each fact `rounds` times with other draws, the faithful answer and the contradicting one each time."""
    content = yaml.safe_load((FOLDER / "contrasts.yaml").read_text(encoding="utf-8"))
    rng = random.Random(seed)  # noqa: S311 - a draw of examples, nothing secret
    for domain, kinds in content["domains"].items():
        tuned = domain in content["tuned"]
        for _ in range(rounds):
            drawn = [(kind, [text.format(**slots) for text in fact.split(" | ")])
                     for kind in KINDS for fact in kinds[kind] for slots in [_draw(rng)]]  # fmt: skip
            paragraph = " ".join(fact[0] for _, fact in drawn)
            for kind, (_, faithful, false) in drawn:
                yield Contrast(domain, kind, tuned, (paragraph,), faithful, True)
                yield Contrast(domain, kind, tuned, (paragraph,), false, False)


class _Written:
    """A value that a slot can write in several ways, as `{date:iso}`."""

    def __init__(self, plain: str, **ways: str) -> None:
        self._plain, self._ways = plain, ways

    def __format__(self, way: str) -> str:
        return self._ways[way] if way else self._plain


def _draw(rng: random.Random) -> dict[str, object]:
    n, big, year = rng.randint(3, 90), rng.randint(10_001, 99_999), rng.randint(1700, 2010)
    name, other = rng.sample(_NAMES, 2)
    day = _FIRST_DAY + dt.timedelta(days=rng.randint(0, 3000))
    price = rng.randint(5, 400)
    return {
        "n": n,
        "m": n + rng.choice((-2, 2, 3, 5, 10)),
        "big": _Written(str(big), comma=f"{big:,}"),
        "bigger": big + rng.choice((-1000, 1, 10, 100, 5000)),
        "price": price,
        "otherprice": price + rng.choice((-3, 2, 10, 40)),
        "year": year,
        "lateryear": year + rng.choice((-12, -1, 1, 2, 9)),
        "name": name,
        "other": other,
        "date": _day(day),
        "otherdate": _day(day + dt.timedelta(days=rng.choice((-31, -1, 1, 7, 30, 365)))),
    }


def _day(day: dt.date) -> _Written:
    return _Written(
        day.isoformat(),
        iso=day.isoformat(),
        long=f"{day:%B} {day.day}, {day.year}",
        british=f"{day.day} {day:%B} {day.year}",
    )
