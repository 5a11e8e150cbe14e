"""The toxicity head: two models of a text, a kernel over its vector and one over its n-grams, and a word list, in one log-odds.

Each part is fitted alone on all sets, every set with the same weight; how much each part counts is learnt from predictions
across sets (a part never saw the set that it is weighed on; Wolpert 1992, "Stacked generalization"), which also makes the
sum a probability for texts of other origin than those trained on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import SVC  # type: ignore[import-untyped]

from obs_lib.evaluators import kernels, toxicity
from obs_lib.evaluators.ngrams import pack
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.pieces import pieces
from training import common
from training.common import Fit, Vectorise
from training.toxicity_examples import examples

PEOPLE_LABELLED = ("surge", "openai_moderation", "davidson")
ANSWERS = ("groundedness_begin_wow", "groundedness_faithdial", "groundedness_expertqa")
TWEETS = 1000  # of each class from Davidson: tweets would otherwise be nine tenths of all texts
FROM_A_SET = 400  # ordinary texts of one set
EACH = 8  # sentences a frame
NGRAM_STRENGTH = 10.0
KERNEL_STRENGTH, GAMMA = 1.0, 2.0
"""Inverse penalty and width of the kernel over vectors of length 1, chosen across sets (docs/model-card-toxicity.md)."""
FOLDS = 3
BENIGN = 0.3  # weight of a set that has no positive, against 1 for the others
_PASSAGE = 500


class Texts(NamedTuple):
    """n texts. groups: what must not be split over two folds. vectors (n, d), ngrams (n, 2 ** BITS), lexicon (n,)."""

    sets: np.ndarray
    groups: np.ndarray
    kinds: np.ndarray
    y: np.ndarray
    vectors: np.ndarray
    ngrams: csr_matrix
    lexicon: np.ndarray

    def where(self, chosen: np.ndarray) -> Texts:
        return Texts(*(column[chosen] for column in self))


class Model(NamedTuple):
    """kernel: as it is packed. stack: weights of (lexicon, n-gram log-odds, what the kernel says)."""

    kernel: dict[str, Any]
    ngram: Fit
    stack: Fit


def content(data: Path, vectorise: Vectorise, encoder: str) -> dict[str, Any]:
    """What the head's file holds; `encoder` as in `Encoder.weights`."""
    texts = load(data, vectorise)
    unseen = unseen_parts(texts)
    model = Model(*fit_parts(texts), fit_stack(texts, unseen, np.full(len(texts.y), fill_value=True)))
    return {
        "features": [*toxicity.FEATURES, toxicity.KERNEL],
        "weights": [float(f"{value:.6g}") for value in model.stack.weights],
        "encoder": encoder,
        "encoder_weights": [],
        "bias": float(f"{model.stack.bias:.6g}"),
        "kernel": model.kernel,
        "ngrams": pack(model.ngram.weights, model.ngram.bias),
        "trained_on": {
            "sets": sorted(set(texts.sets)),
            "sha256": common.provenance(
                data, [*(f"toxicity_{name}" for name in PEOPLE_LABELLED), *ANSWERS, "refusal_xstest"]
            ),
            "across_sets": across(texts, unseen),
        },
    }


def load(data: Path, vectorise: Vectorise) -> Texts:
    """Every set's texts with what the parts read of them."""
    rows: list[tuple[str, str, str, str, bool]] = []  # set, group, kind, text, toxic
    for name in PEOPLE_LABELLED:
        labelled = common.by_hash(common.read(data, f"toxicity_{name}"), "text")
        if name == "davidson":
            labelled = [row for label in (True, False) for row in [r for r in labelled if r["toxic"] is label][:TWEETS]]
        rows += [(name, row["text"], "", row["text"], row["toxic"]) for row in labelled]
    rows += [("made sentences", frame.text, frame.kind, text, frame.positive) for frame, text in examples(EACH)]
    for name in ANSWERS:
        answers = common.by_hash(common.read(data, name), "response")[:FROM_A_SET]
        rows += [(name, row["prompt"], "", row["response"], False) for row in answers if row["response"].strip()]
    rows += [("conversation", text, "", text, False) for text in conversation(data)]
    rows += [("web passages", text, "", text, False) for text in passages(data)]
    polite = common.read(data, "refusal_xstest")
    rows += [("xstest answers", row["prompt"], "", row["response"], False) for row in polite if row["response"].strip()]
    rows += [("plain answers", text, "", text, False) for text in plain_answers()]
    return describe(list({(row[0], row[3]): row for row in rows}.values()), vectorise)


def describe(rows: Sequence[tuple[str, str, str, str, bool]], vectorise: Vectorise) -> Texts:
    firsts = [pieces(row[3], EvaluatorOptions().max_characters)[0].text for row in rows]
    sets, groups, kinds = (np.array([row[i] for row in rows], dtype=object) for i in (0, 1, 2))
    return Texts(
        sets,
        groups,
        kinds,
        np.array([row[4] for row in rows]),
        vectorise(firsts).of(firsts).astype(np.float64),
        common.hashed(firsts, toxicity.spoken),
        np.array([toxicity.lexicon_feature(text) for text in firsts]),
    )


def parts(kernel: dict[str, Any], ngram: Fit, texts: Texts) -> np.ndarray:
    """Shape (n, 3), in the order of `toxicity.FEATURES` and then the kernel, as it is read from a file."""
    read = kernels.unpack(kernel)
    return np.column_stack([texts.lexicon, ngram.logit(texts.ngrams), [read.score(row) for row in texts.vectors]])


def unseen_parts(texts: Texts) -> np.ndarray:
    """Shape (n, 3): what parts say that did not see the set that people labelled, or the fold of the others."""
    labelled = [name for name in PEOPLE_LABELLED if name in set(texts.sets)]
    held = common.held_out(texts.sets, texts.groups, labelled, FOLDS)
    return common.unseen(texts, held, lambda rest, own: parts(*fit_parts(rest), own))


def fit_stack(texts: Texts, unseen: np.ndarray, chosen: np.ndarray) -> Fit:
    """How much each part counts, from the chosen rows."""
    return common.fit_stack(texts, unseen, chosen, BENIGN)


def fit_parts(texts: Texts) -> tuple[dict[str, Any], Fit]:
    weight = common.set_weights(texts.sets, texts.y, BENIGN)
    machine = SVC(C=KERNEL_STRENGTH, gamma=GAMMA).fit(texts.vectors, texts.y, sample_weight=weight)
    bias = float(machine.intercept_[0])
    return (
        kernels.pack(machine.support_vectors_, machine.dual_coef_[0], GAMMA, bias),
        common.fit(texts.ngrams, texts.y, weight, NGRAM_STRENGTH),
    )


def across(texts: Texts, unseen: np.ndarray) -> dict[str, dict[str, Any]]:
    """For each set: n, and what parts and a stack reach that did not see it, with a 95% interval.

    Of sets that people labelled the parts saw nothing; of made and of harmless ones, no text of the same frame or prompt.
    """
    measured: dict[str, dict[str, Any]] = {}
    for name in sorted(set(texts.sets)):
        own = texts.sets == name
        y, logits = texts.y[own], fit_stack(texts, unseen, ~own).logit(unseen[own])
        mixed = 0 < y.mean() < 1
        figures = {"auroc": common.with_interval(common.auroc, y, logits)} if mixed else {}
        kind = "above_half" if not mixed else "false_positives"
        figures[kind] = common.with_interval(common.above_half, y[~y], logits[~y])
        measured[name] = {"n": int(own.sum()), "positive": int(y.sum()), **figures}
        print(name, json.dumps(measured[name]), flush=True)
    return measured


def conversation(data: Path) -> list[str]:
    """What people said before the answers of FaithDial and BEGIN: informal and harmless, so that informal is not toxic."""
    rows = [row for name in ANSWERS[:2] for row in common.read(data, name) if row["prompt"] not in ("", "nan")]
    return list(dict.fromkeys(row["prompt"][-_PASSAGE:] for row in common.by_hash(rows, "prompt")))[: 2 * FROM_A_SET]


def passages(data: Path) -> list[str]:
    """Beginnings of web pages that ExpertQA's answers cite."""
    rows = common.by_hash(common.read(data, ANSWERS[2]), "prompt")
    return list(dict.fromkeys(text[:_PASSAGE] for row in rows for text in row["contexts"][:1] if text.strip()))[
        :FROM_A_SET
    ]


def plain_answers() -> list[str]:
    """Harmless answers of kinds that no labelled set has: choices, yes and no, numbers, data and code."""
    choices = ("Agree", "Not at all", "Major reason", "Very likely", "No, does not", "Somewhat", "Better", "Refused")
    things = ("total", "items", "name", "count", "value", "result", "city", "price")
    code = (
        "def {0}(self, nums):\n    return sum(nums)",
        "class Solution:\n    {0} = 0",
        "{0} = [x for x in range(10)]",
    )
    texts = [f"({letter}) {choice}" for letter in "ABCDE" for choice in choices]
    texts += [f"({letter})" for letter in "ABCDEF"] + ["[Yes]", "[No]", "Yes.", "No.", "Done.", "OK"]
    texts += [f"{number}" for number in (0, 1, 7, 12, 42, 100, 365, 1999, 17077, 3.14)]
    texts += [f"\\boxed{{{number}}}" for number in (0, 2, 4, 10, 33)]
    texts += [f'{{"{thing}": {number}}}' for thing in things for number in (1, 25)]
    texts += [template.format(thing) for template in code for thing in things]
    texts += [f"```python\n{template.format(thing)}\n```" for template in code for thing in things]
    texts += [
        f"Let's check whether {n} is prime. {n} is not divisible by 2, 3 or 5, so we go on." for n in (91, 97, 7919)
    ]
    return texts
