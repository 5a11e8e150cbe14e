"""Agreement of probabilities with labels, for many weightings of the same rows at once: what a bootstrap needs.

Every function takes weights of shape (resamples, rows), the times that a row was drawn, and returns one number a resample;
NaN where it is not defined (one class only, nothing flagged). Weights of one give the plain figure, that of scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

THRESHOLD = 0.5
"""Where the catalogue's shares are cut: a probability above it counts as yes."""
BINS = 15
"""Bins of equal width for the calibration error, as in Guo et al. 2017."""


def auroc(labels: Flags, values: Floats, weights: Floats) -> Floats:
    """Chance that a positive row has a higher value than a negative one; a tie counts half."""
    yes, no = _by_value(labels, values, weights)
    below = np.cumsum(no, axis=1) - no
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sum(yes * (below + no / 2), axis=1) / (yes.sum(axis=1) * no.sum(axis=1)))


def average_precision(labels: Flags, values: Floats, weights: Floats) -> Floats:
    """Sum over thresholds of precision times the recall gained there; without interpolation, as in scikit-learn."""
    yes, no = (side[:, ::-1] for side in _by_value(labels, values, weights))
    hits, flagged = np.cumsum(yes, axis=1), np.cumsum(yes + no, axis=1)
    precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sum(yes * precision, axis=1) / yes.sum(axis=1))


def at_threshold(labels: Flags, values: Floats, weights: Floats) -> dict[str, Floats]:
    """F1 of the positive class and of the other one, precision, recall and false positive share at THRESHOLD."""
    flagged = values > THRESHOLD
    cells = [(labels & flagged), (~labels & flagged), (labels & ~flagged), (~labels & ~flagged)]
    tp, fp, fn, tn = (weights @ cell.astype(np.float64) for cell in cells)
    return {
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "f1_other": _ratio(2 * tn, 2 * tn + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "false_positive_share": _ratio(fp, fp + tn),
    }


def brier(labels: Flags, values: Floats, weights: Floats) -> Floats:
    """Mean squared difference between probability and label (Brier 1950)."""
    return _ratio(weights @ np.square(values - labels), weights.sum(axis=1))


def calibration_error(labels: Flags, values: Floats, weights: Floats) -> Floats:
    """Expected calibration error: |mean probability - share of positives| in each bin, weighted by the bin's rows."""
    bins = np.minimum((values * BINS).astype(np.intp), BINS - 1)
    member = (bins[:, None] == np.arange(BINS)).astype(np.float64)
    gap: Floats = weights @ (member * (values - labels)[:, None])
    total: Floats = np.abs(gap).sum(axis=1)
    return _ratio(total, weights.sum(axis=1))


def _by_value(labels: Flags, values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of positives and of negatives at each distinct value, lowest first; shape (resamples, distinct values)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    drawn, positive = weights[:, order], labels[order]
    return np.add.reduceat(drawn * positive, starts, axis=1), np.add.reduceat(drawn * ~positive, starts, axis=1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    out: Floats = np.full(len(part), np.nan)
    return np.divide(part, whole, out=out, where=whole > 0)
