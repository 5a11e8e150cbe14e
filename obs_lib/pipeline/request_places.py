"""Which requests of a day lie in the place of an incident."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.alerts.place import EVERYWHERE, Place
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import STAGE_SEGMENTS
from obs_lib.summaries.segments import Segments, sliced_by


def segments_of(ws: Workspace, rows: pd.DataFrame) -> Segments:
    """The segments of interactions, with at least the columns SLICED, as the day's summary has them."""
    names = ws.settings.segments
    return Segments(sliced_by(rows, names), names, ws.settings.summaries.max_segments)


def inside(segments: Segments, place: Place) -> NDArray[np.bool_]:
    """Whether each interaction lies in one of the place's segments. A place of stages alone lies in all of them."""
    wanted = place - frozenset(STAGE_SEGMENTS) or EVERYWHERE
    within = np.zeros(segments.size, dtype=bool)
    for segment, at in segments:
        if segment in wanted:
            within[at] = True
    return within
