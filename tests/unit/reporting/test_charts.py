"""Points in boxes."""

from __future__ import annotations

import datetime as dt
import re

from hypothesis import given
from hypothesis import strategies as st

from obs_lib.reporting import charts, figures
from obs_lib.reporting.blocks import Panel, Series
from obs_lib.reporting.cells import Beside, Trend

VALUES = st.lists(st.none() | st.floats(-1e6, 1e9), min_size=1, max_size=30)


def panel(values: tuple[float | None, ...], **given: object) -> Panel:
    days = tuple(dt.date(2023, 6, 1) + dt.timedelta(days=n) for n in range(len(values)))
    return Panel("t", days, (Series("s", values),), str, "words", **given)  # type: ignore[arg-type]


def test_a_gap_breaks_the_line() -> None:
    drawn = figures.spark(Trend((1.0, 2.0, None, 3.0), "words"))
    assert drawn.line.path == "M4 20h0L33.3 12M92 4h0"
    assert drawn.line.end == ("92", "4")


def test_a_missing_last_day_has_no_end() -> None:
    drawn = figures.spark(Trend((1.0, 2.0, None), "words"))
    assert drawn.line.end is None
    assert drawn.missing == "92"


def test_nothing_known_draws_nothing() -> None:
    assert figures.spark(Trend((None, None), "words")).line.path == ""


def test_the_objective_shows_only_where_values_come_near() -> None:
    assert figures.spark(Trend((0.1, 0.3), "words", limit=0.2)).limit == "12"
    assert figures.spark(Trend((0.01, 0.02), "words", limit=0.2)).limit is None


def test_axes_are_round_and_shares_end_at_all() -> None:
    drawn = charts.plot(panel((0.11, 0.13, 0.37), limit=0.2, ceiling=1.0))
    assert [words for _, words in drawn.y_ticks] == ["0", "0.2", "0.4"]
    drawn = charts.plot(panel((0.72, 1.0, 0.98), limit=0.95, ceiling=1.0))
    assert drawn.y_ticks[-1][1] == "1"
    assert drawn.gaps == ()


def test_band_is_closed_and_breaks_at_gaps() -> None:
    band = ("chance", (0.0, 0.0, None, 0.0), (1.0, 1.0, None, 1.0))
    assert charts.plot(panel((0.5, 0.5, None, 0.5), band=band)).band.count("Z") == 2


def test_beyond_chance() -> None:
    assert figures.bar(Beside(0.15, 0.03, 0.05, 0.16, "")).beyond
    assert not figures.bar(Beside(0.0, 0.0, 0.0, 1.0, "")).beyond


@given(VALUES)
def test_everything_stays_in_its_box(values: list[float | None]) -> None:
    spark = figures.spark(Trend(tuple(values), "words"))
    plot = charts.plot(panel(tuple(values)))
    for path, width, height in ((spark.line.path, 96, 24), (plot.lines[0].path, 320, 150)):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
