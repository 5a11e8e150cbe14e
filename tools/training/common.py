"""What every recipe shares: reading sets, weights that treat sets alike, fits, and figures with their intervals."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.metrics import f1_score, roc_auc_score  # type: ignore[import-untyped]

from obs_lib.evaluators.ngrams import BITS, features
from obs_lib.models.vectors import TextVectors

Rows = list[dict[str, Any]]
Vectorise = Callable[[list[str]], TextVectors]
RESAMPLES = 500
STACK_STRENGTH = 1.0


class Fit(NamedTuple):
    """log-odds = x . weights + bias."""

    weights: np.ndarray
    bias: float

    def logit(self, x: Any) -> np.ndarray:
        return np.asarray(x @ self.weights + self.bias)


class Examples(Protocol):
    """n texts. sets: where each comes from. y: its label."""

    @property
    def sets(self) -> np.ndarray: ...

    @property
    def y(self) -> np.ndarray: ...

    def where(self, chosen: np.ndarray) -> Self:
        """Those alone."""
        ...


_Examples = TypeVar("_Examples", bound=Examples)


def read(data: Path, name: str) -> Rows:
    """The rows of `labelled/<name>.jsonl.gz`."""
    return lines(data / "labelled" / f"{name}.jsonl.gz")


def lines(path: Path) -> Rows:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def by_hash(rows: Rows, field: str) -> Rows:
    """In an order that the texts alone decide, so that the first n are a fair draw."""
    return sorted(rows, key=lambda row: hashlib.sha256(str(row[field]).encode()).hexdigest())


def hashed(texts: Sequence[str], words: Callable[[str], list[str]]) -> csr_matrix:
    """n-gram features, shape (len(texts), 2 ** BITS)."""
    rows = [features(words(text), text) for text in texts]
    ends = np.concatenate([[0], np.cumsum([len(places) for places, _ in rows])])
    places = np.concatenate([places for places, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return csr_matrix((values, places, ends), shape=(len(texts), 2**BITS))


def set_weights(sets: np.ndarray, y: np.ndarray, benign: float = 1.0) -> np.ndarray:
    """Every set weighs the same (one of a single class `benign` as much), and so does each class in it; the mean is 1."""
    weight = np.zeros(len(y))
    for name in np.unique(sets):
        classes = np.unique(y[sets == name])
        for label in classes:
            own = (sets == name) & (y == label)
            weight[own] = (1.0 if len(classes) > 1 else benign) / (own.sum() * len(classes))
    return np.asarray(weight / weight.mean())


def fit(x: Any, y: np.ndarray, weight: np.ndarray, strength: float) -> Fit:
    """Logistic regression; `strength` is the inverse of the L2 penalty."""
    model = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(x, y, sample_weight=weight)
    return Fit(model.coef_[0], float(model.intercept_[0]))


def auroc(y: np.ndarray, logits: np.ndarray) -> float:
    return float(roc_auc_score(y, logits))


def f1(y: np.ndarray, logits: np.ndarray) -> float:
    """At probability 0.5."""
    return float(f1_score(y, logits > 0))


def balanced_accuracy(y: np.ndarray, logits: np.ndarray) -> float:
    """At probability 0.5: the mean of how many of either class are called rightly."""
    return float((np.mean(logits[y] > 0) + np.mean(logits[~y] <= 0)) / 2)


def precision(y: np.ndarray, logits: np.ndarray) -> float:
    """At probability 0.5; 0 where nothing is called positive."""
    called = logits > 0
    return float(np.mean(y[called])) if called.any() else 0.0


def recall(y: np.ndarray, logits: np.ndarray) -> float:
    """At probability 0.5."""
    return float(np.mean(logits[y] > 0))


def above_half(y: np.ndarray, logits: np.ndarray) -> float:
    """Share called positive; false positives where `y` has no positive."""
    return float(np.mean(logits > 0))


def with_interval(figure: Callable[[np.ndarray, np.ndarray], float], y: np.ndarray, logits: np.ndarray) -> list[float]:
    """The figure and its 95% percentile bootstrap interval over texts."""
    rng = np.random.default_rng(7)
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(y), len(y))
        if figure is above_half or 0 < y[drawn].mean() < 1:
            values.append(figure(y[drawn], logits[drawn]))
    low, high = np.quantile(values, [0.025, 0.975])
    return [round(float(value), 4) for value in (figure(y, logits), low, high)]


def provenance(data: Path, names: Sequence[str]) -> dict[str, str]:
    """SHA-256 of each labelled set's file."""
    return {name: hashlib.sha256((data / "labelled" / f"{name}.jsonl.gz").read_bytes()).hexdigest() for name in names}


def folds(groups: np.ndarray, count: int) -> np.ndarray:
    """The fold of each row, by the hash of its group: rows of one group stay together."""
    return np.array([int(hashlib.sha256(str(group).encode()).hexdigest()[:8], 16) % count for group in groups])


def held_out(sets: np.ndarray, groups: np.ndarray, whole: Sequence[str], count: int) -> list[np.ndarray]:
    """A mask for each set that is left out whole; the others in `count` folds that split no group."""
    rest, fold = ~np.isin(sets, whole), folds(groups, count)
    return [*(sets == name for name in whole), *(rest & (fold == k) for k in range(count))]


def unseen(
    examples: _Examples, held: Sequence[np.ndarray], parts: Callable[[_Examples, _Examples], np.ndarray]
) -> np.ndarray:
    """Shape (n, parts): for each mask what `parts`, fitted on the other examples, says of those under it."""
    logits = [parts(examples.where(~mask), examples.where(mask)) for mask in held]
    held_out = np.zeros((len(examples.y), logits[0].shape[1]))
    for mask, rows in zip(held, logits, strict=True):
        held_out[mask] = rows
    return held_out


def fit_stack(examples: Examples, logits: np.ndarray, chosen: np.ndarray, benign: float) -> Fit:
    """How much each part counts, from what parts that had not seen the chosen examples say of them (Wolpert 1992)."""
    y = examples.y[chosen]
    return fit(logits[chosen], y, set_weights(examples.sets[chosen], y, benign), STACK_STRENGTH)
