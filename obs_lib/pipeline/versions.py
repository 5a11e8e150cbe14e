"""Two versions of a model or of its prompt over days of the lake, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue import groups, occasional, quality
from obs_lib.drift.side_by_side import Line, Measured, side_by_side
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import INTERACTIONS, SCORES
from obs_lib.pipeline.topics import with_topics
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, Metric, ScoreStatus
from obs_lib.stats.intervals import Floats
from obs_lib.stats.two_groups import Answers
from obs_lib.summaries.arrays import OfEach, read_arrays
from obs_lib.summaries.clusters import unit_of_chance
from obs_lib.summaries.segments import Segments, sliced_by
from obs_lib.summaries.sketches import prompt_keys

By = Literal["model_version", "prompt_version"]
FALSE_ALARMS = 0.05

_UNREAD = ("messages", "tools", "reference")
_COLUMNS = ["day", *(name for name in INTERACTIONS.names if name not in _UNREAD)]
_NAMED = 10  # versions that a message names


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two versions and what became of each metric."""

    by: By
    a: str
    b: str
    segment: str
    n_a: int
    n_b: int
    days_a: tuple[str, ...]
    days_b: tuple[str, ...]
    """Days that have answers of each."""
    prompts: int
    """Prompts that both answered, within the same segments."""
    lines: tuple[Line, ...]

    @property
    def days_of_both(self) -> int:
        """Days that have answers of both."""
        return len(set(self.days_a) & set(self.days_b))


@dataclass(frozen=True)
class _Rows:
    """The interactions of both versions, as arrays in their order. of : 0 for the first version, 1 for the second."""

    frame: pd.DataFrame
    of: NDArray[np.intp]
    clusters: NDArray[np.int64] | None
    cells: NDArray[np.intp]
    prompts: NDArray[np.int64]
    """A code for each prompt in each cell; -1 for none."""


def compare_versions(
    ws: Workspace,
    names: tuple[str, str],
    days: Sequence[Day] | None = None,
    *,
    by: By = "model_version",
    segment: str = ALL,
    false_alarms: float = FALSE_ALARMS,
) -> SideBySide:
    """Compare the answers of two versions, the first in the baseline's place.

    days : those that the lake does not have give nothing; None for all it has. ConfigError where a version has no answer there.
    """
    days = [record.day for record in ws.lake.records(days, "ingest") if record.readable]
    rows = _read(ws, names, days, by, segment)
    measured = [*_system(ws, rows), *_quality(ws, rows, days)]
    lines = side_by_side(measured, ws.settings.drift, false_alarms)
    of_day = [tuple(sorted(set(rows.frame["day"][rows.of == side].astype(str)))) for side in (0, 1)]
    n_a, n_b = (int(np.count_nonzero(rows.of == side)) for side in (0, 1))
    both = _shared(rows, np.ones(len(rows.of), dtype=bool))
    return SideBySide(by, *names, segment, n_a, n_b, of_day[0], of_day[1], len(both), tuple(lines))


def _read(ws: Workspace, names: tuple[str, str], days: Sequence[Day], by: By, segment: str) -> _Rows:
    frame = ws.lake.read(INTERACTIONS, days, _COLUMNS, where={by: names}).reset_index(drop=True)
    frame = with_topics(ws, days, frame)
    tags = ws.settings.segments
    if segment != ALL:
        sliced = [segment.partition("=")[0]]
        slices = dict(Segments(sliced_by(frame, sliced), sliced, len(frame)))
        frame = frame.iloc[slices.get(segment, np.array([], dtype=np.intp))].reset_index(drop=True)
    for name in names:
        if not (frame[by] == name).any():
            raise _unknown(ws, name, days, by, segment)
    cells = np.zeros(len(frame), dtype=np.intp)
    of_cells = Segments(sliced_by(frame, tags), tags, ws.settings.summaries.max_segments).cells()
    for number, (_, positions) in enumerate(of_cells):
        cells[positions] = number
    of = (frame[by] == names[1]).to_numpy().astype(np.intp)
    asked = prompt_keys(frame).codes.astype(np.int64)
    prompts = np.where(asked < 0, -1, asked * (int(cells.max()) + 1) + cells)
    return _Rows(frame, of, unit_of_chance(frame), cells, prompts)


def _unknown(ws: Workspace, name: str, days: Sequence[Day], by: By, segment: str) -> ConfigError:
    counts = ws.lake.read(INTERACTIONS, days, ["day", by])[by].value_counts()
    known = ", ".join(str(one) for one in counts.index[:_NAMED]) or "none"
    return ConfigError(
        f"no answer of {name!r} in {segment} on these days",
        rule=f"a {by} of the days",
        found=known + (" ..." if len(counts) > _NAMED else ""),
        where=ws.lake.root,
        fix="`obs days` lists the days of the lake",
    )


def _system(ws: Workspace, rows: _Rows) -> Iterator[Measured]:
    """The metrics that sum up one number of each interaction; totals follow the traffic, and parts their whole."""
    arrays = read_arrays(rows.frame, ws.settings.summaries)
    for member in (member for group in groups("interactions") for member in group.members):
        metric = member.metric
        if isinstance(member.measure, OfEach) and not metric.extensive and metric.part_of is None:
            values = np.asarray(member.measure.each(arrays), dtype=np.float64)
            if not np.isnan(values).all():
                yield _measured(metric, rows, values, np.ones(len(values)))


def _quality(ws: Workspace, rows: _Rows, days: Sequence[Day]) -> Iterator[Measured]:
    """The metrics of the scores that the nights gave."""
    columns = ["day", "request_id", "evaluator", "status", "value", "inclusion_probability"]
    scores = ws.lake.read(SCORES, days, columns, where={"status": [ScoreStatus.SCORED.value]}).dropna(subset=["value"])
    place = pd.MultiIndex.from_frame(rows.frame[["day", "request_id"]].astype(str))
    at = place.get_indexer(pd.MultiIndex.from_frame(scores[["day", "request_id"]].astype(str)))
    scores = scores.assign(at=at)[at >= 0]
    of_score = {str(name): part for name, part in scores.groupby("evaluator", sort=True)}
    for metric in (*quality(), *occasional(of_score)):
        part = of_score.get(metric.evaluator or metric.name)
        if part is not None:
            values, weights = np.full(len(rows.of), np.nan), np.ones(len(rows.of))
            values[part["at"]] = metric.averaged(part["value"].to_numpy(dtype=np.float64))
            weights[part["at"]] = 1 / part["inclusion_probability"].to_numpy(dtype=np.float64)
            yield _measured(metric, rows, values, weights)


def _measured(metric: Metric, rows: _Rows, values: Floats, weights: Floats) -> Measured:
    known = ~np.isnan(values)
    sides = []
    for side in (0, 1):
        some = known & (rows.of == side)
        clusters = None if rows.clusters is None else rows.clusters[some]
        sides.append(Answers(values[some], weights[some], clusters, rows.cells[some]) if some.any() else None)
    means = _means_by_prompt(rows, values, known)
    return Measured(metric, sides[0], sides[1], means)


def _means_by_prompt(rows: _Rows, values: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    shared = _shared(rows, known)
    sums = []
    for side in (0, 1):
        some = known & (rows.of == side) & np.isin(rows.prompts, shared)
        code = np.searchsorted(shared, rows.prompts[some])
        sums.append(np.bincount(code, values[some], len(shared)) / np.bincount(code, minlength=len(shared)))
    return sums[0], sums[1]


def _shared(rows: _Rows, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Prompts that both versions answered, of the rows that are known; in order."""
    first, second = (np.unique(rows.prompts[known & (rows.of == side) & (rows.prompts >= 0)]) for side in (0, 1))
    return np.intersect1d(first, second)
