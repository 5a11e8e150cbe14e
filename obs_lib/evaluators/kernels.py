"""A kernel machine over vectors: texts are weighed by those they lie near to, where one plane through all would be too plain.

A support vector machine with a Gaussian kernel (Cortes and Vapnik 1995) whose support vectors are kept in eight bits a number.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

_MOST_BYTES = 64 << 20  # of the support vectors in a file, unpacked


@dataclass(frozen=True)
class Kernel:
    """score(x) = bias + sum of weights_i exp(-gamma |x - vectors_i|^2).

    vectors : float32, shape (n, d). weights : float64, shape (n,). gamma : above 0.
    """

    vectors: np.ndarray
    weights: np.ndarray
    gamma: float
    bias: float

    def score(self, vector: np.ndarray) -> float:
        """For one vector of shape (d,). Sums of numpy's own, no matrix product: the same bits whatever the threads."""
        near = self.vectors - np.asarray(vector, dtype=np.float32)
        distances = np.einsum("ij,ij->i", near, near, dtype=np.float64)
        return self.bias + float(np.sum(self.weights * np.exp(-self.gamma * distances)))


def pack(vectors: np.ndarray, weights: np.ndarray, gamma: float, bias: float) -> dict[str, Any]:
    """For a file: a byte a number of the vectors, the largest being 127; of the weights six digits."""
    scale = float(f"{max(float(np.abs(vectors).max()), 1e-9) / 127:.6g}")
    small = np.clip(np.rint(vectors / scale), -127, 127).astype(np.int8)
    return {
        "gamma": gamma,
        "bias": float(f"{bias:.6g}"),
        "weights": [float(f"{weight:.6g}") for weight in weights],
        "scale": scale,
        "vectors": base64.b64encode(zlib.compress(small.tobytes(), 9)).decode(),
    }


def unpack(data: dict[str, Any]) -> Kernel:
    """What `pack` wrote. ValueError where it is cut off or of another shape."""
    weights = np.asarray(data["weights"], dtype=np.float64)
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(base64.b64decode(data["vectors"], validate=True), _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"the vectors cannot be unpacked: {error}") from error
    if weights.ndim != 1 or not len(weights) or not raw or not unpacking.eof or len(raw) % len(weights):
        raise ValueError(f"{len(raw)} bytes are no {weights.size} vectors")
    vectors = np.frombuffer(raw, np.int8).astype(np.float32).reshape(len(weights), -1) * np.float32(data["scale"])
    return Kernel(vectors, weights, float(data["gamma"]), float(data["bias"]))
