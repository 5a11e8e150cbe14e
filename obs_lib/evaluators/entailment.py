"""Groundedness by a cross-encoder for natural language inference, or one trained for consistency (HHEM, MiniCheck)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from obs_lib.evaluators.answers import Answered, outcomes_by_model
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, scored, skipped
from obs_lib.evaluators.passages import context_set, nearest, within
from obs_lib.models.classifier import Classifier, Pair
from obs_lib.records import Vectors
from obs_lib.text import Span, sentences

_EXCERPT = 300
_SHOWN = 3
_SENTENCE_SHARE = 3
"""A sentence may take up to this part of the model's length; the passage has the rest."""
_SPECIAL = 8
"""Tokens left for what the tokenizer puts around and between two texts: four at most in the models there are."""


class Entailment:
    """Implements `records.Evaluator`. The support of a sentence is the highest over the passages that it is held against, as in
    SummaC-ZS (Laban et al. 2022, section 3.2); that of the answer is the least of its sentences, or their mean.

    SummaC takes the mean; a whole answer is supported only as far as its weakest sentence, so the least is the default.
    """

    needs = frozenset({"response", "contexts", "error"})

    def __init__(self, name: str, options: EvaluatorOptions, model: Classifier) -> None:
        self.name, self._options, self._model = name, options, model
        self._over = options.models[name].over_sentences
        limits = (options.max_characters, options.max_sentences, options.max_passages)
        self.version = f"1-{model.identity}-{'.'.join(map(str, limits))}"
        least = "least supported sentence" if self._over == "min" else "sentences, their mean"
        self.describe = (
            f"Probability that the contexts entail the answer's {least}: each sentence against each passage, the highest "
            f"counts ({model.identity})."
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return outcomes_by_model(batch, self._model, self._ask, self._decide)

    def _claims(self, response: str) -> list[Span]:
        return sentences(response[: self._options.max_characters])[: self._options.max_sentences]

    def _ask(self, case: Case, response: str) -> list[Pair]:
        """All passages with the first sentence, then all with the second, and so on."""
        claims, contexts = self._claims(response), context_set(case.contexts)
        if not claims or not contexts:
            return []
        contexts = within(nearest(contexts, response, len(contexts)), self._options.max_characters)
        longest = self._model.max_tokens
        most = min(max(self._model.count(claim.text) for claim in claims), longest // _SENTENCE_SHARE)
        room = longest - most - _SPECIAL
        pieces = {text[a:b].strip() for text in contexts for a, b in self._model.split(text, room)} - {""}
        passages = nearest(sorted(pieces), response, self._options.max_passages)
        return [(passage, claim.text) for claim in claims for passage in passages]

    def _decide(self, case: Case, response: str, answered: list[Answered]) -> Outcome:
        if not context_set(case.contexts):
            return skipped("no contexts")
        if not answered:
            return skipped("the answer has no words")
        claims = self._claims(response)
        table = np.array([each.reading.value for each in answered]).reshape(len(claims), -1)
        support = table.max(axis=1)
        value = support.min() if self._over == "min" else support.mean()
        passages = [each.pair[0] for each in answered[: table.shape[1]]]
        return scored(float(value), _evidence(claims, support, [passages[i] for i in table.argmax(axis=1)]))


def _evidence(claims: list[Span], support: np.ndarray, best: list[str]) -> dict[str, object]:
    """The least supported sentences, each with its place in the answer and the passage that supports it most."""
    worst = sorted(range(len(claims)), key=lambda i: (round(float(support[i]), 6), i))[:_SHOWN]
    return {
        "unsupported_sentences": int((support < 0.5).sum()),
        "least_supported": [
            {
                "start": claims[i].start,
                "end": claims[i].end,
                "sentence": claims[i].text[:_EXCERPT],
                "nearest_passage": best[i][:_EXCERPT],
                "supported": round(float(support[i]), 4),
            }
            for i in worst
        ],
    }
