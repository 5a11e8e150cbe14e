"""The slowest traces of a day, kept small enough to be drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from obs_lib.excerpts import SlowSpan, SlowTrace
from obs_lib.records import ALL, STAGES
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import Sketch
from obs_lib.summaries.stages import Times, Traces
from obs_lib.summaries.traces import Trace

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LONGEST_NAME = 200
_LONGEST_ERROR = 300


def slow_traces(
    traces: Traces, times: Times, interactions: pd.DataFrame, segments: Segments, options: SummaryOptions
) -> Iterator[Sketch]:
    """The `options.slow_traces` traces of the longest duration, equally long ones by their id.

    interactions : in the order in which `segments` knows them. Of each trace the `options.trace_spans` longest spans are kept;
    a span is at most as long as its parent, so the parents of what is kept are kept too.
    """
    row_of = pd.Index(interactions["request_id"])
    slowest = np.argsort(-times.duration, kind="stable")[: options.slow_traces]  # traces come by their id
    for rank, n in enumerate(slowest.tolist()):
        first, behind = traces.bounds(n)
        rows = traces.rows.iloc[first:behind]
        request = next((name for name in rows["request_id"] if isinstance(name, str)), None)
        row = row_of.get_indexer([request])[0] if request is not None else -1
        trace = SlowTrace(
            trace_id=_cut(rows["trace_id"].iloc[0], _LONGEST_NAME),
            request_id=_cut(request, _LONGEST_NAME),
            segment=segments.route(int(row)) if row >= 0 else "",
            **_drawn(rows, traces.trace(n), options.trace_spans),
        )
        yield "traces", ALL, f"{rank:02d}", len(rows), trace.encode()


def _drawn(rows: pd.DataFrame, trace: Trace, most: int) -> dict[str, Any]:
    """The spans that are kept, with what there is of their trace."""
    length = [end - start for start, end in zip(trace.start, trace.end, strict=True)]
    depth = _depths(trace.parent)
    kept = sorted(range(len(length)), key=lambda at: (-length[at], depth[at], at))[:most]
    order = _nested(set(kept), trace)
    place = {at: n for n, at in enumerate(order)}
    return {
        "start": (_EPOCH + dt.timedelta(microseconds=trace.begin)).isoformat(),
        "duration_ms": trace.duration / 1000,
        "left_out": len(length) - len(order),
        "spans": tuple(_span(rows.iloc[at], trace, at, place) for at in order),
        "path": tuple(
            (place[at], (start - trace.begin) / 1000, (end - trace.begin) / 1000)
            for at, start, end in trace.path
            if at in place
        ),
    }


def _span(row: pd.Series, trace: Trace, at: int, place: dict[int, int]) -> SlowSpan:
    return SlowSpan(
        name=_cut(row["name"], _LONGEST_NAME),
        stage=row["stage"] if row["stage"] in STAGES else "other",
        parent=place.get(trace.parent[at]),
        start_ms=(trace.start[at] - trace.begin) / 1000,
        duration_ms=(trace.end[at] - trace.start[at]) / 1000,
        logged_ms=None if pd.isna(row["duration_ms"]) else float(row["duration_ms"]),
        error=_cut(row["error"], _LONGEST_ERROR),
        critical=trace.walked[at],
        critical_ms=trace.critical[at] / 1000,
    )


def _depths(parent: list[int]) -> list[int]:
    """How many spans each span stands in."""
    depth = [-1] * len(parent)
    for at in range(len(parent)):
        line = []
        while at >= 0 and depth[at] < 0:
            line.append(at)
            at = parent[at]
        below = depth[at] if at >= 0 else -1
        for n, span in enumerate(reversed(line), 1):
            depth[span] = below + n
    return depth


def _nested(kept: set[int], trace: Trace) -> list[int]:
    children: dict[int, list[int]] = {}
    for at in sorted(kept, key=lambda at: (-trace.start[at], -at)):  # reversed, as they are taken from the end
        children.setdefault(trace.parent[at], []).append(at)
    order, todo = [], children.get(-1, [])
    while todo:
        at = todo.pop()
        order.append(at)
        todo += children.get(at, [])
    return order


def _cut(text: object, limit: int) -> str | None:
    if not isinstance(text, str):
        return None
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"
