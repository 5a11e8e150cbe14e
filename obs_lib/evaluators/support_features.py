"""What a head weighs of an answer: one number a feature, over all of its sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obs_lib.evaluators.checks import Faults
from obs_lib.evaluators.support import Support

FEATURES = (
    "token_mean",
    "token_least",
    "weakest_mean",
    "pair_mean",
    "clause_mean",
    "clause_least",
    "sentence_mean",
    "sentence_least",
    "words_mean",
    "words_least",
    "fragments_mean",
    "fragments_least",
    "bigrams_mean",
    "speaker",
    "numbers",
    "units",
    "names",
    "negation",
    "opposite",
    "missing_words",
    "missing_fragments",
    "missing_tokens",
    "entailed_all",
    "entailed_mean",
    "entailed_least",
)
"""All that a head may weigh; a head's file names those that it was trained on."""
_LOG_OF_MANY = 5.0  # of about 150 content words


def features(supports: Sequence[Support]) -> np.ndarray:
    """One number for each of FEATURES, in about [-1, 1]: over the sentences of the answer, longer ones counting for more."""
    counts = [support.weight for support in supports]
    weights = np.array(counts, dtype=np.float64) / sum(counts)

    def mean(values: Sequence[float]) -> float:
        return float(np.sum(weights * np.asarray(values)))

    aligned = [support.aligned for support in supports]
    return np.array(
        [
            mean([each.token for each in aligned]),
            min(each.token for each in aligned),
            mean([each.weakest for each in aligned]),
            mean([each.pair for each in aligned]),
            mean([each.clause for each in aligned]),
            min(each.weakest_clause for each in aligned),
            mean([each.sentence for each in aligned]),
            min(each.sentence for each in aligned),
            mean([each.words for each in supports]),
            min(each.words for each in supports),
            mean([each.fragments for each in supports]),
            min(each.fragments for each in supports),
            mean([each.bigrams for each in supports]),
            mean([each.speaker for each in supports]),
            *(max(getattr(each.faults, name) for each in supports) for name in Faults._fields[:-1]),
            _much([1.0 - each.words for each in supports], counts),
            _much([1.0 - each.fragments for each in supports], counts),
            _much([1.0 - each.token for each in aligned], counts),
            *_entailed(np.array([each.entailed for each in supports]), weights),
        ],
        dtype=np.float64,
    )


def _much(missing: Sequence[float], weights: Sequence[int]) -> float:
    """How much of the answer is missing from the contexts, in content words, on a scale that long answers do not leave."""
    total = sum(share * weight for share, weight in zip(missing, weights, strict=True))
    return float(np.log1p(max(total, 0.0)) / _LOG_OF_MANY)


def _entailed(logits: np.ndarray, shares: np.ndarray) -> list[float]:
    """That every sentence is supported (the product of their probabilities, as its log-odds within +-6, by 6), their mean, and
    the least of them.
    """
    single = 1.0 / (1.0 + np.exp(-logits))
    together = min(float(-np.logaddexp(0.0, -logits).sum()), -1e-6)
    odds = together - float(np.log(-np.expm1(together)))
    return [float(np.clip(odds, -6.0, 6.0)) / 6.0, float(np.sum(shares * single)), float(single.min())]
