"""What samples say of GPUs.

Samples a few seconds apart resemble each other, so thousands of them are worth no more than the hours they come from:
every interval here takes the hour, not the sample, as what was drawn at random. Hours resemble each other too, over the
shape of a day, so the intervals are still somewhat narrow.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import THROTTLING, Metric
from obs_lib.stats.intervals import Estimate, Floats, Z, share, weighted_mean
from obs_lib.summaries.arrays import numbers
from obs_lib.summaries.demand import Demand
from obs_lib.summaries.results import Result

SATURATED = 0.95  # SM utilization from which an hour has no room left
LEAST_HOURS = 8  # below, a rank correlation says nothing


@dataclass(frozen=True)
class Samples:
    """What the metrics read: the samples of some GPUs in order of time, and what was asked of the service meanwhile.

    rows : columns of `tables.GPU_SAMPLES`, with `hour` (0 to 23).
    latency : median total latency of each hour; NaN where too few requests say theirs.
    """

    rows: pd.DataFrame
    demand: Demand
    latency: Floats

    def known(self, column: str) -> pd.DataFrame:
        """The rows that have a value in a column."""
        return self.rows[self.rows[column].notna()]


Measure = Callable[[Samples], Result]


def _mean(rows: pd.DataFrame, values: pd.Series) -> Estimate:
    """Mean over samples, its interval over the hours: a ratio of totals, with hours as clusters."""
    grouped = values.astype("float64").groupby(rows["hour"])
    return weighted_mean(numbers(grouped.mean()), numbers(grouped.size()))


def _mean_share(rows: pd.DataFrame, values: pd.Series) -> Estimate:
    """The same of shares, whose interval ends at 0 and 1."""
    mean = _mean(rows, values)
    if mean.low is None or mean.high is None:
        return mean
    return mean._replace(low=max(mean.low, 0.0), high=min(mean.high, 1.0))


def _power(samples: Samples) -> Result:
    rows = samples.known("power_w")
    skipped = len(samples.rows) - len(rows)
    if not len(rows):
        return Result(None, 0, skipped, "no power draw in the samples")
    return Result(_mean(rows, rows["power_w"]), len(rows), skipped)


def _memory(samples: Samples) -> Result:
    rows = samples.known("memory_used")
    rows = rows[rows["memory_total"] > 0]
    skipped = len(samples.rows) - len(rows)
    if not len(rows):
        return Result(None, 0, skipped, "no memory in the samples")
    return Result(_mean_share(rows, rows["memory_used"] / rows["memory_total"]), len(rows), skipped)


def _busy(samples: Samples) -> tuple[pd.DataFrame, Result | None]:
    """Samples of SM utilization in hours with demand; the result that says why there is none."""
    rows = samples.known("sm_utilization")
    skipped = len(samples.rows) - len(rows)
    busy = rows[samples.demand.busy[rows["hour"]]]
    if not len(rows):
        return busy, Result(None, 0, skipped, "no SM utilization in the samples")
    if not samples.demand.busy.any():
        return busy, Result(None, 0, len(samples.rows), "no hour had demand")
    if not len(busy):
        return busy, Result(None, 0, len(samples.rows), "no sample in the hours with demand")
    return busy, None


def _utilization(samples: Samples) -> Result:
    rows, absent = _busy(samples)
    if absent is not None:
        return absent
    sources = ", ".join(sorted(set(rows["sm_source"].dropna())))
    note = f"{rows['hour'].nunique()} hours with demand, measured by {sources}"
    return Result(
        _mean_share(rows, rows["sm_utilization"]), len(rows), int(samples.rows["sm_utilization"].isna().sum()), note
    )


def _saturated(samples: Samples) -> Result:
    rows, absent = _busy(samples)
    if absent is not None:
        return absent
    hours = rows.groupby("hour")["sm_utilization"].mean().to_numpy()
    note = f"{int((hours > SATURATED).sum())} of {len(hours)} hours with demand"
    return Result(share(hours > SATURATED), len(rows), int(samples.rows["sm_utilization"].isna().sum()), note)


def _throttled(samples: Samples) -> Result:
    rows = samples.known("throttle")
    skipped = len(samples.rows) - len(rows)
    if not len(rows):
        return Result(None, 0, skipped, "no throttle reasons in the samples")
    reasons = {text: _reasons(text) for text in rows["throttle"].unique()}
    held = rows.assign(held=rows["throttle"].map(lambda text: bool(reasons[text])))
    shares = held.groupby(["host", "gpu", "hour"])["held"].mean()
    named = sorted({reason for text in reasons.values() for reason in text})
    note = f"of {len(shares)} hours sampled" + (f": {', '.join(named)}" if named else "")
    return Result(Estimate(float(shares.sum())), len(rows), skipped, note)


def _reasons(text: str) -> frozenset[str]:
    return THROTTLING.intersection(json.loads(text))


def _temperature(samples: Samples) -> Result:
    """The 95th percentile, between the two quantiles where the share below it could lie.

    References
    ----------
    Woodruff (1952), Confidence intervals for medians and other position measures. JASA 47; with hours as clusters.
    """
    rows = samples.known("temperature_c")
    skipped = len(samples.rows) - len(rows)
    if not len(rows):
        return Result(None, 0, skipped, "no temperature in the samples")
    values = rows["temperature_c"]
    quantile = float(np.quantile(values, 0.95))
    below = _mean(rows, values <= quantile)
    if below.low is None or below.high is None:
        return Result(Estimate(quantile), len(rows), skipped)
    reach = (below.high - below.low) / 2
    low, high = (float(np.quantile(values, min(max(0.95 + way * reach, 0.0), 1.0))) for way in (-1, 1))
    return Result(Estimate(quantile, low, high, (high - low) / (2 * Z)), len(rows), skipped)


def _ecc(samples: Samples) -> Result:
    """Errors that came within the day. A count that falls was started anew with the driver, and counts from 0."""
    rows = samples.known("ecc_uncorrected")
    skipped = len(samples.rows) - len(rows)
    if not len(rows):
        return Result(None, 0, skipped, "no ECC count in the samples")
    counts = rows["ecc_uncorrected"].astype("float64")
    rise = counts.groupby([rows["host"], rows["gpu"]]).diff().fillna(0.0)
    return Result(Estimate(float(rise.where(rise >= 0, counts).sum())), len(rows), skipped)


def _correlation(samples: Samples) -> Result:
    """Spearman's correlation of the hours; the interval is Fisher's with the variance (1 + r^2 / 2) / (n - 3).

    References
    ----------
    Bonett and Wright (2000), Sample size requirements for estimating Pearson, Kendall and Spearman correlations.
    Psychometrika 65.
    """
    from scipy.stats import rankdata

    busy = samples.known("sm_utilization").groupby("hour")["sm_utilization"].mean()
    latency = samples.latency[busy.index.to_numpy(dtype=np.int64)]
    both = ~np.isnan(latency)
    n = int(both.sum())
    if n < LEAST_HOURS:
        return Result(None, 0, len(samples.rows), f"{n} hours have utilization and latency (needs {LEAST_HOURS})")
    ranks = [rankdata(values[both]) for values in (busy.to_numpy(), latency)]
    if any(len(set(one)) == 1 for one in ranks):
        return Result(None, 0, len(samples.rows), "utilization or latency was the same in every hour")
    correlation = float(np.corrcoef(*ranks)[0, 1])
    reach = Z * np.sqrt((1 + correlation**2 / 2) / (n - 3))
    middle = np.arctanh(min(max(correlation, -1 + 1e-9), 1 - 1e-9))
    low, high = min(float(np.tanh(middle - reach)), correlation), max(float(np.tanh(middle + reach)), correlation)
    return Result(Estimate(correlation, low, high, (high - low) / (2 * Z)), n, 0, f"{n} hours")


# A band of utilization from 0.6 to 0.95 is two metrics with one limit each: too little work, and no room left, are different
# troubles. None is compared with its baseline: all of them follow the traffic.
GPU: MetricGroup[Measure] = MetricGroup(
    "GPUs",
    "gpu_samples",
    (
        MeasuredMetric(
            Metric(
                "gpu_utilization",
                "GPU utilization in hours with demand",
                "share",
                "higher_is_better",
                0.6,
                "mean SM utilization of the samples in hours with demand; by GPM or DCGM profiling the share of SMs at work, "
                "else the share of time with a kernel running",
                extensive=True,
            ),
            _utilization,
        ),
        MeasuredMetric(
            Metric(
                "gpu_saturated",
                "Busy hours with saturated GPUs",
                "share",
                "lower_is_better",
                0.5,
                "share of the hours with demand whose mean SM utilization is over 95%; over a half, the typical busy hour is",
                extensive=True,
            ),
            _saturated,
        ),
        MeasuredMetric(
            Metric(
                "gpu_memory_used",
                "GPU memory used",
                "share",
                None,
                None,
                "mean of memory used / memory there is",
                extensive=True,
            ),
            _memory,
        ),
        MeasuredMetric(
            Metric(
                "gpu_throttled_hours",
                "GPU hours throttled",
                "h",
                "lower_is_better",
                None,
                "sum over GPUs and hours of the share of samples whose clocks heat or power held down",
                extensive=True,
            ),
            _throttled,
        ),
        MeasuredMetric(
            Metric("gpu_power", "GPU power", "W", None, None, "mean power draw of a GPU", extensive=True), _power
        ),
        MeasuredMetric(
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
            _temperature,
        ),
        MeasuredMetric(
            Metric(
                "gpu_ecc_uncorrected",
                "Uncorrected GPU memory errors",
                "count",
                "lower_is_better",
                0.0,
                "rise of the uncorrected ECC count within the day, over all GPUs",
                extensive=True,
            ),
            _ecc,
        ),
        MeasuredMetric(
            Metric(
                "gpu_latency_correlation",
                "GPU utilization against latency",
                "correlation",
                None,
                None,
                "Spearman's rank correlation over hours of mean SM utilization and median latency",
                extensive=True,
            ),
            _correlation,
        ),
    ),
)
"""Of `all` and the segments `gpu=<host>/<index>`, on days with samples only."""
