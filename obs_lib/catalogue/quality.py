"""What the scores of evaluators say of the answers. Each metric is declared with its score, in its evaluator's file."""

from __future__ import annotations

from collections.abc import Iterable

from obs_lib.catalogue.evaluators import EVALUATORS, scores
from obs_lib.catalogue.judged import judged, of_cascade
from obs_lib.catalogue.registry import kept
from obs_lib.records import Metric


@kept(lambda: EVALUATORS)
def scored() -> tuple[Metric, ...]:
    """The metrics that sum up a score of an evaluator: those that every day has, then those that only some days have."""
    ordered = sorted(scores(), key=lambda score: score.occasional)
    return tuple(metric for score in ordered for metric in score.metrics)


@kept(lambda: EVALUATORS)
def quality() -> tuple[Metric, ...]:
    """Those that every day has."""
    return tuple(metric for score in scores() if not score.occasional for metric in score.metrics)


def occasional(names: Iterable[str]) -> tuple[Metric, ...]:
    """The metrics among `names` of metrics or scores that only some days have: evaluators', then those of judges, sorted.

    All that a judge's metric is stands in its name.

    >>> [metric.title for metric in occasional(["relevance", "judge_rate:off_brand", "judge:helpfulness", "over_refusal"])]
    ['Over-refusal rate', 'Helpfulness, by a judge', 'Off brand, by a judge']
    """
    distinct = set(names)
    known = tuple(metric for metric in scored()[len(quality()) :] if distinct & {metric.name, metric.evaluator})
    made = (judged(name) or cascaded(name) for name in sorted(distinct))
    return known + tuple(metric for metric in made if metric is not None)


def cascaded(name: str) -> Metric | None:
    """The metric of a cascade by its name, `<metric>:local` or `<metric>:judged`; None where it is no cascade's."""
    base, _, what = name.rpartition(":")
    metric = next((metric for metric in scored() if metric.name == base), None)
    return None if metric is None else of_cascade(metric, what)


def opt_in() -> frozenset[str]:
    """The scores whose evaluators run only where `scoring.evaluators` names them."""
    return frozenset(score.name for score in scores() if score.opt_in)
