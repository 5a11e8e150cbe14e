"""Rankings against scikit-learn, against every order of their ties, and against values worked out by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.ranking import ndcg, precision_at, recall_at, reciprocal_rank

ITEMS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=5)


def test_values_by_hand() -> None:
    relevant, scores = [0, 1, 0, 1], [4, 3, 2, 1]
    assert reciprocal_rank(relevant, scores) == 1 / 2
    assert ndcg(relevant, scores) == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3)))
    assert [precision_at(k, relevant, scores) for k in (1, 2, 3, 4, 8)] == [0, 1 / 2, 1 / 3, 1 / 2, 1 / 4]
    assert [recall_at(k, relevant, scores) for k in (1, 2, 4)] == [0, 1 / 2, 1]
    assert recall_at(4, relevant, scores, total=5) == 2 / 5


def test_what_has_no_value_is_none() -> None:
    assert reciprocal_rank([], []) is reciprocal_rank([0, 0], [1, 2]) is None
    assert ndcg([], []) is ndcg([0], [1]) is None
    assert recall_at(3, [0], [1]) is recall_at(3, [], [], total=0) is None
    assert precision_at(3, [], []) is None
    with pytest.raises(ValueError, match="as many scores"):
        ndcg([1], [1, 2])


@given(items=ITEMS)
def test_ties_are_the_mean_over_all_their_orders(items: list[tuple[int, int]]) -> None:
    gains, scores = np.array(items).T
    relevant = gains > 0
    found: dict[str, list[float]] = {"rr": [], "ndcg": [], "p": [], "r": []}
    for order in permutations(range(len(items))):
        ranked = sorted(order, key=lambda i: -scores[i])  # stable: every order of a tie comes up equally often
        strict = -np.arange(len(items))
        if relevant.any():
            found["rr"].append(float(1 / (1 + np.argmax(relevant[ranked]))))
            found["ndcg"].append(ndcg(gains[ranked], strict, 3) or 0.0)
            found["r"].append(recall_at(2, relevant[ranked], strict) or 0.0)
        found["p"].append(precision_at(2, relevant[ranked], strict) or 0.0)
    if relevant.any():
        assert reciprocal_rank(relevant, scores) == pytest.approx(np.mean(found["rr"]))
        assert ndcg(gains, scores, 3) == pytest.approx(np.mean(found["ndcg"]))
        assert recall_at(2, relevant, scores) == pytest.approx(np.mean(found["r"]))
    assert precision_at(2, relevant, scores) == pytest.approx(np.mean(found["p"]))


@given(items=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=2, max_size=20), k=st.integers(1, 25))
def test_ndcg_is_that_of_scikit_learn(items: list[tuple[int, int]], k: int) -> None:
    from sklearn.metrics import ndcg_score

    gains, scores = np.array(items).T
    expected = ndcg_score([gains], [scores], k=k) if gains.any() else None
    assert ndcg(gains, scores, k) == (None if expected is None else pytest.approx(expected))
