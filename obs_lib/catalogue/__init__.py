"""The metrics of a day: names, units, objectives and formulas, as tuples of objects."""

from __future__ import annotations

from collections.abc import Iterable

from obs_lib.catalogue.gpu import GPU
from obs_lib.catalogue.judged import judged
from obs_lib.catalogue.labelled import LABELLED
from obs_lib.catalogue.quality import OCCASIONAL, QUALITY, RETRIEVAL
from obs_lib.catalogue.stages import STAGE_METRICS
from obs_lib.catalogue.system import SYSTEM
from obs_lib.records import Metric

INTERACTION_METRICS: tuple[Metric, ...] = SYSTEM + QUALITY
"""Metrics of `all` and of the segments by tag."""

METRICS: tuple[Metric, ...] = INTERACTION_METRICS + GPU + STAGE_METRICS + RETRIEVAL + LABELLED
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in (*METRICS, *OCCASIONAL)}


def occasional(names: Iterable[str]) -> tuple[Metric, ...]:
    """The metrics among `names` of metrics or scores that only some days have: OCCASIONAL, then those of judges, sorted.

    All that a judge's metric is stands in its name.

    >>> [metric.title for metric in occasional(["relevance", "judge_rate:off_brand", "judge:helpfulness", "over_refusal"])]
    ['Over-refusal rate', 'Helpfulness, by a judge', 'Off brand, by a judge']
    """
    distinct = set(names)
    ours = tuple(metric for metric in OCCASIONAL if distinct & {metric.name, metric.evaluator})
    return ours + tuple(metric for name in sorted(distinct) if (metric := judged(name)) is not None)


def metric_of(name: str) -> Metric | None:
    """The metric of that name; None where there is none."""
    return BY_NAME.get(name) or judged(name)


def one_is_bad(score: str) -> bool:
    """Whether a score near 1 is the bad one, by the metric that sums it up; False for a score without a metric.

    >>> one_is_bad("toxicity"), one_is_bad("groundedness"), one_is_bad("judge_rate:off_brand")
    (True, False, True)
    """
    metric = next((one for one in (*QUALITY, *occasional([score])) if one.evaluator == score), None)
    return metric is not None and metric.direction == "lower_is_better" and metric.aggregation != "share_below"
