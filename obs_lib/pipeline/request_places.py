"""Which requests of a day lie in the place of an incident."""

from __future__ import annotations

import numpy as np
import pandas as pd

from obs_lib.alerts.place import Place
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, STAGE_SEGMENTS
from obs_lib.summaries.segments import Segments


def segments_of(ws: Workspace, rows: pd.DataFrame) -> Segments:
    """The segments of interactions, with at least the column `tags`, as the day's summary has them."""
    return Segments(rows["tags"], ws.settings.segments, ws.settings.summaries.max_segments)


def in_place(ws: Workspace, rows: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Those that lie in one of the place's segments, in their order. A place of stages alone lies in all of them."""
    wanted = place - frozenset(STAGE_SEGMENTS)
    if not wanted or ALL in wanted:
        return rows
    inside = np.zeros(len(rows), dtype=bool)
    for segment, at in segments_of(ws, rows):
        inside[at] |= segment in wanted
    return rows[inside]
