"""Sums of a day's answers by blocks of whole clusters: what chance alone does to a day is learned from them.

Rows of one user hang together; where no user is known those of a session do; else each request stands for itself. A cluster is
in the same block every day.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from obs_lib.models.vectors import text_hash, unit_vectors
from obs_lib.stats.exchange_sums import BLOCKS, ExchangeSums, exchange_sums, pack
from obs_lib.stats.word_sums import WORDS, pack_words
from obs_lib.summaries.clusters import who_asked
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import Sketch

_AT_ONCE = 10_000  # rows or texts whose numbers are in memory together
_TOKEN = re.compile(r"\w+|[^\w\s]")


def blocks_of(interactions: pd.DataFrame) -> NDArray[np.intp]:
    """The block of each interaction, 0 to BLOCKS - 1."""
    asked = who_asked(interactions, ("user_id", "session_id")).to_numpy()
    texts = Texts(pd.Series(np.where(pd.isna(asked), interactions["request_id"], asked), dtype=str))
    hashed = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=2).digest() for text in texts.distinct]
    return np.array([int.from_bytes(digest, "big") % BLOCKS for digest in hashed], dtype=np.intp)[texts.codes]


def exchanges(
    interactions: pd.DataFrame,
    responses: Texts,
    blocks: NDArray[np.intp],
    vectors: Mapping[str, bytes],
    encoder: str,
    segments: Segments,
) -> Iterator[Sketch]:
    """Each segment's `ExchangeSums` of the interactions whose prompt and answer both have a vector, by `encoder`."""
    sums: dict[str, ExchangeSums] = {}
    prompts, answers = _Stored(Texts(interactions["prompt"]), vectors), _Stored(responses, vectors)
    for names, rows in segments.cells():
        rows = rows[prompts.known(rows) & answers.known(rows)]
        for part in np.split(rows, range(_AT_ONCE, len(rows), _AT_ONCE)) if len(rows) else ():
            of_part = exchange_sums(prompts.of(part), answers.of(part), blocks[part])
            for name in names:
                sums[name] = sums[name] + of_part if name in sums else of_part
    for name, of_segment in sorted(sums.items()):
        yield "exchanges", name, encoder, of_segment.rows, pack(of_segment)


def words(responses: Texts, blocks: NDArray[np.intp], segments: Segments) -> Iterator[Sketch]:
    """Each segment's words by block: counts of the hashes of its answers' tokens."""
    cells = [(names, rows[responses.codes[rows] >= 0]) for names, rows in segments.cells()]
    counts: dict[str, NDArray[np.int64]] = {}
    for start in range(0, len(responses.distinct), _AT_ONCE):
        texts = _hashed(responses.distinct[start : start + _AT_ONCE])
        for names, rows in cells:
            codes = responses.codes[rows] - start
            here = (codes >= 0) & (codes < texts.shape[0])
            members = csr_array(
                (np.ones(int(here.sum()), dtype=np.int64), (blocks[rows[here]], codes[here])), (BLOCKS, texts.shape[0])
            )
            of_cell = (members @ texts).toarray()
            for name in names:
                counts[name] = counts[name] + of_cell if name in counts else of_cell
    for name, counted in sorted(counts.items()):
        if counted.any():
            yield "words", name, "blocks", int(counted.sum()), pack_words(counted)


class _Stored:
    """The vectors of a column's texts."""

    def __init__(self, texts: Texts, vectors: Mapping[str, bytes]) -> None:
        stored = [vectors.get(text_hash(text)) for text in texts.distinct]
        self._vectors = [vector or b"" for vector in stored]
        self._codes = texts.codes
        self._there = np.array(
            [*(vector is not None for vector in stored), False], dtype=bool
        )  # -1, no text, is the last

    def known(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        return self._there[self._codes[rows]]

    def of(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Vectors of length 1, which rounding to float16 took from them, (rows, dimension)."""
        return unit_vectors([self._vectors[code] for code in self._codes[rows]])


def _hashed(texts: list[str]) -> csr_array:
    """How often each hash of a token is in each text, (texts, WORDS)."""
    places: dict[str, int] = {}
    rows, columns, numbers = [], [], []
    for row, text in enumerate(texts):
        for token, number in Counter(_TOKEN.findall(text.lower())).items():
            if token not in places:
                places[token] = zlib.crc32(token.encode("utf-8", "replace")) % WORDS
            rows.append(row)
            columns.append(places[token])
            numbers.append(number)
    return csr_array((np.array(numbers, dtype=np.int64), (rows, columns)), (len(texts), WORDS))
