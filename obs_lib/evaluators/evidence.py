"""What of the contexts a claim is read beside: the sentences that share most with it, few enough to be read at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from obs_lib.text import content_stems, numbers, sentences

CHARACTERS = 700
"""Characters of evidence beside a claim: about 160 tokens of English prose."""
_COVERED = 0.3
"""What a word counts that a sentence chosen before has already."""


class Evidence:
    """The sentences of all contexts, looked up claim by claim.

    contexts : distinct texts, sorted, so that the order in which they were given changes nothing.
    """

    def __init__(self, contexts: Sequence[str]) -> None:
        self._texts = [(place, span.text) for place, context in enumerate(contexts) for span in sentences(context)]
        self._terms = [_terms(text) for _, text in self._texts]
        found = Counter(term for terms in self._terms for term in terms)
        self._rarity = {term: math.log(1.0 + len(self._texts) / count) for term, count in found.items()}

    def beside(self, claim: str, characters: int = CHARACTERS) -> str:
        """At most so many characters of the contexts' sentences, in their order; empty where the contexts have none.

        Greedy by the rarity (inverse document frequency among these sentences) of the words shared, a word that a chosen
        sentence has already counting less; then the sentence before the best one, which often says who "he" is; then what
        comes first. Equal ones by their place.
        """
        left = {term: self._rarity[term] for term in _terms(claim) if term in self._rarity}
        chosen: list[int] = []
        room = characters

        def take(place: int) -> None:
            nonlocal room
            if place not in chosen and len(self._texts[place][1]) <= room:
                chosen.append(place)
                room -= len(self._texts[place][1]) + 1

        candidates = {i for i, terms in enumerate(self._terms) if terms & left.keys()}
        while candidates:
            best = max(candidates, key=lambda i: (sum(left.get(term, 0.0) for term in self._terms[i]), -i))
            candidates.discard(best)
            take(best)
            if best in chosen:
                left |= {term: left[term] * _COVERED for term in self._terms[best] if term in left}
                if len(chosen) == 1 and best and self._texts[best - 1][0] == self._texts[best][0]:
                    take(best - 1)
            if room < characters // 8:
                break
        for place in range(len(self._texts) if not chosen else 0):
            take(place)
        return " ".join(self._texts[place][1] for place in sorted(chosen))


def _terms(text: str) -> frozenset[str]:
    return frozenset(content_stems(text)) | numbers(text)
