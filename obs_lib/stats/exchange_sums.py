"""What is kept of a day's exchanges, each a prompt's vector and its answer's, so that days can be compared without their rows.

Sums by block, a block being some whole clusters (users, sessions) of the day, and how prompts and answers vary together within
the day. About 90 kB whatever the day's size, and the sums of two parts of a day add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.random_features import FEATURES, fourier, projected

Floats = NDArray[np.float64]

BLOCKS = 32
_PARTS = 3  # topics, prompts, answers
_UPPER = np.triu_indices(2 * FEATURES)
_HEAD = BLOCKS * 4  # bytes


@dataclass(frozen=True, slots=True)
class ExchangeSums:
    """Sums over exchanges. By block they have the shape (BLOCKS, FEATURES)."""

    counts: Floats
    """Exchanges by block, (BLOCKS,)."""
    topics: Floats
    """Of the Fourier features of prompts."""
    prompts: Floats
    """Of the projections of prompts."""
    answers: Floats
    """Of the Fourier features of answers."""
    products: Floats
    """Of squares and products of a prompt's projection and its answer's features beside each other, not by block,
    (2 FEATURES, 2 FEATURES)."""

    def __add__(self, other: ExchangeSums) -> ExchangeSums:
        return ExchangeSums(
            self.counts + other.counts,
            self.topics + other.topics,
            self.prompts + other.prompts,
            self.answers + other.answers,
            self.products + other.products,
        )

    @property
    def rows(self) -> int:
        """Exchanges in all."""
        return int(self.counts.sum())

    @property
    def scatter(self) -> Floats:
        """`products` about the mean."""
        return self.products - _of_means(self.prompts, self.answers, self.counts)


def exchange_sums(prompts: Floats, answers: Floats, blocks: NDArray[np.intp]) -> ExchangeSums:
    """Sum up exchanges: unit vectors of prompts and of answers, both of shape (n, dimension), and their blocks, (n,)."""
    features = np.hstack([fourier(prompts), projected(prompts), fourier(answers)])
    members = (blocks == np.arange(BLOCKS)[:, None]).astype(np.float64)
    topics, of_prompts, of_answers = np.split(members @ features, _PARTS, axis=1)
    together = features[:, FEATURES:]
    return ExchangeSums(members.sum(axis=1), topics, of_prompts, of_answers, together.T @ together)


def pack(sums: ExchangeSums) -> bytes:
    """Little endian: counts (uint32), then the blocks' means and FEATURES times the covariance's upper triangle (float16).

    float16 is far finer than chance, and hides in which order a machine adds.
    """
    means = np.hstack([sums.topics, sums.prompts, sums.answers]) / np.maximum(sums.counts, 1.0)[:, None]
    spread = sums.scatter[_UPPER] * (FEATURES / max(sums.rows, 1))
    return sums.counts.astype("<u4").tobytes() + means.astype("<f2").tobytes() + spread.astype("<f2").tobytes()


def unpack(payload: bytes) -> ExchangeSums:
    """What `pack` has packed, up to rounding."""
    counts = np.frombuffer(payload[:_HEAD], "<u4").astype(np.float64)
    numbers = np.frombuffer(payload[_HEAD:], "<f2").astype(np.float64)
    means, spread = np.split(numbers, [BLOCKS * _PARTS * FEATURES])
    topics, prompts, answers = np.split(means.reshape(BLOCKS, -1) * counts[:, None], _PARTS, axis=1)
    scatter = np.zeros((2 * FEATURES, 2 * FEATURES))
    scatter[_UPPER] = spread * (counts.sum() / FEATURES)
    scatter += np.triu(scatter, 1).T
    return ExchangeSums(counts, topics, prompts, answers, scatter + _of_means(prompts, answers, counts))


def _of_means(prompts: Floats, answers: Floats, counts: Floats) -> Floats:
    """What the products would be if every exchange were the day's mean."""
    total = np.hstack([prompts, answers]).sum(axis=0)
    return np.asarray(np.outer(total, total) / max(counts.sum(), 1.0), dtype=np.float64)
