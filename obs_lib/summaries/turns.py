"""The interactions of a day as sessions, turns and steps.

A session is all interactions of the day with one `session_id`. A turn is what the person asked; a step is one call to the
model: an interaction whose messages end with what a tool gave back goes on with the turn before it. The day knows nothing of
its neighbours: a session over midnight is one on each day (docs/decisions/0019-sessions-and-tools.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obs_lib.summaries.columns import Texts

Positions = NDArray[np.intp]

_AFTER_TOOL = '"role":"tool"}]'  # how canonical messages end whose last one is a tool's; no text inside can end so


@dataclass(frozen=True, slots=True)
class Steps:
    """Interactions in order: session by session, each by start and then request id. Arrays of one length.

    row : position in the day's interactions. turn : number of its turn, from 0 over the whole day, ascending. session :
    number of its session, likewise.
    """

    row: Positions
    turn: Positions
    session: Positions

    def __len__(self) -> int:
        return len(self.row)


def steps_of(interactions: pd.DataFrame, session: Texts) -> Steps:
    """The interactions that belong to a session; of equal times the first as given stays first.

    interactions : by request id. session : which session each belongs to.
    """
    times = interactions["timestamp"].dt.as_unit("us").astype("int64").to_numpy()
    row = np.flatnonzero(session.codes >= 0)
    row = row[np.lexsort((times[row], session.codes[row]))]
    begins = np.diff(session.codes[row], prepend=-1) != 0
    new_turn = begins | ~after_tool(interactions["messages"])[row]
    return Steps(row, np.cumsum(new_turn) - 1, np.cumsum(begins) - 1)


def after_tool(messages: pd.Series) -> NDArray[np.bool_]:
    """Whether each interaction answers what a tool gave back. messages : the column, canonical JSON."""
    ends = pc.ends_with(pa.array(messages, pa.string(), from_pandas=True), _AFTER_TOOL)
    return np.asarray(pc.fill_null(ends, False).to_numpy(zero_copy_only=False), dtype=bool)


def firsts(numbers: Positions) -> Positions:
    """Where each number of an ascending array begins."""
    return np.flatnonzero(np.diff(numbers, prepend=-1))


def lasts(numbers: Positions) -> Positions:
    """Where each number of an ascending array ends."""
    return np.flatnonzero(np.diff(numbers, append=numbers[-1] + 1 if len(numbers) else 0))
