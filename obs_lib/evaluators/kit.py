"""What an evaluator may be built from: options, heads, the encoder's view of tokens, and other evaluators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from obs_lib.evaluators.alignment import Tokens
from obs_lib.evaluators.heads import Head, load_head
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.records import Evaluator


class TokenEncoder(Protocol):
    """As `models.encoder.Encoder`, as far as groundedness needs it: token by token, and two texts together."""

    def tokens(self, texts: Sequence[str]) -> Sequence[Tokens]: ...

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class Kit:
    """tokens : reads texts token by token, where a text's one vector is too coarse.

    encoder : name of the weights behind the vectors, as in `Encoder.weights`; None: those that the heads were trained on.
    evaluator : another evaluator by its name, for one that asks it; what stands in its place where the settings say so.
    """

    options: EvaluatorOptions
    tokens: TokenEncoder
    encoder: str | None
    evaluator: Callable[[str], Evaluator]

    def head(self, name: str) -> Head:
        """The trained head of that name for this encoder; NoHead where there is none."""
        return load_head(name, self.options.weights, self.encoder)
