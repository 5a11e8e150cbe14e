"""What the stages of a request cost: a day's spans become durations, shares, error rates and critical paths by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.records import STAGES
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.traces import Trace, trace_of

_LONGEST_US = 7 * 86_400 * 1_000_000  # a week: longer spans are cut, so that sums of times stay exact
_OTHER = STAGES.index("other")


class Traces:
    """The spans of a day, trace by trace. `rows` are those that have a start, by trace and span id.

    Plain lists where each span is looked at by itself: a span costs some microseconds, whatever the traces' shapes.
    """

    def __init__(self, spans: pd.DataFrame) -> None:
        self.rows = spans[spans["start"].notna()].sort_values(["trace_id", "span_id"], ignore_index=True)
        codes = self.rows["trace_id"].factorize()[0].astype(np.int64)
        self.of_span: NDArray[np.int64] = codes
        """Number of the trace that each row belongs to, from 0 on."""
        self._bounds = [*np.flatnonzero(np.diff(codes, prepend=-1)).tolist(), len(codes)]
        self.stage: NDArray[np.int64] = _stage_numbers(self.rows["stage"])
        start = self.rows["start"].dt.tz_convert(None).to_numpy("datetime64[us]").astype(np.int64)
        duration = np.nan_to_num(self.durations * 1000.0, nan=0.0, posinf=_LONGEST_US)
        length = np.rint(np.clip(duration, 0, _LONGEST_US)).astype(np.int64)
        self._start, self._end, self._stages = start.tolist(), (start + length).tolist(), self.stage.tolist()
        self._span, self._parent = self.rows["span_id"].tolist(), self.rows["parent_id"].tolist()

    @property
    def durations(self) -> Floats:
        """Of each row in ms, as logged; NaN where the log does not say."""
        return self.rows["duration_ms"].to_numpy(dtype=np.float64, na_value=np.nan)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __iter__(self) -> Iterator[Trace]:
        return map(self.trace, range(len(self)))

    def bounds(self, n: int) -> tuple[int, int]:
        """The first row of the n-th trace and the one behind its last."""
        return self._bounds[n], self._bounds[n + 1]

    def trace(self, n: int) -> Trace:
        """The n-th trace, measured."""
        first, behind = self.bounds(n)
        position = {span: at for at, span in enumerate(self._span[first:behind])}
        parent = [position.get(name, -1) for name in self._parent[first:behind]]
        return trace_of(self._start[first:behind], self._end[first:behind], parent, self._stages[first:behind])


@dataclass(frozen=True, slots=True)
class Times:
    """What was measured of a day's traces.

    outermost : for each row. own, critical : microseconds by trace and stage, shape (traces, stages).
    duration : microseconds of each trace.
    """

    outermost: NDArray[np.bool_]
    own: Floats
    critical: Floats
    duration: NDArray[np.int64]


def measure(traces: Traces) -> Times:
    """Go through all traces once."""
    outermost: list[bool] = []
    own: list[int] = []
    critical: list[int] = []
    duration: list[int] = []
    for one in traces:
        outermost += one.outermost
        own += one.own
        critical += one.critical
        duration.append(one.duration)
    return Times(
        np.array(outermost, dtype=bool),
        _by_stage(traces, own),
        _by_stage(traces, critical),
        np.array(duration, dtype=np.int64),
    )


def _stage_numbers(stage: pd.Series) -> NDArray[np.int64]:
    """Positions in STAGES; what is none of them counts as other."""
    known = {name: number for number, name in enumerate(STAGES)}
    numbers: NDArray[np.int64] = stage.map(known).fillna(_OTHER).to_numpy().astype(np.int64)
    return numbers


def _by_stage(traces: Traces, times: list[int]) -> Floats:
    cells = traces.of_span * len(STAGES) + traces.stage
    summed = np.bincount(cells, weights=np.array(times, dtype=np.float64), minlength=len(traces) * len(STAGES))
    return summed.astype(np.float64).reshape(len(traces), len(STAGES))
