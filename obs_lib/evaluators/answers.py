"""What a classifier says of a batch's texts: all asked together, each distinct pair once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

import pandas as pd

from obs_lib.evaluators.outcomes import Case, Outcome, outcomes, wanted
from obs_lib.models.classifier import Classifier, Pair, Reading


class Answered(NamedTuple):
    """A pair that a classifier was asked about, and what it said."""

    pair: Pair
    reading: Reading


Asking = Callable[[Case, str], list[Pair]]
Deciding = Callable[[Case, str, list[Answered]], Outcome]


class Answers:
    """Readings of pairs, looked up by the pair."""

    def __init__(self, model: Classifier) -> None:
        self._model = model
        self._known: dict[Pair, Reading] = {}

    def gather(self, pairs: Iterable[Pair]) -> None:
        """Ask for all that is not known yet, in one go."""
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        if new:
            self._known.update(zip(new, self._model.read(new), strict=True))

    def of(self, pairs: list[Pair]) -> list[Answered]:
        """The pairs with their readings, in order; asks now for what is not known."""
        self.gather(pairs)
        return [Answered(pair, self._known[pair]) for pair in pairs]


def outcomes_by_model(batch: pd.DataFrame, model: Classifier, ask: Asking, decide: Deciding) -> pd.DataFrame:
    """One outcome for each row: `decide(case, response, answered)` with the readings of what `ask(case, response)` named.

    The whole batch goes through the model together. Where that breaks (memory, a text that the tokenizer cannot take), every
    row is asked by itself, so that only the rows at fault are FAILED.
    """
    answers = Answers(model)
    asked: dict[tuple[Case, str], list[Pair]] = {}

    def remember(case: Case, response: str) -> list[Pair]:
        asked[case, response] = ask(case, response)
        return asked[case, response]

    pairs = wanted(batch, remember)
    with suppress(Exception):
        answers.gather(pairs)

    def verdict(case: Case, response: str) -> Outcome:
        pairs_asked = asked.get((case, response))
        return decide(case, response, answers.of(ask(case, response) if pairs_asked is None else pairs_asked))

    return outcomes(batch, verdict)
