"""Which requests of a day lie in the place of an incident."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.alerts.place import EVERYWHERE, Place
from obs_lib.pipeline.topics import with_topics
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import STAGE_SEGMENTS, Day
from obs_lib.summaries.segments import Segments, sliced_by


def segments_of(ws: Workspace, day: Day, rows: pd.DataFrame) -> Segments:
    """The segments of a day's interactions, with at least `request_id` and the columns SLICED, as its summary has them."""
    names = ws.settings.segments
    rows = with_topics(ws, [day], rows)
    return Segments(sliced_by(rows, names), names, ws.settings.summaries.max_segments)


def inside(segments: Segments, place: Place) -> NDArray[np.bool_]:
    """Whether each interaction lies in one of the place's segments. A place of stages alone lies in all of them."""
    wanted = place - frozenset(STAGE_SEGMENTS) or EVERYWHERE
    within = np.zeros(segments.size, dtype=bool)
    for segment, at in segments:
        if segment in wanted:
            within[at] = True
    return within
