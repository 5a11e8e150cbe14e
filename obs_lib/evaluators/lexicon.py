"""A word list with weights that others learnt from some 200,000 comments: the linear model of alt-profanity-check."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "weights" / "profanity-lexicon.json"
_WORD = re.compile(r"\b\w\w+\b")


def lexicon_logit(text: str) -> float:
    """Log-odds-like score of that model for one text: about -1 for harmless texts, 1 and more for swearing.

    Its features are TF-IDF of lower-case words, normalised over the words that it knows.
    """
    bias, known = _model()
    counts: dict[str, int] = {}
    for word in _WORD.findall(text.lower()):
        if word in known:
            counts[word] = counts.get(word, 0) + 1
    if not counts:
        return bias
    rows = [(counts[word] * known[word][0], known[word][1]) for word in sorted(counts)]
    values, weights = np.array(rows).T
    return float(bias + np.sum(values * weights) / np.sqrt(np.sum(values**2)))


@cache
def _model() -> tuple[float, dict[str, tuple[float, float]]]:
    data = json.loads(FILE.read_bytes())
    return float(data["bias"]), {word: (idf, weight) for word, (idf, weight) in data["words"].items()}
