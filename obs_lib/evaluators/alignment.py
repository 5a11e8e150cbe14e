"""How well each piece of an answer finds itself again in the passages of its contexts, token by token.

Cosines between the contextual states of tokens, as BERTScore compares two texts (Zhang et al. 2020), but one way only: what
a context says beside the answer is no fault of the answer. A sentence's vector alone does not see the one wrong word in it;
its least aligned tokens do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from obs_lib.text import STOP_WORDS, Span

_WINDOW = 48
"""Tokens of a passage that a whole sentence is compared with: a long sentence, or two short ones."""
_CHUNK, _CHUNK_WINDOW = 12, 24
"""Tokens of a clause, and of what a clause is compared with."""
_DIGITS = 4
"""Cosines are rounded to what float16 states can mean, so that the last bits of a product do not travel."""


class Tokens(Protocol):
    """As `models.tokens.Tokens`: places in the text, shape (n, 2), and unit states, shape (n, dimension)."""

    @property
    def spans(self) -> np.ndarray: ...

    @property
    def states(self) -> np.ndarray: ...


class Alignment(NamedTuple):
    """Each cosine in [-1, 1]; all of them are 0 where there is no passage.

    token : mean over the content words' tokens of each one's best cosine. weakest : mean of the lowest quarter of them.
    pair : mean over neighbouring tokens of the best cosine to two neighbouring tokens.
    clause : mean over clauses of 12 tokens of the best cosine to 24 tokens of a passage. weakest_clause : the least of them.
    sentence : best cosine of the whole to 48 tokens of a passage.
    nearest : position of the passage that holds the best match of the whole; -1 where there is none.
    """

    token: float
    weakest: float
    pair: float
    clause: float
    weakest_clause: float
    sentence: float
    nearest: int


NOTHING = Alignment(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1)


def content_mask(text: str, spans: np.ndarray) -> np.ndarray:
    """Which tokens carry content: bool, shape (n,). All of them where none does."""
    pieces = [text[start:end].lower() for start, end in spans]
    mask = np.array([any(map(str.isalnum, piece)) and piece not in STOP_WORDS for piece in pieces], dtype=bool)
    return mask if mask.any() else np.ones(len(pieces), dtype=bool)


def inside(tokens: Tokens, piece: Span) -> slice:
    """The tokens that lie in a piece of the text."""
    first = int(np.searchsorted(tokens.spans[:, 0], piece.start))
    return slice(first, int(np.searchsorted(tokens.spans[:, 0], piece.end)))


def align(states: np.ndarray, content: np.ndarray, passages: Sequence[np.ndarray]) -> Alignment:
    """One sentence against all passages, in whatever order these stand.

    states : shape (n, dimension), the sentence's tokens. content : bool, shape (n,). passages : their tokens' states.
    """
    usable = [i for i, passage in enumerate(passages) if len(passage)]
    if not len(states) or not usable:
        return NOTHING
    rows = states.astype(np.float32)
    single = np.full(len(rows), -1.0)
    pairs = np.full(max(len(rows) - 1, 1), -1.0)
    clauses, best, nearest = np.full(len(_starts(len(rows), _CHUNK)), -1.0), -1.0, -1
    whole, parts = _pooled(rows, len(rows)), _pooled(rows, _CHUNK)
    for i in usable:
        columns = passages[i].astype(np.float32)
        cosines = np.round(rows @ columns.T, _DIGITS)
        single = np.maximum(single, cosines.max(axis=1))
        if min(cosines.shape) > 1:
            pairs = np.maximum(pairs, ((cosines[:-1, :-1] + cosines[1:, 1:]) / 2).max(axis=1))
        clauses = np.maximum(clauses, np.round(parts @ _pooled(columns, _CHUNK_WINDOW).T, _DIGITS).max(axis=1))
        match = float(np.round(whole @ _pooled(columns, _WINDOW).T, _DIGITS).max())
        if match > best:
            best, nearest = match, i
    known = single[content] if content.any() else single
    lowest = np.sort(known)[: max(1, len(known) // 4)]
    together = pairs if (pairs > -1).all() else single
    figures = (known.mean(), lowest.mean(), together.mean(), clauses.mean(), clauses.min(), best)
    token, weakest, pair, clause, weakest_clause, sentence = (round(float(each), _DIGITS + 2) for each in figures)
    return Alignment(token, weakest, pair, clause, weakest_clause, sentence, nearest)


def _starts(n: int, size: int) -> range:
    return range(0, max(1, n - size // 2), max(1, size // 2))


def _pooled(rows: np.ndarray, size: int) -> np.ndarray:
    """Unit means of overlapping windows of `size` rows, shape (windows, dimension), float32."""
    means = np.stack([rows[start : start + size].mean(axis=0) for start in _starts(len(rows), size)])
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9), dtype=np.float32)
