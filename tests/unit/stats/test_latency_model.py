from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.latency_model import MIN_ROWS, cells, fit, merge, pack, unpack

OVERHEAD, SLOPE, NOISE = 80.0, 0.5, 0.3


def traffic(seed: int, n: int = 5000) -> tuple[np.ndarray, np.ndarray]:
    """Input tokens, and times to first token with lognormal noise."""
    rng = np.random.default_rng(seed)
    tokens = rng.lognormal(6, 0.8, n).round()
    return tokens, (OVERHEAD + SLOPE * tokens) * rng.lognormal(0, NOISE, n)


def test_the_line_is_found() -> None:
    tokens, latency = traffic(0)
    line = fit(cells([tokens], latency))
    assert line is not None
    assert line.theta == pytest.approx([OVERHEAD, SLOPE], rel=0.05)
    assert line.spread == pytest.approx(NOISE, rel=0.05)
    assert line.predict(np.array([[1000.0]])) == pytest.approx(OVERHEAD + SLOPE * 1000, rel=0.03)


def test_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    held = []
    for seed in range(300):
        tokens, latency = traffic(seed, 400)
        line = fit(cells([tokens], latency))
        assert line is not None
        held.append(np.abs(line.theta - [OVERHEAD, SLOPE]) < 1.96 * np.sqrt(np.diag(line.covariance)))
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=0.04)


def test_requests_that_hang_do_not_turn_the_line() -> None:
    tokens, latency = traffic(1)
    latency[::100] = 600_000.0
    line = fit(cells([tokens], latency))
    assert line is not None
    assert line.predict(np.array([[500.0]])) == pytest.approx(OVERHEAD + SLOPE * 500, rel=0.1)


def test_two_kinds_of_tokens_are_told_apart_and_one_that_is_never_there_costs_nothing() -> None:
    rng = np.random.default_rng(2)
    given_, made = rng.lognormal(7, 1, 8000).round(), rng.lognormal(4, 1, 8000).round()
    latency = (50 + 0.4 * given_ + 20 * made) * rng.lognormal(0, 0.2, 8000)
    line = fit(cells([given_, made], latency))
    assert line is not None
    assert line.theta == pytest.approx([50, 0.4, 20], rel=0.1)
    alone = fit(cells([np.zeros(8000), made], (50 + 20 * made) * rng.lognormal(0, 0.2, 8000)))
    assert alone is not None
    assert alone.theta == pytest.approx([50, 0, 20], rel=0.1)
    assert alone.covariance[1, 1] == 0


def test_no_part_is_below_zero() -> None:
    tokens, latency = traffic(3, 200)
    line = fit(cells([tokens], latency[::-1]))  # tokens of other requests: they explain nothing
    falling = fit(cells([tokens], 1e4 / (1 + tokens)))
    assert line is not None
    assert falling is not None
    assert (line.theta >= 0).all()
    assert falling.theta[1] == 0


def test_a_week_is_its_days_side_by_side() -> None:
    days = [cells([tokens], latency) for tokens, latency in map(traffic, range(7))]
    everything = [np.concatenate(columns) for columns in zip(*map(traffic, range(7)), strict=True)]
    week, at_once = fit(merge(days)), fit(cells([everything[0]], everything[1]))
    assert week is not None
    assert at_once is not None
    assert week.theta == pytest.approx(at_once.theta, rel=0.01)


@pytest.mark.parametrize(("model", "kinds"), [("ttft", 1), ("total", 2)])
def test_packed_cells_come_back(model: str, kinds: int) -> None:
    tokens, latency = traffic(4, 300)
    before = cells([tokens] * kinds, latency)
    after = unpack(model, pack(before))
    for name in ("n", "x", "log_y", "within"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_too_few_requests_have_no_line() -> None:
    assert fit(cells([np.arange(1.0, MIN_ROWS)], np.arange(1.0, MIN_ROWS))) is None
    assert fit(cells([np.arange(MIN_ROWS) + 1.0], np.arange(MIN_ROWS) + 1.0)) is not None


@given(
    st.lists(
        st.tuples(
            st.one_of(st.just(float("nan")), st.integers(0, 3_000_000).map(float)),
            st.one_of(st.just(float("nan")), st.floats(-10, 1e6)),
        ),
        max_size=60,
    )
)
def test_cells_hold_every_usable_row_and_nothing_else(rows: list[tuple[float, float]]) -> None:
    table = np.array(rows, dtype=float).reshape(-1, 2)
    found = cells([table[:, 0]], table[:, 1])
    usable = table[(table[:, 1] > 0) & (table[:, 0] >= 0)]
    assert found.rows == len(usable)
    assert float(found.n @ found.x[:, 0]) == pytest.approx(usable[:, 0].sum())
    if len(usable):
        logs = np.log(usable[:, 1])
        assert float(found.n @ found.log_y) == pytest.approx(float(logs.sum()), abs=1e-9)
        around = found.within.sum() + found.n @ np.square(found.log_y - logs.mean())
        assert around == pytest.approx(float(np.square(logs - logs.mean()).sum()), abs=1e-6)
    line = fit(found)
    assert line is None or np.isfinite([*line.theta, line.spread, *line.covariance.ravel()]).all()
