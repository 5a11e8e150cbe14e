"""95% intervals by resampling groups of rows: rows of one source text say the same thing more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Measure = Callable[[Floats], Mapping[str, Floats]]
"""From weights of shape (resamples, rows) to figures by name, each of shape (resamples,)."""

RESAMPLES = 1000
CENTRED = frozenset({"calibration_error"})
"""Sums of absolute values: drawing rows again makes them larger, so the interval is moved back by the mean of that."""
_SEED = 20230601
_CELLS = 4_000_000  # of weights in memory at once
_TAIL = 0.025
_DEFINED = 0.5


class Figure(NamedTuple):
    """A number and its 95% interval; None where it is not defined, or where most resamples have none."""

    value: float | None
    low: float | None = None
    high: float | None = None


def intervals(groups: Iterable[object], measure: Measure, resamples: int = RESAMPLES) -> dict[str, Figure]:
    """Every figure of `measure` over all rows, with the percentile interval over resampled groups (Efron 1979).

    groups : each row's group, of any kind that can be compared. The same rows give the same intervals.
    """
    _, codes = np.unique(np.asarray(list(groups)), return_inverse=True)
    if not len(codes):
        return {name: Figure(None) for name in measure(np.zeros((1, 0)))}
    whole = measure(np.ones((1, len(codes))))
    drawn: dict[str, list[Floats]] = {name: [] for name in whole}
    for weights in _weights(codes, resamples):
        for name, values in measure(weights).items():
            drawn[name].append(values)
    return {
        name: _figure(float(whole[name][0]), np.concatenate(drawn[name]), centred=name in CENTRED) for name in whole
    }


def _weights(codes: NDArray[np.intp], resamples: int) -> Iterator[Floats]:
    """How often each row is drawn, in portions of resamples."""
    rng = np.random.default_rng(_SEED)
    count = int(codes.max()) + 1
    portion = max(1, _CELLS // len(codes))
    for start in range(0, resamples, portion):
        size = min(portion, resamples - start)
        drawn = rng.integers(0, count, size=(size, count)) + np.arange(size)[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        yield times[:, codes].astype(np.float64)


def _figure(value: float, drawn: Floats, *, centred: bool) -> Figure:
    if not np.isfinite(value):
        return Figure(None)
    known = drawn[np.isfinite(drawn)]
    if len(known) < _DEFINED * len(drawn):
        return Figure(value)
    if centred:
        known = np.maximum(known - (np.mean(known) - value), 0.0)
    low, high = np.quantile(known, [_TAIL, 1 - _TAIL])
    return Figure(value, float(low), float(high))
