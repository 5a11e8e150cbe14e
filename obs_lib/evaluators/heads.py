"""Logistic heads: small trained weights, kept as JSON beside the code and applied with numpy alone."""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from obs_lib.errors import ConfigError


@dataclass(frozen=True)
class Head:
    """P(yes | features) = 1 / (1 + exp(-(bias + weights . features))).

    features : names of the features, in order. encoder_features : how many of a vector's numbers follow them (0 for none).
    digest : name of the file's content; part of an evaluator's version.
    trained_on : provenance for the report: sets, sizes and quality measured across sets.
    """

    name: str
    features: tuple[str, ...]
    weights: np.ndarray
    bias: float
    encoder: str
    encoder_features: int
    digest: str
    trained_on: dict[str, Any]

    def probability(self, features: np.ndarray) -> float:
        """For one row of features, shape (len(weights),), in [0, 1].

        A plain sum over the row, not a matrix product: the result must not depend on how many rows are scored together.
        """
        row = np.asarray(features, dtype=np.float64)
        if row.shape != self.weights.shape:
            raise ConfigError(
                f"the {self.name} head does not fit the encoder",
                rule=f"{self.encoder_features} numbers a vector, as trained with {self.encoder}",
                found=int(row.shape[0]) - len(self.features),
                where="models.encoder",
                fix="train the heads for this encoder with tools/train_heads.py",
            )
        logit = self.bias + float(np.sum(row * self.weights))
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -60.0, 60.0))))


@functools.cache
def load_head(name: str) -> Head:
    """Read `weights/<name>.json` from the package."""
    raw = importlib.resources.files("obs_lib.evaluators").joinpath("weights", f"{name}.json").read_bytes()
    return parse_head(name, raw)


def parse_head(name: str, raw: bytes) -> Head:
    """A head from the bytes of its file."""
    data = json.loads(raw)
    return Head(
        name=name,
        features=tuple(data["features"]),
        weights=np.asarray(data["weights"] + data["encoder_weights"], dtype=np.float64),
        bias=float(data["bias"]),
        encoder=data["encoder"],
        encoder_features=len(data["encoder_weights"]),
        digest=hashlib.sha256(raw).hexdigest()[:12],
        trained_on=data["trained_on"],
    )
