"""Prompts and answers that move, each without the other, and neither."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from obs_lib.drift.exchanges import Exchanges, answer_drift, topic_drift
from obs_lib.stats.exchange_sums import BLOCKS, ExchangeSums, exchange_sums, pack, unpack
from obs_lib.stats.random_features import BANDWIDTH, FEATURES, fourier, projected

DIMENSION = 48
TOPICS = np.random.default_rng(0).normal(size=(6, DIMENSION))
STYLE = np.random.default_rng(1).normal(size=DIMENSION)
OLD = (0.3, 0.25, 0.2, 0.15, 0.1, 0.0)
MOVED = (0.1, 0.15, 0.2, 0.25, 0.3, 0.0)
NEW = (0.22, 0.2, 0.15, 0.13, 0.1, 0.2)
ONLY_NEW = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def sums(rng: np.random.Generator, n: int, topics: tuple[float, ...] = OLD, style: float = 0.0) -> ExchangeSums:
    """An answer says what its prompt asks about, in the model's manner; `style` is another manner."""
    about = rng.choice(len(TOPICS), n, p=topics)
    prompts = TOPICS[about] + rng.normal(size=(n, DIMENSION))
    answers = prompts + np.roll(TOPICS, 1, axis=1)[about] + 0.7 * rng.normal(size=(n, DIMENSION)) + style * STYLE
    return exchange_sums(unit(prompts), unit(answers), rng.integers(0, BLOCKS, n))


def day(rng: np.random.Generator, index: int, n: int = 100, **what: object) -> Exchanges:
    return Exchanges(dt.date(2024, 3, 1) + dt.timedelta(index), "encoder", sums(rng, n, **what))  # type: ignore[arg-type]


def nights(times: int, n: int = 100, **today: object) -> tuple[np.ndarray, np.ndarray]:
    """(p, effect) of topics and of answers, each of shape (times, 2)."""
    topics, answers = [], []
    for seed in range(times):
        rng = np.random.default_rng([7, seed])
        window = [day(rng, index, n) for index in range(7)]
        now = day(rng, 7, n, **today)
        topics.append(topic_drift("all", now, window))
        answers.append(answer_drift("all", now, window))
    return (
        np.array([(one.p_value, one.effect) for one in topics], dtype=float),
        np.array([(one.p_value, one.effect) for one in answers], dtype=float),
    )


def test_quiet_nights_are_quiet() -> None:
    for found in nights(60):
        assert np.mean(found[:, 0] <= 0.05) <= 0.12
        assert found[:, 0].min() > 1e-4


@pytest.mark.parametrize("topics", [MOVED, NEW])
def test_other_topics_move_topics_and_not_answers(topics: tuple[float, ...]) -> None:
    moved, answers = nights(20, 200, topics=topics)
    assert np.mean(moved[:, 0] <= 1e-4) >= 0.9
    assert np.mean((answers[:, 0] <= 0.01) & (answers[:, 1] >= 1.0)) == 0


def test_another_model_moves_answers_and_not_topics() -> None:
    topics, moved = nights(20, style=0.4)
    assert np.all(moved[:, 0] <= 1e-4)
    assert np.all(moved[:, 1] >= 1.0)
    assert np.mean(topics[:, 0] <= 0.01) <= 0.1


def test_both_at_once_are_told_both() -> None:
    topics, answers = nights(10, 200, style=0.4, topics=MOVED)
    assert np.all(topics[:, 0] <= 1e-4)
    assert np.all(answers[:, 0] <= 1e-4)


def test_where_nothing_asked_was_asked_before_answers_are_not_compared() -> None:
    rng = np.random.default_rng(2)
    window = [day(rng, index) for index in range(7)]
    found = answer_drift("all", day(rng, 7, topics=ONLY_NEW), window)
    assert found.p_value is None
    assert found.note.startswith("today's prompts are too unlike the baseline's (overlap 0.")


def test_few_exchanges_give_finite_numbers() -> None:
    rng = np.random.default_rng(3)
    window = [day(rng, index, 20) for index in range(3)]
    for found in (topic_drift("all", day(rng, 3, 20), window), answer_drift("all", day(rng, 3, 20), window)):
        assert all(np.isfinite([found.statistic, found.null_mean, found.null_high, found.effect]))  # type: ignore[list-item]
        assert 1e-4 < (found.p_value or 0.0) <= 1


def test_the_parts_of_a_day_add_up_and_survive_packing() -> None:
    rng = np.random.default_rng(4)
    prompts, answers, blocks = *(unit(rng.normal(size=(50, 8))) for _ in range(2)), rng.integers(0, BLOCKS, 50)
    whole = exchange_sums(prompts, answers, blocks)
    parts = [exchange_sums(prompts[rows], answers[rows], blocks[rows]) for rows in (slice(20), slice(20, None))]
    for other, tolerance in ((parts[0] + parts[1], 1e-9), (unpack(pack(whole)), 2e-2)):
        for name in ("counts", "topics", "prompts", "answers", "products"):
            np.testing.assert_allclose(getattr(whole, name), getattr(other, name), atol=tolerance)
    assert whole.rows == 50
    beside = np.hstack([projected(prompts), fourier(answers)])
    np.testing.assert_allclose(whole.scatter, np.cov(beside.T, bias=True) * 50, atol=1e-9)


def test_products_of_features_are_kernels() -> None:
    rng = np.random.default_rng(5)
    rows = unit(rng.normal(size=(200, 384)))
    rows[1:2] = unit(rows[:1] + 0.4 * rows[1:2])
    kernel = np.exp(-np.sum((rows[0] - rows[1:]) ** 2, axis=1) / (2 * BANDWIDTH**2))
    features = fourier(rows)
    assert features.shape == (200, FEATURES)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1.0)
    assert np.abs(features[1:] @ features[0] - kernel).std() < 1.2 / np.sqrt(FEATURES)
    assert np.abs(projected(rows)[1:] @ projected(rows)[0] - rows[1:] @ rows[0]).std() < 1.2 / np.sqrt(FEATURES)
    np.testing.assert_allclose(
        fourier(np.eye(3))[0, :3], [0.124887983909, -0.088392159800, 0.006736276325], atol=1e-12
    )  # the same in every release
