"""Rows are dealt to their days, whatever days are asked for."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.pipeline.by_day import by_day

DAYS = [dt.date(2024, 2, 27) + dt.timedelta(days=n) for n in range(5)]


@given(st.lists(st.sampled_from(DAYS)), st.lists(st.sampled_from(DAYS), unique=True))
def test_each_day_gets_its_own_rows_in_their_order(there: list[dt.date], asked: list[dt.date]) -> None:
    rows = pd.DataFrame({"day": pd.Series(sorted(map(str, there)), dtype="str"), "n": range(len(there))})
    for day, part in zip(asked, by_day(rows, asked), strict=True):
        assert part["n"].tolist() == rows[rows["day"] == str(day)]["n"].tolist()
