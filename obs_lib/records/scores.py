"""What an evaluator is, and what becomes of it on an interaction."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from obs_lib.records.logs import Day

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class ScoreStatus(StrEnum):
    """What became of one evaluator on one interaction."""

    SCORED = "SCORED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


class Vectors(Protocol):
    """Unit vectors of texts, looked up by the text itself. Each distinct text was encoded once."""

    @property
    def dimension(self) -> int: ...

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of length 1. KeyError for a text that was not announced."""
        ...


class Evaluator(Protocol):
    """One way to score interactions. Works on columns, never on single rows.

    name : the score's name, as in the `scores` table.
    version : raise it whenever the same input would score differently.
    needs : columns of `interactions` that it reads.
    describe : one sentence for the report: which model or formula stands behind the number.
    """

    name: str
    version: str
    needs: frozenset[str]
    describe: str

    def texts(self, batch: pd.DataFrame) -> list[str]:
        """The texts whose vectors `score` will ask for; empty for an evaluator that reads no vectors."""
        ...

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        """One row for each row of `batch`, same order and index.

        Columns: status (ScoreStatus), value (float, None unless SCORED), note (the reason for SKIPPED or FAILED, else ""),
        evidence (JSON text with what a reader needs to believe the value, or None); where scoring costs money also
        cost_usd (float, None where unknown or nothing was asked).
        """
        ...


@runtime_checkable
class BudgetedEvaluator(Protocol):
    """An evaluator that can pay for so much a day, such as a judge: which cases it scores is decided for a day as a whole."""

    def for_day(self, day: Day, all_cases: pd.DataFrame) -> Evaluator:
        """The evaluator for one day. all_cases : the day's distinct cases that are drawn, scored before or not."""
        ...

    def for_anchors(self, day: Day) -> Evaluator:
        """The evaluator for the frozen anchors of one night, which takes nothing over from other nights."""
        ...

    def still_valid(self, rows: pd.DataFrame) -> list[bool]:
        """Of an evaluator made by `for_day`: whether it would still give each earlier row of the day (columns case, note)."""
        ...
