"""py3langid's model over many texts at once: the same walk and the same sums for all of them together.

A text by itself costs py3langid a third of a millisecond, most of it in a loop over bytes; many side by side cost a fifth of
that each. The arrays are py3langid's own, and so is what is done with them (`LanguageIdentifier.rank`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

_TOGETHER = 1024  # texts side by side: more make no text faster, and take memory


class LanguageModel:
    """Reads texts by a `LanguageIdentifier` of py3langid that was told its languages."""

    def __init__(self, identifier: Any) -> None:
        self.codes: list[str] = list(dict.fromkeys(identifier.nb_classes))
        """The languages that it chooses among, each once."""
        self._identifier = identifier

    def shares(self, texts: Sequence[str]) -> np.ndarray:
        """How sure each language is of each text: (texts, codes), each row adding up to 1. Texts are not empty."""
        parts = [self._shares(texts[start : start + _TOGETHER]) for start in range(0, len(texts), _TOGETHER)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.codes)))

    def _shares(self, texts: Sequence[str]) -> np.ndarray:
        written = [_bytes_of(text) for text in texts]
        counts = self._counts(written)
        scores = counts @ self._weights
        scores[np.diff(counts.indptr) > 0] += self._prior  # a text without a feature is as likely in any language
        scores /= np.sqrt([[len(one)] for one in written])
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        merged = np.zeros((len(texts), len(self.codes)))
        for column, code in enumerate(self._identifier.nb_classes):  # one language may have a column for each script
            merged[:, self.codes.index(code)] += scores[:, column]
        return merged

    def _counts(self, written: Sequence[bytes]) -> csr_array:
        """log(1 + count) of each feature in each text: (texts, features). All texts step through the automaton together."""
        order = np.argsort(
            [-len(one) for one in written], kind="stable"
        )  # the longest first, so that those still read lead
        lengths = np.array([len(written[n]) for n in order])
        letters = np.zeros((int(lengths[0]), len(written)), dtype=np.uint8)
        for column, n in enumerate(order):
            letters[: lengths[column], column] = np.frombuffer(written[n], dtype=np.uint8)
        rows, features, states = [], [], np.zeros(len(written), dtype=np.int64)
        for step, row in enumerate(letters):
            going = int(np.searchsorted(-lengths, -step))
            states = self._next[self._rows[states[:going]] + row[:going]]
            found = self._outputs[states]
            hits = np.flatnonzero(found >= 0)
            rows.append(order[hits])
            features.append(found[hits])
        where = np.concatenate(rows), np.concatenate(features)
        counts = csr_array(
            (np.ones(len(where[0])), where), shape=(len(written), len(self._weights))
        )  # equal places add up
        counts.data = np.log1p(counts.data)
        return counts

    @cached_property
    def _weights(self) -> np.ndarray:
        return np.ascontiguousarray(self._identifier.nb_ptc, dtype=np.float32)

    @cached_property
    def _prior(self) -> np.ndarray:
        return np.asarray(self._identifier.nb_pc, dtype=np.float32)

    @cached_property
    def _next(self) -> np.ndarray:
        return np.asarray(self._identifier.tk_nextmove)

    @cached_property
    def _rows(self) -> np.ndarray:
        return np.asarray(self._identifier.tk_row).astype(np.int64) << 8

    @cached_property
    def _outputs(self) -> np.ndarray:
        return np.asarray(self._identifier.tk_output)


def _bytes_of(text: str) -> bytes:
    """The text as the model was made to read it."""
    return unicodedata.normalize("NFC", text.lower() if text.isupper() else text).encode("utf-8", "surrogatepass")
