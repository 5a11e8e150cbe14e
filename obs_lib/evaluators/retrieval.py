"""The retrieval half of an answer: do the contexts belong to the question, and does the answer use them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.asking import Pair, ask, texts_of, value_of
from obs_lib.evaluators.kit import Kit
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, outcomes, scored, skipped, wanted
from obs_lib.evaluators.passages import read_texts
from obs_lib.evaluators.relevance import Relevance
from obs_lib.models.pieces import PIECE
from obs_lib.records import Evaluator, Metric, Vectors
from obs_lib.text import content_stems, sentences

WINDOW = PIECE
"""Characters of a context behind one vector: what the encoder reads at once, so that no window is read in pieces."""
USED = 0.35
"""Mean of cosine and of the share of a sentence's words above which an answer uses a context. On the groundedness sets, 90% of
supported answers reach 0.43 to 0.71 against their own context, and 90% stay under 0.18 against another answer's."""
_SHOWN = 20  # contexts in the evidence


class Retrieved(NamedTuple):
    """One context: its id where the log gives one, and its text in windows, at least one."""

    name: str | None
    windows: list[str]


class ContextRelevance:
    """Implements `records.Evaluator`. Mean over the contexts of the probability that a context belongs to the question.

    A context counts by its most relevant window, scored as an answer to the prompt is by `relevance`: the same evaluator,
    whichever stands behind that name.
    """

    declaration = Score(
        name="context_relevance",
        needs=frozenset({"prompt", "contexts", "response", "error"}),
        metrics=(
            Metric(
                "context_relevance",
                "Context relevance",
                "probability",
                "higher_is_better",
                None,
                "mean over answers and their contexts of the probability that a context belongs to the prompt",
                evaluator="context_relevance",
                aggregation="mean",
                complaint="Retrieved documents miss the question",
            ),
        ),
        languages=("en",),
    )
    name, needs = declaration.name, declaration.needs

    @classmethod
    def build(cls, kit: Kit) -> Evaluator:
        return cls(kit.options, kit.evaluator(Relevance.name))

    def __init__(self, options: EvaluatorOptions, relevance: Evaluator) -> None:
        self._options, self._relevance = options, relevance
        self.version = f"1-{options.max_characters}-{options.max_pieces}-{relevance.version}"
        self.describe = (
            "Mean probability that a context belongs to the prompt rather than to another one, each by its best window of "
            f"{WINDOW} characters. As for answers: {relevance.describe}"
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return texts_of(self._relevance, wanted(batch, self._pairs))

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        relevances = ask(self._relevance, wanted(batch, self._pairs), vectors)
        return outcomes(batch, lambda case, _: self._verdict(case, relevances))

    def _verdict(self, case: Case, relevances: Mapping[Pair, Outcome]) -> Outcome:
        contexts = read_contexts(case.contexts, self._options)
        if not contexts:
            return skipped("no contexts")
        if not case.prompt or not case.prompt.strip():
            return skipped("there is no prompt")
        values = []
        for context in contexts:
            each = [value_of(relevances[case.prompt, window]) for window in context.windows]
            values.append(max((value for value in each if value is not None), default=0.0))
        return scored(float(np.mean(values)), _evidence(contexts, "relevance", values))

    def _pairs(self, case: Case, _: str) -> list[Pair]:
        """Question and window, none without a question."""
        if not case.prompt or not case.prompt.strip():
            return []
        return [(case.prompt, window) for window in _windows_of(case, self._options)]


class ContextUtilization:
    """Implements `records.Evaluator`. The share of the retrieved contexts that the answer uses, in [0, 1].

    An answer uses a context where one of its sentences comes near a window of it: by cosine, and by the words they share.
    """

    declaration = Score(
        name="context_utilization",
        needs=frozenset({"contexts", "response", "error"}),
        metrics=(
            Metric(
                "context_utilization",
                "Contexts used",
                "share",
                "higher_is_better",
                None,
                "mean over answers of the share of their contexts that the answer uses",
                evaluator="context_utilization",
                aggregation="mean",
                complaint="Answers leave their documents unused",
            ),
        ),
        languages=("en",),
    )
    name, needs = declaration.name, declaration.needs

    @classmethod
    def build(cls, kit: Kit) -> Evaluator:
        return cls(kit.options, kit.encoder or "any")

    def __init__(self, options: EvaluatorOptions, encoder: str) -> None:
        self._options = options
        limits = (options.max_characters, options.max_pieces, options.max_sentences)
        self.version = f"1-{'.'.join(map(str, limits))}-{encoder}"
        self.describe = (
            "Share of the retrieved contexts that the answer uses: a sentence's cosine to a window of the context "
            f"({encoder}) and the share of its words in it are over {USED} on average."
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return wanted(batch, self._texts)

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return outcomes(batch, lambda case, response: self._verdict(case, response, vectors))

    def _texts(self, case: Case, response: str) -> list[str]:
        windows = _windows_of(case, self._options)
        return [*self._answer_sentences(response), *windows] if windows else []

    def _answer_sentences(self, response: str) -> list[str]:
        spans = sentences(response[: self._options.max_characters])[: self._options.max_sentences]
        return list(dict.fromkeys(span.text for span in spans))

    def _verdict(self, case: Case, response: str, vectors: Vectors) -> Outcome:
        contexts, answered = read_contexts(case.contexts, self._options), self._answer_sentences(response)
        if not contexts:
            return skipped("no contexts")
        if not answered:
            return skipped("the answer has no words")
        rows = vectors.of(answered).astype(np.float64)
        stems = [set(content_stems(text)) for text in answered]
        nearest = [max(_nearness(rows, stems, window, vectors) for window in context.windows) for context in contexts]
        return scored(float(np.mean([near > USED for near in nearest])), _evidence(contexts, "nearness", nearest))


def read_contexts(raw: str | None, options: EvaluatorOptions) -> list[Retrieved]:
    """The contexts that have a text, in order; `max_pieces` windows in all, but one of each context at least.

    Contexts beyond `max_characters` together are left out. ValueError when they are not the JSON list of `interactions`.
    """
    kept: list[tuple[str | None, str]] = []
    left = options.max_characters
    for name, text in read_texts(raw):
        if left > 0:
            kept.append((name, text[:left]))
            left -= len(text)
    each = max(1, options.max_pieces // max(1, len(kept)))
    return [Retrieved(name, windows(text)[:each]) for name, text in kept]


def windows(text: str) -> list[str]:
    """The text in windows of at most WINDOW characters, cut between words where there is a space.

    >>> [len(window) for window in windows("word " * 300)]
    [999, 499]
    """
    cut_off: list[str] = []
    rest = text.strip()
    while len(rest) > WINDOW:
        cut = rest.rfind(" ", WINDOW // 2, WINDOW)
        cut_off.append(rest[: cut if cut > 0 else WINDOW].strip())
        rest = rest[cut if cut > 0 else WINDOW :].strip()
    return [*cut_off, rest] if rest else cut_off


def _windows_of(case: Case, options: EvaluatorOptions) -> list[str]:
    """All windows of a case."""
    return [window for context in read_contexts(case.contexts, options) for window in context.windows]


def _nearness(rows: np.ndarray, stems: list[set[str]], window: str, vectors: Vectors) -> float:
    """Of the answer's nearest sentence: mean of its cosine to the window and of the share of its words found there."""
    cosines = np.sum(rows * vectors.of([window])[0].astype(np.float64), axis=1)
    there = set(content_stems(window))
    shares = np.array([len(own & there) / len(own) if own else 0.0 for own in stems])
    return float(np.max((cosines + shares) / 2))


def _evidence(contexts: list[Retrieved], what: str, values: list[float]) -> dict[str, object]:
    shown = list(zip(contexts, values, strict=True))[:_SHOWN]
    return {
        "contexts": [
            {"id": context.name and context.name[:200], "start": context.windows[0][:80], what: round(value, 4)}
            for context, value in shown
        ]
    }
