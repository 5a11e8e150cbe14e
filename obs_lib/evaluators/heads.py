"""Logistic heads: small trained weights, kept as JSON beside the code and applied with numpy alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from obs_lib.errors import ConfigError, NoHead
from obs_lib.evaluators import kernels
from obs_lib.evaluators.kernels import Kernel
from obs_lib.evaluators.ngrams import Ngrams, unpack

SHIPPED = Path(__file__).parent / "weights"
"""The bundled encoder's heads; those of other encoders lie in folders within."""
_TOOL = "tools/train_heads.py"
_FIX = (
    f"train the heads for this encoder with {_TOOL} (docs/models.md, Heads for another encoder) and name their folder in "
    "evaluators.weights, or choose what needs no head: scoring.evaluators: [format]"
)


@dataclass(frozen=True)
class Head:
    """P(yes | features) = 1 / (1 + exp(-(bias + weights . features))).

    features : names of the features, in order. encoder_features : how many of a vector's numbers follow them (0 for none).
    encoder : name of the weights of the encoder whose vectors it was trained on, as in `Encoder.weights`.
    digest : name of the file's content; part of an evaluator's version.
    trained_on : provenance for the report: sets, sizes and quality measured across sets.
    ngrams : the n-gram model whose log-odds is one of the features; None where it has none.
    kernel : what reads the vector instead, as the last of the features; None where the vector's numbers are weighed themselves.
    structured : the same features weighed for answers from structured contexts; None where these are weighed as others are.
    """

    name: str
    features: tuple[str, ...]
    weights: np.ndarray
    bias: float
    encoder: str
    encoder_features: int
    digest: str
    trained_on: dict[str, Any]
    ngrams: Ngrams | None = None
    kernel: Kernel | None = None
    structured: Head | None = None

    def read_ngrams(self) -> Ngrams:
        """NoHead where the file has none: it was written before this evaluator read n-grams."""
        if self.ngrams is None:
            raise NoHead(
                f"the {self.name} head has no n-grams",
                rule=f"a file of {_TOOL}",
                found="none",
                where=self.name,
                fix=_FIX,
            )
        return self.ngrams

    def of_vector(self, vector: np.ndarray) -> np.ndarray:
        """What follows the other features for a text's vector, shape (d,): the vector, or what the kernel makes of it.

        ConfigError where the vector has another length than those that the kernel was trained on.
        """
        if self.kernel is None:
            return vector
        if vector.shape != self.kernel.vectors.shape[1:]:
            raise self._unfit(self.kernel.vectors.shape[1], int(vector.shape[0]))
        return np.array([self.kernel.score(vector)])

    def probability(self, features: np.ndarray) -> float:
        """For one row of features, shape (len(weights),), in [0, 1].

        A plain sum over the row, not a matrix product: the result must not depend on how many rows are scored together.
        """
        row = np.asarray(features, dtype=np.float64)
        if row.shape != self.weights.shape:
            raise self._unfit(self.encoder_features, int(row.shape[0]) - len(self.features))
        logit = self.bias + float(np.sum(row * self.weights))
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -60.0, 60.0))))

    def _unfit(self, numbers: int, found: int) -> ConfigError:
        return ConfigError(
            f"the {self.name} head does not fit the encoder",
            rule=f"{numbers} numbers a vector, as trained with {self.encoder}",
            found=found,
            where="models.encoder",
            fix=_FIX,
        )


def load_head(name: str, folder: str | Path | None = None, encoder: str | None = None) -> Head:
    """Read `<name>.json` from `folder`; None: from the package, which has a folder of heads for each encoder that it knows.

    NoHead when it is not there, is no head, or was trained on other weights than those of `encoder` (None: those of the
    bundled one, or whatever `folder` has). A model's content decides, not what its folder is called.
    """
    file = f"{name}.json"
    others = []
    for place in [Path(folder) / file] if folder else [SHIPPED / file, *sorted(SHIPPED.glob(f"*/{file}"))]:
        head = _read(name, place)
        if encoder is None or _content(encoder) == _content(head.encoder):
            return head
        others.append(f"{head.encoder}, as {place} says")
    raise NoHead(
        f"the {name} head was trained for another encoder",
        rule=" or ".join(others),
        found=encoder,
        where="models.encoder",
        fix=_FIX,
    )


def _read(name: str, place: Path) -> Head:
    try:
        return parse_head(name, place.read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"{type(error).__name__}: {error}"[:200]
        raise NoHead(f"no {name} head", rule=f"a file of {_TOOL}", found=problem, where=place, fix=_FIX) from error


def _content(encoder: str) -> str:
    return encoder.rpartition("@")[2]


def parse_head(name: str, raw: bytes) -> Head:
    """A head from the bytes of its file."""
    data = json.loads(raw)
    head = Head(
        name=name,
        features=tuple(data["features"]),
        weights=np.asarray(data["weights"] + data["encoder_weights"], dtype=np.float64),
        bias=float(data["bias"]),
        encoder=data["encoder"],
        encoder_features=len(data["encoder_weights"]),
        digest=hashlib.sha256(raw).hexdigest()[:12],
        trained_on=data["trained_on"],
        ngrams=unpack(data["ngrams"]) if "ngrams" in data else None,
        kernel=kernels.unpack(data["kernel"]) if "kernel" in data else None,
    )
    if "structured" not in data:
        return head
    other = data["structured"]
    weights = np.asarray(other["weights"], dtype=np.float64)
    return replace(head, structured=replace(head, weights=weights, bias=float(other["bias"])))
