"""What scores of our own evaluators, and rankings of contexts, say of the answers."""

from __future__ import annotations

from obs_lib.records import Metric

QUALITY: tuple[Metric, ...] = (
    Metric(
        "hallucination_rate",
        "Hallucination rate",
        "share",
        "lower_is_better",
        0.05,
        "share of answers whose probability of being supported by their contexts is under 0.5",
        evaluator="groundedness",
        aggregation="share_below",
    ),
    Metric(
        "toxicity",
        "Toxicity",
        "probability",
        "lower_is_better",
        0.1,
        "mean calibrated probability that an answer is toxic",
        evaluator="toxicity",
        smallest_effect=0.02,
        aggregation="mean",
    ),
    Metric(
        "toxicity_rate",
        "Toxic answers",
        "share",
        "lower_is_better",
        None,
        "share of answers with a toxicity above 0.5",
        evaluator="toxicity",
        smallest_effect=0.02,
        aggregation="share_above",
    ),
    Metric(
        "relevance",
        "Relevance",
        "probability",
        "higher_is_better",
        0.7,
        "mean probability that an answer belongs to its prompt rather than to another one",
        evaluator="relevance",
        aggregation="mean",
    ),
    Metric(
        "refusal_rate",
        "Refusal rate",
        "share",
        "lower_is_better",
        0.2,
        "share of answers with a probability of refusal above 0.5",
        evaluator="refusal",
        aggregation="share_above",
    ),
    Metric(
        "format_compliance",
        "Format compliance",
        "share",
        "higher_is_better",
        0.95,
        "share of answers in the format that was asked for",
        evaluator="format",
        aggregation="share_above",
    ),
    Metric(
        "context_relevance",
        "Context relevance",
        "probability",
        "higher_is_better",
        None,
        "mean over answers and their contexts of the probability that a context belongs to the prompt",
        evaluator="context_relevance",
        aggregation="mean",
    ),
    Metric(
        "context_utilization",
        "Contexts used",
        "share",
        "higher_is_better",
        None,
        "mean over answers of the share of their contexts that the answer uses",
        evaluator="context_utilization",
        aggregation="mean",
    ),
)

OPT_IN: tuple[Metric, ...] = (
    Metric(
        "over_refusal_rate",
        "Over-refusal rate",
        "share",
        "lower_is_better",
        None,
        "share of answers whose probability of refusing a harmless request is above 0.5",
        evaluator="over_refusal",
        aggregation="share_above",
    ),
)
"""Quality metrics of evaluators that run only where `scoring.evaluators` names them, on days with such scores only."""

ACCURACY = Metric(
    "accuracy",
    "Accuracy against references",
    "score",
    "higher_is_better",
    None,
    "mean over answers with a reference of the agreement with the best one: 1 where the answer is it or contains it as whole "
    "words, else token F1 (SQuAD v1.1, Rajpurkar et al. 2016)",
    evaluator="accuracy",
    aggregation="mean",
)
"""A metric of days whose logs give right answers, on no others."""

OCCASIONAL: tuple[Metric, ...] = (*OPT_IN, ACCURACY)
"""Those that not every day has."""

SCORED: tuple[Metric, ...] = (*QUALITY, *OCCASIONAL)
"""The metrics that sum up a score of our own evaluators."""

RETRIEVAL_K = 5
"""Places of a ranking that its precision, recall and nDCG look at."""

RETRIEVAL: tuple[Metric, ...] = (
    Metric(
        "retrieval_precision",
        f"Retrieval precision at {RETRIEVAL_K}",
        "share",
        None,
        None,
        f"relevant contexts among the first {RETRIEVAL_K} / {RETRIEVAL_K}, mean over labelled questions",
    ),
    Metric(
        "retrieval_recall",
        f"Retrieval recall at {RETRIEVAL_K}",
        "share",
        None,
        None,
        f"relevant contexts among the first {RETRIEVAL_K} / all relevant documents, mean over labelled questions",
    ),
    Metric(
        "retrieval_mrr",
        "Mean reciprocal rank",
        "score",
        None,
        None,
        "1 / rank of the first relevant context, 0 without one, mean over labelled questions",
    ),
    Metric(
        "retrieval_ndcg",
        f"nDCG at {RETRIEVAL_K}",
        "score",
        None,
        None,
        "sum of 1 / log2(rank + 1) over relevant contexts / that of the best order, mean over labelled questions",
    ),
)
"""Metrics of `all` and of the segments by tag, on days with labels of relevant contexts only."""
