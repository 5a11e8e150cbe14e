"""The request-harm head: does a prompt ask for something harmful? Its vector and its n-grams in one log-odds.

As for toxicity, each part is fitted alone on all sets, and how much it counts is learnt on predictions that did not see the
prompt's source. Our file of XSTest (Roettger et al. 2024) has no label of its prompts: it follows from the order of its ids.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from obs_lib.evaluators import over_refusal
from obs_lib.evaluators.ngrams import pack
from obs_lib.models.pieces import PIECE
from training import common
from training.common import Fit, Vectorise
from training.over_refusal import over_refusals
from training.request_examples import examples
from training.toxicity import conversation

XSTEST, MADE = "xstest", "made requests"
TYPES = (
    "homonyms",
    "contrast_homonyms",
    "figurative_language",
    "contrast_figurative_language",
    "safe_targets",
    "contrast_safe_targets",
    "safe_contexts",
    "contrast_safe_contexts",
    "definitions",
    "contrast_definitions",
    "nons_group_real_discr",
    "real_group_nons_discr",
    "contrast_discr",
    "historical_events",
    "contrast_historical_events",
    "privacy_public",
    "privacy_fictional",
    "contrast_privacy",
)
"""Types of XSTest v2's prompts in their published order, 25 each: v2-1 to v2-25 are homonyms. Those that begin with
`contrast_` are unsafe (200), the others safe (250). Checked by reading the first and the last prompt of each type."""
OF_A_TYPE = 25
_DISCRIMINATION = "discr"
ORDINARY_TASKS = ("opinionqa", "prime_full", "countahappynumber", "leetcode_easy")
"""Tasks of the chat logs that are harmless by what they are; its sensitive questions stay out."""
MODERATION = "toxicity_openai_moderation"
EXPERTS = "groundedness_expertqa"
LABELLED = (MODERATION, EXPERTS, "groundedness_begin_wow", "groundedness_faithdial", "refusal_xstest")
FROM_A_SET = 300
LONGEST = 300  # characters of a moderated text that is read: longer ones are stories and posts, not requests
EACH = 16  # requests a frame
VECTOR_STRENGTH, NGRAM_STRENGTH = 4.0, 10.0
FOLDS = 3
BENIGN = 0.3  # weight of a set that has no positive, against 1 for the others


class Requests(NamedTuple):
    """n prompts. groups: what must not be split over two folds. vectors (n, d), ngrams (n, 2 ** BITS)."""

    sets: np.ndarray
    groups: np.ndarray
    kinds: np.ndarray
    texts: np.ndarray
    y: np.ndarray
    vectors: np.ndarray
    ngrams: csr_matrix

    def where(self, chosen: np.ndarray) -> Requests:
        return Requests(*(column[chosen] for column in self))


def content(data: Path, vectorise: Vectorise, encoder: str) -> dict[str, Any]:
    """What the head's file holds; `encoder` as in `Encoder.weights`."""
    requests = load(data, vectorise)
    unseen = unseen_parts(requests)
    vector, ngram = fit_parts(requests)
    stack = fit_stack(requests, unseen, np.full(len(requests.y), fill_value=True))
    by_ngram, by_vector = stack.weights
    return {
        "features": list(over_refusal.FEATURES),
        "weights": [float(f"{by_ngram:.6g}")],
        "encoder": encoder,
        "encoder_weights": [float(f"{value:.6g}") for value in by_vector * vector.weights],
        "bias": float(f"{stack.bias + by_vector * vector.bias:.6g}"),
        "ngrams": pack(ngram.weights, ngram.bias),
        "trained_on": {
            "sets": sorted(set(requests.sets)),
            "sha256": common.provenance(data, LABELLED),
            "across_sets": across(requests, unseen),
            "across_types": across_types(requests, unseen),
            "across_kinds": across_kinds(requests, unseen, stack),
            "over_refusal": over_refusals(data, vectorise, harm_of_xstest(requests, unseen)),
        },
    }


def load(data: Path, vectorise: Vectorise) -> Requests:
    """Every set's prompts with what the parts read of them. Those of the logs, where `logs/` lies beside `labelled/`."""
    published = xstest(data)
    known = {_plain(text) for _, text in published}
    rows: list[tuple[str, str, str, str, bool]]  # set, group, kind, text, harmful
    rows = [(XSTEST, pair(kind), kind, text, kind.startswith("contrast_")) for kind, text in published]
    made = [(frame, text) for frame, text in examples(EACH) if _plain(text) not in known]
    rows += [(MADE, frame.text, frame.kind, text, frame.positive) for frame, text in made]
    moderated = [row for row in common.read(data, MODERATION) if len(row["text"]) <= LONGEST]
    rows += [("openai_moderation", row["text"], "", row["text"], row["toxic"]) for row in moderated]
    questions = {row["prompt"]: row for row in common.read(data, EXPERTS)}
    rows += [("expert questions", text, "", text, False) for text in _drawn(list(questions), FROM_A_SET)]
    rows += [("conversation", text, "", text, False) for text in _drawn(conversation(data), FROM_A_SET)]
    for task, prompts in logged(data).items():
        rows += [("chat logs", task, "", text, False) for text in _drawn(prompts, FROM_A_SET)]
    return describe(list({(row[0], row[3]): row for row in rows if row[3].strip()}.values()), vectorise)


def xstest(data: Path) -> list[tuple[str, str]]:
    """Type and text of each prompt of XSTest v2, in its order."""
    ids = {row["id"].partition(":")[0]: row["prompt"] for row in common.read(data, "refusal_xstest")}
    numbers = {int(name.removeprefix("v2-")): text for name, text in ids.items()}
    return [(TYPES[(number - 1) // OF_A_TYPE], text) for number, text in sorted(numbers.items())]


def pair(kind: str) -> str:
    """What a type shares with the one that it is the contrast of.

    >>> pair("contrast_homonyms"), pair("nons_group_real_discr"), pair("privacy_public")
    ('homonyms', 'discr', 'privacy')
    """
    kind = kind.removeprefix("contrast_")
    if kind.endswith(_DISCRIMINATION):
        return _DISCRIMINATION
    return "privacy" if kind.startswith("privacy") else kind


def logged(data: Path) -> dict[str, list[str]]:
    """Distinct prompts of each ordinary task in the chat logs."""
    by_task: dict[str, dict[str, None]] = {task: {} for task in ORDINARY_TASKS}
    for day in sorted((data / "logs" / "chat").glob("*.jsonl.gz")):
        for row in common.lines(day):
            if row["tags"]["task"] in by_task:
                by_task[row["tags"]["task"]][str(row["prompt"])] = None
    return {task: list(prompts) for task, prompts in by_task.items()}


def _drawn(texts: list[str], count: int) -> list[str]:
    return [row["text"] for row in common.by_hash([{"text": text} for text in texts], "text")[:count]]


def _plain(text: str) -> str:
    return text.strip(" ?.").casefold()


def describe(rows: list[tuple[str, str, str, str, bool]], vectorise: Vectorise) -> Requests:
    sets, groups, kinds, texts = (np.array([row[i] for row in rows], dtype=object) for i in range(4))
    read = [row[3] for row in rows]
    return Requests(
        sets,
        groups,
        kinds,
        texts,
        np.array([row[4] for row in rows]),
        vectorise(read).of(read).astype(np.float64),
        common.hashed([text[:PIECE] for text in read], over_refusal.spoken),
    )


def parts(vector: Fit, ngram: Fit, requests: Requests) -> np.ndarray:
    """Shape (n, 2): of the n-grams, of the vector."""
    return np.column_stack([ngram.logit(requests.ngrams), vector.logit(requests.vectors)])


def unseen_parts(requests: Requests) -> np.ndarray:
    """Shape (n, 2): what parts say that did not see the prompt's set; of made requests, its fold of frames."""
    held = common.held_out(requests.sets, requests.groups, sorted(set(requests.sets) - {MADE}), FOLDS)
    return common.unseen(requests, held, lambda rest, own: parts(*fit_parts(rest), own))


def fit_parts(requests: Requests) -> tuple[Fit, Fit]:
    weight = common.set_weights(requests.sets, requests.y, BENIGN)
    return (
        common.fit(requests.vectors, requests.y, weight, VECTOR_STRENGTH),
        common.fit(requests.ngrams, requests.y, weight, NGRAM_STRENGTH),
    )


def fit_stack(requests: Requests, unseen: np.ndarray, chosen: np.ndarray) -> Fit:
    """How much each part counts, from the chosen rows."""
    return common.fit_stack(requests, unseen, chosen, BENIGN)


def harm_of_xstest(requests: Requests, unseen: np.ndarray) -> dict[str, tuple[bool, float]]:
    """Of each prompt of XSTest: whether it is harmful, and the log-odds of a head that saw none of them."""
    own = requests.sets == XSTEST
    logits = fit_stack(requests, unseen, ~own).logit(unseen[own])
    judged = zip(requests.texts[own], requests.y[own], logits, strict=True)
    return {str(text): (bool(harmful), float(logit)) for text, harmful, logit in judged}


def across(requests: Requests, unseen: np.ndarray) -> dict[str, dict[str, Any]]:
    """For each set: n, and what parts and a stack reach that did not see it, with a 95% interval."""
    measured: dict[str, dict[str, Any]] = {}
    for name in sorted(set(requests.sets)):
        own = requests.sets == name
        measured[name] = figures(requests.y[own], fit_stack(requests, unseen, ~own).logit(unseen[own]))
        print(name, json.dumps(measured[name]), flush=True)
    return measured


def across_types(requests: Requests, unseen: np.ndarray) -> dict[str, dict[str, Any]]:
    """XSTest, each type with its contrasts judged by a head that saw the other types and sets, but none of these."""
    logits, xs = np.zeros(len(requests.y)), requests.sets == XSTEST
    pairs = sorted(set(requests.groups[xs]))
    for name in pairs:
        held = xs & (requests.groups == name)
        fitted = parts(*fit_parts(requests.where(~held)), requests.where(held))
        logits[held] = fit_stack(requests, unseen, ~held).logit(fitted)
    chosen = {"all": xs} | {name: xs & (requests.groups == name) for name in pairs}
    measured = {name: figures(requests.y[own], logits[own]) for name, own in chosen.items()}
    print("xstest by types left out", json.dumps(measured), flush=True)
    return measured


def across_kinds(requests: Requests, unseen: np.ndarray, stack: Fit) -> dict[str, float]:
    """For each kind of the made requests: the share judged rightly by parts that saw none of its frame."""
    right = (stack.logit(unseen) > 0) == requests.y
    made = requests.sets == MADE
    return {
        kind: round(float(np.mean(right[made & (requests.kinds == kind)])), 4)
        for kind in sorted(set(requests.kinds[made]))
    }


def figures(y: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """Counts; where there are both classes AUROC, and shares of each class above 0.5, with 95% intervals."""
    counts: dict[str, Any] = {"n": len(y), "positive": int(y.sum())}
    if not 0 < y.mean() < 1:
        return counts | {"above_half": common.with_interval(common.above_half, y, logits)}
    return counts | {
        "auroc": common.with_interval(common.auroc, y, logits),
        "true_positives": common.with_interval(common.above_half, y[y], logits[y]),
        "false_positives": common.with_interval(common.above_half, y[~y], logits[~y]),
    }
