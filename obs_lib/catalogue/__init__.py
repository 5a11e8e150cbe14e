"""The one place that says what a score and a metric is: names, units, objectives, formulas.

Public: `scores`, `score_of`, `evaluator_names`, `left_out`, `opt_in` and `one_is_bad` of scores; `metrics`, `all_metrics`,
`metric_of`, `interaction_metrics`, `quality`, `scored` and `occasional` of metrics; `groups`, `request_groups`, `system`,
`gpu` and `stages` of those that no evaluator gives (and `retrieval`, a tuple); `bundled`, one line for each thing that comes
with the package.

A Dag's parse reads this room: evaluators and what measures system metrics are imported when a function first asks for what
one of them declares, and `evaluator_names` never does.
"""

from __future__ import annotations

from obs_lib.catalogue.evaluators import EVALUATORS, evaluator_names, left_out, score_of, scores
from obs_lib.catalogue.fixed import fixed
from obs_lib.catalogue.harm import CONFIRMED_HARM
from obs_lib.catalogue.judged import judged
from obs_lib.catalogue.labelled import labelled
from obs_lib.catalogue.quality import cascaded, occasional, opt_in, quality, scored
from obs_lib.catalogue.registry import kept
from obs_lib.catalogue.retrieval import RETRIEVAL
from obs_lib.catalogue.score import one_is_bad as _one_is_bad
from obs_lib.catalogue.system import GROUPS, gpu, groups, request_groups, stages, system
from obs_lib.records import Metric

__all__ = [
    "EVALUATORS",
    "all_metrics",
    "evaluator_names",
    "gpu",
    "groups",
    "interaction_metrics",
    "left_out",
    "metric_of",
    "metrics",
    "occasional",
    "one_is_bad",
    "opt_in",
    "quality",
    "request_groups",
    "score_of",
    "scored",
    "scores",
    "stages",
    "system",
]


def interaction_metrics() -> tuple[Metric, ...]:
    """Metrics of `all` and of the segments by tag."""
    return system() + quality()


@kept(lambda: EVALUATORS, lambda: GROUPS)
def metrics() -> tuple[Metric, ...]:
    """Every metric but the occasional ones."""
    return interaction_metrics() + gpu() + stages() + RETRIEVAL + (CONFIRMED_HARM,) + labelled()


@kept(lambda: EVALUATORS, lambda: GROUPS)
def all_metrics() -> dict[str, Metric]:
    """Every metric by name, the occasional ones of evaluators as well; those of judges are made from their names."""
    return {metric.name: metric for metric in (*metrics(), *scored())}


def metric_of(name: str) -> Metric | None:
    """The metric of that name; None where there is none. Evaluators are loaded only for a name that nothing else has."""
    return fixed().get(name) or judged(name) or all_metrics().get(name) or cascaded(name)


def one_is_bad(score: str) -> bool:
    """Whether a score near 1 is the bad one, by the metric that sums it up; False for a score without a metric.

    >>> one_is_bad("toxicity"), one_is_bad("groundedness"), one_is_bad("judge_rate:off_brand")
    (True, False, True)
    """
    known = score_of(score)
    if known is not None:
        return known.one_is_bad
    metric = judged(score)
    return metric is not None and _one_is_bad(metric)
