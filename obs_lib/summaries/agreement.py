"""How far an evaluator and people agree: agreement, Cohen's kappa, precision, recall, F1, from weighted confusion counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from obs_lib.digests import digest_of
from obs_lib.stats.intervals import Estimate, Floats, Z, wilson

DRAWS = 4000  # of the cells, behind an interval that has no closed form
_PRIOR = 0.5  # Jeffreys' for each cell: labels that all agree leave room for one that does not


@dataclass(frozen=True)
class Cells:
    """Sums of v and of v^2 (rows; v = 1 / probability of being labelled, or 1) over labelled interactions by
    (person, evaluator): true positive, false positive, false negative, true negative (columns).

    Positive is what the metric counts (a hallucination, a refusal, an answer in the right format). Where several people
    disagree, a label is split by their shares.
    """

    sums: Floats

    def __add__(self, other: Cells) -> Cells:
        return Cells(self.sums + other.sums)

    @property
    def effective_n(self) -> float:
        """Kish's effective number of labels; 0 for none."""
        return float(self.sums[0].sum() ** 2 / self.sums[1].sum()) if self.sums[1].sum() > 0 else 0.0


NONE = Cells(np.zeros((2, 4)))


def cells(y: Floats, flagged: Floats, v: Floats) -> Cells:
    """Confusion counts. y : people's verdicts in [0, 1]. flagged : the evaluator's, 0 or 1. v : weights."""
    shares = np.stack([y * flagged, (1 - y) * flagged, y * (1 - flagged), (1 - y) * (1 - flagged)], axis=1)
    return Cells(np.stack([v @ shares, (v * v) @ shares]))


def kappa(p: Floats) -> Floats:
    """Cohen's kappa of shares of the four cells (last axis); NaN where both only ever gave one and the same verdict."""
    tp, fp, fn, tn = np.moveaxis(p, -1, 0)
    chance = (tp + fn) * (tp + fp) + (fp + tn) * (fn + tn)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance < 1 - 1e-12, (tp + tn - chance) / (1 - chance), np.nan)


def f1(p: Floats) -> Floats:
    """Harmonic mean of precision and recall of shares of the four cells (last axis); NaN where there is no positive."""
    tp, fp, fn, _ = np.moveaxis(p, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(tp + fp + fn > 0, 2 * tp / (2 * tp + fp + fn), np.nan)


def rogan_gladen(raw: float, sensitivity: float, specificity: float) -> float:
    """The true rate behind a raw one, (raw + specificity - 1) / (sensitivity + specificity - 1), Rogan and Gladen (1978).

    Shown in tests as a second road to the corrected rate; it has no valid interval where the denominator is near zero.
    """
    return (raw + specificity - 1) / (sensitivity + specificity - 1)


def agreement(counts: Cells) -> dict[str, Estimate | None]:
    """agreement, kappa, precision, recall and f1, each with its 95% interval; None where the labels cannot say.

    Shares have Wilson's interval at the effective number of labels of those that they are a share of. kappa and f1 have the
    2.5% and 97.5% quantiles over DRAWS draws of the cells from their Dirichlet posterior, by a generator whose seed is a
    digest of the cells: the same labels give the same interval.
    """
    drawn = _bootstrap(counts)
    return {
        "agreement": _share(counts, (0, 3), (0, 1, 2, 3)),
        "kappa": _by_draws(counts, kappa, drawn),
        "precision": _share(counts, (0,), (0, 1)),
        "recall": _share(counts, (0,), (0, 2)),
        "f1": _by_draws(counts, f1, drawn),
    }


WHY_NOT: Mapping[str, str] = {
    "agreement": "no labels",
    "kappa": "people and evaluator gave one and the same verdict on every labelled answer",
    "precision": "the evaluator flagged no labelled answer",
    "recall": "people flagged no answer",
    "f1": "neither people nor evaluator flagged an answer",
}
"""Why a number of `agreement` is None."""


def _share(counts: Cells, part: tuple[int, ...], whole: tuple[int, ...]) -> Estimate | None:
    hits, total, squares = (
        counts.sums[0, list(part)].sum(),
        counts.sums[0, list(whole)].sum(),
        counts.sums[1, list(whole)].sum(),
    )
    if total <= 0:
        return None
    value = float(min(hits / total, 1.0))
    low, high = wilson(value, float(total**2 / squares))
    return Estimate(value, min(low, value), max(high, value), (high - low) / (2 * Z))


def _bootstrap(counts: Cells) -> Floats:
    """Draws of the shares of the cells, shape (DRAWS, 4)."""
    total = counts.sums[0].sum()
    if total <= 0:
        return np.empty((0, 4))
    effective = counts.effective_n * counts.sums[0] / total
    seed = int(digest_of("agreement", [float(f"{count:.9g}") for count in effective]), 16)
    return np.random.default_rng(seed).dirichlet(effective + _PRIOR, DRAWS)


def _by_draws(counts: Cells, measure: Callable[[Floats], Floats], drawn: Floats) -> Estimate | None:
    total = counts.sums[0].sum()
    value = float(measure(counts.sums[0] / total)) if total > 0 else np.nan
    if np.isnan(value):
        return None
    of_draws = measure(drawn)
    low, high = np.quantile(of_draws, [0.025, 0.975])
    return Estimate(value, min(float(low), value), max(float(high), value), float(of_draws.std()))
