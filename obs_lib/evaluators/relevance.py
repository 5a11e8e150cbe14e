"""Relevance: does the answer belong to its prompt rather than to another one?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from obs_lib.catalogue.score import OwnModels, Score
from obs_lib.evaluators.anchors import SHIPPED
from obs_lib.evaluators.direct import answers_by_form, goes_round, is_data
from obs_lib.evaluators.heads import Head
from obs_lib.evaluators.kit import Kit
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, outcomes, scored, skipped, wanted
from obs_lib.records import Evaluator, Metric, Vectors
from obs_lib.text import content_stems, numbers, words

FEATURES = ("cosine", "answer_in_prompt", "prompt_in_answer", "numbers_shared", "short", "cosine_if_short")
_SHORT = 12
"""Words up to which an answer counts as wholly short: the sets hold few shorter ones, and nothing is extrapolated."""

DIRECT, ROUND = 0.9, 0.1
"""The probability where the answer's form decides: of a direct answer at least, of one that goes round the question at most."""


class Relevance:
    """Implements `records.Evaluator`. 1: the answer speaks of what was asked. Says nothing about being right or useful."""

    declaration = Score(
        name="relevance",
        needs=frozenset({"prompt", "response", "error"}),
        metrics=(
            Metric(
                "relevance",
                "Relevance",
                "probability",
                "higher_is_better",
                0.7,
                "mean probability that an answer belongs to its prompt rather than to another one",
                evaluator="relevance",
                aggregation="mean",
                complaint="Answers miss the question",
            ),
        ),
        labels=("relevant",),
        anchors=SHIPPED / "relevance.jsonl",
        rubric="relevance",
        languages=("en",),
        heads=("relevance",),
        own_models=OwnModels(("reranker",), "relevant relevance"),
        ranks=True,
    )
    name, needs = declaration.name, declaration.needs

    @classmethod
    def build(cls, kit: Kit) -> Evaluator:
        return cls(kit.options, kit.head(cls.name))

    def __init__(self, options: EvaluatorOptions, head: Head) -> None:
        self._limit, self._head = options.max_characters, head
        self.version = f"3-{self._head.digest}-{self._limit}"
        self.describe = (
            "Probability that the answer belongs to its prompt rather than to another one: logistic regression on the "
            f"cosine of both ({self._head.encoder}) and shared words; trained on own against shuffled answers, and on the "
            f"sentence that answers against its neighbours, of {', '.join(self._head.trained_on['sets'])}. At least {DIRECT} "
            f"where its form is a direct answer's (a yes, a number, a name, code), at most {ROUND} where it only goes round."
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return wanted(batch, lambda case, response: [case.prompt, response] if case.prompt else [])

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return outcomes(batch, lambda case, response: self._verdict(case, response, vectors))

    def _verdict(self, case: Case, response: str, vectors: Vectors) -> Outcome:
        if not case.prompt or not case.prompt.strip():
            return skipped("there is no prompt")
        prompt, answer = vectors.of([case.prompt, response]).astype(np.float64)
        cosine = float(np.sum(prompt * answer))
        row = features(case.prompt[: self._limit], response[: self._limit], cosine)
        value, evidence = self._head.probability(row), {"cosine": round(cosine, 4)}
        if goes_round(case.prompt, response):
            return scored(min(value, ROUND), {**evidence, "form": "goes round the question"})
        if value < DIRECT and answers_by_form(case.prompt, response):
            return scored(DIRECT, {**evidence, "form": "direct answer"})
        if is_data(case.prompt) and value <= 0.5 and not numbers(case.prompt) & numbers(response):
            return skipped("the prompt is data without a question")
        return scored(max(value, DIRECT) if is_data(case.prompt) and value <= 0.5 else value, evidence)


def features(prompt: str, response: str, cosine: float) -> np.ndarray:
    """One number for each of FEATURES, each in [-1, 1]."""
    asked, answered = set(content_stems(prompt)), set(content_stems(response))
    both = len(asked & answered)
    short = _SHORT / max(_SHORT, len(words(response)))
    shared = float(bool(numbers(prompt) & numbers(response)))
    return np.array(
        [cosine, both / max(1, len(answered)), both / max(1, len(asked)), shared, short, cosine * short],
        dtype=np.float64,
    )
