"""The head of groundedness: people's verdicts weigh the alignment, changed answers weigh the checks.

Two fits, because people's sets hold few wrong numbers, names and negations, and would teach a single fit to look away from
them. First a strongly penalised logistic regression on the alignment's features over people's sets. Then a second one on its
log-odds and the checks, over people's sets and answers with one thing changed (altered.py). Both are linear, so that the
head stays one sum.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from obs_lib.evaluators.checks import Faults
from obs_lib.evaluators.groundedness import CONTRADICTED, contradicted
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case
from obs_lib.evaluators.support import FEATURES, Material, Read, features, gather_material, weigh
from obs_lib.models.encoder import Encoder
from obs_lib.models.folder import digest_file
from obs_lib.models.pair_encoder import WEIGHTS
from obs_lib.text import names, sentences
from training.altered import ALTERATIONS
from training.common import Rows, auroc, balanced_accuracy, provenance, set_weights, with_interval
from training.pairs import HELD, rows_of

SETS = tuple(HELD)
"""Sets of people's verdicts. The pair encoder has not seen the rows of them that are read here."""
_UNSPLIT = "ragtruth"
_ALTERED_OF = ("begin_wow", "faithdial", "expertqa")
ALTERED = "altered"
_AT_ONCE = 100
CONTEXTS = 130  # of each set, whose sentences are altered
OPTIONS = EvaluatorOptions()
CHECKS = [FEATURES.index(name) for name in Faults._fields[:-1]]
TOLD = FEATURES.index("told")
ALIGNMENT = [place for place in range(len(FEATURES)) if place not in (*CHECKS, TOLD)]
_STRENGTH, _STRENGTH_OF_CHECKS = 1e-4, 1e-2  # inverse L2 penalties, on standardised features, for weights of mean 1


class Set(NamedTuple):
    """Features of shape (n, len(FEATURES)); of shape (n,): verdicts, whether the contexts contradict the answer, and what
    reads no context, by name.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    bound: np.ndarray
    blind: dict[str, np.ndarray]

    def where(self, chosen: np.ndarray) -> Set:
        blind = {name: of[chosen] for name, of in self.blind.items()}
        return Set(self.name, self.x[chosen], self.y[chosen], self.bound[chosen], blind)

    def logits(self, weights: np.ndarray, bias: float) -> np.ndarray:
        """The evaluator's log-odds: what the head says, and what a contradiction leaves of it."""
        probability = 1.0 / (1.0 + np.exp(-(self.x @ weights + bias)))
        left = np.clip(np.where(self.bound, CONTRADICTED, 1.0) * probability, 1e-12, 1 - 1e-12)
        return np.asarray(np.log(left / (1.0 - left)))


def content(data: Path, encoder: Encoder) -> dict[str, Any]:
    """What the head's file holds, for an encoder's weights."""
    sets = [measured(name, rows, encoder) for name, rows in all_rows(data).items()]
    weights, bias = fit(sets)
    return {
        "features": list(FEATURES),
        "weights": [float(f"{weight:.6g}") for weight in weights],
        "encoder": encoder.weights,
        "encoder_weights": [],
        "bias": float(f"{bias:.6g}"),
        "trained_on": {
            "sets": [each.name for each in sets],
            "pair_encoder": digest_file(WEIGHTS)[:16],
            "across_sets": across(sets),
            "sha256": provenance(data, [f"groundedness_{name}" for name in SETS]),
        },
    }


def all_rows(data: Path) -> dict[str, Rows]:
    """People's sets, and sentences with one thing changed on purpose beside those that were not changed."""
    rows = {name: rows_of(data, name)[: HELD[name]] for name in SETS}
    altered = altered_rows({name: rows[name] for name in _ALTERED_OF})
    tasks = sorted({row["task"] for row in rows[_UNSPLIT]})
    split = {f"{_UNSPLIT}_{task}": [row for row in rows[_UNSPLIT] if row["task"] == task] for task in tasks}
    return {**{name: found for name, found in rows.items() if name != _UNSPLIT}, **split, ALTERED: altered}


def altered_rows(sets: dict[str, Rows]) -> Rows:
    """Sentences of contexts and supported answers: as they are (grounded) and changed (not grounded)."""
    rng = random.Random(5)  # noqa: S311 - a draw of examples, nothing secret
    texts = sorted({text for rows in sets.values() for row in rows for text in row["contexts"]})
    strange = sorted({name for text in texts for name in names(text) if len(name) > 3})
    rows: Rows = []
    for own in sets.values():
        contexts = sorted({tuple(row["contexts"]) for row in own})
        for each in rng.sample(contexts, min(CONTEXTS, len(contexts))):
            grounded = [row["response"] for row in own if tuple(row["contexts"]) == each and row["grounded"]][:1]
            spans = [span.text for text in each for span in sentences(text) if 40 < len(span.text) < 300]
            for text in grounded + rng.sample(spans, min(3, len(spans))):
                changed = [f(text, rng, strange) for f in ALTERATIONS.values() if rng.random() < 0.5]
                kept = sorted({other for other in changed if other and other != text})
                rows += [{"contexts": list(each), "response": other, "grounded": False} for other in kept]
                rows += [{"contexts": list(each), "response": text, "grounded": True}] if kept else []
    return rows


def measured(name: str, rows: Rows, encoder: Encoder) -> Set:
    """The evaluator's own features of every row that it would score."""
    kept = []
    for row in rows:
        contexts = json.dumps([{"text": text} for text in row["contexts"]])
        material = gather_material(Case(None, row["response"], contexts, None, None), row["response"], OPTIONS)
        if material.contexts and material.answer:
            kept.append((material, bool(row["grounded"])))
    x = [row for start in range(0, len(kept), _AT_ONCE) for row in _rows(kept[start : start + _AT_ONCE], encoder)]
    claims = [[("", span.text) for span in material.answer] for material, _ in kept]
    blind = {
        "shortness": np.array([-len(material.response) for material, _ in kept]),
        "answer_alone": np.array([-np.logaddexp(0.0, -encoder.pairs(pairs)).sum() for pairs in claims]),
    }
    bound = np.array([bool(contradicted(material)) for material, _ in kept])
    return Set(name, np.array(x), np.array([y for _, y in kept]), bound, blind)


def _rows(kept: Sequence[tuple[Material, bool]], encoder: Encoder) -> list[np.ndarray]:
    texts = sorted({text for material, _ in kept for text in (material.response, *material.passages)})
    pairs = sorted({pair for material, _ in kept for pair in material.pairs})
    tokens = dict(zip(texts, encoder.tokens(texts), strict=True))
    given = Read(tokens, dict(zip(pairs, encoder.pairs(pairs).tolist(), strict=True)))
    return [features(weigh(material, given)) for material, _ in kept]


def fit(sets: Sequence[Set]) -> tuple[np.ndarray, float]:
    """Weights and bias on the features as they are, stretched so that the log-odds are those of equally many of each."""
    people = [each for each in sets if each.name != ALTERED]
    align, bias = _fit(people, ALIGNMENT, _STRENGTH)
    x, y, weight = _stacked(sets)
    logit = x[:, ALIGNMENT] @ align + bias
    scale = float(logit.std())
    both = np.column_stack([logit / scale, x[:, CHECKS]])
    second = LogisticRegression(C=_STRENGTH_OF_CHECKS, max_iter=3000).fit(both, y, sample_weight=weight)
    first, *checks = second.coef_[0]
    weights = np.zeros(len(FEATURES))
    weights[ALIGNMENT], weights[CHECKS] = align * first / scale, checks
    weights, bias = _calibrated(weights, bias * first / scale + float(second.intercept_[0]), people)
    weights[TOLD] = _shift(weights, bias, people)
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
        weights, bias = fit(others)
        logits = each.logits(weights, bias)
        measured[each.name] = {
            "n": len(each.y),
            "positive": int(each.y.sum()),
            "auroc": with_interval(auroc, each.y, logits),
            "balanced_accuracy": with_interval(balanced_accuracy, each.y, logits),
            "word_coverage": round(auroc(each.y, each.x[:, FEATURES.index("words_mean")]), 4),
            **{name: round(auroc(each.y, values), 4) for name, values in each.blind.items()},
        }
    return measured


def _origin(one: Set) -> str:
    """The tasks of one set stand or fall together."""
    return _UNSPLIT if one.name.startswith(_UNSPLIT) else one.name


def _stacked(sets: Sequence[Set]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = np.vstack([each.x for each in sets]), np.concatenate([each.y for each in sets])
    return x, y, set_weights(np.repeat([each.name for each in sets], [len(each.y) for each in sets]), y)


def _fit(sets: Sequence[Set], columns: Sequence[int], strength: float) -> tuple[np.ndarray, float]:
    x, y, weight = _stacked(sets)
    x = x[:, columns]
    centre = np.average(x, axis=0, weights=weight)
    spread = np.maximum(np.sqrt(np.average((x - centre) ** 2, axis=0, weights=weight)), 1e-9)
    model = LogisticRegression(C=strength, max_iter=3000).fit((x - centre) / spread, y, sample_weight=weight)
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - np.sum(weights * centre))


def _shift(weights: np.ndarray, bias: float, sets: Sequence[Set]) -> float:
    """What answers from data are scored too low by: their log-odds raised until they are right on the whole; 0 without any.

    Prose about data shares fewer words with it than prose about prose.
    """
    x, y, _ = _stacked(sets)
    told = x[:, TOLD] > 0
    if not told.any():
        return 0.0
    logits, share = x[told] @ weights + bias, set_weights(np.full(told.sum(), 0), y[told])
    return float(brentq(lambda shift: np.sum(share * (y[told] - 1.0 / (1.0 + np.exp(-logits - shift)))), -20.0, 20.0))


def _calibrated(weights: np.ndarray, bias: float, sets: Sequence[Set]) -> tuple[np.ndarray, float]:
    """Platt's stretch of the log-odds on people's sets (Platt 1999, without his soft targets)."""
    x, y, weight = _stacked(sets)
    model = LogisticRegression(C=1e6).fit((x @ weights + bias)[:, None], y, sample_weight=weight)
    slope = float(model.coef_[0, 0])
    return weights * slope, bias * slope + float(model.intercept_[0])
