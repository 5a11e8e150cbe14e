"""What traces say of a pipeline's stages."""

from __future__ import annotations

from obs_lib.records import Metric

STAGE_METRICS: tuple[Metric, ...] = (
    Metric(
        "stage_duration_p50",
        "Stage duration, p50",
        "ms",
        "lower_is_better",
        None,
        "median of duration_ms over the spans of the stage that stand in no other span of it",
        quantile=0.5,
    ),
    Metric(
        "stage_duration_p95",
        "Stage duration, p95",
        "ms",
        "lower_is_better",
        None,
        "95th percentile of duration_ms over the spans of the stage that stand in no other span of it",
        quantile=0.95,
    ),
    Metric(
        "stage_share",
        "Share of the traces' time",
        "share",
        None,
        None,
        "self time of the stage's spans / self time of all spans; self time is a span's without its children's",
    ),
    Metric(
        "stage_error_rate",
        "Stage error rate",
        "share",
        "lower_is_better",
        None,
        "share of the stage's spans that stand in no other span of it and end in an error",
        family="errors",
        smallest_effect=0.01,
    ),
    Metric(
        "stage_critical_share",
        "Share of the critical path",
        "share",
        None,
        None,
        "time of the stage's spans on the critical paths / time of all critical paths (walk back from the end of the root, "
        "at each point to the child that finished last)",
    ),
)
"""Metrics of the segments `records.STAGE_SEGMENTS` alone; no other metric has those segments."""
