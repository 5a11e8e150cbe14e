"""How the features of groundedness become weights, and what these reach on answers that they have not seen.

Two fits, because people's sets hold few wrong numbers, names and negations, and would teach a single fit to look away from
them. First a strongly penalised logistic regression on the alignment's features over people's sets. Then a second one on its
log-odds and the checks, over people's sets and answers with one thing changed (altered.py). Both are linear, so that the
head stays one sum. Answers from structured contexts share fewer words with them, and numbers and names tell more there: they
move the weights as far as the one set that has such answers asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from obs_lib.evaluators.checks import Faults
from obs_lib.evaluators.groundedness import CONTRADICTED
from obs_lib.evaluators.support_features import FEATURES
from training.common import auroc, balanced_accuracy, held_out, set_weights, with_interval

ALTERED = "altered"
UNSPLIT = "ragtruth"
"""The set whose tasks stand or fall together."""
CHECKS = [FEATURES.index(name) for name in Faults._fields[:-1]]
ALIGNMENT = [place for place in range(len(FEATURES)) if place not in CHECKS]
UNREAD = [place for place, name in enumerate(FEATURES) if not name.startswith("entailed")]
"""What the pair encoder, which has read most answers from structured contexts, has no part in."""
_STRENGTH, _STRENGTH_OF_CHECKS, _STRENGTH_STRUCTURED = 1e-4, 1e-2, 3e-2
"""Inverse L2 penalties, on standardised features, for weights of mean 1."""


class Set(NamedTuple):
    """Features of shape (n, len(FEATURES)); of shape (n,): verdicts, whether the contexts contradict the answer, what reads
    no context, by name, and a name of the document.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    bound: np.ndarray
    blind: dict[str, np.ndarray]
    documents: np.ndarray

    def where(self, chosen: np.ndarray) -> Set:
        blind = {name: of[chosen] for name, of in self.blind.items()}
        return Set(self.name, self.x[chosen], self.y[chosen], self.bound[chosen], blind, self.documents[chosen])

    def logits(self, weights: np.ndarray, bias: float) -> np.ndarray:
        """The evaluator's log-odds: what the head says, and what a contradiction leaves of it."""
        probability = 1.0 / (1.0 + np.exp(-(self.x @ weights + bias)))
        left = np.clip(np.where(self.bound, CONTRADICTED, 1.0) * probability, 1e-12, 1 - 1e-12)
        return np.asarray(np.log(left / (1.0 - left)))


def fit(sets: Sequence[Set]) -> tuple[np.ndarray, float]:
    """Weights and bias on the features as they are, stretched so that the log-odds are those of equally many of each."""
    people = [each for each in sets if each.name != ALTERED]
    x, y, weight = _stacked(people)
    align, bias = _fit(x[:, ALIGNMENT], y, weight, _STRENGTH)
    x, y, weight = _stacked(sets)
    logit = x[:, ALIGNMENT] @ align + bias
    scale = float(logit.std())
    both = np.column_stack([logit / scale, x[:, CHECKS]])
    second = LogisticRegression(C=_STRENGTH_OF_CHECKS, max_iter=3000).fit(both, y, sample_weight=weight)
    first, *checks = second.coef_[0]
    weights = np.zeros(len(FEATURES))
    weights[ALIGNMENT], weights[CHECKS] = align * first / scale, checks
    return _calibrated(weights, bias * first / scale + float(second.intercept_[0]), people)


def fit_structured(one: Set, prose: tuple[np.ndarray, float]) -> tuple[np.ndarray, float]:
    """The weights for prose, moved as far as the answers of a set from structured contexts ask, and their bias."""
    x, y, weight = _stacked([one])
    both = np.column_stack([x @ prose[0], x[:, UNREAD]])
    (stretch, *moved), bias = _fit(both, y, weight, _STRENGTH_STRUCTURED)
    weights = prose[0] * stretch
    weights[UNREAD] += moved
    return weights, bias


def across(sets: Sequence[Set]) -> dict[str, dict[str, object]]:
    """For each set the figures of a head trained on all the other sets, and the AUROC of word coverage and of what reads no
    context: how short the answer is, and the pair encoder with nothing for evidence.
    """
    measured: dict[str, dict[str, object]] = {}
    for each in sets:
        others = [other for other in sets if _origin(other) != _origin(each)]
        if (
            each.name == ALTERED
        ):  # the checks have no other teacher: fitted on half of the changed answers, seen on the rest
            half = np.arange(len(each.y)) < len(each.y) // 2
            others, each = [*others, each.where(half)], each.where(~half)
        measured[each.name] = _figures(each, each.logits(*fit(others)))
    return measured


def across_documents(one: Set, prose: tuple[np.ndarray, float]) -> dict[str, object]:
    """The figures of weights that were fitted on other documents of the set, in five folds, as no other set has structured
    contexts; beside them what the weights for prose, which have seen none of it, reach.
    """
    logits = np.zeros(len(one.y))
    for mask in held_out(np.repeat(one.name, len(one.y)), one.documents, (), 5):
        logits[mask] = one.where(mask).logits(*fit_structured(one.where(~mask), prose))
    return _figures(one, logits) | {"weights_for_prose": with_interval(auroc, one.y, one.logits(*prose))}


def _figures(one: Set, logits: np.ndarray) -> dict[str, object]:
    return {
        "n": len(one.y),
        "positive": int(one.y.sum()),
        "auroc": with_interval(auroc, one.y, logits),
        "balanced_accuracy": with_interval(balanced_accuracy, one.y, logits),
        "word_coverage": round(auroc(one.y, one.x[:, FEATURES.index("words_mean")]), 4),
        **{name: round(auroc(one.y, values), 4) for name, values in one.blind.items()},
    }


def _origin(one: Set) -> str:
    """The tasks of one set stand or fall together."""
    return UNSPLIT if one.name.startswith(UNSPLIT) else one.name


def _stacked(sets: Sequence[Set]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = np.vstack([each.x for each in sets]), np.concatenate([each.y for each in sets])
    return x, y, set_weights(np.repeat([each.name for each in sets], [len(each.y) for each in sets]), y)


def _fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """Weights of the columns as they are, penalised as if these were standardised, and the bias."""
    centre = np.average(x, axis=0, weights=weight)
    spread = np.maximum(np.sqrt(np.average((x - centre) ** 2, axis=0, weights=weight)), 1e-9)
    model = LogisticRegression(C=strength, max_iter=3000).fit((x - centre) / spread, y, sample_weight=weight)
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - np.sum(weights * centre))


def _calibrated(weights: np.ndarray, bias: float, sets: Sequence[Set]) -> tuple[np.ndarray, float]:
    """Platt's stretch of the log-odds on people's sets (Platt 1999, without his soft targets)."""
    x, y, weight = _stacked(sets)
    model = LogisticRegression(C=1e6).fit((x @ weights + bias)[:, None], y, sample_weight=weight)
    slope = float(model.coef_[0, 0])
    return weights * slope, bias * slope + float(model.intercept_[0])
