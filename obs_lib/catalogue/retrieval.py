"""What people's labels of relevant documents say of how contexts were ranked."""

from __future__ import annotations

from obs_lib.records import Metric

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
