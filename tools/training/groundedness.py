"""The head of groundedness: the evaluator's own features on people's verdicts, and on answers with one thing changed."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from obs_lib.evaluators.groundedness import contradicted
from obs_lib.evaluators.material import Material, gather_material
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.support import Read, weigh
from obs_lib.evaluators.support_features import FEATURES, features
from obs_lib.models.encoder import Encoder
from obs_lib.models.folder import digest_file
from obs_lib.models.pair_encoder import WEIGHTS
from obs_lib.text import names, sentences
from training.altered import ALTERATIONS
from training.common import Rows, provenance
from training.groundedness_fit import ALTERED, UNSPLIT, Set, across, across_documents, fit, fit_structured
from training.pairs import HELD, key, rows_of

SETS = tuple(HELD)
"""Sets of people's verdicts. The pair encoder has not seen the rows of them that are read here."""
_STRUCTURED = "data2txt"
_ALTERED_OF = ("begin_wow", "faithdial", "expertqa")
_AT_ONCE = 100
CONTEXTS = 130  # of each set, whose sentences are altered
OPTIONS = EvaluatorOptions()


def content(data: Path, encoder: Encoder) -> dict[str, Any]:
    """What the head's file holds, for an encoder's weights."""
    sets = [measured(name, rows, encoder) for name, rows in all_rows(data).items()]
    rows = [row for row in rows_of(data, UNSPLIT) if row["task"] == _STRUCTURED]
    structured = measured(f"{UNSPLIT}_{_STRUCTURED}", rows, encoder)
    prose = fit(sets)
    return {
        "features": list(FEATURES),
        **_written(*prose),
        "structured": _written(*fit_structured(structured, prose)),
        "encoder": encoder.weights,
        "encoder_weights": [],
        "trained_on": {
            "sets": [*(each.name for each in sets), structured.name],
            "pair_encoder": digest_file(WEIGHTS)[:16],
            "across_sets": across(sets) | {structured.name: across_documents(structured, prose)},
            "sha256": provenance(data, [f"groundedness_{name}" for name in SETS]),
        },
    }


def _written(weights: np.ndarray, bias: float) -> dict[str, object]:
    return {"weights": [float(f"{weight:.6g}") for weight in weights], "bias": float(f"{bias:.6g}")}


def all_rows(data: Path) -> dict[str, Rows]:
    """People's sets of answers from prose, and sentences with one thing changed beside those that were not."""
    rows = {name: rows_of(data, name)[: HELD[name]] for name in SETS}
    altered = altered_rows({name: rows[name] for name in _ALTERED_OF})
    tasks = sorted({row["task"] for row in rows[UNSPLIT]} - {_STRUCTURED})
    split = {f"{UNSPLIT}_{task}": [row for row in rows[UNSPLIT] if row["task"] == task] for task in tasks}
    return {**{name: found for name, found in rows.items() if name != UNSPLIT}, **split, ALTERED: altered}


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
        material = gather_material(row["response"], contexts, OPTIONS)
        if material.contexts and material.answer:
            kept.append((material, bool(row["grounded"]), key(row)))
    materials = [material for material, *_ in kept]
    x = [row for start in range(0, len(kept), _AT_ONCE) for row in _rows(materials[start : start + _AT_ONCE], encoder)]
    claims = [[("", span.text) for span in material.answer] for material in materials]
    blind = {
        "shortness": np.array([-len(material.response) for material in materials]),
        "answer_alone": np.array([-np.logaddexp(0.0, -encoder.pairs(pairs)).sum() for pairs in claims]),
    }
    bound = np.array([bool(contradicted(material)) for material in materials])
    verdicts, documents = np.array([y for _, y, _ in kept]), np.array([document for *_, document in kept])
    return Set(name, np.array(x), verdicts, bound, blind, documents)


def _rows(materials: Sequence[Material], encoder: Encoder) -> list[np.ndarray]:
    texts = sorted({text for material in materials for text in (material.response, *material.passages)})
    pairs = sorted({pair for material in materials for pair in material.pairs})
    tokens = dict(zip(texts, encoder.tokens(texts), strict=True))
    given = Read(tokens, dict(zip(pairs, encoder.pairs(pairs).tolist(), strict=True)))
    return [features(weigh(material, given)) for material in materials]
