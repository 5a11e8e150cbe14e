"""How long requests take."""

from __future__ import annotations

import numpy as np

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import Metric
from obs_lib.stats.intervals import Estimate, Z, weighted_mean
from obs_lib.stats.latency_model import MIN_ROWS, fit
from obs_lib.summaries.arrays import Measure, RequestArrays
from obs_lib.summaries.measures import mean, percentile, ratio
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import Result, absent

_STAGES = "prefill and decode time, nor what they are derived from,"
_NEEDS = {
    "ttft": "time to first token together with input tokens",
    "decode": "latency together with output tokens",
}


def _token_weighted(rows: RequestArrays, _: SummaryOptions) -> Result:
    usable = ~np.isnan(rows.latency) & (rows.output_tokens > 0)
    n = int(usable.sum())
    if not n:
        return absent("latency together with output tokens", len(usable))
    clusters = None if rows.clusters is None else rows.clusters[usable]
    return Result(weighted_mean(rows.latency[usable], rows.output_tokens[usable], clusters), n, len(usable) - n)


def _decode_share(rows: RequestArrays, _: SummaryOptions) -> Result:
    estimate, n = ratio(rows.decode, rows.prefill + rows.decode, rows.clusters)
    return Result(estimate, n, len(rows) - n) if estimate else absent(_STAGES, len(rows))


def _part(model: str, part: int, scale: float = 1.0) -> Measure:
    """One number of a model's line, with the interval of its fit."""

    def measure(rows: RequestArrays, _: SummaryOptions) -> Result:
        known = rows.models.get(model)
        if known is None:
            return absent(_NEEDS[model], len(rows))
        line = fit(known)
        if line is None:
            return Result(None, 0, len(rows), f"{known.rows} requests to fit a line to (needs {MIN_ROWS})")
        value, error = scale * float(line.theta[part]), scale * float(np.sqrt(line.covariance[part, part]))
        estimate = Estimate(value, max(value - Z * error, 0.0), value + Z * error, error) if error else Estimate(value)
        return Result(estimate, known.rows, len(rows) - known.rows)

    return measure


def _decode_per_token(rows: RequestArrays, options: SummaryOptions) -> Result:
    if "decode" in rows.models or "total" not in rows.models:
        return _part("decode", 1)(rows, options)
    result = _part("total", 2)(rows, options)
    return result._replace(note=result.note or "from total latency: no time to first token in the logs")


# A mean has no worse side here, so that it is not compared: one request that hangs for a minute moves that of a small day
# by half. It stands beside the token-weighted one.
SPEED: MetricGroup[Measure] = MetricGroup(
    "Speed",
    "interactions",
    (
        MeasuredMetric(
            Metric(
                "ttft_p50",
                "Time to first token, p50",
                "ms",
                "lower_is_better",
                None,
                "median of ttft_ms",
                quantile=0.5,
                explained_by="ttft",
                complaint="Answers begin late",
            ),
            percentile("ttft", "time to first token", 0.5),
        ),
        MeasuredMetric(
            Metric(
                "ttft_p95",
                "Time to first token, p95",
                "ms",
                "lower_is_better",
                500.0,
                "95th percentile of ttft_ms",
                quantile=0.95,
                explained_by="ttft",
                complaint="Answers begin late",
            ),
            percentile("ttft", "time to first token", 0.95),
        ),
        MeasuredMetric(
            Metric(
                "tpot_p95",
                "Time per output token, p95",
                "ms",
                "lower_is_better",
                50.0,
                "95th percentile of tpot_ms; where absent (total - ttft) / (output_tokens - 1)",
                quantile=0.95,
                complaint="Answers are written slowly",
            ),
            percentile("tpot", "time per output token, nor what it is derived from,", 0.95),
        ),
        MeasuredMetric(
            Metric(
                "prefill_p50",
                "Prefill, p50",
                "ms",
                None,
                None,
                "median of prefill_ms; where absent ttft_ms",
                quantile=0.5,
            ),
            percentile("prefill", _STAGES, 0.5),
        ),
        MeasuredMetric(
            Metric(
                "decode_p50",
                "Decode, p50",
                "ms",
                "lower_is_better",
                None,
                "median of decode_ms; where absent total - ttft",
                quantile=0.5,
                explained_by="decode",
                complaint="Answers are written slowly",
            ),
            percentile("decode", _STAGES, 0.5),
        ),
        MeasuredMetric(
            Metric(
                "decode_share",
                "Decode share of the time",
                "share",
                None,
                None,
                "sum of decode / sum of prefill + decode, over requests where both are known",
            ),
            _decode_share,
        ),
        MeasuredMetric(
            Metric("latency_mean", "Latency, mean", "ms", None, None, "mean of total_latency_ms"),
            mean("latency", "latency", 0.0),
        ),
        MeasuredMetric(
            Metric(
                "latency_p50",
                "Latency, p50",
                "ms",
                "lower_is_better",
                None,
                "median of total_latency_ms",
                quantile=0.5,
                explained_by="total",
                complaint="Answers are slow",
            ),
            percentile("latency", "latency", 0.5),
        ),
        MeasuredMetric(
            Metric(
                "latency_p95",
                "Latency, p95",
                "ms",
                "lower_is_better",
                None,
                "95th percentile of total_latency_ms",
                quantile=0.95,
                explained_by="total",
                complaint="Answers are slow",
            ),
            percentile("latency", "latency", 0.95),
        ),
        MeasuredMetric(
            Metric(
                "latency_p99",
                "Latency, p99",
                "ms",
                "lower_is_better",
                None,
                "99th percentile of total_latency_ms",
                quantile=0.99,
                explained_by="total",
                complaint="Answers are slow",
            ),
            percentile("latency", "latency", 0.99),
        ),
        MeasuredMetric(
            Metric(
                "token_weighted_latency",
                "Token-weighted latency",
                "ms",
                "lower_is_better",
                None,
                "sum(latency_i * output_tokens_i) / sum(output_tokens_i)",
                explained_by="total",
                complaint="Answers are slow",
            ),
            _token_weighted,
        ),
        MeasuredMetric(
            Metric(
                "overhead",
                "Overhead before the first token",
                "ms",
                None,
                None,
                "what ttft_ms would be without input tokens: the intercept of ttft on uncached input tokens",
            ),
            _part("ttft", 0),
        ),
        MeasuredMetric(
            Metric(
                "prefill_per_1k",
                "Prefill per 1,000 input tokens",
                "ms",
                None,
                None,
                "slope of ttft_ms on uncached input tokens, times 1,000",
            ),
            _part("ttft", 1, 1000.0),
        ),
        MeasuredMetric(
            Metric(
                "decode_per_token",
                "Decode per output token",
                "ms",
                None,
                None,
                "slope of decode time on output tokens after the first; without ttft, that of total latency",
            ),
            _decode_per_token,
        ),
    ),
)
