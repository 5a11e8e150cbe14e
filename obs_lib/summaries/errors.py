"""Which requests failed, and why."""

from __future__ import annotations

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import ERROR_KINDS, Metric
from obs_lib.summaries.arrays import Measure
from obs_lib.summaries.measures import share_of

_WANTED = "errors or finish reasons"


def _kind(position: int, kind: str) -> MeasuredMetric[Measure]:
    """One of the parts of the error rate, which add up to it."""
    metric = Metric(
        f"error_rate:{kind}",
        f"Errors: {kind.replace('_', ' ')}",
        "share",
        "lower_is_better",
        None,
        f"share of requests that failed with error_kind = {kind}"
        + (", another kind or none" if kind == "other" else ""),
        part_of="error_rate",
        hidden_at_zero=True,
    )
    return MeasuredMetric(metric, share_of("error", _WANTED, (position,), "failed"))


ERRORS: MetricGroup[Measure] = MetricGroup(
    "Errors",
    "interactions",
    (
        MeasuredMetric(
            Metric(
                "error_rate",
                "Error rate",
                "share",
                "lower_is_better",
                0.01,
                "share of requests with an error",
                family="errors",
                smallest_effect=0.01,
                severe_effect=0.05,
                complaint="Requests fail",
            ),
            share_of("failed", _WANTED),
        ),
        *(_kind(position, kind) for position, kind in enumerate(ERROR_KINDS)),
    ),
)
