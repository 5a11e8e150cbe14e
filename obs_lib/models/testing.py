"""An encoder for tests: a real implementation of the protocol, without a model. Not selectable in the settings."""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from obs_lib.models.tokens import Tokens

_WORD = re.compile(r"\w+")


class HashingEncoder:
    """Sum of one fixed random direction a word: texts that share words are near, all others about orthogonal.

    >>> a, b, c = HashingEncoder().encode(["red green", "green red!", "blue"]).astype(float)
    >>> bool(abs(a @ b - 1) < 0.01), bool(abs(a @ c) < 0.3)
    (True, True)
    """

    def __init__(self, dimension: int = 384) -> None:
        self.dimension = dimension
        self.identity = self.weights = f"hashing-{dimension}"
        self.encoded: list[str] = []  # every text that was asked for, in order: what tests of reuse look at

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        rows = np.zeros((len(texts), self.dimension))
        for row, text in zip(rows, texts, strict=True):
            for word, count in sorted(Counter(_WORD.findall(text.lower()) or [""]).items()):
                row += count * _direction(word, self.dimension)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float16)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Words are the tokens, and their directions their states."""
        found = []
        for text in texts:
            words = list(_WORD.finditer(text))
            rows = np.array([_direction(word[0].lower(), self.dimension) for word in words]).reshape(-1, self.dimension)
            spans = np.array([word.span() for word in words], dtype=np.int32).reshape(-1, 2)
            unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
            found.append(Tokens(spans, unit.astype(np.float16)))
        return found

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Supported as far as the claim's words are among the evidence's."""
        shares = [_share(claim, evidence) for evidence, claim in pairs]
        return np.array([8.0 * share - 4.0 for share in shares], dtype=np.float64)


def _share(part: str, whole: str) -> float:
    words, known = _WORD.findall(part.lower()), set(_WORD.findall(whole.lower()))
    return sum(word in known for word in words) / max(len(words), 1)


@functools.lru_cache(maxsize=20_000)
def _direction(word: str, dimension: int) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dimension)
