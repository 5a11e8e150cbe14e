from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from obs_lib.drift.semantic import Answers, decode, paired_drift, semantic_drift, shared_prompts

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(10)]
A = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=float)
B = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]], dtype=float)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def answers(index: int, rows: np.ndarray, keep: np.ndarray | None = None) -> Answers:
    kept = range(len(rows)) if keep is None else np.flatnonzero(keep)
    return Answers(DAYS[index], {f"prompt {n}": row for n, row in enumerate(unit(rows)) if n in kept})


def noisy(rng: np.random.Generator, index: int, centres: np.ndarray, shift: float = 0.0) -> Answers:
    rows = centres + shift + 0.15 * rng.normal(size=centres.shape)
    return answers(index, rows, rng.random(len(centres)) < 0.9)


def test_reference_value() -> None:
    assert semantic_drift(A, B) == pytest.approx(0.4309644063, abs=1e-10)


def test_the_statistic_is_that_value_against_every_day_of_a_constant_window() -> None:
    found = paired_drift("all", answers(3, A), [answers(n, B) for n in range(3)], 99)
    assert found.statistic == pytest.approx(0.4309644063, abs=1e-10)
    assert found.null_mean == pytest.approx(0, abs=1e-12)
    assert found.null_high == pytest.approx(0, abs=1e-12)
    assert (found.n_current, found.n_baseline) == (3, 9)


def test_identical_answers_are_stable_and_other_answers_are_not() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20, 8))
    window = [answers(n, rows) for n in range(5)]
    same = paired_drift("all", answers(5, rows), window, 199)
    assert same.p_value == 1.0
    assert same.effect == pytest.approx(0, abs=1e-12)
    other = paired_drift("all", answers(5, rng.normal(size=(20, 8))), window, 199)
    # Each prompt's odd one out is today: the chance of that is 1/6 to the power of 20.
    assert other.p_value == pytest.approx((1 / 6) ** 20, rel=1e-6)


def test_a_few_prompts_that_changed_are_judged_by_what_they_are() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 8))
    changed = rows.copy()
    changed[0] = -changed[0]
    found = paired_drift("all", answers(7, changed), [answers(n, rows) for n in range(7)], 999)
    assert found.p_value == pytest.approx(1 / 8, abs=0.03)  # exact: one prompt, eight days; a normal tail says 0.004


def test_only_prompts_with_two_baseline_days_enter() -> None:
    once = answers(0, A)
    twice = answers(1, A, np.array([True, False, True]))
    assert shared_prompts(answers(2, A), [once, twice]) == ["prompt 0", "prompt 2"]


@pytest.mark.parametrize(("b", "prompts"), [(3, 12), (3, 40), (7, 40)])
def test_false_alarms_come_as_often_as_named(b: int, prompts: int) -> None:
    rng = np.random.default_rng(b * prompts)
    p = []
    for _ in range(120):
        centres = unit(rng.normal(size=(prompts, 8)))
        window = [noisy(rng, n, centres) for n in range(b)]
        p.append(paired_drift("all", noisy(rng, b, centres), window, 99).p_value)
    share = np.mean(np.array(p, dtype=float) <= 0.05)
    assert share <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)
    assert 0.2 < np.median(np.array(p, dtype=float)) < 0.8


@pytest.mark.parametrize("b", [2, 3, 7])
def test_a_shift_of_every_answer_is_seen_far_below_the_resolution_of_the_draws(b: int) -> None:
    rng = np.random.default_rng(b)
    centres = unit(rng.normal(size=(40, 8)))
    found = paired_drift("all", noisy(rng, b, centres, 0.2), [noisy(rng, n, centres) for n in range(b)], 199)
    assert found.p_value is not None
    assert found.p_value < 1e-4
    assert found.statistic is not None
    assert found.null_high is not None
    assert found.statistic > found.null_high


def test_the_same_day_and_segment_give_the_same_draws() -> None:
    rng = np.random.default_rng(1)
    centres = unit(rng.normal(size=(12, 8)))
    window, today = [noisy(rng, n, centres) for n in range(3)], noisy(rng, 3, centres)
    first, again = (paired_drift("all", today, window, 99) for _ in range(2))
    assert first == again
    assert paired_drift("route=a", today, window, 99).null_high != first.null_high


def test_a_sketch_holds_sums() -> None:
    sums = np.array([1.0, 2.0, 0.0], dtype="<f4")
    found = decode(DAYS[0], pd.DataFrame({"key": ["p"], "n": [2], "payload": [sums.tobytes()]}))
    assert found.means["p"].tolist() == [0.5, 1.0, 0.0]
