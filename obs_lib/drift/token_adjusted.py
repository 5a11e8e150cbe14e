"""Whether a latency stands away from its baseline once prompts and answers are taken to be as long as they were then.

Analysis of covariance with the tokens as covariate (Snedecor and Cochran 1989, chapter 18): what a latency of a day owes to
its tokens is what the baseline's latency model predicts for them, so each day's value is brought to the baseline's tokens

    adjusted = value * typical(model, baseline's tokens) / typical(model, the day's tokens)

and the adjusted values are compared as any metric is. Longer prompts change the value and not the adjusted one; a slower
server changes both; a slower server behind shorter prompts changes the adjusted one alone. Whatever the model does not
explain, such as a tail of requests that hang, stays in the adjusted value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from obs_lib.catalogue.distances import TOKEN_ADJUSTED
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import Comparison, in_week, measured, series_of
from obs_lib.records import Metric
from obs_lib.stats.latency_model import Cells, Floats, Line, fit, merge
from obs_lib.stats.mixtures import mixture_quantiles


@dataclass(frozen=True, slots=True)
class Explained:
    """A day with the cells of the model that explains a metric."""

    summary: DaySummary
    cells: Cells


def explained(metric: Metric, segment: str, days: Sequence[DaySummary], min_answers: int) -> list[Explained]:
    """The days whose model of the metric rests on enough requests; none where no model explains it."""
    if metric.explained_by is None:
        return []
    known = ((day, day.cells(metric.explained_by, segment)) for day in days)
    return [Explained(day, cells) for day, cells in known if cells is not None and cells.rows >= min_answers]


def token_adjusted(
    metric: Metric, segment: str, window: Sequence[Explained], today: Explained, least: int
) -> Comparison | None:
    """Return the adjusted values of the days of `window` and of today, to be compared as any metric is.

    Today's adjustment adds the doubt of the fitted line. Every day has the metric. Values are in the metric's unit, at the
    baseline's tokens. least : as in `Comparison`. None where there are too few requests to fit a line to.
    """
    baseline = merge([past.cells for past in window])
    line = fit(baseline)
    if line is None:
        return None
    typical = _typical(metric)
    days = [*window, today]
    reference, *of_days = typical(line, [baseline, *(day.cells for day in days)])
    scales = reference / np.array(of_days)
    rows = measured(metric, segment, [day.summary for day in days])
    series, _ = in_week(series_of(metric, rows, scales), [day.summary.day for day in days])
    return Comparison(
        TOKEN_ADJUSTED + metric.name,
        segment,
        metric.unit,
        tuple(day.summary.day for day in days),
        tuple(row.n for row in rows),
        series,
        least,
        doubt=_doubt(typical, line, (baseline, today.cells)) * float(series.value[-1]) ** 2,
        note=f"tokens alone: times {1 / scales[-1]:.2f}",
    )


_LEAST_STEP = 0.1  # of a part, below which the delta method does not move it

Typical = Callable[[Line, Sequence[Cells]], Floats]


def _token_weighted(line: Line, parts: Sequence[Cells]) -> Floats:
    weights = (one.n * (one.x[:, -1] + 1) for one in parts)
    return np.array([np.average(line.predict(one.x), weights=of) for one, of in zip(parts, weights, strict=True)])


def _quantile(q: float) -> Typical:
    """The q-quantile of a mixture: each cell is lognormal about the line. All parts are solved together."""

    def typical(line: Line, parts: Sequence[Cells]) -> Floats:
        middle = np.log(line.predict(np.concatenate([one.x for one in parts])))
        share = np.concatenate([one.n / one.n.sum() for one in parts])
        part = np.repeat(np.arange(len(parts)), [len(one.n) for one in parts])
        found: Floats = np.exp(mixture_quantiles(q, share, middle, max(line.spread, 1e-3), part))
        return found

    return typical


def _typical(metric: Metric) -> Typical:
    """What a line says that the metric would be for the tokens of each of some parts."""
    return _token_weighted if metric.quantile is None else _quantile(metric.quantile)


def _doubt(typical: Typical, line: Line, both: tuple[Cells, Cells]) -> float:
    """Variance of the logarithm of typical(baseline) / typical(today) that comes from the line, by the delta method."""
    steps = np.sqrt(np.diag(line.covariance))
    slope = np.zeros(len(steps))
    for part in np.flatnonzero(steps):
        ends = []
        for side in (-1, 1):
            theta = line.theta.copy()
            # Never to zero: where it is the only part, nothing would be left of the line.
            theta[part] = max(theta[part] + side * steps[part], _LEAST_STEP * theta[part])
            moved = Line(theta, line.covariance, line.spread)
            first_of, second_of = typical(moved, both)
            ends.append((theta[part], np.log(first_of / second_of)))
        (low, first), (high, last) = ends
        slope[part] = (last - first) / (high - low)
    return float(slope @ line.covariance @ slope)
