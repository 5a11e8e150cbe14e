"""Prediction-powered inference: a rate as people see it, from many verdicts of an evaluator and a few labels of people.

    theta = mean(y) + lambda (mean(f over all scored) - mean(f over the labelled))

with y a person's verdict, f the evaluator's, and every mean weighted by 1 / inclusion probability (Hajek's form of Horvitz
and Thompson). lambda = 0 is the labels alone, lambda = 1 is PPI, PPI++ takes the lambda with the smallest variance.

Everything rests on sums over interactions (`Moments`), so days can be added up.

References
----------
Angelopoulos et al. (2023), Prediction-powered inference, Science 382; Angelopoulos, Duchi and Zrnic (2023), PPI++,
arXiv:2311.01453. Weighted forms: Hajek (1971); Cochran (1977), Sampling Techniques, section 6. Half an observation in each
cell: Agresti and Min (2005), Statistics in Medicine 24; Agresti and Coull (1998).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.intervals import Estimate, Floats, Z, wilson

CELL, LEAST_CELL, FEW = 0.5, 0.1, 5.0
"""Observations added to each of (y, f) = (1, 1) (0, 1) (1, 0) (0, 0) before an interval is taken: a few labels that all agree
do not prove that the next one will. CELL while people found at most FEW cases on the rarer side, CELL * FEW / cases beyond,
down to LEAST_CELL. Chosen by simulated coverage over rates from 2 to 50% and evaluators from bad to almost perfect."""

_ONE, _Y, _F, _YY, _YF, _FF = range(6)
_CORNERS = np.array([[1, y, f, y, y * f, f] for y in (0.0, 1.0) for f in (0.0, 1.0)])


@dataclass(frozen=True)
class Moments:
    """Sums over interactions, all that the estimate needs.

    scored : shape (2, 3): sums of w and w^2 times 1, f, f^2 over the scored; w = 1 / probability of being scored.
    paired : shape (3, 6): sums of v, v^2 and v w times 1, y, f, y^2, y f, f^2 over the scored that are labelled; v =
        1 / probability of being labelled; w = 0 where the labelled are not among `scored`.
    n_scored, n_paired : how many interactions those are.
    """

    scored: Floats
    paired: Floats
    n_scored: int
    n_paired: int

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.scored + other.scored,
            self.paired + other.paired,
            self.n_scored + other.n_scored,
            self.n_paired + other.n_paired,
        )


class Corrected(NamedTuple):
    """A corrected mean. power : lambda. std_error : of the value, by linearisation."""

    value: float
    std_error: float
    power: float

    def normal(self) -> Estimate:
        """With the normal interval of the papers."""
        reach = Z * self.std_error
        return Estimate(self.value, self.value - reach, self.value + reach, self.std_error)


def moments(f: Floats, w: Floats, y: Floats, v: Floats) -> Moments:
    """Sums over the scored interactions.

    f, w : the evaluator's verdicts in [0, 1] and 1 / probability of being scored. y : people's verdicts in [0, 1], NaN where
    nobody was asked. v : 1 / probability of being labelled; read where y is known.
    """
    asked = ~np.isnan(y)
    scored = np.array([(weight @ np.stack([np.ones_like(f), f, f * f], axis=1)) for weight in (w, w * w)])
    return Moments(scored, _paired(y[asked], f[asked], v[asked], w[asked]), len(f), int(asked.sum()))


def separate(f: Floats, y: Floats, f_of_y: Floats) -> Moments:
    """Equal weights, and labelled interactions (y, f_of_y) that are not among the scored ones (f): as in the papers."""
    ones = np.ones_like(f)
    scored = moments(f, ones, np.full_like(f, np.nan), ones)
    paired = _paired(y, f_of_y, np.ones_like(y), np.zeros_like(y))
    return Moments(scored.scored, paired, len(f) + len(y), len(y))


def _paired(y: Floats, f: Floats, v: Floats, w: Floats) -> Floats:
    columns = np.stack([np.ones_like(y), y, f, y * y, y * f, f * f], axis=1)
    return np.array([weight @ columns for weight in (v, v * v, v * w)])


def raw(sums: Moments) -> float:
    """The evaluator's own mean over the scored."""
    return float(sums.scored[0, 1] / sums.scored[0, 0])


def raw_rate(sums: Moments) -> Estimate:
    """The same with its interval: Wilson's at the effective number of the scored for verdicts, the normal one for a mean."""
    s, value = sums.scored, min(max(raw(sums), 0.0), 1.0)
    if s[0, 2] == s[0, 1]:  # f is 0 or 1
        low, high = wilson(value, float(s[0, 0] ** 2 / s[1, 0]))
    else:
        reach = Z * float(np.sqrt(max(s[1, 2] - 2 * value * s[1, 1] + value**2 * s[1, 0], 0.0)) / s[0, 0])
        low, high = max(value - reach, 0.0), min(value + reach, 1.0)
    return Estimate(value, min(low, value), max(high, value), (high - low) / (2 * Z))


def effective_labels(sums: Moments) -> float:
    """Kish's effective number of labels."""
    return float(sums.paired[0, _ONE] ** 2 / sums.paired[1, _ONE])


def correct(sums: Moments, power: float | None = None) -> Corrected:
    """The corrected mean; n_paired > 0. power : lambda in [0, 1]; None for the one with the smallest variance (PPI++).

    An interaction adds A + lambda B to the linearised error of theta, where A = v (y - mean y) / sum v, and
    B = w (f - mean f) / sum w - v (f - mean f of the labelled) / sum v, the parts with v for labelled ones only. So the
    variance is AA + 2 lambda AB + lambda^2 BB in sums over interactions, and lambda = -AB / BB.
    """
    s, p = sums.scored, sums.paired
    weight, total = s[0, 0], p[0, _ONE]
    f_all, f_part, y_part = s[0, 1] / weight, p[0, _F] / total, p[0, _Y] / total

    def cross(row: int, a: tuple[int, float], b: tuple[int, float], ab: int) -> float:
        """Sum of weights times (a - its centre) (b - its centre)."""
        return float(p[row, ab] - a[1] * p[row, b[0]] - b[1] * p[row, a[0]] + a[1] * b[1] * p[row, _ONE])

    y, f, whole = (_Y, y_part), (_F, f_part), (_F, f_all)
    aa = cross(1, y, y, _YY) / total**2
    ab = cross(2, y, whole, _YF) / (total * weight) - cross(1, y, f, _YF) / total**2
    of_all = (s[1, 2] - 2 * f_all * s[1, 1] + f_all**2 * s[1, 0]) / weight**2
    bb = of_all + cross(1, f, f, _FF) / total**2 - 2 * cross(2, f, whole, _FF) / (total * weight)
    if power is None:
        power = _power(ab, bb, sums)
    variance = aa + 2 * power * ab + power**2 * bb
    return Corrected(float(y_part + power * (f_all - f_part)), float(np.sqrt(max(variance, 0.0))), power)


def _power(ab: float, bb: float, sums: Moments) -> float:
    """-AB / BB with unbiased (co)variances, held within [0, 1]; 0 where the evaluator's verdicts do not vary."""
    labels, scored = sums.n_paired, sums.n_scored
    if bb <= 1e-15 or labels < 2:
        return 0.0
    return float(min(max(-ab / bb * labels / (labels - 1) * (scored - 1) / scored, 0.0), 1.0))


def corrected_rate(sums: Moments, power: float | None = None) -> tuple[Estimate, float]:
    """The corrected rate with an interval for few labels too, and lambda; n_paired > 0.

    The value is that of `correct`, held within [0, 1]. The interval is the normal one of `correct` of `smoothed`,
    and holds the value: so a few labels that all agree do not give one without width.
    """
    value = min(max(correct(sums, power).value, 0.0), 1.0)
    smooth = correct(smoothed(sums), power)
    reach = Z * smooth.std_error
    low, high = max(smooth.value - reach, 0.0), min(smooth.value + reach, 1.0)
    return Estimate(value, min(low, value), max(high, value), smooth.std_error), smooth.power


def smoothed(sums: Moments) -> Moments:
    """The same with some labels more in each cell, each of the weight that an effective label has."""
    people = sums.paired[0, _Y] / sums.paired[0, _ONE]
    rarer = effective_labels(sums) * min(people, 1 - people)
    cell = max(CELL * min(1.0, FEW / max(rarer, 1e-9)), LEAST_CELL)
    weight = sums.paired[1, _ONE] / sums.paired[0, _ONE]
    corners: NDArray[np.float64] = cell * _CORNERS.sum(axis=0)
    more = np.stack([weight * corners, weight**2 * corners, np.zeros_like(corners)])
    return replace(sums, paired=sums.paired + more)
