"""Groundedness: is everything that the answer says supported by the contexts it was given?"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from obs_lib.evaluators.heads import Head
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.rows import Case, Outcome, judge, scored, skipped, wanted
from obs_lib.evaluators.text import Span, content_stems, names, numbers, sentences, words

if TYPE_CHECKING:
    import pandas as pd

    from obs_lib.records import Vectors

FEATURES = (
    "cosine_mean",
    "cosine_least",
    "coverage_mean",
    "coverage_least",
    "pairs_mean",
    "numbers_missing",
    "names_missing",
)
_EXCERPT = 300
_Item = TypeVar("_Item")
_SHOWN = 3


class Evidence(NamedTuple):
    """What an answer is compared with: its sentences, and the passages of its contexts that share most words with it."""

    answer: list[Span]
    passages: list[str]
    contexts: str


class Groundedness:
    """Implements `records.Evaluator`. 1: every statement is supported; under 0.5 counts as hallucination."""

    name = "groundedness"
    needs = frozenset({"response", "contexts", "error"})

    def __init__(self, options: EvaluatorOptions, head: Head) -> None:
        self._options, self._head = options, head
        limits = (options.max_characters, options.max_sentences, options.max_passages)
        self.version = f"1-{self._head.digest}-{'.'.join(map(str, limits))}"
        self.describe = (
            "Probability that the whole answer is supported by its contexts: logistic regression on sentence similarity "
            f"({self._head.encoder}), word and number coverage; trained on {', '.join(self._head.trained_on['sets'])}."
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return wanted(batch, self._texts)

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return judge(batch, lambda case, response: self._verdict(case, response, vectors))

    def _texts(self, case: Case, response: str) -> list[str]:
        found = gather_evidence(case, response, self._options)
        return [*(span.text for span in found.answer), *found.passages] if found.contexts else []

    def _verdict(self, case: Case, response: str, vectors: Vectors) -> Outcome:
        found = gather_evidence(case, response, self._options)
        if not found.contexts:
            return skipped("no contexts")
        if not found.answer:
            return skipped("the answer has no words")
        cosines = similarities(found, vectors)
        value = self._head.probability(features(found, cosines))
        return scored(value, _evidence(found, cosines))


def gather_evidence(case: Case, response: str, options: EvaluatorOptions) -> Evidence:
    """Sentences of the answer and candidate passages; contexts is empty where the interaction has none.

    ValueError when contexts are not the JSON list of objects that `interactions` promises.
    """
    contexts = _read_contexts(case.contexts)[: options.max_characters]
    answer = sentences(response[: options.max_characters])[: options.max_sentences]
    asked = set(content_stems(response[: options.max_characters]))
    passages = list(dict.fromkeys(span.text for span in sentences(contexts)))
    shared = [len(asked & set(content_stems(passage))) for passage in passages]
    best = sorted(range(len(passages)), key=lambda i: (-shared[i], i))[: options.max_passages]
    return Evidence(answer, [passages[i] for i in sorted(best)], contexts)


def similarities(found: Evidence, vectors: Vectors) -> np.ndarray:
    """Cosines, shape (sentences of the answer, passages); zeros of shape (n, 1) for contexts without a passage."""
    if not found.passages:
        return np.zeros((len(found.answer), 1))
    answer, passages = vectors.of([span.text for span in found.answer]), vectors.of(found.passages)
    return np.asarray(np.einsum("id,jd->ij", answer.astype(np.float64), passages.astype(np.float64)))


def features(found: Evidence, cosines: np.ndarray) -> np.ndarray:
    """One number for each of FEATURES: over the answer's sentences, and shares of all that it says; each in [-1, 1]."""
    known, known_pairs = set(content_stems(found.contexts)), _pairs(found.contexts)
    best = cosines.max(axis=1)
    covered = [_share(set(content_stems(span.text)), known) for span in found.answer]
    paired = [_share(_pairs(span.text), known_pairs) for span in found.answer]
    answer = " ".join(span.text for span in found.answer)
    return np.array(
        [
            best.mean(),
            best.min(),
            np.mean(covered),
            np.min(covered),
            np.mean(paired),
            1.0 - _share(numbers(answer), numbers(found.contexts)),
            1.0 - _share(names(answer), set(words(found.contexts))),
        ],
        dtype=np.float64,
    )


def _read_contexts(raw: str | None) -> str:
    """The texts of all contexts, one after another; empty for none."""
    listed = json.loads(raw) if raw else []
    if not isinstance(listed, list):
        raise ValueError("contexts are not a JSON list")
    texts = [item.get("text") if isinstance(item, dict) else item for item in listed]
    return "\n".join(text.strip() for text in texts if isinstance(text, str) and text.strip())


def _pairs(text: str) -> set[tuple[str, str]]:
    spoken = words(text)
    return set(pairwise(spoken))


def _share(part: set[_Item], whole: set[_Item]) -> float:
    """Share of `part` that is in `whole`; 1 where nothing was said that could be missing."""
    return len(part & whole) / len(part) if part else 1.0


def _evidence(found: Evidence, cosines: np.ndarray) -> dict[str, object]:
    """The least supported sentences, each with its place in the answer and the passage that comes nearest."""
    worst = sorted(range(len(found.answer)), key=lambda i: (round(float(cosines[i].max()), 6), i))[:_SHOWN]
    return {
        "least_supported": [
            {
                "start": found.answer[i].start,
                "end": found.answer[i].end,
                "sentence": found.answer[i].text[:_EXCERPT],
                "nearest_passage": found.passages[int(cosines[i].argmax())][:_EXCERPT] if found.passages else None,
                "cosine": round(float(cosines[i].max()), 4),
            }
            for i in worst
        ]
    }
