"""What refusal and request-harm heads together say of over-refusals that people labelled, neither having seen the set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from training import common, refusal
from training.common import Vectorise


def over_refusals(data: Path, vectorise: Vectorise, harm: dict[str, tuple[bool, float]]) -> dict[str, dict[str, Any]]:
    """For each model of XSTest: precision, recall and F1 at 0.5 with 95% intervals over its prompts.

    The truth: people say that the answer refuses, fully or in part, and XSTest that the prompt is safe. harm : of each prompt
    whether it is unsafe, and the log-odds of a head that saw none of them; the refusal head saw none of the model's answers.
    `of_refusals` has the same for the refusal head alone, which takes every refusal for an over-refusal.
    """
    refuses = _refuses(data, vectorise)
    measured: dict[str, dict[str, Any]] = {}
    answers = [row for row in common.read(data, "refusal_xstest") if row["response"].strip()]
    for model in sorted({row["model"] for row in answers}):
        rows = [row for row in answers if row["model"] == model]
        y = np.array([row["refused"] and not harm[row["prompt"]][0] for row in rows])
        declined = np.array([refuses[model, row["response"]] for row in rows])
        both = _probability(declined) * _probability(-np.array([harm[row["prompt"]][1] for row in rows]))
        measured[model] = {
            "n": len(y),
            "positive": int(y.sum()),
            **_figures(y, both - 0.5),
            "of_refusals": _figures(y, declined),
        }
        print("over-refusal", model, json.dumps(measured[model]), flush=True)
    return measured


def _refuses(data: Path, vectorise: Vectorise) -> dict[tuple[str, str], float]:
    """Log-odds that an answer refuses, by model and answer, of parts and a stack that saw no answer of that model."""
    answers = refusal.load(data, vectorise)
    unseen = refusal.unseen_parts(answers)
    logits_of: dict[tuple[str, str], float] = {}
    for name in sorted(name for name in set(answers.sets) if name.startswith("xstest ")):
        own = answers.sets == name
        logits = refusal.fit_stack(answers, unseen, ~own).logit(unseen[own])
        model = name.removeprefix("xstest ")
        logits_of |= {(model, str(text)): float(logit) for text, logit in zip(answers.texts[own], logits, strict=True)}
    return logits_of


def _figures(y: np.ndarray, margin: np.ndarray) -> dict[str, list[float]]:
    """At `margin` above 0 an over-refusal is called."""
    of = (("precision", common.precision), ("recall", common.recall), ("f1", common.f1))
    return {name: common.with_interval(figure, y, margin) for name, figure in of}


def _probability(logits: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))
