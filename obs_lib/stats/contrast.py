"""Whether the last nights of a series stand away from the days before them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, xlogy

from obs_lib.stats.moderation import BY_SAMPLING, MOST_FREEDOM, UNKNOWN, Dispersion, moderated

Floats = NDArray[np.float64]

CONSTANT = 1e-9  # a spread under this part of the value is rounding
_LEAST_P = 1e-300
_LEAST_VARIANCE = 1e-200  # none, in numbers whose inverse must be finite


class Scale(Enum):
    """How a series' values are compared. SHARE: as counts. RATIO: as logarithms, of values above zero. AMOUNT: as they are."""

    SHARE = "share"
    RATIO = "ratio"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Series:
    """A number on some days, oldest first."""

    value: Floats
    """On each day, in its unit; shape (days,)."""
    size: Floats
    """What it rests on: independent interactions, of a share effective ones; above 0."""
    unit: Floats
    """Variance of a single interaction, in the unit squared; not read of a share, whose rate says it; 0 where unknown."""
    scale: Scale

    def __len__(self) -> int:
        return len(self.value)

    def at(self, days: slice) -> Series:
        """The same on some of the days."""
        return Series(self.value[days], self.size[days], self.unit[days], self.scale)

    def and_then(self, other: Series) -> Series:
        """These days and those of another series, compared alike."""
        pairs = ((self.value, other.value), (self.size, other.size), (self.unit, other.unit))
        value, size, unit = (np.concatenate(pair) for pair in pairs)
        return Series(value, size, unit, self.scale)


class Contrast(NamedTuple):
    """The mean of the last nights against the mean of the days before; effect, baseline and std_error in the series' unit."""

    effect: float
    baseline: float
    p_value: float
    """Two-sided, in (0, 1]."""
    std_error: float
    """Of the effect if nothing had changed; 0 where no day differs from another."""
    freedom: float


def dispersion(series: Series) -> Dispersion:
    """Return how much more the days of a series scatter than sampling gives; no freedom where that says nothing."""
    return _dispersion(_comparable(series))


def contrast(before: Series, nights: Series, usual: Dispersion = BY_SAMPLING, doubt: float = 0.0) -> Contrast:
    """Return nights (one or more) against the days before (two or more).

    usual : the prior of the dispersion (`moderation.prior`). doubt : further variance of the nights' mean, unit squared.

    A day's variance is what sampling gives at its size, from all days together as if nothing had changed, times the
    moderated dispersion phi; what sampling leaves open does not shrink with the day,

        V_day = min(phi, 1) unit / size_day + max(phi - 1, 0) unit / mean size,

    and days weigh by 1 / V_day. Amounts and ratios give Student's t with the dispersion's degrees of freedom. Shares give
    the signed root of the likelihood ratio of two binomials, each day counting as the independent answers that give V_day,
    held against the same t (quasi-likelihood): with few hits it is close to the exact mid-p value, where a normal
    difference is not. Where neither days nor sampling scatter, p is 1 / (b + 1) of b days before: the chance that the odd
    one comes last.
    """
    past, now = _comparable(before), _comparable(nights)
    day, freedom = _day_variances(past, now, usual)
    b = len(past)
    parts = ((past.value, day[:b]), (now.value, day[b:]))
    (mean_past, error_past), (mean_now, error_now) = (_mean(values, variance) for values, variance in parts)
    apart = mean_now - mean_past
    if before.scale is Scale.RATIO:
        doubt /= float(np.exp(2 * mean_now))
    error = float(np.sqrt(error_past + error_now + doubt))
    rounding = CONSTANT * max(abs(mean_past), abs(mean_now))
    if error <= rounding:
        p_value, error = (1.0 if abs(apart) <= rounding else 1 / (b + 1)), 0.0
    else:
        statistic = _signed_root(past, now, day) if before.scale is Scale.SHARE else apart / error
        p_value = min(1.0, max(2 * float(stdtr(freedom, -abs(statistic))), _LEAST_P))
    if before.scale is Scale.RATIO:
        low, high = float(np.exp(mean_past)), float(np.exp(mean_now))
        return Contrast(high - low, low, p_value, error * low, freedom)
    return Contrast(apart, mean_past, p_value, error, freedom)


def _day_variances(past: Series, now: Series, usual: Dispersion) -> tuple[Floats, float]:
    """The variance of each day's value if nothing had changed, those before first, and its degrees of freedom."""
    both = past.and_then(now)
    variance, seen = _sampling(both), _dispersion(past)
    if not _scatters(variance):
        scatter = float(past.value.var(ddof=1))
        # Days that are all equal leave the doubt alone, which no scatter of few days made.
        return np.full(len(both), scatter), len(past) - 1.0 if scatter > 0 else MOST_FREEDOM
    phi = moderated(seen, usual)
    if past.scale is not Scale.RATIO:
        # Bursts of alike answers make rates look calm on most days: none is surer than sampling makes it.
        phi = phi._replace(value=max(phi.value, 1.0))
    typical = float((variance * both.size).mean() / both.size.mean())
    return min(phi.value, 1.0) * variance + max(phi.value - 1, 0.0) * typical, phi.freedom


def _mean(values: Floats, variance: Floats) -> tuple[float, float]:
    """The mean of days that weigh by 1 / variance, and its variance; the plain one of days that do not vary."""
    if not _scatters(variance):
        return float(values.mean()), 0.0
    weight = 1 / variance
    return float(np.average(values, weights=weight)), float(1 / weight.sum())


def _dispersion(comparable: Series) -> Dispersion:
    variance = _sampling(comparable)
    # A rate of 0 on all days could not scatter, so it says nothing of how days do.
    never = comparable.scale is Scale.SHARE and len(np.unique(comparable.value)) == 1 and comparable.value[0] in (0, 1)
    if len(comparable) < 2 or never or not _scatters(variance):
        return UNKNOWN
    away = comparable.value - _mean(comparable.value, variance)[0]
    freedom = len(comparable) - 1.0
    return Dispersion(float((away**2 / variance).sum()) / freedom, freedom)


def _scatters(variance: Floats) -> bool:
    return bool((variance > _LEAST_VARIANCE).all())


def _comparable(series: Series) -> Series:
    """Ratios as logarithms, with the variance of a logarithm (delta method)."""
    if series.scale is not Scale.RATIO:
        return series
    return Series(np.log(series.value), series.size, series.unit / series.value**2, series.scale)


def _sampling(series: Series) -> Floats:
    """Variance of each day's value by sampling alone, if all days were alike."""
    if series.scale is Scale.SHARE:
        rate = _rate(series)
        return rate * (1 - rate) / series.size
    return np.full(len(series), float(np.average(series.unit, weights=series.size))) / series.size


def _rate(series: Series) -> float:
    """The rate of all days together, with half a hit and half a miss more than were seen: none is certain."""
    return (float((series.value * series.size).sum()) + 0.5) / (float(series.size.sum()) + 1)


def _signed_root(past: Series, now: Series, day: Floats) -> float:
    """Signed root of the likelihood ratio of two binomial rates against one, in independent answers."""
    both, b = past.and_then(now), len(past)
    rate = _rate(both)
    answers = rate * (1 - rate) / day
    hits = both.value * answers
    n, x = (np.array([part[:b].sum(), part[b:].sum()]) for part in (answers, hits))
    together = x.sum() / n.sum()
    apart = np.clip(x / n, 0.0, 1.0)
    gain = xlogy(x, apart / together) if together > 0 else np.zeros(2)
    if together < 1:
        gain = gain + xlogy(n - x, (1 - apart) / (1 - together))
    return float(np.sign(apart[1] - apart[0]) * np.sqrt(2 * max(float(gain.sum()), 0.0)))
