"""How far the words of a day's answers stand from those of its baseline: a divergence beside what chance gives."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from obs_lib.catalogue.distances import TOKEN_KL
from obs_lib.records import Day, Distance
from obs_lib.stats.divergences import jensen_shannon, kl_divergence, population_stability_index
from obs_lib.stats.pseudo_f import null_of, squared_distance

RARE = 0.1
"""Of an even share, added to each hash's: one long answer may fill a rare hash, which would rule the distance."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The output tokens of one day in one segment.

    blocks : of their hashes, by blocks of whole clusters, (BLOCKS, WORDS).
    answers : interactions behind them; None where unknown (the number of tokens stands in for it).
    """

    day: Day
    counts: Mapping[str, int]
    blocks: NDArray[np.float64]
    answers: int | None = None

    @property
    def total(self) -> int:
        """Tokens in all."""
        return sum(self.counts.values())


def decode(payload: bytes) -> dict[str, int]:
    """Return {token: count} of a `tokens` sketch (zlib over JSON)."""
    return cast("dict[str, int]", json.loads(zlib.decompress(payload)))


def token_kl(segment: str, today: Tokens, window: Sequence[Tokens]) -> Distance:
    """Measure KL(today || pooled window) against the same divergence of each window day from the rest of the window.

    What chance gives is the mean of the latter, brought to today's size: a divergence of noise falls about as 1 / n, and
    answers, not tokens, are counted for it, since the words of one answer hang together. How far chance reaches beyond that,
    and p, are those of a chi-squared divergence of the hashed words (a half of it is about KL), by blocks of whole clusters and
    by days (`stats.pseudo_f`). `window` needs at least two days, each with tokens and words.
    """
    counts = _aligned([*window, today])
    pooled = counts[:-1].sum(axis=0)
    statistic = kl_divergence(counts[-1], pooled)
    among = np.array([kl_divergence(row, pooled - row) for row in counts[:-1]]) * _size_scale(today, window)
    null_mean = float(among.mean())

    hashed = np.array([day.blocks for day in (*window, today)])
    seen = hashed.sum(axis=(0, 1))
    seen += RARE * seen.mean()
    scaled, tokens = hashed / np.sqrt(seen / seen.sum()), hashed.sum(axis=2)
    null = null_of(scaled, tokens)
    reach = null.quantile(0.95) / null.mean if null.mean > 0 else 1.0
    return Distance(
        name=TOKEN_KL.name,
        segment=segment,
        statistic=statistic,
        null_mean=null_mean,
        null_high=null_mean * reach,
        p_value=null.p_value(squared_distance(scaled, tokens)),
        effect=statistic - null_mean,
        unit=TOKEN_KL.unit,
        n_baseline=int(pooled.sum()),
        n_current=int(counts[-1].sum()),
        baseline_days=tuple(day.day for day in window),
        note=_other_names(counts[-1], pooled),
    )


def _other_names(current: NDArray[np.float64], baseline: NDArray[np.float64]) -> str:
    """The same difference as other tools give it."""
    bits, psi = jensen_shannon(current, baseline), population_stability_index(current, baseline)
    return f"Jensen-Shannon {bits:.3f} bits, PSI {psi:.3f}"


def _aligned(days: Sequence[Tokens]) -> NDArray[np.float64]:
    """Counts of shape (days, words of any day)."""
    place: dict[str, int] = {}
    for day in days:
        for token in day.counts:
            place.setdefault(token, len(place))
    counts = np.zeros((len(days), len(place)))
    for row, day in zip(counts, days, strict=True):
        row[[place[token] for token in day.counts]] = list(day.counts.values())
    return counts


def _size_scale(today: Tokens, window: Sequence[Tokens]) -> NDArray[np.float64]:
    """How much more noise today's sample size carries than that of each window day; at least 1."""
    answers = [day.answers for day in (*window, today)]
    sizes = answers if all(answers) else [day.total for day in (*window, today)]
    *days, now = np.array(sizes, dtype=np.float64)
    each, all_days = np.array(days), float(np.sum(days))
    scale: NDArray[np.float64] = np.maximum(1.0, (1 / now + 1 / all_days) / (1 / each + 1 / (all_days - each)))
    return scale
