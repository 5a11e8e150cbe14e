"""What a request's latency is made of: an overhead and so many milliseconds a token.

Three models, each `y = overhead + slope * tokens (+ slope * tokens)`:

ttft    time to first token (the prefill) on the input tokens that were not cached
decode  decode time, as logged or total latency - ttft, on the output tokens after the first
total   total latency on both

Rows are kept as cells: requests with about the same tokens, summed up. Cells of several days stand side by side, so a
model of a week is fitted to what its days have kept, without a row. Latencies are skewed and their noise grows with
them, so a cell keeps their logarithms: one request that hangs moves a line no more than one that is a little slow.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]

MODELS: dict[str, tuple[str, ...]] = {"ttft": ("input",), "decode": ("output",), "total": ("input", "output")}
"""Each model and the tokens that explain it."""

MIN_ROWS = 20
_STEPS = 2  # cells to each doubling of the tokens
_MOST_TOKENS = 1 << 20  # more fall into the last cell
_LEAST_MS = 1e-3  # nobody answers within a microsecond; a logarithm needs something above zero
_ROUNDS = 25  # of reweighting; the line moves by less than 1e-6 after about six


@dataclass(frozen=True, slots=True)
class Cells:
    """k cells over p kinds of tokens.

    n : requests in each, shape (k,). x : their mean tokens, (k, p). log_y : their mean log latency (ms), (k,).
    within : sum of the squared deviations of their log latencies from that mean, (k,).
    """

    n: Floats
    x: Floats
    log_y: Floats
    within: Floats

    @property
    def rows(self) -> int:
        """Requests in all."""
        return int(self.n.sum())


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted model.

    theta : overhead (ms), then ms for each kind of token; none is negative. Shape (p + 1,).
    covariance : of theta, shape (p + 1, p + 1). spread : standard deviation of log token-adjusted latency.
    """

    theta: Floats
    covariance: Floats
    spread: float

    def predict(self, x: Floats) -> Floats:
        """Typical (geometric mean) latency in ms at tokens of shape (k, p), above zero also where no part of the line is."""
        return np.maximum(_design(x) @ self.theta, _LEAST_MS)


def cells(x: Sequence[Floats], y: Floats) -> Cells:
    """Sum up rows whose tokens (one array a kind) are known and whose latency is above zero; the others are left out."""
    usable = y > 0  # False for NaN
    for tokens in x:
        usable &= tokens >= 0
    columns = [tokens[usable] for tokens in x]
    log_y = np.log(y[usable])
    code = np.zeros(len(log_y), dtype=np.int64)
    for tokens in columns:
        code = code * _WIDTH + _GRID_OF[np.minimum(tokens, _MOST_TOKENS).astype(np.int64)]
    size = _WIDTH ** len(columns)
    counts = np.bincount(code, minlength=size)
    kept = counts > 0
    n = counts[kept].astype(np.float64)

    def sums(values: Floats) -> Floats:
        return np.bincount(code, weights=values, minlength=size)[kept].astype(np.float64, copy=False)

    mean = sums(log_y) / n
    within = np.maximum(sums(np.square(log_y)) - n * np.square(mean), 0.0)
    return Cells(n, np.stack([sums(tokens) / n for tokens in columns], axis=1), mean, within)


def merge(parts: Sequence[Cells]) -> Cells:
    """The cells of all parts side by side; parts have the same kinds of tokens."""
    n, x, log_y, within = zip(*((one.n, one.x, one.log_y, one.within) for one in parts), strict=True)
    return Cells(np.concatenate(n), np.concatenate(x), np.concatenate(log_y), np.concatenate(within))


def pack(kept: Cells) -> bytes:
    """Bytes that `unpack` reads: zlib over float64, little endian, a row a cell."""
    rows = np.column_stack([kept.n, kept.log_y, kept.within, kept.x])
    return zlib.compress(rows.astype("<f8").tobytes(), 6)


def unpack(model: str, payload: bytes) -> Cells:
    """The cells of a model of MODELS."""
    rows = np.frombuffer(zlib.decompress(payload), dtype="<f8").reshape(-1, 3 + len(MODELS[model]))
    rows = rows.astype(np.float64)
    return Cells(rows[:, 0], rows[:, 3:], rows[:, 1], rows[:, 2])


def fit(kept: Cells) -> Line | None:
    """The line through cells by least squares of log latency, with no part below zero; None for too few rows.

    log y = log(a + b x) + noise of one size, solved by reweighting: the geometric mean of a cell is compared with the
    line, each weighing n / line^2. Parts that are zero are taken as known, so their variance is zero.
    """
    freedom = kept.rows - kept.x.shape[1] - 1
    if kept.rows < MIN_ROWS:
        return None
    design, y = _design(kept.x), np.exp(kept.log_y)
    scale = np.maximum(design.max(axis=0), 1.0)  # tokens reach thousands: columns of about one size solve well
    predicted, scaled = y, np.zeros(len(scale))
    for _ in range(_ROUNDS):
        weight = np.sqrt(kept.n) / predicted
        scaled, _ = nnls(design / scale * weight[:, None], y * weight)
        before, predicted = predicted, np.maximum(design @ (scaled / scale), 1e-9 * float(y.max()))
        if np.allclose(before, predicted, rtol=1e-6):
            break
    apart = kept.log_y - np.log(predicted)
    variance = float((kept.within + kept.n * np.square(apart)).sum()) / freedom
    return Line(scaled / scale, _covariance(design, kept.n / np.square(predicted), scaled > 0, variance), variance**0.5)


def _design(x: Floats) -> Floats:
    return np.column_stack([np.ones(len(x)), x])


def _covariance(design: Floats, weight: Floats, free: NDArray[np.bool_], variance: float) -> Floats:
    covariance = np.zeros((design.shape[1], design.shape[1]))
    part = design[:, free]
    covariance[np.ix_(free, free)] = variance * np.linalg.pinv(part.T @ (part * weight[:, None]), hermitian=True)
    return covariance


def _grid() -> NDArray[np.int8]:
    """Cell of each whole number of tokens: 0 for none, then _STEPS to each doubling. A table, since logarithms are slow."""
    tokens = np.arange(1, _MOST_TOKENS + 1)
    return np.concatenate([[0], 1 + np.floor(_STEPS * np.log2(tokens) + 1e-9)]).astype(np.int8)


_GRID_OF = _grid()
_WIDTH = int(_GRID_OF[-1]) + 1
