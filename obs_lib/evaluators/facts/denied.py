"""Clauses whose words a context has too, and says the other way round."""

from __future__ import annotations

from obs_lib.evaluators.facts.agreement import agree
from obs_lib.evaluators.facts.known import SAME_WORDS, Found, Known
from obs_lib.evaluators.facts.polarity import exchanged, swapped, turned
from obs_lib.evaluators.facts.statements import Clause, Statement

_BACK = 0.6
"""Share of the context's clause that the answer's clause has, at least."""
_TELLING, _TELLING_WITHOUT_VERB = 3, 5
"""Words of content that a clause inside a sentence has at least, to be held against a clause of the contexts."""


def denied(clause: Clause, said: Statement, known: Known) -> Found | None:
    """The clause of a context that says the contrary; None where none does, or one says the same."""
    least = _TELLING if clause.has_verb or not clause.start else _TELLING_WITHOUT_VERB
    telling = len(clause.stems) >= least or clause.stems == said.whole.stems
    if not telling or clause.supposes:
        return None
    best, found = 0.0, None
    for _, each in known.nearest(clause.stems):
        if each.asks or not _one_case(clause, said, each):
            continue
        for theirs, mine, back, turns in _of_same_words(clause, each):
            if turns % 2 == 0:
                return None
            if back >= _BACK and not theirs.supposes and mine + back > best:
                best, found = mine + back, Found(theirs.text.strip(), each)
    return found


def _of_same_words(clause: Clause, other: Statement) -> list[tuple[Clause, float, float, int]]:
    """The clauses of the other sentence that have most words of the clause; all of it where none has, or much may be denied."""
    close = [(theirs, *_turns(clause, theirs)) for theirs in other.clauses]
    close = [row for row in close if row[1] >= SAME_WORDS]
    if not close or clause.denials:
        close.append((other.whole, *_turns(clause, other.whole)))
    return [row for row in close if row[1] >= SAME_WORDS]


def _turns(clause: Clause, theirs: Clause) -> tuple[float, float, int]:
    """Which share of either clause is in the other, opposites and all, and how often the meaning turns between them."""
    met = len({*clause.stems} & {*theirs.stems})
    if met * 2 < len(clause.stems):
        return 0.0, 0.0, 0
    contrary = turned(clause.text, theirs.text)
    turns = clause.denials + theirs.denials + len(contrary)
    turns += swapped(clause.text, theirs.text) or exchanged(clause.text, theirs.text)
    met += len(contrary)
    return met / max(len(clause.stems), 1), met / max(len(theirs.stems), 1), turns


def _one_case(clause: Clause, said: Statement, other: Statement) -> bool:
    """Whether the other sentence has every amount and date of the clause, so that both speak of one case."""
    inside = range(clause.start, clause.end)
    amounts = [each for each in said.quantities if each.start in inside and not each.loose]
    moments = [each for each in said.moments if each.start in inside]
    return all(any(agree(mine, theirs) for theirs in other.quantities) for mine in amounts) and all(
        any(mine.agrees(theirs) for theirs in other.moments) for mine in moments
    )
