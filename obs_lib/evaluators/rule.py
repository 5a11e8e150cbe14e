"""What evaluators by rule share: the settings make them, and each interaction is judged by its texts alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import pandas as pd

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.kit import Kit
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, outcomes
from obs_lib.records import Vectors


class Rule(ABC):
    """Implements `records.Evaluator` for a class that declares its score, describes its rule and has a verdict on a case.

    version : raised whenever the same answer would get another value; made in `__init__` where it depends on the settings.
    """

    declaration: ClassVar[Score]
    name: ClassVar[str]
    needs: ClassVar[frozenset[str]]
    describe: str
    version: str

    def __init_subclass__(cls) -> None:
        cls.name, cls.needs = cls.declaration.name, cls.declaration.needs

    @classmethod
    def build(cls, kit: Kit) -> Self:
        return cls(kit.options)

    def __init__(self, options: EvaluatorOptions) -> None:
        self._limit = options.max_characters

    def texts(self, batch: pd.DataFrame) -> list[str]:
        """None: a rule reads no vectors."""
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return outcomes(batch, self._verdict)

    @abstractmethod
    def _verdict(self, case: Case, response: str) -> Outcome:
        """The outcome for an interaction that has an answer."""
