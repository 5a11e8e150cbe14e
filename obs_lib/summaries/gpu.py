"""The samples of a day's GPUs, together and one by one, become its metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from obs_lib import catalogue
from obs_lib.records import ALL, Day, MetricValue
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.arrays import numbers
from obs_lib.summaries.demand import HOURS, demand
from obs_lib.summaries.gpu_metrics import Samples
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import metric_value


def gpu_metrics(
    day: Day, samples: pd.DataFrame, interactions: pd.DataFrame, options: SummaryOptions
) -> list[MetricValue]:
    """Every GPU metric of the catalogue for `all` and each `gpu=<host>/<index>`; nothing on a day without samples.

    samples, interactions : the day's rows of these tables, in any order. n counts samples, of a correlation hours.
    """
    if not len(samples):
        return []
    rows = samples.sort_values(["at", "host", "gpu"], ignore_index=True)
    rows = rows.assign(hour=rows["at"].dt.hour, segment=_segments(rows))
    hour = interactions["timestamp"].dt.hour.to_numpy(dtype=np.int64)
    asked = demand(hour, numbers(interactions["output_tokens"]), options)
    latency = _latency(hour, numbers(interactions["total_latency_ms"]), options)
    segments = {ALL: rows} | dict(list(rows.groupby("segment"))[: options.max_gpus])
    return [
        metric_value(day, member.metric.name, str(segment), member.measure(Samples(chosen, asked, latency)))
        for segment, chosen in segments.items()
        for group in catalogue.groups("gpu_samples")
        for member in group.members
    ]


def _segments(rows: pd.DataFrame) -> pd.Series:
    """`gpu=<host>/<index>`; the UUID where a sample does not say its index."""
    index = rows["index"].astype("Int64").astype("string").fillna(rows["gpu"].astype("string"))
    return "gpu=" + rows["host"].astype("string") + "/" + index


def _latency(hour: Any, latency: Floats, options: SummaryOptions) -> Floats:
    known = ~np.isnan(latency)
    hours = (latency[known & (hour == one)] for one in range(HOURS))
    return np.array([np.median(one) if len(one) >= options.busy_requests else np.nan for one in hours])
