"""What contexts have for each sentence of an answer: its words, the alignment of its tokens, checks, and entailment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from obs_lib.evaluators.alignment import Alignment, Tokens, align, content_mask, inside
from obs_lib.evaluators.checks import Faults, Known, faults, read_known, read_statement
from obs_lib.evaluators.claims import CITATION
from obs_lib.evaluators.facts.agreement import agree
from obs_lib.evaluators.facts.figures import read_figures
from obs_lib.evaluators.material import Material
from obs_lib.text import Span, content_stems, words

_SPEAKER = frozenset({"i", "my", "me", "mine", "myself"})


class Read(NamedTuple):
    """What models made of a batch's texts. tokens : by text. entailed : log-odds that evidence supports a claim, by pair."""

    tokens: Mapping[str, Tokens]
    entailed: Mapping[tuple[str, str], float]


class Support(NamedTuple):
    """One sentence of the answer and what the contexts have for it.

    weight : its content words, at least 1. words, fragments, bigrams : shares in [0, 1]. entailed : log-odds that its
    evidence supports it; 0 where none was read.
    """

    span: Span
    weight: int
    aligned: Alignment
    words: float
    fragments: float
    bigrams: float
    speaker: float
    faults: Faults
    entailed: float = 0.0


def weigh(material: Material, read: Read) -> list[Support]:
    """What the contexts have for each sentence of the answer. KeyError for a text that was not read."""
    answer = read.tokens[material.response]
    states = [np.asarray(read.tokens[passage].states) for passage in material.passages]
    known, spoken = read_known(material.contexts), _Spoken(material.contexts)
    otherwise = known_figures(material.answer, known)
    marks = [
        *(match.span() for match in CITATION.finditer(material.response)),
        *(a for each in otherwise for a in each),
    ]
    content = content_mask(material.response, answer.spans) & ~_lies_in(marks, answer.spans)
    entailed = [read.entailed[pair] for pair in material.pairs] if read.entailed else [0.0] * len(material.answer)
    return [
        _support((span, figures), answer, content, states, (known, spoken))._replace(entailed=logit)
        for span, figures, logit in zip(material.answer, otherwise, entailed, strict=True)
    ]


class _Spoken:
    """Words of the contexts, and where each stands, for what an answer took over word by word."""

    def __init__(self, contexts: Sequence[str]) -> None:
        self.stems = {stem for context in contexts for stem in content_stems(context)}
        self.texts = [words(context) for context in contexts]
        self.pairs = {pair for text in self.texts for pair in pairwise(text)}
        self.words = {word for text in self.texts for word in text}

    def fragments(self, spoken: Sequence[str]) -> float:
        """Share of the words that stand in pairs or longer runs taken over, with lone words counting half.

        A smooth form of the extractive fragment coverage of Grusky et al. (2018).
        """
        if not spoken:
            return 1.0
        taken = np.array([0.5 * (word in self.words) for word in spoken])
        for place, pair in enumerate(pairwise(spoken)):
            if pair in self.pairs:
                taken[place : place + 2] = 1.0
        return float(taken.mean())


def _support(
    said: tuple[Span, Sequence[tuple[int, int]]],
    answer: Tokens,
    content: np.ndarray,
    states: Sequence[np.ndarray],
    contexts: tuple[Known, _Spoken],
) -> Support:
    (span, figures), (known, spoken) = said, contexts
    place = inside(answer, span)
    text = span.text
    for start, end in figures:
        text = text[: start - span.start] + " " * (end - start) + text[end - span.start :]
    spoken_words, stems = words(CITATION.sub(" ", text)), content_stems(text)
    pairs = list(pairwise(spoken_words))
    return Support(
        span,
        max(1, int(content[place].sum())),
        align(answer.states[place], content[place], states),
        _share(stems, spoken.stems),
        spoken.fragments(spoken_words),
        _share(pairs, spoken.pairs),
        float(bool(_SPEAKER & set(spoken_words))),
        faults(read_statement(span.text), known),
    )


def known_figures(answer: Sequence[Span], known: Known) -> list[list[tuple[int, int]]]:
    """Where, in the answer, each sentence has dates and amounts that the contexts say too, but in other words: they are no
    words that the contexts lack.
    """
    theirs = [each.figures for each in known.statements]
    moments = [other for each in theirs for other in each.moments]
    quantities = [other for each in theirs for other in each.quantities]

    def places(span: Span) -> Iterator[tuple[int, int]]:
        said = read_figures(span.text)
        found = [(mine.start, mine.end) for mine in said.moments if any(mine.agrees(other) for other in moments)]
        found += [(mine.start, mine.end) for mine in said.quantities if any(agree(mine, other) for other in quantities)]
        for start, end in found:
            if not set(words(span.text[start:end])) <= known.words:
                yield span.start + start, span.start + end

    return [list(places(span)) for span in answer]


def _lies_in(places: Sequence[tuple[int, int]], spans: np.ndarray) -> np.ndarray:
    """Which tokens lie in one of these places: bool, shape (n,)."""
    return np.array([any(start >= first and end <= last for first, last in places) for start, end in spans], dtype=bool)


def _share(part: Sequence[object], whole: AbstractSet[object]) -> float:
    """Share of `part` that is in `whole`; 1 where nothing was said that could be missing."""
    return sum(each in whole for each in part) / len(part) if part else 1.0
