"""Vectors of texts, looked up by the text: what was encoded on earlier days is reused, only the rest is encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from obs_lib.models.encoder import Encoder
from obs_lib.models.pieces import behind_vector

_STORED = np.dtype("<f2")
"""Vectors are kept as little-endian float16; a fresh vector is rounded alike, so both are the same."""

_CANCELLED = 1e-3


def text_hash(text: str) -> str:
    """Name of a text: the first 32 hex digits of the SHA-256 of its UTF-8 form.

    >>> text_hash("")
    'e3b0c44298fc1c149afbf4c8996fb924'
    """
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


class TextVectors:
    """Unit vectors of texts. Implements `records.Vectors`.

    Parameters
    ----------
    known : text hash to the vector's bytes (float16, little endian), all of one length.
    fresh : hashes of those that were encoded just now rather than taken over.
    """

    def __init__(self, known: Mapping[str, bytes], fresh: Iterable[str] = ()) -> None:
        self.known: dict[str, bytes] = dict(known)
        self.fresh: frozenset[str] = frozenset(fresh)

    @property
    def dimension(self) -> int:
        """Length of a vector; 0 when there is none."""
        return next((len(vector) // _STORED.itemsize for vector in self.known.values()), 0)

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of length 1. KeyError for a text that was not announced."""
        raw = b"".join(self.known[text_hash(text)] for text in texts)
        rows = np.frombuffer(raw, _STORED).astype(np.float32).reshape(len(texts), self.dimension)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def gather(texts: Iterable[str], known: Mapping[str, bytes], encoder: Encoder) -> TextVectors:
    """Vectors of all `texts`, encoding only those that are not in `known`. What is not asked for is left out.

    The vector of a long text is the mean of its first pieces' (`models.pieces`), by their lengths; the encoder reads each
    whole. A piece that is asked for by itself too, or that two texts share, is encoded once.

    >>> from obs_lib.models.options import ModelOptions
    >>> from obs_lib.models.encoder import load_encoder
    >>> gather([], {}, load_encoder(ModelOptions())).dimension   # nothing to encode: nothing is loaded
    0
    """
    wanted = {text_hash(text): text for text in texts}
    missing = {name: behind_vector(text) for name, text in sorted(wanted.items()) if name not in known}
    pieces = {text_hash(piece): piece for parts in missing.values() for piece in parts}
    new = {name: piece for name, piece in sorted(pieces.items()) if name not in known}
    vectors = {name: known[name] for name in (*wanted, *pieces) if name in known}
    if new:
        encoded = np.ascontiguousarray(encoder.encode(list(new.values())), _STORED)
        vectors |= {name: row.tobytes() for name, row in zip(new, encoded, strict=True)}
    read = TextVectors(vectors)
    composed = {name: parts for name, parts in missing.items() if parts != [wanted[name]]}
    vectors |= {name: _mean(read.of(parts), [len(part) for part in parts]) for name, parts in composed.items()}
    return TextVectors({name: vectors[name] for name in sorted(wanted)}, missing)


def unit_vectors(stored: Sequence[bytes]) -> NDArray[np.float64]:
    """Stored vectors, all of one length, as rows of length 1, which rounding to float16 has taken from them."""
    rows = np.frombuffer(b"".join(stored), _STORED).reshape(len(stored), -1).astype(np.float64)
    return unit(rows)


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows brought to length 1; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0), dtype=np.float64)


def _mean(rows: np.ndarray, weights: Sequence[int]) -> bytes:
    """The weighted mean of unit vectors as a unit vector; the first of them where they cancel out."""
    mean = np.average(rows, axis=0, weights=weights)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length if length > _CANCELLED else rows[0], _STORED).tobytes()
