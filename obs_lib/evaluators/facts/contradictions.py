"""What an answer says that its contexts say otherwise, of the same thing in the same words.

Nothing is a contradiction that is merely not in the contexts. A sentence of a context speaks of the same thing where it has
most words of the answer's clause (amounts and dates aside); and where another sentence of the contexts supports what was said
as well, none is found. The rules read English.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from obs_lib.evaluators.facts.denied import denied
from obs_lib.evaluators.facts.items import RULES, other_value
from obs_lib.evaluators.facts.known import ELSEWHERE, SAME_THING, SAME_WORDS, Found, Known, read_known
from obs_lib.evaluators.facts.names import Name
from obs_lib.evaluators.facts.statements import Statement, read_statement
from obs_lib.text import Span

_SHOWN = 300


class Contradiction(NamedTuple):
    """kind : quantity, date, quantifier, name or denial. start, end : place in the answer. said, known : the two wordings.

    passage : the sentence of the context that says so.
    """

    kind: str
    start: int
    end: int
    said: str
    known: str
    passage: str


def contradictions(answer: Sequence[Span], contexts: Sequence[str]) -> list[Contradiction]:
    """Those of each sentence of an answer, in order, the same whatever the contexts' order.

    >>> answer = [Span(0, 30, "Take 5 g of the drug at night.")]
    >>> contradictions(answer, ["Take 5 mg of the drug at night."])[0][:5]
    ('quantity', 5, 8, '5 g', '5 mg')
    >>> contradictions(answer, ["Take 0.005 kg of the drug at night."])
    []
    """
    known = read_known(contexts, [span.text for span in answer])
    return [each for span in answer for each in _of_sentence(span, known)]


def _of_sentence(span: Span, known: Known) -> Iterator[Contradiction]:
    said = read_statement(span.text, known.small)
    if said.asks:
        return
    for rule in RULES:
        for item in rule.items(said):
            if (found := other_value(rule, item, said, known)) is not None:
                yield _contradiction(rule.kind, span, range(item.start, item.end), found)
    for name in said.names:
        if (found := _other_name(name, said, known)) is not None:
            yield _contradiction("name", span, range(name.start, name.end), found)
    for clause in dict.fromkeys(said.clauses):
        if (found := denied(clause, said, known)) is not None:
            text = clause.text
            start = clause.start + len(text) - len(text.lstrip(" ,;:-"))
            yield _contradiction("denial", span, range(start, clause.start + len(text.rstrip())), found)


def _contradiction(kind: str, span: Span, place: range, found: Found) -> Contradiction:
    said = span.text[place.start : place.stop]
    start, end = span.start + place.start, span.start + place.stop
    return Contradiction(kind, start, end, said[:_SHOWN], found.text[:_SHOWN], found.statement.text[:_SHOWN])


def _other_name(name: Name, said: Statement, known: Known) -> Found | None:
    """The name that a sentence of the same thing has in the same place."""
    frame = said.clause_at(name.start)
    own = set(name.stems)
    rest = [each for each in frame.stems if each not in own]
    holders = known.holding(name.words)
    elsewhere = known.support(frame, holders, lambda each: any(name.stands_beside(other) for other in each.names))
    if not rest or (elsewhere or 0.0) >= ELSEWHERE:
        return None
    for cover, each in known.nearest(rest):
        if cover < (ELSEWHERE if holders else SAME_THING) or any(name.may_be(other) for other in each.names):
            return None
        for other in each.names:
            if any(mine.may_be(other) for mine in said.names):
                continue
            close = _overlap(rest, each.clause_at(other.start).stems) >= SAME_WORDS
            if name.stands_like(other) or (close and name.stands_beside(other)):
                return Found(each.text[other.start : other.end], each)
    return None


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """The lesser share of the one in the other, in [0, 1]."""
    return len({*one} & {*other}) / max(len(one), len(other), 1)
