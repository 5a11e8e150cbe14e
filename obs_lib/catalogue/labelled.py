"""What people's labels say of a metric and of its evaluator."""

from __future__ import annotations

from obs_lib.catalogue.quality import SCORED
from obs_lib.records import Metric

AGREEMENT: dict[str, frozenset[str]] = dict.fromkeys(
    ("agreement", "kappa", "precision", "recall", "f1"),
    frozenset(metric.name for metric in SCORED if metric.name != "toxicity"),  # toxicity_rate has the same verdicts
)
"""How an evaluator and people agree: the number, and the metrics whose verdicts it is taken of."""

_AGREEMENT_FORMULAS = {
    "agreement": "share of labelled answers on which evaluator and people agree",
    "kappa": "Cohen's kappa: (agreement - chance) / (1 - chance)",
    "precision": "share of the answers that the evaluator counts which people count too",
    "recall": "share of the answers that people count which the evaluator counts too",
    "f1": "harmonic mean of precision and recall",
}


def labelled_name(metric: Metric, what: str) -> str:
    """Name of what people's labels say of a metric: "corrected", or a number of AGREEMENT."""
    return f"{metric.name}:{what}"


LABELLED: tuple[Metric, ...] = tuple(
    one
    for metric in SCORED
    for one in (
        Metric(
            labelled_name(metric, "corrected"),
            f"{metric.title}, corrected by people's labels",
            metric.unit,
            None,
            None,
            "PPI++: mean of labels + lambda (mean of verdicts, all scored - labelled), weighted by 1 / inclusion_probability",
        ),
        *(
            Metric(
                labelled_name(metric, name),
                f"{metric.title}: {'F1' if name == 'f1' else name} with people",
                "share" if name not in ("kappa", "f1") else "score",
                None,
                None,
                _AGREEMENT_FORMULAS[name],
            )
            for name, of in AGREEMENT.items()
            if metric.name in of
        ),
    )
)
"""Metrics of `all` and of the segments by tag where people labelled an answer. None has a worse side: nobody is paged."""
