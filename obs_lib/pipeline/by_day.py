"""Rows of several days, day by day."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from obs_lib.records import Day


def by_day(rows: pd.DataFrame, days: Sequence[Day]) -> list[pd.DataFrame]:
    """Return the rows of each of `days`, none for a day without any. rows : as `Lake.read` gives them, sorted by `day`.

    Slices of the one frame: a mask for each day would copy every payload.
    """
    names = [str(day) for day in days]
    first, end = (rows["day"].searchsorted(names, side=side) for side in ("left", "right"))
    return [rows.iloc[a:b] for a, b in zip(first, end, strict=True)]
