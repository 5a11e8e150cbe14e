"""System metrics: what the logs themselves say of speed, errors, tokens and cost. They use every row of the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obs_lib.catalogue import SYSTEM
from obs_lib.records import ALL, Day, MetricStatus, MetricValue
from obs_lib.summaries.demand import demand
from obs_lib.summaries.intervals import Estimate, Floats, quantile, share, weighted_mean
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments

if TYPE_CHECKING:
    import pandas as pd

_SECONDS = 3600.0


class Result(NamedTuple):
    """One metric in one segment. `estimate` is None for NO_DATA; n rows entered, n_skipped lacked the field."""

    estimate: Estimate | None
    n: int
    n_skipped: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The columns that the metrics read, as arrays of one length; NaN where a number is unknown."""

    segment: str
    input_tokens: Floats
    output_tokens: Floats
    ttft: Floats
    tpot: Floats
    latency: Floats
    cost: Floats
    quality: Floats
    hour: NDArray[np.int64]
    failed: Floats  # 1 or 0; NaN where errors are not logged
    cut: Floats  # the answer was cut by length; NaN where no finish reason is known
    filtered: Floats
    flagged: Floats

    def take(self, segment: str, rows: NDArray[np.intp]) -> Rows:
        """The same columns for some of the rows."""
        columns = {item.name: getattr(self, item.name)[rows] for item in fields(self) if item.name != "segment"}
        return Rows(segment, **columns)


Measure = Callable[[Rows, SummaryOptions], Result]


def system_metrics(
    day: Day, interactions: pd.DataFrame, segments: Segments, options: SummaryOptions
) -> list[MetricValue]:
    """Every system metric of the catalogue in every segment. A field that no row has gives NO_DATA, never a zero."""
    columns = _columns(interactions)
    values = []
    for segment, positions in segments:
        rows = columns.take(segment, positions)
        for metric in SYSTEM:
            result = MEASURES[metric.name](rows, options)
            values.append(metric_value(day, metric.name, segment, result))
    return values


def metric_value(day: Day, metric: str, segment: str, result: Result, n_failed: int = 0) -> MetricValue:
    """The record of a result."""
    estimate, n, n_skipped, note = result
    if estimate is None:
        return MetricValue(
            day, metric, segment, MetricStatus.NO_DATA, None, None, None, None, n, n_skipped, n_failed, note
        )
    return MetricValue(day, metric, segment, MetricStatus.OK, *estimate, n, n_skipped, n_failed, note)


def _columns(frame: pd.DataFrame) -> Rows:
    def numbers(name: str) -> Floats:
        return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)

    reason = frame["finish_reason"]
    unfinished = reason.isna().to_numpy(dtype=bool)
    logged = frame["error_logged"].to_numpy(dtype=bool)
    failed = frame["error"].notna() | (reason == "error")
    flags = frame["safety_flags"]
    return Rows(
        ALL,
        numbers("input_tokens"),
        tokens := numbers("output_tokens"),
        ttft := numbers("ttft_ms"),
        _tpot(numbers("tpot_ms"), numbers("total_latency_ms"), ttft, tokens),
        numbers("total_latency_ms"),
        numbers("cost_usd"),
        numbers("quality_score"),
        frame["timestamp"].dt.hour.to_numpy(dtype=np.int64),
        _known(failed, ~logged),
        _known(reason == "length", unfinished),
        _known(reason == "content_filter", unfinished),
        _known(flags != "[]", flags.isna().to_numpy(dtype=bool)),
    )


def _known(hits: pd.Series, unknown: NDArray[np.bool_]) -> Floats:
    return np.where(unknown, np.nan, hits.to_numpy(dtype=np.float64))


def _tpot(logged: Floats, latency: Floats, ttft: Floats, tokens: Floats) -> Floats:
    """Time per output token: as logged, else (total - ttft) / (tokens - 1) where that is defined and not negative."""
    with np.errstate(divide="ignore", invalid="ignore"):
        derived = np.where(tokens > 1, (latency - ttft) / (tokens - 1), np.nan)
        derived = np.where(derived >= 0, derived, np.nan)
    return np.where(np.isnan(logged), derived, logged)


def _present(values: Floats) -> tuple[Floats, int, int]:
    """The known values, how many they are, and how many are unknown."""
    known = values[~np.isnan(values)]
    return known, len(known), len(values) - len(known)


def _absent(what: str, n_skipped: int) -> Result:
    return Result(None, 0, n_skipped, f"no {what} in the logs" if n_skipped else "no interactions")


def _requests(rows: Rows, _: SummaryOptions) -> Result:
    n = len(rows.hour)
    return Result(Estimate(float(n)), n, 0) if n else _absent("requests", 0)


def _quantile(field: str, what: str, q: float) -> Measure:
    def measure(rows: Rows, _: SummaryOptions) -> Result:
        known, n, missing = _present(getattr(rows, field))
        if not n:
            return _absent(what, missing)
        estimate, enough = quantile(known, q)
        return Result(estimate, n, missing, "" if enough else "too few values for a full 95% interval")

    return measure


def _share(field: str, what: str) -> Measure:
    def measure(rows: Rows, _: SummaryOptions) -> Result:
        known, n, missing = _present(getattr(rows, field))
        return Result(share(known > 0), n, missing) if n else _absent(what, missing)

    return measure


def _total(field: str, what: str) -> Measure:
    def measure(rows: Rows, _: SummaryOptions) -> Result:
        known, n, missing = _present(getattr(rows, field))
        note = f"{missing} interactions do not say" if missing else ""
        return Result(Estimate(float(known.sum())), n, missing, note) if n else _absent(what, missing)

    return measure


def _quality(rows: Rows, _: SummaryOptions) -> Result:
    known, n, missing = _present(rows.quality)
    return Result(weighted_mean(known), n, missing) if n else _absent("quality score", missing)


def _token_weighted(rows: Rows, _: SummaryOptions) -> Result:
    usable = ~np.isnan(rows.latency) & (rows.output_tokens > 0)
    n = int(usable.sum())
    if not n:
        return _absent("latency together with output tokens", len(usable))
    return Result(weighted_mean(rows.latency[usable], rows.output_tokens[usable]), n, len(usable) - n)


def _throughput(rows: Rows, options: SummaryOptions) -> Result:
    """Output tokens a second over the hours with demand; the interval is over those hours."""
    known = ~np.isnan(rows.output_tokens)
    missing = int((~known).sum())
    if not known.any():
        return _absent("output tokens", missing)
    requests, tokens, busy = demand(rows.hour, rows.output_tokens, options)
    if not busy.any():
        return Result(None, 0, len(known), f"no hour had demand ({options.busy_requests} requests or more)")
    estimate = weighted_mean(tokens[busy] / _SECONDS)
    n = int(requests[busy].sum())
    return Result(estimate, n, missing, f"{int(busy.sum())} hours with demand")


def _capacity_use(rows: Rows, options: SummaryOptions) -> Result:
    if options.capacity_tokens_per_s is None:
        return Result(None, 0, len(rows.hour), "no capacity is configured (summaries.capacity_tokens_per_s)")
    if rows.segment != ALL:
        return Result(None, 0, len(rows.hour), "capacity is that of the whole deployment")
    estimate, n, missing, note = _throughput(rows, options)
    if estimate is None:
        return Result(None, n, missing, note)
    scaled = [None if part is None else part / options.capacity_tokens_per_s for part in estimate[1:]]
    return Result(Estimate(estimate.value / options.capacity_tokens_per_s, *scaled), n, missing, note)


MEASURES: dict[str, Measure] = {
    "requests": _requests,
    "error_rate": _share("failed", "errors or finish reasons"),
    "ttft_p95": _quantile("ttft", "time to first token", 0.95),
    "tpot_p95": _quantile("tpot", "time per output token, nor what it is derived from,", 0.95),
    "latency_p50": _quantile("latency", "latency", 0.5),
    "latency_p95": _quantile("latency", "latency", 0.95),
    "latency_p99": _quantile("latency", "latency", 0.99),
    "token_weighted_latency": _token_weighted,
    "throughput": _throughput,
    "capacity_use": _capacity_use,
    "input_tokens": _total("input_tokens", "input tokens"),
    "output_tokens": _total("output_tokens", "output tokens"),
    "cost": _total("cost", "cost"),
    "finish_length_rate": _share("cut", "finish reason"),
    "finish_filter_rate": _share("filtered", "finish reason"),
    "quality_score": _quality,
    "safety_flag_rate": _share("flagged", "safety flags"),
}
"""How each system metric of the catalogue is taken."""
