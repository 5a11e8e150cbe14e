"""Train the evaluators' heads on labelled sets and write their weights, with where they come from and what they reach.

    python tools/train_heads.py --data FOLDER [--encoder NAME --out FOLDER] [--vectors CACHE.pkl] [--only NAME ...]

README.md, "Another model", says which labelled/*.jsonl.gz the data folder holds. --encoder is what `models.encoder` of the
settings may be, and --out what `evaluators.weights` then names; without both, the bundled encoder's heads in the package
are written anew. Needs scikit-learn, which sentence-transformers brings. The features are the evaluators' own functions, so
that training and scoring cannot drift apart. Quality is measured across sets (trained on all others, tested on one) and
written into the weights' file; the shipped weights are then trained on all sets, each with the same total weight.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from obs_lib.evaluators import relevance
from obs_lib.evaluators.heads import SHIPPED
from obs_lib.models.encoder import Encoder, load_encoder
from obs_lib.models.options import BUNDLED, ModelOptions
from obs_lib.models.vectors import TextVectors, gather
from training import groundedness, refusal, request_harm, toxicity
from training.common import Rows, read


class Labelled(NamedTuple):
    """A set: features of shape (n, d), labels of shape (n,)."""

    name: str
    x: np.ndarray
    y: np.ndarray


class Recipe(NamedTuple):
    """How one head is trained. strength: inverse of the L2 penalty, on standardised features where `scale`."""

    names: tuple[str, ...]
    sets: Callable[[Path, Vectorise], list[Labelled]]
    strength: float
    scale: bool


Vectorise = Callable[[list[str]], TextVectors]


def grounded_rows(data: Path, name: str) -> Rows:
    """One set's rows; contexts in the form that `interactions` has."""
    rows = read(data, f"groundedness_{name}")
    for row in rows:
        row["contexts"] = json.dumps([{"text": text} for text in row["contexts"]])
        row["prompt"] = "" if row["prompt"] == "nan" else row["prompt"]
    return rows


def relevance_sets(data: Path, vectorise: Vectorise) -> list[Labelled]:
    sources = {
        "expertqa": [(row["prompt"], row["answer"]) for row in grounded_rows(data, "expertqa")],
        "expertqa sentences": [(row["prompt"], row["response"]) for row in grounded_rows(data, "expertqa")],
        "xstest": [(row["prompt"], row["response"]) for row in read(data, "refusal_xstest")],
        "begin_wow": [(row["prompt"], row["response"]) for row in grounded_rows(data, "begin_wow")],
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
            if pairs[order[(i + k) % len(pairs)]][0] != p
        )
        for i, (p, _) in enumerate(pairs)
    ]
    both = [*pairs, *((prompt, other) for (prompt, _), other in zip(pairs, others, strict=True))]
    vectors = vectorise([text for pair in both for text in pair])
    cosines = np.sum(vectors.of([p for p, _ in both]) * vectors.of([a for _, a in both]), axis=1)
    x = [relevance.features(p, a, float(c)) for (p, a), c in zip(both, cosines, strict=True)]
    return Labelled(name, np.array(x), np.repeat([True, False], len(pairs)))


RECIPES = {
    "relevance": Recipe(relevance.FEATURES, relevance_sets, 1.0, True),
}
OWN: dict[str, Callable[[Path, Vectorise, Encoder], dict[str, Any]]] = {
    "groundedness": lambda data, _, encoder: groundedness.content(data, encoder),
    "toxicity": lambda data, vectorise, encoder: toxicity.content(data, vectorise, encoder.weights),
    "refusal": lambda data, vectorise, encoder: refusal.content(data, vectorise, encoder.weights),
    "request_harm": lambda data, vectorise, encoder: request_harm.content(data, vectorise, encoder.weights),
}
"""Heads with a recipe in a file of its own, each from the data, the vectors and the encoder to the file's content."""
NAMES = sorted({*RECIPES, *OWN})


def fit(sets: list[Labelled], recipe: Recipe) -> tuple[np.ndarray, float]:
    """Weights and bias on the features as they are; every set has the same total weight, and so has each class in it."""
    x, y = np.vstack([item.x for item in sets]), np.concatenate([item.y for item in sets])
    weight = np.concatenate([balanced(item.y) for item in sets])
    centre = np.average(x, axis=0, weights=weight) if recipe.scale else np.zeros(x.shape[1])
    spread = np.sqrt(np.average((x - centre) ** 2, axis=0, weights=weight)) if recipe.scale else np.ones(x.shape[1])
    spread[spread == 0] = 1.0
    model = LogisticRegression(C=recipe.strength, max_iter=5000, tol=1e-8)
    model.fit((x - centre) / spread, y, sample_weight=weight * len(sets))
    weights, bias = model.coef_[0] / spread, float(model.intercept_[0] - np.sum(model.coef_[0] / spread * centre))
    return calibrated(weights, bias, x, y, weight) if recipe.scale else (weights, bias)


def calibrated(
    weights: np.ndarray, bias: float, x: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, float]:
    """Stretch the logit so that it is a log-odds again after a strong penalty (Platt 1999, without his soft targets)."""
    logit = (x @ weights + bias)[:, None]
    model = LogisticRegression(C=1e6).fit(logit, y, sample_weight=weight)
    slope = float(model.coef_[0, 0])
    return weights * slope, bias * slope + float(model.intercept_[0])


def balanced(y: np.ndarray) -> np.ndarray:
    """Sample weights that add up to 1,000 for a set, half of it for each class (all of it where there is one class)."""
    shares = {label: float(np.mean(y == label)) for label in (True, False)}
    classes = sum(share > 0 for share in shares.values())
    return np.array([1000.0 / (len(y) * classes * shares[bool(label)]) for label in y])


def across(sets: list[Labelled], recipe: Recipe) -> dict[str, dict[str, float]]:
    """For each set: n, and the AUROC of a head that was trained on all the others; share above 0.5 for one-class sets."""
    found: dict[str, dict[str, float]] = {}
    for item in sets:
        weights, bias = fit([other for other in sets if other is not item], recipe)
        logits = item.x @ weights + bias
        mixed = 0 < item.y.mean() < 1
        figure = {"auroc": roc_auc_score(item.y, logits)} if mixed else {"above_half": float(np.mean(logits > 0))}
        found[item.name] = {
            "n": len(item.y),
            "positive": int(item.y.sum()),
            **{k: round(v, 4) for k, v in figure.items()},
        }
    return found


def content_of(recipe: Recipe, sets: list[Labelled], encoder: str) -> dict[str, Any]:
    """What a head's file holds; `encoder` as in `Encoder.weights`."""
    weights, bias = fit(sets, recipe)
    rounded = [float(f"{weight:.6g}") for weight in weights]
    return {
        "features": list(recipe.names),
        "weights": rounded[: len(recipe.names)],
        "encoder": encoder,
        "encoder_weights": rounded[len(recipe.names) :],
        "bias": float(f"{bias:.6g}"),
        "trained_on": {"sets": [item.name for item in sets], "across_sets": across(sets, recipe)},
    }


def vectoriser(encoder: Encoder, cache: Path | None) -> Vectorise:
    """Encode, and keep what was encoded, by encoder, in a file of this script's own making."""
    kept: dict[str, dict[str, bytes]] = pickle.loads(cache.read_bytes()) if cache and cache.exists() else {}  # noqa: S301
    known = kept.setdefault(encoder.identity, {})

    def vectorise(texts: list[str]) -> TextVectors:
        vectors = gather(texts, known, encoder)
        known.update(vectors.known)
        if cache and vectors.fresh:
            cache.write_bytes(pickle.dumps(kept))
        return vectors

    return vectorise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", default=BUNDLED, help="folder, or Hugging Face name from the local cache")
    parser.add_argument("--out", type=Path, default=None, help="folder for the heads")
    parser.add_argument("--vectors", type=Path, default=None)
    parser.add_argument("--only", nargs="*", choices=NAMES, default=NAMES)
    given = parser.parse_args()
    if given.out is None and given.encoder != BUNDLED:
        parser.error("--encoder needs --out: the package's own folder is for the bundled encoder's heads")
    out = given.out or SHIPPED
    encoder = load_encoder(ModelOptions(encoder=given.encoder))
    vectorise = vectoriser(encoder, given.vectors)
    out.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        if name in OWN:
            content = OWN[name](given.data, vectorise, encoder)
        else:
            content = content_of(RECIPES[name], RECIPES[name].sets(given.data, vectorise), encoder.weights)
        (out / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(name, json.dumps(content["trained_on"]["across_sets"], indent=1))


if __name__ == "__main__":
    main()
