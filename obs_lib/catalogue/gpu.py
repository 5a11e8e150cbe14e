"""What samples of GPUs say."""

from __future__ import annotations

from obs_lib.records import Metric

# A band from 0.6 to 0.95 is two metrics with one limit each: too little work, and no room left, are different troubles.
GPU: tuple[Metric, ...] = (
    Metric(
        "gpu_utilization",
        "GPU utilization in hours with demand",
        "share",
        "higher_is_better",
        0.6,
        "mean SM utilization of the samples in hours with demand; by GPM or DCGM profiling the share of SMs at work, else "
        "the share of time with a kernel running",
        extensive=True,
    ),
    Metric(
        "gpu_saturated",
        "Busy hours with saturated GPUs",
        "share",
        "lower_is_better",
        0.5,
        "share of the hours with demand whose mean SM utilization is over 95%; over a half, the typical busy hour is",
        extensive=True,
    ),
    Metric(
        "gpu_memory_used",
        "GPU memory used",
        "share",
        None,
        None,
        "mean of memory used / memory there is",
        extensive=True,
    ),
    Metric(
        "gpu_throttled_hours",
        "GPU hours throttled",
        "h",
        "lower_is_better",
        None,
        "sum over GPUs and hours of the share of samples whose clocks heat or power held down",
        extensive=True,
    ),
    Metric("gpu_power", "GPU power", "W", None, None, "mean power draw of a GPU", extensive=True),
    Metric(
        "gpu_temperature_p95",
        "GPU temperature, p95",
        "\u00b0C",
        "lower_is_better",
        None,
        "95th percentile of the temperature",
        extensive=True,
        quantile=0.95,
    ),
    Metric(
        "gpu_ecc_uncorrected",
        "Uncorrected GPU memory errors",
        "count",
        "lower_is_better",
        0.0,
        "rise of the uncorrected ECC count within the day, over all GPUs",
        extensive=True,
    ),
    Metric(
        "gpu_latency_correlation",
        "GPU utilization against latency",
        "correlation",
        None,
        None,
        "Spearman's rank correlation over hours of mean SM utilization and median latency",
        extensive=True,
    ),
)
"""Metrics of `all` and the segments `gpu=<host>/<index>`, on days with samples only."""
