"""Accuracy: does the answer say what the log gives as the right answer? Exact, no model."""

from __future__ import annotations

import json

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, scored, skipped
from obs_lib.evaluators.reference_match import match, read
from obs_lib.evaluators.rule import Rule
from obs_lib.records import Metric
from obs_lib.records.references import named_calls

MOST = 100  # references of one interaction
_EXCERPT = 200


class Accuracy(Rule):
    """The agreement with the best of the interaction's references, in [0, 1].

    1 for an exact match or where the answer contains the reference as whole words, else token F1 (see reference_match.py).
    References that name calls of tools are none of words: summaries/tool_metrics.py counts those.
    """

    declaration = Score(
        name="accuracy",
        needs=frozenset({"response", "reference", "error"}),
        metrics=(
            Metric(
                "accuracy",
                "Accuracy against references",
                "score",
                "higher_is_better",
                None,
                "mean over answers with a reference of the agreement with the best one: 1 where the answer is it or contains "
                "it as whole words, else token F1 (SQuAD v1.1, Rajpurkar et al. 2016)",
                evaluator="accuracy",
                aggregation="mean",
                complaint="Answers are wrong more often",
            ),
        ),
        labels=("correct", "accurate"),
        pass_fail=True,
        rubric="correctness",
    )
    describe = (
        "Agreement of the answer with the best of the references that the log gives: 1 where it is the reference or contains "
        "it as whole words, else token F1; texts normalised as SQuAD v1.1 does, numbers by value."
    )

    def __init__(self, options: EvaluatorOptions) -> None:
        super().__init__(options)
        self.version = f"2-{self._limit}"

    def _verdict(self, case: Case, response: str) -> Outcome:
        every = read_references(case.reference)
        references = [text for text in every if named_calls(text) is None]
        if not references:
            return skipped("the reference names a call" if every else "no reference")
        if len(references) > MOST:
            return skipped(f"more than {MOST} references")
        answer = read(response[: self._limit])
        matches = {text: match(answer, read(text[: self._limit])) for text in sorted(set(references))}
        best = max(matches, key=lambda text: (matches[text].value, *matches[text]))
        evidence = {
            "exact_match": matches[best].exact,
            "f1": round(matches[best].f1, 4),
            "inclusion_match": matches[best].included,
            "reference": best if len(best) <= _EXCERPT else best[: _EXCERPT - 1] + "…",
            "references": len(references),
        }
        return scored(matches[best].value, evidence)


def read_references(raw: str | None) -> list[str]:
    """The references of an interaction, in order; empty for none.

    ValueError when they are not the JSON list of texts that `interactions` promises.

    >>> read_references('["Paris", "the city of Paris"]'), read_references(None)
    (['Paris', 'the city of Paris'], [])
    """
    listed = json.loads(raw) if raw else []
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise ValueError("the reference is not a JSON list of text")
    return [text for text in listed if text.strip()]
