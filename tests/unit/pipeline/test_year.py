"""A night of a lake that is months old takes what one of its second month takes; `make year` plays all of a year."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.year import ROWS, median, summed
from tests.year import CYCLE, Year

pytestmark = [pytest.mark.slow, pytest.mark.long]

AT_MOST = 1.2


def test_a_night_takes_no_more_for_the_days_before_it(tmp_path: Path) -> None:
    year = Year(tmp_path / "year", per_route=20)
    nights = [year.night() for _ in range(3 * CYCLE)]
    early, late = nights[CYCLE : 2 * CYCLE], nights[-CYCLE:]
    for what, of in (
        ("processor", lambda one: one.processor),
        ("memory", lambda one: one.memory),
        ("disk of rows", summed("size", ROWS)),
        ("files of rows", summed("files", ROWS)),
    ):
        assert median(of, late) <= AT_MOST * median(of, early), what
    states = summed("files", ("days", "days_settled"))
    assert median(states, late) <= AT_MOST * median(states, early)
