"""All that the contexts say, sentence by sentence, and which of it has most words of what was said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from obs_lib.evaluators.facts.statements import Clause, Statement, read_statement
from obs_lib.text import sentences, words

_NEAREST = 8
_SENTENCES = 1_000
"""Sentences of the contexts that are read, by their text; a log may hold any number."""


SAME_THING, ELSEWHERE, SAME_WORDS = 0.6, 0.8, 0.75
"""Share of a clause's words that a sentence has that speaks of the same thing; that has, where what was said also stands
elsewhere; and that says the same but for what is compared."""


class Found(NamedTuple):
    """What stands in a context in the place of what was said, and the sentence that it stands in."""

    text: str
    statement: Statement


class Known(NamedTuple):
    """statements : distinct. before : for each, where the sentences stand that come before it: they say whom "it" means.

    words : all, lower-case. small : those that are somewhere written small. places : of each stem, the statements that have it.
    """

    statements: tuple[Statement, ...]
    before: tuple[tuple[int, ...], ...]
    words: frozenset[str]
    small: frozenset[str]
    places: dict[str, list[int]]

    def nearest(self, stems: Sequence[str]) -> list[tuple[float, Statement]]:
        """Statements with most of these stems, each with the share that it has, the best and shortest first."""
        met = Counter(at for stem in stems for at in self.places.get(stem, ()))
        order = sorted(met, key=lambda at: (-met[at], len(self.statements[at].whole.stems), at))
        return [(met[at] / len(stems), self.statements[at]) for at in order[:_NEAREST]]

    def support(self, clause: Clause, holders: Iterable[int], differs: Callable[[Statement], bool]) -> float | None:
        """Most that a holder, with a sentence before it that does not differ, has of the clause; None for no holder."""
        shares = []
        for at in holders:
            together = [self.statements[at], *(self.statements[place] for place in self.before[at])]
            said = (each for n, each in enumerate(together) if not n or not differs(each))
            shares.append(clause.covered_by({stem for each in said for stem in each.whole.stems}))
        return max(shares, default=None)

    def holding(self, wanted: Iterable[str]) -> list[int]:
        """Which statements have all of these words as they are written."""
        wanted = set(wanted)
        if not wanted or not wanted <= self.words:
            return []
        return [at for at, each in enumerate(self.statements) if wanted <= set(words(each.text))]


def read_known(contexts: Sequence[str], answer: Sequence[str] = ()) -> Known:
    """What the contexts say, in whatever order they stand. answer : sentences that show which words are also written small."""
    pieces: dict[str, set[str]] = defaultdict(set)
    for context in sorted(set(contexts)):
        before = ""
        for span in sentences(context):
            pieces[span.text].add(before)
            before = span.text
    texts = sorted(pieces)[:_SENTENCES]
    small = frozenset(word for text in (*texts, *answer) for word in text.split() if word.islower())
    statements = tuple(read_statement(text, small) for text in texts)
    place = {text: at for at, text in enumerate(texts)}
    before_each = tuple(tuple(place[text] for text in sorted(pieces[own]) if text in place) for own in texts)
    places: dict[str, list[int]] = defaultdict(list)
    for at, each in enumerate(statements):
        for stem in each.whole.stems:
            places[stem].append(at)
    return Known(
        statements, before_each, frozenset(word for text in texts for word in words(text)), small, dict(places)
    )
