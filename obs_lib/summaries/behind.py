"""The interactions behind a system metric: what of each of them it sums up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib import catalogue
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.arrays import UNKNOWN, Codes, OfEach, read_arrays
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.session_metrics import OfEachSession
from obs_lib.summaries.sessions import read_sessions
from obs_lib.summaries.tool_metrics import OfEachCall, of_tools
from obs_lib.summaries.tool_use import read_tool_use
from obs_lib.summaries.turns import Positions, steps_of


@dataclass(frozen=True)
class DayRows:
    """A day's rows of the tables, interactions by request id; vectors are bytes by text hash."""

    interactions: pd.DataFrame
    scores: pd.DataFrame
    vectors: Mapping[str, bytes]
    spans: pd.DataFrame


def has_interactions_behind(metric: str) -> bool:
    """Whether single interactions stand behind a system metric; not so of throughput, or of sums over sums."""
    return _measure(metric) is not None


def reads_texts(metric: str) -> bool:
    """Whether `value_of_each` needs every column of the interactions, and the other tables; else numbers and short names do."""
    measure = _measure(metric)
    return measure.reads_texts if isinstance(measure, OfEach) else isinstance(measure, OfEachSession | OfEachCall)


def is_of_sessions(metric: str) -> bool:
    """Whether it is whole sessions that stand behind it."""
    return isinstance(_measure(metric), OfEachSession)


def calling(day: DayRows, tools: Collection[str]) -> NDArray[np.bool_]:
    """Whether each interaction calls one of these tools, in its answer or by a span."""
    use = read_tool_use(day.interactions, day.spans)
    rows = np.concatenate([part.row[np.isin(part.tool, list(tools))] for part in (use.calls, use.runs)])
    found = np.zeros(len(day.interactions), dtype=bool)
    found[rows[rows >= 0]] = True
    return found


def value_of_each(metric: str, day: DayRows, options: SummaryOptions, tools: Collection[str] = ()) -> Floats:
    """What the metric sums up of each interaction, NaN for none; of a share 1 for what it counts, else 0.

    Of a share of sessions, that of its session; of a share of calls 1 where any of its calls is counted, of those of `tools`
    where any are named. KeyError for a metric without interactions behind it.
    """
    measure = _measure(metric)
    size = len(day.interactions)
    if isinstance(measure, OfEach):
        return measure.each(read_arrays(day.interactions, options))
    if isinstance(measure, OfEachSession):
        names = Texts(day.interactions["session_id"])
        if not names.distinct:
            return np.full(size, np.nan)
        sessions = read_sessions(day.interactions, names, day.scores, day.vectors, options)
        steps = steps_of(day.interactions, names)
        return _largest(steps.row, measure.verdicts(sessions)[steps.session], size)
    if isinstance(measure, OfEachCall):
        use = read_tool_use(day.interactions, day.spans)
        return _largest(*measure.hits(of_tools(use, tools) if tools else use), size)
    raise KeyError(metric)


def _measure(metric: str) -> OfEach | OfEachSession | OfEachCall | None:
    members: list[Any] = [one for group in catalogue.request_groups() for one in group.members]
    found = next((one.measure for one in members if one.metric.name == metric), None)
    return found if isinstance(found, OfEach | OfEachSession | OfEachCall) else None


def _largest(row: Positions, verdicts: Codes, size: int) -> Floats:
    """The largest verdict of each interaction, NaN where none is known. row : -1 for no interaction."""
    found = np.full(size, UNKNOWN, dtype=np.int8)
    np.maximum.at(found, row[row >= 0], verdicts[row >= 0])
    return np.where(found == UNKNOWN, np.nan, found.astype(np.float64))
