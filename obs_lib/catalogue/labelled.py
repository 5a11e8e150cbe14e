"""What people's labels say of a metric and of its evaluator."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.catalogue.evaluators import EVALUATORS, scores
from obs_lib.catalogue.quality import scored
from obs_lib.catalogue.registry import kept
from obs_lib.records import Metric

AGREEMENT = {
    "agreement": "share of labelled answers on which evaluator and people agree",
    "kappa": "Cohen's kappa: (agreement - chance) / (1 - chance)",
    "precision": "share of the answers that the evaluator counts which people count too",
    "recall": "share of the answers that people count which the evaluator counts too",
    "f1": "harmonic mean of precision and recall",
}
"""How an evaluator and people agree: each number and its formula."""


def labelled_name(metric: Metric, what: str) -> str:
    """Name of what people's labels say of a metric: "corrected", or a number of AGREEMENT."""
    return f"{metric.name}:{what}"


def has_agreement(metric: Metric) -> bool:
    """Whether agreement is told of the metric: not of a mean beside a share of the same score, whose verdicts it has."""
    siblings = next((score.metrics for score in scores() if score.name == metric.evaluator), ())
    return metric.aggregation != "mean" or all(sibling.aggregation == "mean" for sibling in siblings)


@kept(lambda: EVALUATORS)
def labelled() -> tuple[Metric, ...]:
    """Metrics of `all` and of the segments by tag where people labelled an answer. None has a worse side: nobody is paged."""
    return tuple(about_labels for metric in scored() for about_labels in _of_metric(metric))


def _of_metric(metric: Metric) -> Iterator[Metric]:
    yield Metric(
        labelled_name(metric, "corrected"),
        f"{metric.title}, corrected by people's labels",
        metric.unit,
        None,
        None,
        "PPI++: mean of labels + lambda (mean of verdicts, all scored - labelled), weighted by 1 / inclusion_probability",
    )
    for name, formula in AGREEMENT.items() if has_agreement(metric) else ():
        yield Metric(
            labelled_name(metric, name),
            f"{metric.title}: {'F1' if name == 'f1' else name} with people",
            "share" if name not in ("kappa", "f1") else "score",
            None,
            None,
            formula,
        )
