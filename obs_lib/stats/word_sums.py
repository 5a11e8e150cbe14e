"""What is kept of the words of a day's answers by block: how often words of each hash stand there, and no word itself."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.exchange_sums import BLOCKS

WORDS = 256
"""Hashes. Two words of one hash count as one word, which takes from a divergence and adds nothing to it."""


def pack_words(counts: NDArray[np.int64]) -> bytes:
    """Counts of shape (BLOCKS, WORDS) as compressed uint32, little endian."""
    return zlib.compress(counts.astype("<u4").tobytes(), 6)


def unpack_words(payload: bytes) -> NDArray[np.float64]:
    """What `pack_words` has packed."""
    return np.frombuffer(zlib.decompress(payload), "<u4").reshape(BLOCKS, WORDS).astype(np.float64)
