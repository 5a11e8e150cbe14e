"""Evaluators that ask another one about pairs of texts: a prompt, and what stands in the place of an answer to it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from obs_lib.evaluators.outcomes import Outcome
from obs_lib.records import Evaluator, ScoreStatus, Vectors

Pair = tuple[str, str]


def texts_of(evaluator: Evaluator, pairs: Sequence[Pair]) -> list[str]:
    """The texts whose vectors the evaluator needs for these pairs."""
    return evaluator.texts(_batch(pairs))


def ask(evaluator: Evaluator, pairs: Sequence[Pair], vectors: Vectors) -> dict[Pair, Outcome]:
    """What the evaluator says of each pair; pairs are distinct."""
    rows = evaluator.score(_batch(pairs), vectors).to_dict("records")
    outcomes = [Outcome(ScoreStatus(row["status"]), row["value"], row["note"], row["evidence"]) for row in rows]
    return dict(zip(pairs, outcomes, strict=True))


def value_of(outcome: Outcome) -> float | None:
    """Its score in [0, 1], None where it was skipped. RuntimeError where it failed: then so does what asked."""
    if outcome.status == ScoreStatus.FAILED:
        raise RuntimeError(outcome.note)
    return outcome.value


def _batch(pairs: Sequence[Pair]) -> pd.DataFrame:

    return pd.DataFrame(list(pairs), columns=["prompt", "response"], dtype=object)
