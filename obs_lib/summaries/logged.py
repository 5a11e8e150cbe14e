"""What the service itself says of its answers."""

from __future__ import annotations

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import Metric
from obs_lib.summaries.arrays import Measure
from obs_lib.summaries.measures import mean, share_of

LOGGED: MetricGroup[Measure] = MetricGroup(
    "As the service judges itself",
    "interactions",
    (
        MeasuredMetric(
            Metric(
                "quality_score",
                "Logged quality score",
                "score",
                "higher_is_better",
                None,
                "mean of quality_score as logged",
                family="logged quality",
                complaint="The service rates its answers lower",
            ),
            mean("quality", "quality score"),
        ),
        MeasuredMetric(
            Metric(
                "safety_flag_rate",
                "Safety flags",
                "share",
                "lower_is_better",
                None,
                "share of interactions with a safety flag",
                family="safety flags",
                smallest_effect=0.02,
                severe_effect=0.05,
                complaint="More answers carry a safety flag",
            ),
            share_of("flagged", "safety flags"),
        ),
    ),
)
