"""Day summaries as the lake holds them, made by hand."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest

from obs_lib.drift.baseline import DaySummary
from obs_lib.stats.exchange_sums import BLOCKS
from obs_lib.stats.word_sums import WORDS, pack_words

FIRST = dt.date(2024, 3, 1)
METRIC_COLUMNS = ["metric", "segment", "status", "value", "std_error", "n", "effective_n"]
SKETCH_COLUMNS = ["kind", "segment", "key", "n", "payload"]


def in_blocks(tokens: Mapping[str, int], seed: int) -> np.ndarray:
    """Words dealt to blocks by chance, as answers of a few words each would be."""
    rng, counts = np.random.default_rng(seed), np.zeros((BLOCKS, WORDS), dtype=np.int64)
    for word, n in tokens.items():
        counts[:, zlib.crc32(word.encode()) % WORDS] += rng.multinomial(n, np.full(BLOCKS, 1 / BLOCKS))
    return counts


def _summary(
    index: int,
    metrics: Mapping[str, tuple[float, float | None, int]] | None = None,
    tokens: Mapping[str, int] | None = None,
    answers: Mapping[str, np.ndarray] | None = None,
    segment: str = "all",
) -> DaySummary:
    rows = [(name, segment, "OK", value, error, n, None) for name, (value, error, n) in (metrics or {}).items()]
    sketches = []
    if tokens:
        payload = zlib.compress(json.dumps(dict(tokens)).encode())
        sketches.append(("tokens", segment, "counts", sum(tokens.values()), payload))
        sketches.append(("words", segment, "blocks", sum(tokens.values()), pack_words(in_blocks(tokens, index))))
    for key, vector in (answers or {}).items():
        sketches.append(("answers", segment, key, 1, np.asarray(vector, dtype="<f4").tobytes()))
    return DaySummary(
        FIRST + dt.timedelta(days=index),
        pd.DataFrame(rows, columns=METRIC_COLUMNS),
        pd.DataFrame(sketches, columns=SKETCH_COLUMNS),
    )


@pytest.fixture(scope="session")
def summary() -> Callable[..., DaySummary]:
    """summary(index of the day, metrics, tokens, answers, segment)."""
    return _summary
