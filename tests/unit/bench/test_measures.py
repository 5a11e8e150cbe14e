"""Figures against scikit-learn, with weights as with rows that stand there so many times; intervals by simulation."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from obs_lib.bench import measures
from obs_lib.bench.agreement import LabelledScores, agreement, by_model, false_positives, ranking
from obs_lib.bench.bootstrap import Figure, intervals

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 10), st.integers(0, 3)), min_size=2, max_size=40)


@given(rows=ROWS)
def test_every_figure_is_that_of_scikit_learn(rows: list[tuple[bool, int, int]]) -> None:
    given_labels, tenths, times = (np.array(column) for column in zip(*rows, strict=True))
    weights = np.vstack([np.ones(len(rows)), times]).astype(np.float64)
    values = tenths / 10.0
    found = {
        "roc_auc_score": measures.auroc(given_labels, values, weights),
        "average_precision_score": measures.average_precision(given_labels, values, weights),
        "brier_score_loss": measures.brier(given_labels, values, weights),
    }
    cut = measures.at_threshold(given_labels, values, weights)
    for row, counts in enumerate(weights.astype(int)):
        labels, repeated = np.repeat(given_labels, counts), np.repeat(values, counts)
        if len(set(labels)) < 2:
            continue
        for name, ours in found.items():
            assert ours[row] == pytest.approx(getattr(metrics, name)(labels, repeated))
        flagged = repeated > 0.5
        if flagged.any():
            assert cut["precision"][row] == pytest.approx(metrics.precision_score(labels, flagged))
        assert cut["recall"][row] == pytest.approx(metrics.recall_score(labels, flagged))
        assert cut["f1"][row] == pytest.approx(metrics.f1_score(labels, flagged))
        assert cut["f1_other"][row] == pytest.approx(metrics.f1_score(~labels, ~flagged))
        assert cut["false_positive_share"][row] == pytest.approx(1 - metrics.recall_score(~labels, ~flagged))


def test_calibration_error_by_hand() -> None:
    labels, values = np.array([True, False, True, True]), np.array([0.01, 0.03, 0.99, 1.0])
    plain, doubled = measures.calibration_error(labels, values, np.array([[1.0, 1, 1, 1], [2, 2, 1, 1]]))
    assert plain == pytest.approx(0.5 * abs(0.02 - 0.5) + 0.5 * abs(0.995 - 1.0))
    assert doubled == pytest.approx(2 / 3 * 0.48 + 1 / 3 * 0.005)


def test_what_is_not_defined_is_none_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = _labelled_scores(np.ones(30, dtype=bool), np.full(30, 0.9), np.arange(30))
        found = agreement(one)
    assert found["auroc"] == found["false_positive_share"] == Figure(None)
    assert found["recall"].value == 1.0


def test_a_share_of_nothing_is_not_certain() -> None:
    found = false_positives(np.zeros(100), np.arange(100) // 2)
    assert found.value == 0.0
    assert found.high == pytest.approx(0.0713475991)  # Wilson, 0 of 50 groups


def test_the_same_rows_give_the_same_intervals_and_groups_are_what_is_drawn() -> None:
    rng = np.random.default_rng(1)
    labels = rng.random(60) < 0.5
    single = _labelled_scores(labels, rng.random(60) * 0.5 + labels * 0.3, np.arange(60))
    assert agreement(single) == agreement(single)
    tripled = _labelled_scores(np.repeat(single.labels, 3), np.repeat(single.values, 3), np.repeat(single.groups, 3))
    ours, copies = agreement(single)["auroc"], agreement(tripled)["auroc"]
    assert copies == pytest.approx(ours)  # copies of a row add no knowledge
    alone = agreement(_labelled_scores(tripled.labels, tripled.values, np.arange(180)))["auroc"]
    assert _width(alone) < 0.75 * _width(ours)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    truth = {
        "auroc": 0.7602499389,
        "recall": 0.6914624613,
        "false_positive_share": 0.3085375387,
    }  # Phi(1/sqrt 2), Phi(.5)
    hits = dict.fromkeys(truth, 0)
    for _ in range(200):
        labels = rng.random(150) < 0.4
        logits = rng.standard_normal(150) + labels - 0.5
        found = agreement(_labelled_scores(labels, 1 / (1 + np.exp(-logits)), np.arange(150)), resamples=300)
        for name, value in truth.items():
            low, high = found[name].low, found[name].high
            assert low is not None
            assert high is not None
            hits[name] += low <= value <= high
    assert all(0.90 <= n / 200 <= 0.99 for n in hits.values()), hits


def test_the_calibration_error_lies_in_its_interval() -> None:
    rng = np.random.default_rng(3)
    values = rng.random(400)
    found = agreement(_labelled_scores(rng.random(400) < values, values, np.arange(400)))["calibration_error"]
    assert found.low is not None
    assert found.value is not None
    assert found.high is not None
    assert found.low < found.value < found.high < 0.15


def test_length_is_taken_in_the_direction_that_suits_it() -> None:
    labels = np.array([True, True, False, False])
    scored = LabelledScores(labels, np.full(4, 0.5), np.array([1.0, 2, 3, 4]), np.arange(4), [None] * 4)
    assert agreement(scored)["length_auroc"].value == 1.0


def test_models_are_told_apart_where_there_are_two_with_enough_rows() -> None:
    labels = np.tile([True, False], 30)
    models = ["good"] * 30 + ["bad"] * 25 + ["rare"] * 5
    values = np.where(np.arange(60) < 30, labels * 0.8 + 0.1, 0.6)
    found = by_model(LabelledScores(labels, values, np.ones(60), np.arange(60), models))
    assert list(found) == ["bad", "good"]
    assert (found["good"]["f1"].value, found["bad"]["auroc"].value) == (1.0, 0.5)
    assert by_model(LabelledScores(labels, values, np.ones(60), np.arange(60), ["one"] * 60)) == {}


def test_questions_are_what_a_ranking_counts() -> None:
    labels = np.array([0, 1, 1, 0, 0, 0, 1], dtype=bool)
    values = np.array([0.9, 0.8, 0.5, 0.5, 0.3, 0.2, 0.1])
    found, counts = ranking(LabelledScores(labels, values, np.ones(7), np.array([0, 0, 1, 1, 2, 2, 3]), [None] * 7))
    assert counts == {"questions": 3, "without_relevant": 1, "relevant_only": 1}
    assert found["mrr"].value == pytest.approx((1 / 2 + 3 / 4 + 1) / 3)
    assert found["mrr"].low is not None
    none, counts = ranking(LabelledScores(labels[:1], values[:1], np.ones(1), np.zeros(1, dtype=int), [None]))
    assert (none["mrr"], counts["without_relevant"]) == (Figure(None), 1)


def test_no_rows_have_no_figures() -> None:
    assert intervals([], lambda weights: {"mean": weights.sum(axis=1)}) == {"mean": Figure(None)}


def _labelled_scores(labels: np.ndarray, values: np.ndarray, groups: np.ndarray) -> LabelledScores:
    return LabelledScores(labels, values, np.ones(len(labels)), groups, [None] * len(labels))


def _width(figure: Figure) -> float:
    return (figure.high or 0.0) - (figure.low or 0.0)
