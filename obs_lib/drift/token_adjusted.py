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
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from obs_lib.catalogue.distances import TOKEN_ADJUSTED
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import difference, too_few, values
from obs_lib.records import Distance, Metric
from obs_lib.stats.latency_model import Cells, Line, fit, merge


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


def token_adjusted(metric: Metric, segment: str, today: Explained, window: Sequence[Explained]) -> Distance:
    """Measure today's adjusted value minus the mean of the baseline days', with a two-sided p-value.

    The test is that of `change.metric_change`; today's adjustment adds the doubt of the fitted line. Every day has the
    metric. `statistic` and `effect` are in the metric's unit, at the baseline's tokens.
    """
    name, days = TOKEN_ADJUSTED + metric.name, [past.summary for past in window]
    baseline = merge([past.cells for past in window])
    line = fit(baseline)
    if line is None:
        return too_few(
            name, segment, metric.unit, "too few requests to fit a line to", [summary.day for summary in days]
        )
    typical = _typical(metric)
    reference = typical(line, baseline)
    then = values(metric, segment, days) * _scales([reference / typical(line, past.cells) for past in window])
    scale = reference / typical(line, today.cells)
    now = values(metric, segment, [today.summary]) * _scales([scale])
    doubt = _doubt(typical, line, (baseline, today.cells)) * float(now[0, 0]) ** 2
    distance = difference(name, segment, metric.unit, days, (now[0], then), doubt)
    return replace(distance, note=f"tokens alone: times {1 / scale:.2f}")


_LEAST_STEP = 0.1  # of a part, below which the delta method does not move it

Typical = Callable[[Line, Cells], float]


def _token_weighted(line: Line, cells: Cells) -> float:
    return float(np.average(line.predict(cells.x), weights=cells.n * (cells.x[:, -1] + 1)))


def _quantile(q: float) -> Typical:
    """The q-quantile of a mixture: each cell is lognormal about the line."""

    def typical(line: Line, cells: Cells) -> float:
        middle, spread = np.log(line.predict(cells.x)), max(line.spread, 1e-3)
        share = cells.n / cells.n.sum()

        def below(log_y: float) -> float:
            return float(share @ ndtr((log_y - middle) / spread)) - q

        return float(np.exp(brentq(below, middle.min() - 9 * spread, middle.max() + 9 * spread, xtol=1e-6)))

    return typical


def _typical(metric: Metric) -> Typical:
    """What a line says that the metric would be for some tokens."""
    return _token_weighted if metric.quantile is None else _quantile(metric.quantile)


def _scales(scales: Sequence[float]) -> NDArray[np.float64]:
    """Factors for (value, sampling variance, n), shape (days, 3)."""
    return np.array([(scale, scale**2, 1.0) for scale in scales])


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
            ends.append((theta[part], np.log(typical(moved, both[0]) / typical(moved, both[1]))))
        (low, first), (high, last) = ends
        slope[part] = (last - first) / (high - low)
    return float(slope @ line.covariance @ slope)
