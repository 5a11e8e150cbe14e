"""Which scored interactions people should label, so that few labels say much.

Strata are ranges of the score. Half of the labels go where a verdict is uncertain (Neyman's allocation by the standard
deviation sqrt(p (1 - p)) that a calibrated score p predicts), half in proportion to size: an evaluator that is sure and
wrong must be found out too, and no label weighs more than about twice the mean.

References
----------
Neyman (1934); Cochran (1977), Sampling Techniques, sections 5.5 to 5.9. The proportional half: defensive sampling, Hesterberg
(1995), Technometrics 37.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.stats.intervals import Floats

EDGES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
_LEAST_SPREAD = 0.1  # no evaluator is so sure that its verdicts need no look
_LEAST = 2  # labels a stratum, where it has as many: one has no variance


def draw_for_labels(scored: pd.DataFrame, n: int) -> pd.DataFrame:
    """About what people should be asked first, in an order drawn by chance: any first part of it is itself a random sample.

    Parameters
    ----------
    scored : columns request_id, value (the score, in [0, 1]) and inclusion (probability of being scored).
    n : how many to draw; all where there are no more.

    Returns
    -------
    The drawn rows with `inclusion_probability` now the probability of being scored and drawn. It is the same for the same rows
    whatever their order, and positive for every scored interaction.
    """
    value, weight = (
        scored["value"].to_numpy(dtype=np.float64),
        1.0 / scored["inclusion_probability"].to_numpy(dtype=np.float64),
    )
    stratum = np.searchsorted(np.array(EDGES), value, side="right")
    if n < _LEAST * len(np.unique(stratum)):
        stratum = np.zeros_like(stratum)
    order = np.array([_chance("labels", name) for name in scored["request_id"]], dtype=np.float64)
    names, stratum = np.unique(stratum, return_inverse=True)
    quota = allocate(stratum, value, weight, min(n, len(scored)))
    chosen = np.zeros(len(scored), dtype=bool)
    share = np.ones(len(scored))
    for at in range(len(names)):
        members = np.flatnonzero(stratum == at)
        chosen[members[np.argsort(order[members], kind="stable")[: quota[at]]]] = True
        share[members] = quota[at] / len(members)
    drawn = scored.assign(inclusion_probability=scored["inclusion_probability"] * share)[chosen]
    shuffled = drawn.assign(_order=[_chance("order", name) for name in drawn["request_id"]])
    return shuffled.sort_values(["_order", "request_id"], ignore_index=True).drop(columns="_order")


def allocate(stratum: NDArray[np.intp], value: Floats, weight: Floats, n: int) -> NDArray[np.int64]:
    """Labels for each stratum, n in all: at least _LEAST (or all it has), the rest by half size, half size times spread."""
    count = np.bincount(stratum)
    size = np.bincount(stratum, weight)
    middle = np.bincount(stratum, weight * value) / size
    spread = np.maximum(np.sqrt(np.clip(middle * (1 - middle), 0, None)), _LEAST_SPREAD)
    share = size / size.sum() / 2 + size * spread / (size * spread).sum() / 2
    quota = np.minimum(count, _LEAST if n >= _LEAST * len(count) else 0).astype(np.int64)
    for _ in range(n - int(quota.sum())):
        # Each next label where the share is least filled (Sainte-Lague); full strata leave theirs to the others.
        quota[int(np.argmax(np.where(quota < count, share / (quota + 0.5), -1.0)))] += 1
    return quota


def _chance(salt: str, name: object) -> int:
    """A number that nobody can foresee and everybody finds again; another one than that by which interactions are scored."""
    return int(hashlib.sha256(f"{salt}\x00{name}".encode()).hexdigest()[:12], 16)
