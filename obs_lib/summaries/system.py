"""System metrics: what the logs themselves say of speed, errors, tokens and cost. They use every row of the day."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib import catalogue
from obs_lib.records import Day, MetricValue
from obs_lib.summaries.arrays import read_arrays
from obs_lib.summaries.latency_models import latency_models, latency_sketches
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import metric_value
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import Sketch


def system_summary(
    day: Day,
    interactions: pd.DataFrame,
    segments: Segments,
    options: SummaryOptions,
    clusters: NDArray[np.int64] | None = None,
) -> tuple[list[MetricValue], list[Sketch]]:
    """Every system metric of the catalogue in every segment, and the sketches of the latency models.

    A field that no row has gives NO_DATA, never a zero. clusters : who asked (`unit_of_chance`); None for independent rows.
    """
    columns = read_arrays(interactions, options, clusters)
    models = latency_models(columns, segments)
    values = []
    for segment, positions in segments:
        rows = columns.take(segment, positions, models.get(segment, {}))
        values += [
            metric_value(day, member.metric.name, segment, member.measure(rows, options))
            for group in catalogue.groups("interactions")
            for member in group.members
        ]
    return values, list(latency_sketches(models))
