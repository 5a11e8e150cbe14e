"""How good is a ranking? Reciprocal rank, nDCG, precision and recall at k, with ties handled fairly.

Items of equal score stand in no order, so each figure is its expectation over all orders of the ties: neither the order in a
file nor a stable sort can flatter a scorer that says the same of everything (McSherry and Najork 2008, Computing information
retrieval performance measures efficiently in the presence of tied scores, ECIR).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def reciprocal_rank(relevant: ArrayLike, scores: ArrayLike) -> float | None:
    """Expected 1 / rank of the first relevant item, in (0, 1]; None where none is relevant.

    >>> reciprocal_rank([0, 1, 0], [0.9, 0.8, 0.1]), reciprocal_rank([1, 0], [0.5, 0.5]), reciprocal_rank([0], [1])
    (0.5, 0.75, None)
    """
    hits, order, starts = _ranked(np.asarray(relevant, dtype=bool).astype(np.float64), scores)
    if not hits.any():
        return None
    first = int(np.searchsorted(starts, int(np.flatnonzero(hits)[0]), side="right")) - 1
    start, end = int(starts[first]), int([*starts, len(order)][first + 1])
    size, relevant_ones = end - start, int(hits[start:end].sum())
    expected, none_before = 0.0, 1.0
    for place in range(size - relevant_ones + 1):  # the first relevant one of the tie at this place, none before it
        here = relevant_ones / (size - place)
        expected += none_before * here / (start + place + 1)
        none_before *= 1.0 - here
    return expected


def ndcg(gains: ArrayLike, scores: ArrayLike, k: int | None = None) -> float | None:
    """Discounted gain over that of the best order, in [0, 1], of the first k items (None: all); None without any gain.

    gain_i / log2(rank_i + 1), linear in the gain (Järvelin and Kekäläinen 2002).

    >>> round(ndcg([3, 2, 3, 0, 1, 2], [6, 5, 4, 3, 2, 1]), 6)
    0.960808
    """
    given = np.asarray(gains, dtype=np.float64)
    best = np.sort(given)[::-1]
    discount = 1.0 / np.log2(np.arange(2, len(given) + 2))[:k]
    ideal = float(np.sum(best[:k] * discount))
    return float(np.sum(expected_gains(given, scores)[:k] * discount)) / ideal if ideal > 0 else None


def precision_at(k: int, relevant: ArrayLike, scores: ArrayLike) -> float | None:
    """Expected share of the first k places that hold a relevant item; places beyond the list hold none. None for no items."""
    hits = expected_gains(np.asarray(relevant, dtype=bool), scores)
    return float(hits[:k].sum()) / k if len(hits) else None


def recall_at(k: int, relevant: ArrayLike, scores: ArrayLike, total: int | None = None) -> float | None:
    """Expected share of the relevant items that stand in the first k places; None where none is relevant.

    total : how many relevant items there are, if not all of them are in the list.
    """
    hits = expected_gains(np.asarray(relevant, dtype=bool), scores)
    there = hits.sum() if total is None else total
    return float(hits[:k].sum() / there) if there else None


def expected_gains(gains: ArrayLike, scores: ArrayLike) -> Floats:
    """Expected gain at each rank, best score first: within a tie, the mean of the tie."""
    ranked, _, starts = _ranked(np.asarray(gains, dtype=np.float64), scores)
    if not len(ranked):
        return ranked
    sizes = np.diff([*starts, len(ranked)])
    return np.repeat(np.add.reduceat(ranked, starts) / sizes, sizes)


def _ranked(gains: Floats, scores: ArrayLike) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """The gains from the highest score down, that order, and where each run of equal scores starts."""
    given = np.asarray(scores, dtype=np.float64)
    if given.shape != gains.shape:
        raise ValueError(f"as many scores as items; found {given.shape} and {gains.shape}")
    order = np.argsort(-given, kind="stable")
    ordered = given[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.empty(0, np.intp)
    return gains[order], order, starts
