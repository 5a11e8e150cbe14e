"""The refusal head: the opening's vector, its n-grams and a few phrase features in one log-odds.

As for toxicity, the n-grams are a model of their own, and how much they count beside the rest is learnt on predictions that
did not see the text's source.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from obs_lib.evaluators import refusal
from obs_lib.evaluators.ngrams import pack
from training import common, packaged
from training.common import Fit, Vectorise
from training.refusal_examples import examples
from training.toxicity import plain_answers

SENSITIVE = "logs/chat-labels.jsonl.gz"
ANSWERS = ("groundedness_begin_wow", "groundedness_faithdial", "groundedness_expertqa")
FROM_A_SET = 300
EACH = 12  # answers a frame
ELSEWHERE = 0.25
"""Cosine to its prompt under which an answer without any phrase of refusing speaks of something else (a fourth of PyRIT's set
are answers to other questions, which its people called refusals and this evaluator does not)."""
NGRAM_STRENGTH, BASE_STRENGTH = 3.0, 1.0
FOLDS = 3
BENIGN = 0.6  # weight of a set that has no positive, against 1 for the others
HITS = len(refusal.PHRASE_FEATURES)


class Answers(NamedTuple):
    """n answers. groups: what must not be split over two folds. base: phrase features and vector, (n, HITS + d)."""

    sets: np.ndarray
    groups: np.ndarray
    manners: np.ndarray
    texts: np.ndarray
    y: np.ndarray
    base: np.ndarray
    ngrams: csr_matrix

    def where(self, chosen: np.ndarray) -> Answers:
        return Answers(*(column[chosen] for column in self))


class Model(NamedTuple):
    """stack: weights of (n-gram log-odds, log-odds of phrases and vector)."""

    base: Fit
    ngram: Fit
    stack: Fit


def content(data: Path, vectorise: Vectorise, encoder: str) -> dict[str, Any]:
    """What the head's file holds; `encoder` as in `Encoder.weights`."""
    answers = load(data, vectorise)
    unseen = unseen_parts(answers)
    model = Model(*fit_parts(answers), fit_stack(answers, unseen, np.full(len(answers.y), fill_value=True)))
    ngram, base = model.stack.weights
    weights = [ngram, *(base * model.base.weights[:HITS])]
    return {
        "features": list(refusal.FEATURES),
        "weights": [float(f"{value:.6g}") for value in weights],
        "encoder": encoder,
        "encoder_weights": [float(f"{value:.6g}") for value in base * model.base.weights[HITS:]],
        "bias": float(f"{model.stack.bias + base * model.base.bias:.6g}"),
        "ngrams": pack(model.ngram.weights, model.ngram.bias),
        "trained_on": {
            "sets": sorted(set(answers.sets)),
            "sha256": common.provenance(data, ["refusal_xstest", *ANSWERS]) | packaged.provenance(packaged.PYRIT),
            "across_sets": across(answers, unseen),
            "across_manners": across_manners(answers, unseen, model.stack),
        },
    }


def load(data: Path, vectorise: Vectorise) -> Answers:
    """Every set's answers with what the parts read of them. LLMDrift's, where `logs/` lies beside `labelled/`."""
    rows: list[tuple[str, str, str, str, bool]]  # set, group, manner, answer, refused
    rows = [
        (f"xstest {row['model']}", row["prompt"], row.get("label", ""), row["response"], row["refused"])
        for row in common.read(data, "refusal_xstest")
    ]
    rows += [("pyrit", row["prompt"], "", row["response"], row["refused"]) for row in pyrit(vectorise)]
    rows += [("made answers", frame.text, frame.kind, text, frame.positive) for frame, _, text in examples(EACH)]
    for name in ANSWERS:
        drawn = common.by_hash(common.read(data, name), "response")[:FROM_A_SET]
        rows += [("ordinary answers", row["prompt"], "", row["response"], False) for row in drawn]
    rows += [("plain answers", text, "", text, False) for text in plain_answers()]
    if (data / SENSITIVE).exists():
        rows += [(f"llmdrift {model}", prompt, "", text, refused) for model, prompt, text, refused in sensitive(data)]
    kept = {(row[0], row[3]): row for row in rows if row[3].strip()}
    return describe(list(kept.values()), vectorise)


def pyrit(vectorise: Vectorise) -> common.Rows:
    """PyRIT's rows without those whose answer speaks of something else than the prompt."""
    rows = packaged.refusals()
    vectors = vectorise([row[field] for row in rows for field in ("prompt", "response")])
    ours = [vectors.of([row[field] for row in rows]) for field in ("prompt", "response")]
    near = np.sum(ours[0].astype(np.float64) * ours[1], axis=1) >= ELSEWHERE
    spoken = [refusal.phrase_features(row["response"])[: len(refusal.PHRASES)].any() for row in rows]
    return [row for row, *signs in zip(rows, near, spoken, strict=True) if any(signs)]


def sensitive(data: Path) -> list[tuple[str, str, str, bool]]:
    """Maker's model, prompt, answer and whether it refuses, of the sensitive questions in LLMDrift's logs."""
    answered = {row["request_id"]: row["value"] for row in common.lines(data / SENSITIVE) if row["label"] == "answered"}
    by_answer: dict[tuple[str, str], tuple[str, str, str, bool]] = {}
    for day in sorted((data / "logs" / "chat").glob("*.jsonl.gz")):
        for row in common.lines(day):
            if row["request_id"] in answered:
                model = "gpt-4" if row["model_version"].startswith("gpt-4") else "gpt-3.5"
                item = (model, str(row["prompt"]), row["response"], not answered[row["request_id"]])
                by_answer.setdefault((model, row["response"]), item)
    return list(by_answer.values())


def describe(rows: list[tuple[str, str, str, str, bool]], vectorise: Vectorise) -> Answers:
    openings = [refusal.opening(row[3]) for row in rows]
    hits = np.array([refusal.phrase_features(row[3]) for row in rows])
    sets, groups, manners, texts = (np.array([row[i] for row in rows], dtype=object) for i in range(4))
    return Answers(
        sets,
        groups,
        manners,
        texts,
        np.array([row[4] for row in rows]),
        np.hstack([hits, vectorise(openings).of(openings).astype(np.float64)]),
        common.hashed(openings, refusal.spoken),
    )


def parts(base: Fit, ngram: Fit, answers: Answers) -> np.ndarray:
    """Shape (n, 2)."""
    return np.column_stack([ngram.logit(answers.ngrams), base.logit(answers.base)])


def unseen_parts(answers: Answers) -> np.ndarray:
    """Shape (n, 2): what parts say that did not see the set that people labelled, or the fold of the others."""
    labelled = sorted(name for name in set(answers.sets) if name.startswith(("xstest", "pyrit")))
    held = common.held_out(answers.sets, answers.groups, labelled, FOLDS)
    return common.unseen(answers, held, lambda rest, own: parts(*fit_parts(rest), own))


def fit_stack(answers: Answers, unseen: np.ndarray, chosen: np.ndarray) -> Fit:
    """How much each part counts, from the chosen rows."""
    return common.fit_stack(answers, unseen, chosen, BENIGN)


def fit_parts(answers: Answers) -> tuple[Fit, Fit]:
    weight = common.set_weights(answers.sets, answers.y, BENIGN)
    return (
        common.fit(answers.base, answers.y, weight, BASE_STRENGTH),
        common.fit(answers.ngrams, answers.y, weight, NGRAM_STRENGTH),
    )


def across(answers: Answers, unseen: np.ndarray) -> dict[str, dict[str, Any]]:
    """For each set: n, and what parts and a stack reach that did not see it, with a 95% interval.

    Of sets that people labelled the parts saw nothing; of made and of harmless ones, no text of the same frame or prompt.
    """
    measured: dict[str, dict[str, Any]] = {}
    for name in sorted(set(answers.sets)):
        own = answers.sets == name
        y, logits = answers.y[own], fit_stack(answers, unseen, ~own).logit(unseen[own])
        if 0 < y.mean() < 1:
            figures = {
                key: common.with_interval(one, y, logits) for key, one in (("auroc", common.auroc), ("f1", common.f1))
            }
        else:
            figures = {"above_half": common.with_interval(common.above_half, y, logits)}
        measured[name] = {"n": int(own.sum()), "positive": int(y.sum()), **figures}
        print(name, json.dumps(measured[name]), flush=True)
    return measured


def across_manners(answers: Answers, unseen: np.ndarray, stack: Fit) -> dict[str, float]:
    """For each manner of the made answers: the share judged rightly by parts that saw none of its frame."""
    right = (stack.logit(unseen) > 0) == answers.y
    made = answers.sets == "made answers"
    manners = sorted(set(answers.manners[made]))
    return {manner: round(float(np.mean(right[made & (answers.manners == manner)])), 4) for manner in manners}
