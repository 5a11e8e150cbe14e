from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from obs_lib.catalogue.retrieval import RETRIEVAL
from obs_lib.records import ALL, MetricStatus
from obs_lib.summaries.retrieval import read_labels, retrieval_metrics
from obs_lib.summaries.segments import Segments

DAY = dt.date(2024, 3, 1)


def labels(*rows: tuple[str, str, float | None, str | None, float | None]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["request_id", "name", "value", "text", "inclusion_probability"]).astype(
        {"value": "float64", "inclusion_probability": "float64"}
    )


def day_of(*ids: list[Any] | None) -> pd.DataFrame:
    contexts = [
        None if one is None else json.dumps([{"id": name, "text": "x", "score": None} for name in one]) for one in ids
    ]
    names = [f"r{n}" for n in range(len(ids))]
    tags = [json.dumps({"route": "a" if n % 2 == 0 else "b"}) for n in range(len(ids))]
    return pd.DataFrame({"request_id": names, "contexts": contexts, "tags": tags}, dtype=object)


def measured(interactions: pd.DataFrame, given: pd.DataFrame) -> dict[tuple[str, str], Any]:
    segments = Segments(interactions["tags"], ["route"], 50)
    return {(one.metric, one.segment): one for one in retrieval_metrics(DAY, interactions, given, segments)}


def test_the_figures_by_hand() -> None:
    interactions = day_of(["d1", "d2", "d3"], ["d4", "d5"], ["d6"])
    given = labels(
        ("r0", "relevant_ids", None, '["d2", "d9"]', None),
        ("r1", "relevant:d4", 1.0, None, None),
        ("r1", "relevant:d5", 0.0, None, None),
        ("r2", "relevant_ids", None, "d7", None),
        ("gone", "relevant_ids", None, "d7", None),
        ("r0", "helpful", 1.0, None, None),
    )
    found = measured(interactions, given)
    best = 1 + 1 / np.log2(3)
    expected = {
        "retrieval_precision": (1 / 5 + 1 / 5 + 0) / 3,
        "retrieval_recall": (1 / 2 + 1 + 0) / 3,
        "retrieval_mrr": (1 / 2 + 1 + 0) / 3,
        "retrieval_ndcg": (1 / np.log2(3) / best + 1 + 0) / 3,
    }
    assert {metric.name for metric in RETRIEVAL} == set(expected)
    for name, value in expected.items():
        one = found[name, ALL]
        assert (one.value, one.n, one.n_skipped) == (pytest.approx(value), 3, 0)
        assert 0 <= one.low <= one.value <= one.high <= 1
    assert found["retrieval_mrr", "route=b"].value == 1.0


def test_labels_drawn_at_random_are_weighted_back() -> None:
    given = labels(("r0", "relevant_ids", None, "d1", 0.1), ("r1", "relevant_ids", None, "d9", 0.5))
    assert measured(day_of(["d1"], ["d2"]), given)["retrieval_mrr", ALL].value == pytest.approx(10 / 12)
    one_unknown = labels(("r0", "relevant_ids", None, "d1", 0.1), ("r1", "relevant_ids", None, "d9", None))
    assert measured(day_of(["d1"], ["d2"]), one_unknown)["retrieval_mrr", ALL].value == pytest.approx(1 / 2)


def test_a_question_without_anything_to_find_is_skipped() -> None:
    given = labels(("r0", "relevant_ids", None, "[]", None), ("r1", "relevant_ids", None, "d1", None))
    found = measured(day_of(["d1"], None), given)["retrieval_recall", ALL]
    assert (found.status, found.value, found.n, found.n_skipped) == (MetricStatus.NO_DATA, None, 0, 2)


def test_a_day_without_such_labels_has_no_such_metric() -> None:
    interactions = day_of(["d1"])
    segments = Segments(interactions["tags"], [], 50)
    assert retrieval_metrics(DAY, interactions, None, segments) == []
    assert measured(interactions, labels(("r0", "helpful", 1.0, None, None))) == {}
    assert measured(interactions, labels(("gone", "relevant_ids", None, "d1", None))) == {}


def test_ids_come_as_a_list_or_with_commas_and_a_list_counts_first() -> None:
    given = labels(
        ("a", "relevant_ids", None, "d1, 2,", None),
        ("b", "relevant_ids", None, '["d1", 2]', None),
        ("b", "relevant:d3", 1.0, None, None),
        ("c", "relevant:d3", 0.0, None, None),
    )
    found = {name: one.relevant for name, one in read_labels(given).items()}
    assert found == {"a": {"d1", "2"}, "b": {"d1", "2"}, "c": frozenset()}
