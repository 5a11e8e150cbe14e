"""An encoder of which only the names are known: on machines that score nothing, without torch.

Every step but `evaluate` needs an encoder's names alone: which vectors fit together, and which heads fit them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from obs_lib.errors import UnknownModel
from obs_lib.models.tokens import Tokens

LIBRARIES = ("torch", "transformers", "sentence_transformers")
"""What runs models. They come with the extra `models`."""

INSTALL = "pip install 'llm-night-watch[models]'"


def missing_libraries() -> tuple[str, ...]:
    """Those of LIBRARIES that are not installed; none is imported to find out."""
    return tuple(name for name in LIBRARIES if importlib.util.find_spec(name) is None)


@dataclass(frozen=True)
class NamedEncoder:
    """Stands for an encoder that runs elsewhere, with the names that it has there. See `Encoder`."""

    identity: str
    weights: str

    @property
    def dimension(self) -> int:
        raise no_models()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        raise no_models()

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        raise no_models()

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        raise no_models()


def no_models() -> UnknownModel:
    """The error, to be raised, where a text is to be read by a model and none can run here."""
    return UnknownModel(
        "no model can run here",
        rule="run where the extra `models` is installed",
        found=f"without {', '.join(missing_libraries())}",
        where="models.encoder",
        fix=INSTALL,
    )
