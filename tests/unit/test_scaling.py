"""The simulation of a night at size: it keeps to what no schedule can beat, and the page says what it gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.scaling import PAGE, PLANS, Night, Plan, Rates, simulate, updated

RATES = Rates(encode=10, read=1000, sum=2000, start=1, load=5, fold=20)


def test_one_night_by_hand() -> None:
    """6 s to read, 2.25 to plan, 2 rounds of shards of 31, 3.25 to collect and sum up, 23 to fold."""
    night = simulate(Plan("", logged=5000, scored=1000, watches=1, shards=4, slots=2, hands=1), RATES)
    assert night == Night(wall=pytest.approx(6 + 2.25 + 2 * 31 + 3.25 + 23), models=4 * 31, others=6 + 2.25 + 3.25 + 23)


@given(
    st.builds(
        Plan,
        name=st.just(""),
        logged=st.integers(1, 10**7),
        scored=st.integers(1, 10**6),
        watches=st.integers(1, 12),
        shards=st.integers(1, 9),
        slots=st.integers(1, 20),
        hands=st.integers(1, 20),
    )
)
def test_no_night_is_faster_than_its_longest_chain_or_its_work_spread_evenly(plan: Plan) -> None:
    night = simulate(plan, RATES)
    alone = simulate(Plan("", plan.logged, plan.scored, plan.watches, plan.shards, 10**4, 10**4), RATES)
    least = max(alone.wall, night.models / plan.slots, night.others / plan.hands)
    assert least * (1 - 1e-9) <= night.wall
    assert night.wall <= (night.models + night.others) * (1 + 1e-9)  # one task after another
    assert (alone.models, alone.others) == (night.models, night.others)


def test_the_page_has_the_table_of_the_measured_rates() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert updated(text, Rates()) == text, "run `make docs`"
    assert all(plan.name in text for plan in PLANS)
