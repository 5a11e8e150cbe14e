"""Amounts, dates and quantifiers that a sentence of the contexts gives another value, speaking of the same thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from obs_lib.evaluators.facts.agreement import agree, conflict
from obs_lib.evaluators.facts.known import ELSEWHERE, SAME_THING, SAME_WORDS, Found, Known
from obs_lib.evaluators.facts.moments import Moment
from obs_lib.evaluators.facts.quantifiers import Quantifier
from obs_lib.evaluators.facts.quantities import Quantity
from obs_lib.evaluators.facts.statements import Clause, Statement
from obs_lib.text import words

_CLOSER, _MUCH_CLOSER = 0.2, 0.5
_Item = TypeVar("_Item", Quantity, Moment, Quantifier)


class Rule(NamedTuple, Generic[_Item]):
    """How items of a kind are found in a statement and held against each other.

    agrees : whether the first holds where the second does. fits : whether it may. conflicts : whether it cannot.
    same_thing : share of a clause's words that a sentence has that speaks of the same thing.
    """

    kind: str
    items: Callable[[Statement], Sequence[_Item]]
    agrees: Callable[[_Item, _Item], bool]
    fits: Callable[[_Item, _Item], bool]
    conflicts: Callable[[_Item, _Item], bool]
    same_thing: float = SAME_THING


RULES: tuple[Rule[Any], ...] = (
    Rule[Quantity]("quantity", lambda said: [q for q in said.quantities if not q.loose], agree, agree, conflict),
    Rule[Moment]("date", lambda said: said.moments, Moment.agrees, Moment.fits, Moment.conflicts),
    Rule[Quantifier](
        "quantifier",
        lambda said: said.quantifiers,
        Quantifier.agrees,
        Quantifier.agrees,
        Quantifier.conflicts,
        SAME_WORDS,
    ),
)


def other_value(rule: Rule[_Item], item: _Item, said: Statement, known: Known) -> Found | None:
    """What a sentence of the same thing has in the item's place; None where none has, or one that is as near agrees."""
    frame = said.clause_at(item.start)
    needed = _needed(rule, item, said, known)
    beside = [each for each in rule.items(said) if each is not item]
    for cover, each in known.nearest(frame.stems):
        if cover < needed:
            return None
        theirs = rule.items(each)
        fitting = [_nearness(frame, each, other) for other in theirs if rule.fits(item, other)]
        for other in theirs:
            if not rule.conflicts(item, other) or any(rule.agrees(mine, other) for mine in beside):
                continue
            near = _nearness(frame, each, other)
            if not fitting or (near >= ELSEWHERE and near - max(fitting) >= _MUCH_CLOSER):
                return Found(each.text[other.start : other.end], each)
        if fitting:
            return None
    return None


def _needed(rule: Rule[_Item], item: _Item, said: Statement, known: Known) -> float:
    """Share of the clause's words that a contradicting sentence must have: more where the item is said elsewhere too."""

    def differs(each: Statement) -> bool:
        return any(rule.conflicts(item, other) for other in rule.items(each))

    holders = [
        at for at, each in enumerate(known.statements) if any(rule.agrees(item, other) for other in rule.items(each))
    ]
    literal = known.holding(words(said.text[item.start : item.end]))
    holders = holders or [at for at in literal if not differs(known.statements[at])]
    elsewhere = known.support(said.clause_at(item.start), holders, differs)
    return rule.same_thing if elsewhere is None else max(ELSEWHERE, elsewhere + _CLOSER)


def _nearness(frame: Clause, each: Statement, item: _Item) -> float:
    """Share of the clause that stands in the item's own clause of another sentence."""
    return frame.covered_by(frozenset(each.piece_at(item.start).stems))
