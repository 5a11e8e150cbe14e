"""Biases of judges: found where they were put, not found where there are none, with intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from obs_lib.summaries.judge_bias import family_bias, family_of, first_preference, flip_share, length_bias

RUNS = 400


def judged(rng: np.random.Generator, n: int, per_doubling: float = 0.0, own: float = 0.0) -> tuple[np.ndarray, ...]:
    """Values of a judge that errs by so much for each doubling and for its own family. Longer answers are better ones."""
    length = 2 ** rng.normal(8, 1, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-(np.log2(length) - 8)))).astype(float)
    kin = rng.random(n) < 0.3
    noise = rng.normal(0, 0.05 + 0.1 * label)  # surer of bad ones
    value = label + 0.3 * (0.5 - label) + per_doubling * (np.log2(length) - 8) + own * kin + noise
    return value, label, length, kin


@pytest.mark.parametrize("put", [0.0, 0.05])
def test_length_bias_is_found_as_large_as_it_was_put(put: float) -> None:
    rng = np.random.default_rng(1)
    held, values = 0, []
    for _ in range(RUNS):
        value, label, length, _ = judged(rng, 120, per_doubling=put)
        bias = length_bias(value, label, length)
        assert bias is not None
        held += bias.low <= put <= bias.high
        values.append(bias.value)
    assert 0.92 <= held / RUNS <= 0.98
    assert np.mean(values) == pytest.approx(put, abs=0.004)


@pytest.mark.parametrize("put", [0.0, 0.1])
def test_so_is_the_preference_for_its_own_family(put: float) -> None:
    rng = np.random.default_rng(2)
    held, values = 0, []
    for _ in range(RUNS):
        value, label, _, kin = judged(rng, 150, own=put)
        bias = family_bias(value, label, kin.tolist())
        assert bias is not None
        held += bias.low <= put <= bias.high
        values.append(bias.value)
    assert 0.92 <= held / RUNS <= 0.98
    assert np.mean(values) == pytest.approx(put, abs=0.005)


def test_labels_that_were_drawn_by_the_judges_own_values_are_weighed() -> None:
    """Where doubtful values are asked about four times as often, weights keep coverage, and their absence loses it."""
    rng = np.random.default_rng(5)
    held, bare, values = 0, [], []
    for _ in range(RUNS):
        value, label, length, _ = judged(rng, 500, per_doubling=0.05)
        chance = np.where(np.abs(value - 0.5) < 0.25, 0.4, 0.1)
        asked = rng.random(500) < chance
        drawn = value[asked], label[asked], length[asked]
        bias, unweighted = length_bias(*drawn, 1 / chance[asked]), length_bias(*drawn)
        assert bias is not None
        assert unweighted is not None
        held += bias.low <= 0.05 <= bias.high
        values.append(bias.value)
        bare.append(unweighted.value)
    assert 0.92 <= held / RUNS <= 0.98
    assert abs(np.mean(values) - 0.05) < 0.004 < abs(np.mean(bare) - 0.05)


def test_equal_weights_are_no_weights_and_a_weight_of_two_is_an_answer_twice_in_the_slope() -> None:
    rng = np.random.default_rng(6)
    value, label, length, kin = judged(rng, 60)
    assert length_bias(value, label, length, np.full(60, 1.0)) == length_bias(value, label, length)
    twice = [np.concatenate([column, column[:30]]) for column in (value, label, length)]
    weighed, repeated = length_bias(value, label, length, [2.0] * 30 + [1.0] * 30), length_bias(*twice)
    assert weighed is not None
    assert repeated is not None
    assert weighed.value == pytest.approx(repeated.value)
    assert weighed.high - weighed.low > repeated.high - repeated.low  # the same answer again is no evidence
    plain, scaled = family_bias(value, label, kin.tolist()), family_bias(value, label, kin.tolist(), [7.0] * 60)
    assert plain is not None
    assert scaled == pytest.approx(plain)


def test_a_slope_equals_least_squares_and_a_robust_error_known_from_elsewhere() -> None:
    rng = np.random.default_rng(3)
    value, label, length, _ = judged(rng, 40)
    bias = length_bias(value, label, length)
    assert bias is not None
    design = np.column_stack([np.ones(40), np.log2(length), label])
    beta, *_ = np.linalg.lstsq(design, value - label, rcond=None)
    assert bias.value == pytest.approx(beta[1])
    # The jackknife's variance is HC3's but for a factor near one.
    left_out = [
        np.linalg.lstsq(np.delete(design, i, 0), np.delete(value - label, i), rcond=None)[0][1] for i in range(40)
    ]
    jackknife = np.sqrt(39 / 40 * np.square(np.array(left_out) - np.mean(left_out)).sum())
    assert (bias.high - bias.low) / 2 / 2.0262 == pytest.approx(jackknife, rel=0.05)


def test_little_data_says_nothing() -> None:
    assert length_bias([0.5] * 19, [1.0] * 19, range(1, 20)) is None
    assert length_bias([0.5] * 50, [1.0] * 50, [7] * 50) is None
    assert family_bias([0.5] * 30, [1.0] * 30, [True] * 21 + [False] * 9) is None
    assert family_bias([0.5] * 30, [1.0] * 30, [None] * 30) is None
    assert flip_share([], []) is None
    assert first_preference(["a", "tie"], ["a", "b"]) is None


def test_rows_without_value_label_or_length_are_left_out() -> None:
    rng = np.random.default_rng(4)
    value, label, length, kin = judged(rng, 60)
    whole = length_bias(value, label, length)
    more = length_bias([*value, np.nan, 1.0, 1.0], [*label, 1.0, np.nan, 1.0], [*length, 5.0, 5.0, 0.0])
    assert more == whole
    assert family_bias([*value, 0.0], [*label, 1.0], [*kin.tolist(), None]) == family_bias(value, label, kin.tolist())


def test_flips_and_their_direction() -> None:
    first = ["a", "a", "b", "tie", "a", "b"]
    second = ["a", "b", "b", "a", "b", "a"]
    flips = flip_share(first, second)
    assert flips is not None
    assert (flips.value, flips.n) == (4 / 6, 6)
    assert 0 < flips.low < 4 / 6 < flips.high < 1
    toward = first_preference(first, second)
    assert toward is not None
    assert (toward.value, toward.n) == (pytest.approx(2 / 3), 3)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-4o-2024-08-06", "openai"),
        ("meta-llama/Llama-3.1-8B", "meta"),
        ("o3-mini", "openai"),
        ("olmo", None),
        ("", None),
    ],
)
def test_families(model: str, family: str | None) -> None:
    assert family_of(model) == family
