"""What changes a night can show, for a service's own scatter: the smallest ones, and how many answers others need."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from obs_lib.drift.change import Comparison
from obs_lib.drift.decision import detectable
from obs_lib.stats.contrast import Scale, Series, contrast
from obs_lib.stats.intervals import Z
from obs_lib.stats.moderation import Dispersion

_MOST_ANSWERS = 1e7
_LABELS_REACH = float(ndtri(0.975) + ndtri(0.8))  # two-sided at 5%, seen with 80%


@dataclass(frozen=True, slots=True)
class Power:
    """Of one metric in one segment."""

    comparison: Comparison
    """The days it is compared with, today last."""
    usual: Dispersion
    """The prior of its scatter (`change.priors`)."""
    cut: float
    """The p-value under which it is DRIFTED when nothing else of its family is (`decision.cuts`)."""

    @property
    def answers(self) -> int:
        """Interactions of a day, on average."""
        return round(float(np.mean(self.comparison.n)))

    def smallest(self, nights: int, answers: float) -> float:
        """The smallest change that `nights` nights of so many answers show with 80%, in the metric's unit."""
        series = self.comparison.series
        told = answers * float(np.mean(series.size) / np.mean(self.comparison.n))  # independent ones among them
        level = float(np.mean(series.value))
        ahead = Series(
            np.full(nights, level), np.full(nights, told), np.full(nights, float(series.unit.mean())), series.scale
        )
        found = contrast(series, ahead, self.usual)
        rate = found.baseline if series.scale is Scale.SHARE else None
        return detectable(found.std_error, found.freedom, self.cut, rate)

    def needed(self, change: float, nights: int) -> int | None:
        """Answers a day with which `nights` nights show a change of that size with 80%; None where no number does."""

        def missing(log_answers: float) -> float:
            return self.smallest(nights, float(np.exp(log_answers))) - abs(change)

        ends = float(np.log(2)), float(np.log(_MOST_ANSWERS))
        if missing(ends[1]) > 0:
            return None
        return round(float(np.exp(ends[0] if missing(ends[0]) <= 0 else brentq(missing, *ends, xtol=1e-3))))


@dataclass(frozen=True, slots=True)
class LabelPower:
    """Of a rate corrected by people's labels, over one window. labels : that it rests on. std_error : of the rate.

    Its variance is taken to fall with the labels; what the unlabelled answers add to it hardly counts while they are many more.
    """

    labels: int
    std_error: float

    def smallest(self, labels: float) -> float:
        """The smallest difference of two windows of so many labels each that shows with 80%, two-sided at 5%."""
        return _LABELS_REACH * self.std_error * math.sqrt(2 * self.labels / labels)

    def reach(self, labels: float) -> float:
        """Half of the 95% interval of the rate with so many labels."""
        return Z * self.std_error * math.sqrt(self.labels / labels)

    def needed(self, change: float) -> int:
        """Labels of each of two windows that show such a difference, above 0, with 80%."""
        return math.ceil(2 * self.labels * (_LABELS_REACH * self.std_error / change) ** 2)
