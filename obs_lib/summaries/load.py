"""How much is asked of the deployment, and how much of what it can do that takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import ALL, Metric
from obs_lib.stats.intervals import Estimate, Floats, weighted_mean
from obs_lib.summaries.arrays import Measure, RequestArrays
from obs_lib.summaries.demand import demand
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import Result, absent

_SECONDS = 3600.0
_LONGEST_MS = 10**9  # about 11 days; keeps a start and an end within 32 bits, which sort three times as fast


def requests(rows: RequestArrays, _: SummaryOptions) -> Result:
    """How many interactions there are."""
    n = len(rows)
    return Result(Estimate(float(n)), n, 0) if n else absent("requests", 0)


def throughput(rows: RequestArrays, options: SummaryOptions) -> Result:
    """Output tokens a second over the hours with demand; the interval is over those hours."""
    known = ~np.isnan(rows.output_tokens)
    missing = len(known) - int(np.count_nonzero(known))
    if missing == len(known):
        return absent("output tokens", missing)
    requests, tokens, busy = demand(rows.hour, rows.output_tokens, options)
    if not busy.any():
        return Result(None, 0, len(known), f"no hour had demand ({options.busy_requests} requests or more)")
    estimate = weighted_mean(tokens[busy] / _SECONDS)
    n = int(requests[busy].sum())
    return Result(estimate, n, missing, f"{int(busy.sum())} hours with demand")


def peak_concurrency(rows: RequestArrays, _: SummaryOptions) -> Result:
    """Most requests at one moment, to the millisecond: those that began until then, less those that had ended.

    A request that ends in the millisecond in which another begins does not overlap it. Requests that began the day
    before are not seen.
    """
    usable = ~np.isnan(rows.latency)
    n = int(usable.sum())
    if not n:
        return absent("latency", len(rows))
    start = rows.start_ms[usable]
    most = most_at_once(start, np.minimum(rows.latency[usable], _LONGEST_MS))
    return Result(Estimate(float(most)), n, len(rows) - n)


def most_at_once(start_ms: NDArray[np.int32], latency_ms: Floats) -> int:
    """The largest number of the half-open spans [start, start + latency) that share a moment.

    >>> most_at_once(np.array([0, 5, 10], dtype=np.int32), np.array([10.0, 10.0, 1.0]))
    2
    """
    end = np.sort(start_ms + latency_ms.astype(np.int32))
    start = np.sort(start_ms)
    ended = np.searchsorted(end, start, side="right")
    return int((np.arange(1, len(start) + 1) - ended).max())


def _capacity_use(rows: RequestArrays, options: SummaryOptions) -> Result:
    return _against(throughput, options.capacity_tokens_per_s, "capacity_tokens_per_s", (rows, options))


def _concurrency_use(rows: RequestArrays, options: SummaryOptions) -> Result:
    return _against(peak_concurrency, options.capacity_concurrency, "capacity_concurrency", (rows, options))


def _against(
    measure: Measure, capacity: float | None, setting: str, given: tuple[RequestArrays, SummaryOptions]
) -> Result:
    """A measure as a part of what the deployment can do."""
    rows, options = given
    if capacity is None:
        return Result(None, 0, len(rows), f"no capacity is configured (summaries.{setting})")
    if rows.segment != ALL:
        return Result(None, 0, len(rows), "capacity is that of the whole deployment")
    estimate, n, missing, note = measure(rows, options)
    if estimate is None:
        return Result(None, n, missing, note)
    scaled = [None if part is None else part / capacity for part in estimate[1:]]
    return Result(Estimate(estimate.value / capacity, *scaled), n, missing, note)


LOAD: MetricGroup[Measure] = MetricGroup(
    "Load",
    "interactions",
    (
        MeasuredMetric(
            Metric("requests", "Requests", "count", None, None, "number of interactions of the day"), requests
        ),
        MeasuredMetric(
            Metric(
                "throughput",
                "Throughput in hours with demand",
                "tokens/s",
                "higher_is_better",
                None,
                "output tokens / 3600 s, mean over the hours that count as busy",
                complaint="Fewer tokens are written in an hour",
            ),
            throughput,
        ),
        MeasuredMetric(
            Metric(
                "capacity_use",
                "Throughput against capacity",
                "share",
                "higher_is_better",
                0.8,
                "throughput / configured capacity, in hours with demand; NO_DATA without a configured capacity",
                extensive=True,
                complaint="Capacity stands unused",
            ),
            _capacity_use,
        ),
        MeasuredMetric(
            Metric(
                "peak_concurrency",
                "Peak concurrency",
                "count",
                None,
                None,
                "most requests that ran at one moment, each from its start to start + total_latency_ms",
            ),
            peak_concurrency,
        ),
        MeasuredMetric(
            Metric(
                "concurrency_use",
                "Peak concurrency against capacity",
                "share",
                "lower_is_better",
                1.0,
                "peak_concurrency / configured capacity; above 1 requests had to wait; NO_DATA without a configured capacity",
                extensive=True,
                complaint="More requests come at once than there is room for",
            ),
            _concurrency_use,
        ),
    ),
)
