"""How good the retrieval of a day was, where people said which contexts are relevant.

A label `relevant_ids` lists the ids of all relevant documents, retrieved or not (a JSON list, or ids with commas between
them); a label `relevant:<id>` says of one context whether it is. The order in which the contexts stand is the ranking.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from obs_lib.catalogue.retrieval import RETRIEVAL, RETRIEVAL_K
from obs_lib.records import Day, MetricValue
from obs_lib.stats.intervals import Estimate, weighted_mean
from obs_lib.stats.ranking import ndcg, precision_at, recall_at, reciprocal_rank
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments

_ALL_IDS, _ONE_ID = "relevant_ids", "relevant:"


class RelevanceLabels(NamedTuple):
    """What people said of one request: ids of relevant documents, and the label's inclusion probability (None: unknown)."""

    relevant: frozenset[str]
    inclusion_probability: float | None


def retrieval_metrics(
    day: Day, interactions: pd.DataFrame, labels: pd.DataFrame | None, segments: Segments
) -> list[MetricValue]:
    """Every metric of RETRIEVAL in every segment; nothing at all on a day without such labels.

    Where every label has an inclusion probability, means are weighted by its inverse. A question without any relevant
    document, and one whose contexts have no ids, is skipped.
    """
    labelled = read_labels(labels) if labels is not None else {}
    if not labelled:
        return []
    position = {str(name): i for i, name in enumerate(interactions["request_id"])}
    rows = sorted(position[name] for name in labelled if name in position)
    if not rows:
        return []
    names, contexts = interactions["request_id"].iloc[rows], interactions["contexts"].iloc[rows]
    told = [labelled[str(name)] for name in names]
    table = np.array([_figures(one.relevant, text) for one, text in zip(told, contexts, strict=True)], dtype=np.float64)
    inclusion_probability = np.array([one.inclusion_probability or np.nan for one in told])
    weights = np.ones(len(rows)) if np.isnan(inclusion_probability).any() else 1.0 / inclusion_probability
    at = np.array(rows)
    values = []
    for segment, positions in segments:
        inside = np.isin(at, positions)
        known = inside & ~np.isnan(table[:, 0])
        for column, metric in enumerate(RETRIEVAL):
            n, skipped = int(known.sum()), int(inside.sum() - known.sum())
            estimate = _bounded(weighted_mean(table[known, column], weights[known])) if n else None
            note = "" if n else "no question with relevant contexts was labelled"
            values.append(metric_value(day, metric.name, segment, Result(estimate, n, skipped, note), 0))
    return values


def read_labels(labels: pd.DataFrame) -> dict[str, RelevanceLabels]:
    """By request, what people said of its contexts; a list counts before verdicts on single contexts."""
    whole: dict[str, RelevanceLabels] = {}
    single: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    inclusion_probability: dict[str, float | None] = {}
    for row in labels.to_dict("records"):
        request, name = str(row["request_id"]), str(row["name"])
        share = row["inclusion_probability"]
        known = float(share) if isinstance(share, float) and share == share else None
        if name == _ALL_IDS and isinstance(row["text"], str):
            whole[request] = RelevanceLabels(frozenset(_ids(row["text"])), known)
        elif name.startswith(_ONE_ID) and row["value"] in (0, 1):
            single[request].append((name.removeprefix(_ONE_ID), bool(row["value"])))
            inclusion_probability[request] = known
    verdicts = {
        request: RelevanceLabels(frozenset(name for name, good in found if good), inclusion_probability[request])
        for request, found in single.items()
    }
    return verdicts | whole


def _ids(text: str) -> list[str]:
    try:
        listed: Any = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        listed = text.split(",")
    return [str(item).strip() for item in listed if isinstance(item, str | int) and str(item).strip()]


def _figures(relevant: frozenset[str], contexts: object) -> tuple[float, ...]:
    """The metrics of RETRIEVAL of one question, in their order; NaN for one that has none."""
    listed = json.loads(contexts) if isinstance(contexts, str) else []
    names = list(dict.fromkeys(str(item["id"]) for item in listed if item.get("id") is not None))
    if not relevant or not names:
        return (np.nan,) * len(RETRIEVAL)
    hits = np.array([name in relevant for name in names])
    order = -np.arange(len(names))
    missing = len(relevant) - int(hits.sum())
    # What was not retrieved stands behind the places that count, so that it belongs to the best order alone.
    padded = np.r_[hits, np.zeros(max(RETRIEVAL_K - len(names), 0)), np.ones(missing)]
    figures = (
        precision_at(RETRIEVAL_K, hits, order),
        recall_at(RETRIEVAL_K, hits, order, total=len(relevant)),
        reciprocal_rank(hits, order),
        ndcg(padded, -np.arange(len(padded)), RETRIEVAL_K),
    )
    return tuple(figure or 0.0 for figure in figures)


def _bounded(estimate: Estimate) -> Estimate:
    """Every one of them lies in [0, 1], and so does its interval."""
    value, low, high, error, _ = estimate
    if low is None or high is None:
        return Estimate(value)
    return Estimate(value, max(low, 0.0), min(high, 1.0), error)
