"""The parts of a difference against arithmetic by hand, and their intervals against simulated services whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from obs_lib.stats.mix import LEAST, Decomposition, decompose
from obs_lib.stats.two_groups import MEAN, Answers, Kind

SHARE, MEDIAN = Kind(share=True), Kind(quantile=0.5)
MIXES = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
COMMON = MIXES.mean(axis=0)
LEVELS = np.array([5.0, 5.5, 6.0])
RATES = np.array([0.05, 0.1, 0.3])


def counted(*cells: tuple[int, int]) -> Answers:
    """Hits and answers of each cell."""
    value = np.concatenate([[1.0] * hits + [0.0] * (n - hits) for hits, n in cells])
    return Answers(value, np.ones(len(value)), None, np.repeat(np.arange(len(cells)), [n for _, n in cells]))


def test_kitagawas_parts_by_hand() -> None:
    a, b = counted((10, 100), (30, 100)), counted((20, 100), (150, 300))
    found = decompose(a, b, SHARE)
    # Shares .5/.5 and .25/.75, mean .375/.625; rates .1/.3 and .2/.5.
    assert found.whole.value == pytest.approx(170 / 400 - 40 / 200)
    assert found.behaviour is not None
    assert found.behaviour.value == pytest.approx(0.375 * 0.1 + 0.625 * 0.2)
    assert found.mix is not None
    assert found.mix.value == pytest.approx(-0.25 * 0.15 + 0.25 * 0.4)
    assert found.mix.value + found.behaviour.value == pytest.approx(found.whole.value)


def test_another_mix_alone_is_no_behaviour_and_the_reverse() -> None:
    same = decompose(counted((10, 100), (90, 300)), counted((30, 300), (30, 100)), SHARE)
    assert same.behaviour is not None
    assert same.behaviour.value == pytest.approx(0)
    assert same.mix is not None
    assert same.mix.high is not None
    assert same.mix.high < 0
    steady = decompose(counted((10, 100), (30, 100)), counted((30, 100), (60, 100)), SHARE)
    assert steady.mix is not None
    assert steady.mix.value == pytest.approx(0)


def test_segments_of_one_group_alone_are_mix() -> None:
    found = decompose(counted((10, 100)), counted((10, 100), (80, 100)), SHARE)
    assert found.behaviour is not None
    assert found.behaviour.value == pytest.approx(0)
    assert found.mix is not None
    assert found.mix.value == pytest.approx(found.whole.value) == pytest.approx(0.35)
    apart = decompose(counted((1, 10)), Answers(np.ones(9), np.ones(9), None, np.ones(9, np.intp)), SHARE)
    assert (apart.behaviour, apart.mix) == (None, None)
    one = decompose(counted((1, 10)), counted((2, 10)), SHARE)
    assert one.behaviour == one.whole
    assert one.mix == (0, 0, 0, 0, None)


def test_a_cell_of_few_answers_is_put_to_others_like_it() -> None:
    few = LEAST - 1
    found = decompose(counted((5, 50), (1, few), (1, few)), counted((5, 50), (2, 40), (2, 40)), SHARE)
    together = decompose(counted((5, 50), (2, 2 * few)), counted((5, 50), (4, 80)), SHARE)
    assert found.behaviour == pytest.approx(together.behaviour)


def _correlated(rng: np.random.Generator, n: int, users: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Normal numbers, of each user with an intra-class correlation of .3."""
    if not users:
        return rng.normal(size=n), None
    user = rng.integers(0, users, n)
    return np.sqrt(0.3) * rng.normal(size=users)[user] + np.sqrt(0.7) * rng.normal(size=n), user


def _drawn(kind: Kind, rng: np.random.Generator, n: int, side: int, users: int, *, moved: bool) -> Answers:
    cells = rng.choice(3, n, p=MIXES[side])
    scatter, user = _correlated(rng, n, users)
    by = side if moved else 0
    if kind.share:
        value = (ndtr(scatter) < (RATES + 0.05 * by)[cells]).astype(np.float64)
    else:
        value = np.exp((LEVELS + 0.1 * by)[cells] + 0.5 * scatter)
    return Answers(value, np.ones(n), None if user is None else user + 1000 * side, cells)


def truth(kind: Kind, *, moved: bool) -> tuple[float, float]:
    """The whole, and the behaviour in it."""
    by = 1.0 if moved else 0.0

    def of(mix: np.ndarray, side: float) -> float:
        if kind.share:
            return float((mix * (RATES + 0.05 * side)).sum())
        levels = LEVELS + 0.1 * side
        if kind is MEAN:
            return float((mix * np.exp(levels + 0.125)).sum())
        grid = np.linspace(4, 8, 40_001)
        return float(np.exp(np.interp(0.5, (mix * ndtr((grid[:, None] - levels) / 0.5)).sum(axis=1), grid)))

    return of(MIXES[1], by) - of(MIXES[0], 0), of(COMMON, by) - of(COMMON, 0)


def simulated(kind: Kind, users: int, *, moved: bool, times: int = 300) -> list[Decomposition]:
    rng = np.random.default_rng(7)
    return [
        decompose(_drawn(kind, rng, 300, 0, users, moved=moved), _drawn(kind, rng, 200, 1, users, moved=moved), kind)
        for _ in range(times)
    ]


@pytest.mark.parametrize("users", [0, 30])
@pytest.mark.parametrize("kind", [SHARE, MEAN, MEDIAN], ids=["share", "mean", "median"])
def test_intervals_of_whole_behaviour_and_mix_hold_what_is_true(kind: Kind, users: int) -> None:
    """Three parts of 300 each: 95% within four standard errors, and rather more than less where users are alike."""
    whole, behaviour = truth(kind, moved=True)
    truths = (whole, behaviour, whole - behaviour)
    held = np.zeros(3)
    for found in simulated(kind, users, moved=True):
        parts = (found.whole, found.behaviour, found.mix)
        held += [part.low <= true <= part.high for part, true in zip(parts, truths, strict=True)]  # type: ignore[union-attr, operator]
    assert (held / 300 >= 0.90).all(), held
    assert (held[:2] / 300 <= 0.999).all() or users, held


@pytest.mark.parametrize("users", [0, 30])
@pytest.mark.parametrize("kind", [SHARE, MEAN, MEDIAN], ids=["share", "mean", "median"])
def test_another_mix_alone_is_hardly_ever_taken_for_behaviour(kind: Kind, users: int) -> None:
    p_values = [found.behaviour.p_value for found in simulated(kind, users, moved=False) if found.behaviour]
    below = np.mean(np.array(p_values, float) <= 0.05)
    assert (0.0 if users else 0.015) <= below <= 0.09
    assert np.mean([found.whole.p_value <= 0.05 for found in simulated(kind, users, moved=False)]) > below  # type: ignore[operator]
