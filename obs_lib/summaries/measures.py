"""The few shapes that most system metrics have: a percentile, a share, a sum, a mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obs_lib.stats.clusters import Codes, design_effect
from obs_lib.stats.intervals import Estimate, Floats, quantile, share, share_of_counts, weighted_mean
from obs_lib.stats.intervals import ratio as ratio_of
from obs_lib.summaries.arrays import OF_TEXTS, UNKNOWN, Measure, OfEach, RequestArrays, present
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import Result, absent


def percentile(field: str, what: str, q: float) -> OfEach:
    """The q-quantile of a column, between two order statistics."""

    def measure(rows: RequestArrays, _: SummaryOptions) -> Result:
        known = rows.ordered(field)
        n, missing = len(known), len(rows) - len(known)
        if not n:
            return absent(what, missing)
        estimate, enough = quantile(known, q)
        if rows.clusters is not None:
            values, clusters = rows.known(field)
            below = (values <= estimate.value).astype(np.float64)
            estimate, enough = quantile(known, q, design_effect(below - below.mean(), clusters))
        return Result(estimate, n, missing, "" if enough else "too few values for a full 95% interval")

    return OfEach(measure, lambda rows: _column(rows, field))


def mean(field: str, what: str, least: float = -np.inf) -> OfEach:
    """The mean of a column. least : the smallest that a value can be; Student's interval does not know it."""

    def measure(rows: RequestArrays, _: SummaryOptions) -> Result:
        known, clusters = rows.known(field)
        n, missing = len(known), len(rows) - len(known)
        if not n:
            return absent(what, missing)
        value, low, *rest = weighted_mean(known, clusters=clusters)
        return Result(Estimate(value, None if low is None else max(low, least), *rest), n, missing)

    return OfEach(measure, lambda rows: _column(rows, field))


def share_of(field: str, what: str, hits: Sequence[int] = (1,), among: str | None = None) -> OfEach:
    """The share of rows whose code in `field` is one of `hits`, of those whose code in `among` is known."""

    def measure(rows: RequestArrays, _: SummaryOptions) -> Result:
        n = sum(rows.counts(among or field))
        if not n:
            return absent(what, len(rows))
        if rows.clusters is None:
            counts = rows.counts(field)
            estimate = share_of_counts(sum(counts[hit] for hit in hits), n)
        else:
            inside = getattr(rows, among or field) != UNKNOWN
            estimate = share(np.isin(getattr(rows, field)[inside], hits), clusters=rows.clusters[inside])
        return Result(estimate, n, len(rows) - n)

    def each(rows: RequestArrays) -> Floats:
        counted = np.isin(getattr(rows, field), hits).astype(np.float64)
        return np.where(getattr(rows, among or field) == UNKNOWN, np.nan, counted)

    return OfEach(measure, each, reads_texts=field in OF_TEXTS)


def ratio(part: Floats, whole: Floats, clusters: Codes | None = None) -> tuple[Estimate | None, int]:
    """Sum of parts over sum of wholes, of the rows where both are known and the whole is above zero, and how many."""
    usable = (whole > 0) & ~np.isnan(part)
    n = int(np.count_nonzero(usable))
    if not n:
        return None, 0
    value, low, high, error, _ = ratio_of(part[usable], whole[usable], None if clusters is None else clusters[usable])
    if low is None or high is None:
        return Estimate(value), n
    return Estimate(value, min(max(low, 0.0), value), max(min(high, 1.0), value), error), n


def total(field: str, what: str) -> Measure:
    """The sum of a column. A total has no sampling error."""

    def measure(rows: RequestArrays, _: SummaryOptions) -> Result:
        known, n, missing = present(getattr(rows, field))
        note = f"{missing} of {n + missing} interactions do not say" if missing else ""
        return Result(Estimate(float(known.sum())), n, missing, note) if n else absent(what, missing)

    return measure


def _column(rows: RequestArrays, field: str) -> Floats:
    column: Floats = getattr(rows, field)
    return column
