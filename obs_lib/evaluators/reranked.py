"""Relevance by a cross-encoder that ranks passages for a query: the answer stands where the passage does."""

from __future__ import annotations

import pandas as pd

from obs_lib.evaluators.answers import Answered, outcomes_by_model
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, scored, skipped
from obs_lib.models.classifier import Classifier, Pair
from obs_lib.records import Vectors

_EXCERPT = 300
_SPECIAL = 8


class Reranked:
    """Implements `records.Evaluator`. The highest probability, over pieces of a long answer, that it answers the prompt.

    Of a prompt that takes more than half of what the model reads, the last piece counts: there the question stands.
    """

    needs = frozenset({"prompt", "response", "error"})

    def __init__(self, name: str, options: EvaluatorOptions, model: Classifier) -> None:
        self.name, self._options, self._model = name, options, model
        self.version = f"1-{model.identity}-{options.max_characters}-{options.max_pieces}"
        self.describe = (
            f"Probability that the answer belongs to its prompt, the highest of its pieces ({model.identity})."
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return outcomes_by_model(batch, self._model, self._ask, self._decide)

    def _ask(self, case: Case, response: str) -> list[Pair]:
        prompt = (case.prompt or "").strip()[-self._options.max_characters :]
        if not prompt:
            return []
        query = prompt[slice(*self._model.split(prompt, self._model.max_tokens // 2)[-1])]
        room = self._model.max_tokens - self._model.count(query) - _SPECIAL
        return [(query, response[a:b]) for a, b in self._pieces(response, room)]

    def _pieces(self, response: str, room: int) -> list[tuple[int, int]]:
        return self._model.split(response[: self._options.max_characters], room)[: self._options.max_pieces]

    def _decide(self, case: Case, response: str, answered: list[Answered]) -> Outcome:
        if not answered:
            return skipped("there is no prompt")
        best = max(range(len(answered)), key=lambda i: (answered[i].reading.value, -i))
        piece = answered[best].pair[1] or ""
        return scored(answered[best].reading.value, {"best_piece": piece[:_EXCERPT], "pieces": len(answered)})
