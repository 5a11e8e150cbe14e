"""What a day says of the system: load, errors, speed, usage."""

from __future__ import annotations

from obs_lib.records import ERROR_KINDS, Metric

LOAD: tuple[Metric, ...] = (
    Metric("requests", "Requests", "count", None, None, "number of interactions of the day"),
    Metric(
        "throughput",
        "Throughput in hours with demand",
        "tokens/s",
        "higher_is_better",
        None,
        "output tokens / 3600 s, mean over the hours that count as busy",
    ),
    Metric(
        "capacity_use",
        "Throughput against capacity",
        "share",
        "higher_is_better",
        0.8,
        "throughput / configured capacity, in hours with demand; NO_DATA without a configured capacity",
        extensive=True,
    ),
    Metric(
        "peak_concurrency",
        "Peak concurrency",
        "count",
        None,
        None,
        "most requests that ran at one moment, each from its start to start + total_latency_ms",
    ),
    Metric(
        "concurrency_use",
        "Peak concurrency against capacity",
        "share",
        "lower_is_better",
        1.0,
        "peak_concurrency / configured capacity; above 1 requests had to wait; NO_DATA without a configured capacity",
        extensive=True,
    ),
)

ERROR_KIND_RATES: tuple[Metric, ...] = tuple(
    Metric(
        f"error_rate:{kind}",
        f"Errors: {kind.replace('_', ' ')}",
        "share",
        "lower_is_better",
        None,
        f"share of requests that failed with error_kind = {kind}"
        + (", another kind or none" if kind == "other" else ""),
        part_of="error_rate",
    )
    for kind in ERROR_KINDS
)
"""The parts of `error_rate`, which add up to it."""

ERRORS: tuple[Metric, ...] = (
    Metric(
        "error_rate",
        "Error rate",
        "share",
        "lower_is_better",
        0.01,
        "share of requests with an error",
        family="errors",
        smallest_effect=0.01,
    ),
    *ERROR_KIND_RATES,
)

FINISH: tuple[Metric, ...] = (
    Metric(
        "finish_stop_rate", "Answers that ended by themselves", "share", None, None, "share of finish_reason = stop"
    ),
    Metric(
        "finish_length_rate",
        "Answers cut by length",
        "share",
        "lower_is_better",
        None,
        "share of finish_reason = length",
        family="finish reasons",
    ),
    Metric(
        "finish_filter_rate",
        "Answers filtered",
        "share",
        "lower_is_better",
        None,
        "share of finish_reason = content_filter",
        family="finish reasons",
    ),
    Metric("finish_tool_rate", "Answers that call a tool", "share", None, None, "share of finish_reason = tool_call"),
    Metric(
        "finish_error_rate", "Answers broken off by an error", "share", None, None, "share of finish_reason = error"
    ),
    Metric("finish_other_rate", "Other finish reasons", "share", None, None, "share of any other finish_reason"),
)

# A mean has no worse side here, so that nobody judges it: one request that hangs for a minute moves that of a small day
# by half. It stands beside the token-weighted one.
SPEED: tuple[Metric, ...] = (
    Metric(
        "ttft_p50",
        "Time to first token, p50",
        "ms",
        "lower_is_better",
        None,
        "median of ttft_ms",
        quantile=0.5,
        explained_by="ttft",
    ),
    Metric(
        "ttft_p95",
        "Time to first token, p95",
        "ms",
        "lower_is_better",
        500.0,
        "95th percentile of ttft_ms",
        quantile=0.95,
        explained_by="ttft",
    ),
    Metric(
        "tpot_p95",
        "Time per output token, p95",
        "ms",
        "lower_is_better",
        50.0,
        "95th percentile of tpot_ms; where absent (total - ttft) / (output_tokens - 1)",
        quantile=0.95,
    ),
    Metric("prefill_p50", "Prefill, p50", "ms", None, None, "median of prefill_ms; where absent ttft_ms", quantile=0.5),
    Metric(
        "decode_p50",
        "Decode, p50",
        "ms",
        "lower_is_better",
        None,
        "median of decode_ms; where absent total - ttft",
        quantile=0.5,
        explained_by="decode",
    ),
    Metric(
        "decode_share",
        "Decode share of the time",
        "share",
        None,
        None,
        "sum of decode / sum of prefill + decode, over requests where both are known",
    ),
    Metric("latency_mean", "Latency, mean", "ms", None, None, "mean of total_latency_ms"),
    Metric(
        "latency_p50",
        "Latency, p50",
        "ms",
        "lower_is_better",
        None,
        "median of total_latency_ms",
        quantile=0.5,
        explained_by="total",
    ),
    Metric(
        "latency_p95",
        "Latency, p95",
        "ms",
        "lower_is_better",
        None,
        "95th percentile of total_latency_ms",
        quantile=0.95,
        explained_by="total",
    ),
    Metric(
        "latency_p99",
        "Latency, p99",
        "ms",
        "lower_is_better",
        None,
        "99th percentile of total_latency_ms",
        quantile=0.99,
        explained_by="total",
    ),
    Metric(
        "token_weighted_latency",
        "Token-weighted latency",
        "ms",
        "lower_is_better",
        None,
        "sum(latency_i * output_tokens_i) / sum(output_tokens_i)",
        explained_by="total",
    ),
    Metric(
        "overhead",
        "Overhead before the first token",
        "ms",
        None,
        None,
        "what ttft_ms would be without input tokens: the intercept of ttft on uncached input tokens",
    ),
    Metric(
        "prefill_per_1k",
        "Prefill per 1,000 input tokens",
        "ms",
        None,
        None,
        "slope of ttft_ms on uncached input tokens, times 1,000",
    ),
    Metric(
        "decode_per_token",
        "Decode per output token",
        "ms",
        None,
        None,
        "slope of decode time on output tokens after the first; without ttft, that of total latency",
    ),
)

USAGE: tuple[Metric, ...] = (
    Metric("input_tokens", "Input tokens", "tokens", None, None, "sum of input_tokens"),
    Metric(
        "cached_share",
        "Input tokens from the cache",
        "share",
        None,
        None,
        "sum of cached_input_tokens / sum of input_tokens, over requests where both are known",
    ),
    Metric("output_tokens", "Output tokens", "tokens", None, None, "sum of output_tokens"),
    Metric("cost", "Cost", "USD", None, None, "sum of cost_usd; where absent, tokens times the configured prices"),
    Metric("cost_per_request", "Cost per request", "USD", None, None, "mean cost of the requests whose cost is known"),
)

LOGGED: tuple[Metric, ...] = (
    Metric(
        "quality_score",
        "Logged quality score",
        "score",
        "higher_is_better",
        None,
        "mean of quality_score as logged",
        family="logged quality",
    ),
    Metric(
        "safety_flag_rate",
        "Safety flags",
        "share",
        "lower_is_better",
        None,
        "share of interactions with a safety flag",
        family="safety flags",
        smallest_effect=0.02,
    ),
)

SYSTEM_GROUPS: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    ("Load", LOAD),
    ("Errors", ERRORS),
    ("Finish reasons", FINISH),
    ("Speed", SPEED),
    ("Tokens and cost", USAGE),
    ("As the service judges itself", LOGGED),
)
SYSTEM: tuple[Metric, ...] = tuple(metric for _, group in SYSTEM_GROUPS for metric in group)
