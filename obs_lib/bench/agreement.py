"""How well one evaluator agrees with the labels of one set: the figures, each with its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from obs_lib.bench import measures
from obs_lib.bench.bootstrap import RESAMPLES, Figure, Floats, intervals
from obs_lib.bench.measures import Flags
from obs_lib.stats.intervals import wilson
from obs_lib.stats.ranking import ndcg, reciprocal_rank

_SHARES = ("precision", "recall", "false_positive_share")
_FEWEST = 20  # rows of a model that are worth a figure of their own


@dataclass(frozen=True)
class LabelledScores:
    """Rows with a label and a score, as arrays of one length.

    labels : whether the row is what the metric counts. values : probability of that, in [0, 1]. lengths : characters of the
    answer. groups : which rows share a source. models : what answered, None where the set does not say.
    """

    labels: Flags
    values: Floats
    lengths: Floats
    groups: NDArray[np.intp]
    models: Sequence[str | None] = field(repr=False)

    def take(self, chosen: Flags) -> LabelledScores:
        """The chosen rows."""
        models = [name for name, wanted in zip(self.models, chosen, strict=True) if wanted]
        return LabelledScores(
            self.labels[chosen], self.values[chosen], self.lengths[chosen], self.groups[chosen], models
        )


def agreement(scored: LabelledScores, resamples: int = RESAMPLES) -> dict[str, Figure]:
    """Every figure of a binary set. `length_auroc` is that of the answer's length alone, in the direction that suits it."""
    labels, values = scored.labels, scored.values
    lengths = scored.lengths * _direction(scored)

    def measure(weights: Floats) -> Mapping[str, Floats]:
        return {
            "auroc": measures.auroc(labels, values, weights),
            "average_precision": measures.average_precision(labels, values, weights),
            **measures.at_threshold(labels, values, weights),
            "calibration_error": measures.calibration_error(labels, values, weights),
            "brier": measures.brier(labels, values, weights),
            "length_auroc": measures.auroc(labels, lengths, weights),
        }

    figures = intervals(scored.groups, measure, resamples)
    return {name: _honest(name, figure, scored) for name, figure in figures.items()}


def false_positives(values: Floats, groups: NDArray[np.intp], resamples: int = RESAMPLES) -> Figure:
    """Share of rows above the threshold where none should be."""
    none = np.zeros(len(values), dtype=bool)
    scored = LabelledScores(none, values, np.zeros(len(values)), groups, [None] * len(values))
    figures = intervals(groups, lambda weights: measures.at_threshold(none, values, weights), resamples)
    return _honest("false_positive_share", figures["false_positive_share"], scored)


def by_model(scored: LabelledScores, resamples: int = RESAMPLES) -> dict[str, dict[str, Figure]]:
    """The figures of each model's own answers, for models with 20 rows or more; empty where the set names fewer than two."""
    names = np.array([name or "" for name in scored.models])
    counts = Counter(name for name in scored.models if name)
    large = sorted(name for name, n in counts.items() if n >= _FEWEST)
    return {name: agreement(scored.take(names == name), resamples) for name in large} if len(large) > 1 else {}


def ranking(scored: LabelledScores, resamples: int = RESAMPLES) -> tuple[dict[str, Figure], dict[str, int]]:
    """Mean reciprocal rank and nDCG over questions (the groups), and how many questions entered or were left out.

    A question without a relevant answer has no rank to measure and is left out; one with relevant answers alone counts,
    with a rank of 1 whatever the scorer says.
    """
    per: list[tuple[float, float]] = []
    without = only = 0
    for group in np.unique(scored.groups):
        own = scored.groups == group
        labels, values = scored.labels[own], scored.values[own]
        rank, gain = reciprocal_rank(labels, values), ndcg(labels, values)
        if rank is None or gain is None:
            without += 1
        else:
            only += bool(labels.all())
            per.append((rank, gain))
    table = np.array(per, dtype=np.float64).reshape(-1, 2)

    def measure(weights: Floats) -> Mapping[str, Floats]:
        total = weights.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return {"mrr": (weights @ table[:, 0]) / total, "ndcg": (weights @ table[:, 1]) / total}

    counts = {"questions": len(per), "without_relevant": without, "relevant_only": only}
    return intervals(range(len(per)), measure, resamples), counts


def _direction(scored: LabelledScores) -> float:
    """1 where longer answers are the positive ones, -1 where shorter ones are."""
    plain = measures.auroc(scored.labels, scored.lengths, np.ones((1, len(scored.labels))))[0]
    return -1.0 if plain < 0.5 else 1.0


def _honest(name: str, figure: Figure, scored: LabelledScores) -> Figure:
    """A share of 0 or 1 with Wilson's interval over its groups: resampling would claim that it is certain."""
    if name not in _SHARES or figure.value is None or 0 < figure.value < 1:
        return figure
    base = {
        "precision": scored.values > measures.THRESHOLD,
        "recall": scored.labels,
        "false_positive_share": ~scored.labels,
    }[name]
    return Figure(figure.value, *wilson(figure.value, len(np.unique(scored.groups[base]))))
