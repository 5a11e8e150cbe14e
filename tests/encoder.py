"""How tests run the real encoder: one thread, since two processes share the tests, and batches that a few texts fill.

A batch has one shape whatever it holds, so with the defaults three short texts cost as much as a thousand tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from obs_lib.models.encoder import SentenceEncoder

FEW_TEXTS: dict[str, int] = {"threads": 1, "token_budget": 256}
"""Fields of `models` in the settings. Vectors differ from the defaults' in their last digits."""


_ENCODE, _TOKENS = SentenceEncoder.encode, SentenceEncoder.tokens


def remember_readings(patch: pytest.MonkeyPatch) -> None:
    """Let the encoder read a text once a process, for nights over the same logs.

    That a text gives the same bits in any company, which is why nothing depends on it, is shown by tests/unit/models and by the
    nights that read everything anew.
    """
    patch.setattr(SentenceEncoder, "encode", _remembering(_ENCODE, _VECTORS, np.stack))
    patch.setattr(SentenceEncoder, "tokens", _remembering(_TOKENS, _STATES, list))


def read_everything(patch: pytest.MonkeyPatch) -> None:
    """The encoder as it is: a text is read whenever it is asked for."""
    patch.setattr(SentenceEncoder, "encode", _ENCODE)
    patch.setattr(SentenceEncoder, "tokens", _TOKENS)


_VECTORS: dict[tuple[str, str], Any] = {}  # by the encoder's identity and text
_STATES: dict[tuple[str, str], Any] = {}


def _remembering(
    read: Callable[..., Any], known: dict[tuple[str, str], Any], together: Callable[[list[Any]], Any]
) -> Callable[..., Any]:
    def remembered(self: SentenceEncoder, texts: Sequence[str]) -> Any:
        if not texts:
            return read(self, texts)
        new = [text for text in dict.fromkeys(texts) if (self.identity, text) not in known]
        if new:
            known.update(zip([(self.identity, text) for text in new], read(self, new), strict=True))
        return together([known[self.identity, text] for text in texts])

    return remembered
