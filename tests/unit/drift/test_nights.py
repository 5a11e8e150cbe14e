"""The comparison over simulated nights, in small; `tests/benchmarks/bench_decisions.py` has the figures."""

from __future__ import annotations

import pytest

from tests.nights import CHANGES, QUIET, nights_to_find, quarter, told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["all of it together", "small and changing routes"])
def test_quiet_quarters_stay_within_the_budget(name: str) -> None:
    """Four quarters tell at most four things; a run of seeds that tells one a quarter exceeds eight in one case of fifty."""
    assert sum(len(told(quarter(QUIET[name], 90, seed))) for seed in range(4)) <= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["refusal 5% +5 points, n = 400", "latency +10%, n = 400"])
def test_what_one_night_misses_two_weeks_find(name: str) -> None:
    assert sum(nights_to_find(CHANGES[name], seed) is not None for seed in range(6)) >= 5


@pytest.mark.slow
def test_a_creep_is_found_before_it_is_its_own_baseline() -> None:
    nights = [nights_to_find(CHANGES["refusal, a creep of half a point a night, n = 400"], seed) for seed in range(5)]
    assert all(night is not None and night <= 20 for night in nights)
