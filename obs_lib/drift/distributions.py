"""How two ranges of days differ in the distribution of a column, beside how the baseline's days differ among themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue.distances import CRAMERS_V, JENSEN_SHANNON, KOLMOGOROV_SMIRNOV, PSI, WASSERSTEIN
from obs_lib.stats.distributions import Sample, cramers_v, in_deciles, kolmogorov_smirnov, wasserstein
from obs_lib.stats.divergences import jensen_shannon, population_stability_index
from obs_lib.stats.intervals import Floats

_Mask = NDArray[np.bool_]
_OF_NUMBERS: Mapping[str, Callable[[Sample, Sample], float]] = {
    KOLMOGOROV_SMIRNOV: kolmogorov_smirnov,
    WASSERSTEIN: wasserstein,
    PSI: lambda current, baseline: population_stability_index(*in_deciles(current, baseline)),
    JENSEN_SHANNON: lambda current, baseline: jensen_shannon(*in_deciles(current, baseline)),
}
_OF_WORDS: Mapping[str, Callable[[Floats, Floats], float]] = {
    CRAMERS_V: cramers_v,
    PSI: population_stability_index,
    JENSEN_SHANNON: jensen_shannon,
}


@dataclass(frozen=True, slots=True)
class Apart:
    """One distance of a column. usual, most : the median and the largest of the same distance of each baseline day from the
    others of them; None of fewer than three days.
    """

    column: str
    distance: str
    """A key of `catalogue.distances.DISTRIBUTIONS`."""
    value: float
    usual: float | None
    most: float | None
    n_baseline: int
    n_current: int


_T = TypeVar("_T")


def _between(of: Callable[[_Mask], _T], distance: Callable[[_T, _T], float]) -> Callable[[_Mask, _Mask], float]:
    """The distance of what two sets of rows hold."""
    return lambda current, baseline: distance(of(current), of(baseline))


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of both ranges. day : of each row; current : whether it is of the current range; least : rows that a side needs."""

    day: NDArray[np.object_]
    current: _Mask
    least: int

    def numbers(self, column: str, values: pd.Series, weights: Floats) -> Iterator[Apart]:
        """Distances of a column of numbers; rows without one are left out, nothing where a side has too few."""
        value = values.to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.isfinite(value)
        sample = Sample(value, weights)
        for name, distance in _OF_NUMBERS.items():
            yield from self._apart(column, name, known, _between(sample.at, distance))

    def words(self, column: str, values: pd.Series) -> Iterator[Apart]:
        """Distances of a column of words; null is one of them where some row has another."""
        codes, names = pd.factorize(values.astype(object).where(values.notna(), None), use_na_sentinel=False)
        if len(names) < 2:
            return
        everything = np.ones(len(codes), dtype=bool)

        def counts(rows: _Mask) -> Floats:
            return np.bincount(codes[rows], minlength=len(names)).astype(np.float64)

        for name, distance in _OF_WORDS.items():
            yield from self._apart(column, name, everything, _between(counts, distance))

    def _apart(self, column: str, name: str, known: _Mask, of: Callable[[_Mask, _Mask], float]) -> Iterator[Apart]:
        now, before = known & self.current, known & ~self.current
        n_current, n_baseline = int(now.sum()), int(before.sum())
        if min(n_current, n_baseline) < self.least:
            return
        days = [before & (self.day == day) for day in np.unique(self.day[before])]
        days = [one for one in days if one.sum() >= self.least]
        among = [of(one, before & ~one) for one in days] if len(days) > 2 else []
        usual, most = (float(np.median(among)), max(among)) if among else (None, None)
        yield Apart(column, name, of(now, before), usual, most, n_baseline, n_current)
