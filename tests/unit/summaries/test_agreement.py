"""Agreement between people and evaluators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.summaries.agreement import NONE, agreement, cells, f1, kappa

Y = np.repeat([1.0, 0.0, 1.0, 0.0], [14, 10, 6, 170])
F = np.repeat([1.0, 1.0, 0.0, 0.0], [14, 10, 6, 170])


def test_the_reference_values() -> None:
    agreed = agreement(cells(Y, F, np.ones(200)))
    values = {name: one.value for name, one in agreed.items() if one}
    assert values["kappa"] == pytest.approx(0.591837, abs=5e-7)
    assert values["agreement"] == pytest.approx(184 / 200)
    assert values["precision"] == pytest.approx(14 / 24)
    assert values["recall"] == pytest.approx(14 / 20)
    assert values["f1"] == pytest.approx(28 / 44)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=80))
def test_the_same_as_scikit_learn(rows: list[tuple[bool, bool]]) -> None:
    from sklearn.metrics import cohen_kappa_score, f1_score

    y, f = np.array(rows, dtype=np.float64).T
    agreed = agreement(cells(y, f, np.ones(len(y))))
    if len(set(y)) + len(set(f)) > 2:
        assert agreed["kappa"] is not None
        assert agreed["kappa"].value == pytest.approx(cohen_kappa_score(y, f), abs=1e-9)
    if y.any() or f.any():
        assert agreed["f1"] is not None
        assert agreed["f1"].value == pytest.approx(f1_score(y, f, zero_division=0), abs=1e-9)
    for one in filter(None, agreed.values()):
        assert one.low is not None
        assert one.high is not None
        assert one.low <= one.value <= one.high
        assert one.high > one.low  # never sure, however well the labels agree


def test_weights_count_a_label_for_those_that_were_not_drawn() -> None:
    half = np.where(np.arange(200) % 2 == 0, 1.0, 0.0)  # every second one, at twice the weight
    thinned = cells(Y[half == 1], F[half == 1], np.full(100, 2.0))
    whole, part = agreement(cells(Y, F, np.ones(200))), agreement(thinned)
    assert part["agreement"] is not None
    assert whole["agreement"] is not None
    assert part["agreement"].value == whole["agreement"].value
    assert part["agreement"].std_error > whole["agreement"].std_error  # type: ignore[operator]
    assert thinned.effective_n == pytest.approx(100)


def test_what_labels_cannot_say_is_none() -> None:
    assert set(agreement(NONE).values()) == {None}
    quiet = agreement(cells(np.zeros(9), np.zeros(9), np.ones(9)))
    assert [name for name, one in quiet.items() if one is None] == ["kappa", "precision", "recall", "f1"]


def test_the_same_labels_give_the_same_interval() -> None:
    assert agreement(cells(Y, F, np.ones(200))) == agreement(cells(Y[::-1], F[::-1], np.ones(200)))


@pytest.mark.parametrize(("shares", "n"), [((0.07, 0.05, 0.03, 0.85), 200), ((0.3, 0.1, 0.1, 0.5), 60)])
def test_intervals_of_kappa_and_f1_cover(shares: tuple[float, ...], n: int) -> None:
    draw, truth = np.random.default_rng(2), np.array(shares)
    held = {"kappa": 0, "f1": 0}
    runs = 1500
    for counts in draw.multinomial(n, shares, runs):
        y, f = np.repeat([1.0, 0.0, 1.0, 0.0], counts), np.repeat([1.0, 1.0, 0.0, 0.0], counts)
        agreed = agreement(cells(y, f, np.ones(n)))
        for name, of in (("kappa", kappa), ("f1", f1)):
            one = agreed[name]
            assert one is not None
            held[name] += one.low <= of(truth) <= one.high  # type: ignore[operator]
    assert all(0.93 <= count / runs <= 0.97 for count in held.values()), held
