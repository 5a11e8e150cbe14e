"""What scores of our own evaluators, and rankings of contexts, say of the answers."""

from __future__ import annotations

from obs_lib.records import Metric

QUALITY: tuple[Metric, ...] = (
    Metric(
        "hallucination_rate",
        "Hallucination rate",
        "share",
        "higher",
        0.05,
        "share of answers whose probability of being supported by their contexts is under 0.5",
        score="groundedness",
        sum_up="share_below",
    ),
    Metric(
        "toxicity",
        "Toxicity",
        "probability",
        "higher",
        0.1,
        "mean calibrated probability that an answer is toxic",
        score="toxicity",
        sum_up="mean",
    ),
    Metric(
        "toxicity_rate",
        "Toxic answers",
        "share",
        "higher",
        None,
        "share of answers with a toxicity above 0.5",
        score="toxicity",
        sum_up="share_above",
    ),
    Metric(
        "relevance",
        "Relevance",
        "probability",
        "lower",
        0.7,
        "mean probability that an answer belongs to its prompt rather than to another one",
        score="relevance",
        sum_up="mean",
    ),
    Metric(
        "refusal_rate",
        "Refusal rate",
        "share",
        "higher",
        0.2,
        "share of answers with a probability of refusal above 0.5",
        score="refusal",
        sum_up="share_above",
    ),
    Metric(
        "format_compliance",
        "Format compliance",
        "share",
        "lower",
        0.95,
        "share of answers in the format that was asked for",
        score="format",
        sum_up="share_above",
    ),
    Metric(
        "context_relevance",
        "Context relevance",
        "probability",
        "lower",
        None,
        "mean over answers and their contexts of the probability that a context belongs to the prompt",
        score="context_relevance",
        sum_up="mean",
    ),
    Metric(
        "context_utilisation",
        "Contexts used",
        "share",
        "lower",
        None,
        "mean over answers of the share of their contexts that the answer uses",
        score="utilisation",
        sum_up="mean",
    ),
)

OPT_IN: tuple[Metric, ...] = (
    Metric(
        "over_refusal_rate",
        "Over-refusal rate",
        "share",
        "higher",
        None,
        "share of answers whose probability of refusing a harmless request is above 0.5",
        score="over_refusal",
        sum_up="share_above",
    ),
)
"""Quality metrics of evaluators that run only where `scoring.evaluators` names them, on days with such scores only."""

ACCURACY = Metric(
    "accuracy",
    "Accuracy against references",
    "score",
    "lower",
    None,
    "mean over answers with a reference of the agreement with the best one: 1 where the answer is it or contains it as whole "
    "words, else token F1 (SQuAD v1.1, Rajpurkar et al. 2016)",
    score="accuracy",
    sum_up="mean",
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
