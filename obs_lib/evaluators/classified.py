"""Toxicity and refusal by a text classifier such as toxic-bert: the answer alone, a long one in pieces."""

from __future__ import annotations

import pandas as pd

from obs_lib.evaluators.answers import Answered, outcomes_by_model
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, scored
from obs_lib.models.classifier import Classifier, Pair
from obs_lib.records import Vectors

_EXCERPT = 300
_SPECIAL = 8


class Classified:
    """Implements `records.Evaluator`. The highest probability, over the answer's pieces, of a label that counts."""

    needs = frozenset({"response", "error"})

    def __init__(self, name: str, options: EvaluatorOptions, model: Classifier) -> None:
        self.name, self._options, self._model = name, options, model
        self.version = f"1-{model.identity}-{options.max_characters}-{options.max_pieces}"
        self.describe = f"Probability of {name}, the highest of the answer's pieces ({model.identity})."

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return outcomes_by_model(batch, self._model, self._ask, self._decide)

    def _pieces(self, response: str) -> list[tuple[int, int]]:
        text = response[: self._options.max_characters]
        return self._model.split(text, self._model.max_tokens - _SPECIAL)[: self._options.max_pieces]

    def _ask(self, case: Case, response: str) -> list[Pair]:
        return [(response[a:b], None) for a, b in self._pieces(response)]

    def _decide(self, case: Case, response: str, answered: list[Answered]) -> Outcome:
        readings = [each.reading for each in answered]
        worst = max(range(len(readings)), key=lambda i: (readings[i].value, -i))
        start, end = self._pieces(response)[worst]
        evidence = {"label": readings[worst].label, "start": start, "end": end, "text": response[start:end][:_EXCERPT]}
        return scored(readings[worst].value, evidence)
