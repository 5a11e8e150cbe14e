from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from obs_lib.drift.baseline import DaySummary, window
from obs_lib.drift.options import DriftOptions

DAY = dt.date(2024, 3, 1)


@given(st.sets(st.integers(-40, 40)), st.integers(2, 30))
def test_the_window_holds_earlier_days_only_oldest_first(offsets: set[int], length: int) -> None:
    found = window(DAY, [DAY + dt.timedelta(days=n) for n in offsets], length)
    assert [(day - DAY).days for day in found] == sorted(n for n in offsets if -length <= n < 0)


def test_a_summary_without_rows_has_the_whole_as_its_only_segment(summary: Callable[..., DaySummary]) -> None:
    empty = summary(0)
    assert empty.segments == ("all",)
    assert empty.metric("error_rate", "all") is None
    assert empty.sketch("tokens", "all").empty


def test_a_value_that_is_missing_is_no_value(summary: Callable[..., DaySummary]) -> None:
    day = summary(0, {"error_rate": (float("nan"), None, 10), "refusal_rate": (0.1, None, 10)}, segment="route=a")
    assert day.segments == ("all", "route=a")
    assert day.metric("error_rate", "route=a") is None
    assert day.metric("refusal_rate", "route=a") == (0.1, None, 10, 10.0)


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"min_days must be at most window_days \(5\), found 6"):
        DriftOptions(window_days=5, min_days=6)
    with pytest.raises(ValidationError, match="min_changes must be 0 or more"):
        DriftOptions(min_changes={"error_rate": -0.1})
