"""What an encoder makes of each token of a text, where a text's one vector is too coarse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np


class Tokens(NamedTuple):
    """The tokens of one text, in order, each once.

    spans : int32 array of shape (n, 2), characters [start, end) of the text that a token stands for.
    states : float16 array of shape (n, dimension), rows of length 1 up to rounding.
    """

    spans: np.ndarray
    states: np.ndarray


class TokenEncoder(Protocol):
    """Turns texts into the states of their tokens; a text has one result whatever its company."""

    @property
    def weights(self) -> str: ...

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """One for each text. Text beyond what the encoder reads at once is read in windows that overlap."""
        ...


def joined(windows: Sequence[Tokens]) -> Tokens:
    """The tokens of overlapping windows, each taken from the window in which it stands further from the edge."""
    parts = []
    start = 0
    for this, after in zip(windows, [*windows[1:], None], strict=True):
        overlap = 0 if after is None else int(np.searchsorted(this.spans[:, 0], after.spans[0, 0]))
        end = len(this.spans) if after is None else (overlap + len(this.spans) + 1) // 2
        parts.append(Tokens(this.spans[start:end], this.states[start:end]))
        start = 0 if after is None else end - overlap
    return Tokens(np.concatenate([part.spans for part in parts]), np.concatenate([part.states for part in parts]))
