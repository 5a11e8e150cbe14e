"""What contexts have for each sentence of an answer: its words, the alignment of its tokens, checks, and entailment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from obs_lib.evaluators.alignment import Alignment, Tokens, align, content_mask, inside
from obs_lib.evaluators.checks import Faults, Known, faults, read_known, read_statement
from obs_lib.evaluators.claims import CITATION, Sense, sense_of
from obs_lib.evaluators.evidence import Evidence
from obs_lib.evaluators.facts.agreement import agree
from obs_lib.evaluators.facts.figures import read_figures
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case
from obs_lib.evaluators.passages import context_set, nearest
from obs_lib.evaluators.structured import as_sentences
from obs_lib.text import Span, content_stems, sentences, words

FEATURES = (
    "token_mean",
    "token_least",
    "weakest_mean",
    "pair_mean",
    "clause_mean",
    "clause_least",
    "sentence_mean",
    "sentence_least",
    "words_mean",
    "words_least",
    "fragments_mean",
    "fragments_least",
    "bigrams_mean",
    "speaker",
    "numbers",
    "units",
    "names",
    "negation",
    "opposite",
    "missing_words",
    "missing_fragments",
    "missing_tokens",
    "entailed_all",
    "entailed_mean",
    "entailed_least",
    "told",
)
"""All that a head may weigh; a head's file names those that it was trained on."""
PASSAGE = 800
"""Characters of a context behind one reading of the encoder: what it can read of English prose at once (256 tokens)."""
_SPEAKER = frozenset({"i", "my", "me", "mine", "myself"})
_LOG_OF_MANY = 5.0  # of about 150 content words


class Material(NamedTuple):
    """What of a case is read: the answer's claims, and the passages that share most words with it. Order is by text.

    told : whether contexts are data that are told in sentences here.
    """

    response: str
    answer: tuple[Span, ...]
    passages: tuple[str, ...]
    contexts: tuple[str, ...]
    told: bool = False

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each sentence of the answer behind the evidence that it is read beside."""
        evidence = Evidence(self.contexts)
        return [(evidence.beside(span.text), span.text) for span in self.answer]


class Read(NamedTuple):
    """What models made of a batch's texts. tokens : by text. entailed : log-odds that evidence supports a claim, by pair."""

    tokens: Mapping[str, Tokens]
    entailed: Mapping[tuple[str, str], float]


class Support(NamedTuple):
    """One sentence of the answer and what the contexts have for it.

    words, fragments, bigrams : shares in [0, 1]. entailed : log-odds that its evidence supports it; 0 where none was read.
    told : as of the material.
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
    told: bool = False


def gather_material(case: Case, response: str, options: EvaluatorOptions) -> Material:
    """Sentences of the answer that claim something, and candidate passages; contexts is empty where the interaction has none.

    ValueError when contexts are not the JSON list of objects that `interactions` promises.
    """
    given = {text[: options.max_characters] for text in context_set(case.contexts)}
    contexts = tuple(sorted({as_sentences(text) for text in given}))
    spoken = sentences(response[: options.max_characters])
    spans = [span for span in spoken if sense_of(span.text) is Sense.CLAIM][: options.max_sentences]
    text = response[: spans[-1].end] if spans else ""
    passages = sorted({piece for context in contexts for piece in _passages(context)})
    chosen = tuple(sorted(nearest(passages, text, options.max_passages)))
    return Material(text, tuple(spans), chosen, contexts, told=bool({*contexts} - given))


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
        _support((span, figures), answer, content, states, (known, spoken))._replace(entailed=logit, told=material.told)
        for span, figures, logit in zip(material.answer, otherwise, entailed, strict=True)
    ]


def features(supports: Sequence[Support]) -> np.ndarray:
    """One number for each of FEATURES, in about [-1, 1]: over the sentences of the answer, longer ones counting for more."""
    counts = [support.weight for support in supports]
    weights = np.array(counts, dtype=np.float64) / sum(counts)

    def mean(values: Sequence[float]) -> float:
        return float(np.sum(weights * np.asarray(values)))

    aligned = [support.aligned for support in supports]
    return np.array(
        [
            mean([each.token for each in aligned]),
            min(each.token for each in aligned),
            mean([each.weakest for each in aligned]),
            mean([each.pair for each in aligned]),
            mean([each.clause for each in aligned]),
            min(each.weakest_clause for each in aligned),
            mean([each.sentence for each in aligned]),
            min(each.sentence for each in aligned),
            mean([each.words for each in supports]),
            min(each.words for each in supports),
            mean([each.fragments for each in supports]),
            min(each.fragments for each in supports),
            mean([each.bigrams for each in supports]),
            mean([each.speaker for each in supports]),
            *(max(getattr(each.faults, name) for each in supports) for name in Faults._fields[:-1]),
            _much([1.0 - each.words for each in supports], counts),
            _much([1.0 - each.fragments for each in supports], counts),
            _much([1.0 - each.token for each in aligned], counts),
            *_entailed(np.array([each.entailed for each in supports]), weights),
            float(supports[0].told),
        ],
        dtype=np.float64,
    )


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


def _much(missing: Sequence[float], weights: Sequence[int]) -> float:
    """How much of the answer is missing from the contexts, in content words, on a scale that long answers do not leave."""
    total = sum(share * weight for share, weight in zip(missing, weights, strict=True))
    return float(np.log1p(max(total, 0.0)) / _LOG_OF_MANY)


def _entailed(logits: np.ndarray, shares: np.ndarray) -> list[float]:
    """That every sentence is supported (the product of their probabilities, as its log-odds within +-6, by 6), their mean, and
    the least of them.
    """
    single = 1.0 / (1.0 + np.exp(-logits))
    together = min(float(-np.logaddexp(0.0, -logits).sum()), -1e-6)
    odds = together - float(np.log(-np.expm1(together)))
    return [float(np.clip(odds, -6.0, 6.0)) / 6.0, float(np.sum(shares * single)), float(single.min())]


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


def _passages(context: str) -> list[str]:
    """Whole sentences together, up to PASSAGE characters each."""
    cuts: list[list[Span]] = [[]]
    for span in sentences(context):
        if cuts[-1] and span.end - cuts[-1][0].start > PASSAGE:
            cuts.append([])
        cuts[-1].append(span)
    return [context[cut[0].start : cut[-1].end] for cut in cuts if cut]
