"""The interactions behind a metric, an incident or a segment: which they are, and which of them are taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue import metric_of, one_is_bad, score_of
from obs_lib.catalogue.distances import subject
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import EMBEDDINGS, INTERACTIONS, SCORES, SPANS
from obs_lib.pipeline.acts import incident_of
from obs_lib.pipeline.night import days_between
from obs_lib.pipeline.topics import with_topics
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, STAGE_SEGMENTS, TOOL_SEGMENT, TOPIC_SEGMENT, Day, Metric, ScoreStatus
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.behind import (
    DayRows,
    calling,
    has_interactions_behind,
    is_of_sessions,
    reads_texts,
    value_of_each,
)
from obs_lib.summaries.label_draw import draw_for_labels
from obs_lib.summaries.segments import Segments, sliced_by

How = Literal["worst", "drawn", "stratified"]

_LONG = ("prompt", "messages", "contexts", "response", "tools", "tool_calls", "reference")
_SHORT = [name for name in INTERACTIONS.names if name not in _LONG]
_CANDIDATE = ["day", "request_id", "timestamp", "value", "inclusion_probability", "case", "together", "stratum"]
_FAILED = 0.5  # at or under it an answer fails an evaluator that passes most


@dataclass(frozen=True, slots=True)
class Choice:
    """What a dataset is made of.

    days : oldest first; those that the lake does not have give nothing. metric : whose interactions; None for any. segments :
    in any of which an interaction must lie; empty for all. how : "worst" by the metric, the worst first and each case once;
    "drawn" by chance; "stratified" by ranges of a score, or else over the segments of the settings.
    """

    days: tuple[Day, ...]
    metric: Metric | None
    segments: tuple[str, ...]
    how: How
    n: int

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools whose segments are among them."""
        return tuple(name.removeprefix(TOOL_SEGMENT) for name in self.segments if name.startswith(TOOL_SEGMENT))

    @property
    def score(self) -> str | None:
        """The score that the metric sums up; None for a system metric, and without one."""
        return self.metric.evaluator if self.metric else None


def metric_named(name: str) -> Metric:
    """The metric of that name; ConfigError where there is none."""
    metric = metric_of(name)
    if metric is None:
        raise ConfigError("there is no such metric", rule="a name that `obs metrics` lists", found=name)
    return metric


def behind_incident(ws: Workspace, short: str) -> tuple[tuple[Day, ...], Metric | None, tuple[str, ...]]:
    """The days of an incident, the metric of its strongest signal with interactions behind it, and the segments of its place.

    ConfigError where the first digits name no incident, or several.
    """
    incident = incident_of(ws, short)
    known = (metric_of(subject(signal.metric)) for signal in incident.evidence)
    metric = next((one for one in known if one is not None and _of_interactions(one)), None)
    place = tuple(segment for segment in incident.place if segment not in (ALL, *STAGE_SEGMENTS))
    return tuple(days_between(incident.first_day, incident.last_day)), metric, place


def chosen(ws: Workspace, choice: Choice) -> pd.DataFrame:
    """The interactions to take, in the order of the dataset.

    Columns day, request_id, value (of the metric; NaN without one) and inclusion_probability (of having been scored and drawn;
    NaN for the worst, which are picked). ConfigError where nothing can be chosen so, or there is nothing.
    """
    if choice.how == "worst" and choice.metric is None:
        raise ConfigError("nothing says which are the worst", rule="a metric", fix="name one, or use --how drawn")
    found = [_of_day(ws, day, choice) for day in choice.days if _there(ws, day)]
    rows = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    if rows.empty:
        what = f"behind {choice.metric.name}" if choice.metric else "there"
        raise ConfigError(
            f"no interactions stand {what} on these days",
            found=", ".join((*map(str, choice.days[:1]), *map(str, choice.days[1:][-1:]), *choice.segments)),
            where=ws.lake.root,
            fix="`obs days` lists the days of the lake",
        )
    rows = rows.sort_values(["day", "request_id"], ignore_index=True)
    return {"worst": _worst, "drawn": _drawn, "stratified": _stratified}[choice.how](rows, choice)


def _there(ws: Workspace, day: Day) -> bool:
    record = ws.lake.record(day, "ingest")
    return record is not None and record.readable


def _of_interactions(metric: Metric) -> bool:
    return metric.evaluator is not None or has_interactions_behind(metric.name)


def _of_day(ws: Workspace, day: Day, choice: Choice) -> pd.DataFrame:
    """A day's candidates, columns _CANDIDATE.

    case : of equal ones only one is taken as the worst. together : what is kept side by side among equally bad ones. stratum :
    the segments that the interaction lies in.
    """
    measured = None if choice.score is not None else choice.metric
    tags = dict.fromkeys((*ws.settings.segments, *(name.partition("=")[0] for name in choice.segments)))
    of_day = _read(ws, day, whole=bool(choice.tools) or (measured is not None and reads_texts(measured.name)))
    rows = of_day.interactions
    slices = Segments(sliced_by(with_topics(ws, [day], rows), list(tags)), list(tags), len(rows))
    rows = rows.assign(
        value=np.nan if measured is None else _measured(ws, of_day, measured, choice.tools),
        inclusion_probability=1.0,
        case=rows["request_id"],
        together=rows["session_id" if measured is not None and is_of_sessions(measured.name) else "request_id"],
        stratum=_strata(slices),
    )
    if choice.segments:
        rows = rows[_inside(of_day, slices, choice)]
    if any(name.startswith(TOPIC_SEGMENT) for name in choice.segments):
        rows = _drawn_alone(ws, day, rows)
    if choice.score is not None:
        rows = rows.drop(columns=["value", "inclusion_probability", "case"]).merge(_scores(ws, day, choice.score))
    return rows[_CANDIDATE] if choice.metric is None else rows.dropna(subset=["value"])[_CANDIDATE]


def _read(ws: Workspace, day: Day, *, whole: bool) -> DayRows:
    """The day's rows; without texts and the other tables where those are not needed."""
    days = [day] if whole else []
    stored = ws.lake.read(EMBEDDINGS, days)
    vectors = dict(zip(stored["text_hash"], stored["vector"], strict=True))
    interactions = ws.lake.read(INTERACTIONS, [day], None if whole else ["day", *_SHORT])
    return DayRows(interactions, ws.lake.read(SCORES, days), vectors, ws.lake.read(SPANS, days))


def _strata(slices: Segments) -> NDArray[np.object_]:
    stratum = np.empty(slices.size, dtype=object)
    for names, positions in slices.cells():
        stratum[positions] = " ".join(names)
    return stratum


def _inside(of_day: DayRows, slices: Segments, choice: Choice) -> NDArray[np.bool_]:
    """Whether each interaction lies in one of the segments, those of tools among them."""
    inside = calling(of_day, choice.tools) if choice.tools else np.zeros(slices.size, dtype=bool)
    for name, positions in slices:
        if name in choice.segments:
            inside[positions] = True
    return inside


def _drawn_alone(ws: Workspace, day: Day, rows: pd.DataFrame) -> pd.DataFrame:
    """Of a day that was sampled, the interactions that were drawn, with their chance of it: others have a topic by accident."""
    scores = ws.lake.read(SCORES, [day], ["request_id", "inclusion_probability"])
    chance = scores.groupby("request_id")["inclusion_probability"].max()
    if not chance.lt(1).any():
        return rows
    drawn = rows[rows["request_id"].isin(chance.index)]
    return drawn.assign(inclusion_probability=drawn["request_id"].map(chance))


def _scores(ws: Workspace, day: Day, score: str) -> pd.DataFrame:
    """What one evaluator said of the interactions that it has scored."""
    columns = ["request_id", "evaluator", "status", "value", "inclusion_probability", "case"]
    rows = ws.lake.read(SCORES, [day], columns, where={"evaluator": [score], "status": [ScoreStatus.SCORED.value]})
    return rows.dropna(subset=["value"])[["request_id", "value", "inclusion_probability", "case"]]


def _measured(ws: Workspace, of_day: DayRows, metric: Metric, tools: tuple[str, ...]) -> Floats:
    if not has_interactions_behind(metric.name):
        raise ConfigError(
            "no single interactions stand behind this metric",
            rule="a metric of a score, or of a number that each interaction has",
            found=metric.name,
        )
    return value_of_each(metric.name, of_day, ws.settings.summaries, tools)


def _worst(rows: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The worst first; of equal ones that with the smaller hash. A case that is there already is not taken again."""
    score, metric = choice.score, choice.metric
    lowest = not one_is_bad(score) if score else metric is not None and metric.direction == "higher_is_better"
    declared = score_of(score) if score else None
    if declared is not None and declared.pass_fail:
        rows = rows[rows["value"] <= _FAILED]
    elif metric is not None and score is None and metric.unit == "share":
        rows = rows[rows["value"] < 1] if lowest else rows[rows["value"] > 0]  # the bad ones
    chance = _chances("worst", rows["day"], rows["together"])
    order = np.lexsort((rows["timestamp"], chance, rows["value"] if lowest else -rows["value"]))
    first = rows.iloc[order].drop_duplicates("case").head(choice.n)
    return first.assign(inclusion_probability=np.nan)


def _drawn(rows: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """Each with the same probability, in an order drawn by chance."""
    taken = rows.iloc[np.argsort(_chances("dataset", rows["day"], rows["request_id"]), kind="stable")[: choice.n]]
    return taken.assign(inclusion_probability=taken["inclusion_probability"] * len(taken) / len(rows))


def _stratified(rows: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """By a score as labels are drawn, so that each range of it is there; else as many of each segment as it has."""
    if choice.score is not None:
        return draw_for_labels(rows, choice.n)
    parts = [part for _, part in rows.groupby("stratum", sort=True)]
    quota = [0] * len(parts)
    while sum(quota) < min(choice.n, len(rows)):
        least = min(range(len(parts)), key=lambda at: (quota[at] >= len(parts[at]), quota[at], at))
        quota[least] += 1
    return pd.concat([_drawn(part, replace(choice, n=n)) for part, n in zip(parts, quota, strict=True) if n])


def _chances(salt: str, *named: pd.Series) -> NDArray[np.uint64]:
    """A number for each name that nobody can foresee and everybody finds again."""
    names = ["\x00".join((salt, *map(str, parts))) for parts in zip(*named, strict=True)]
    return np.array([int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) for name in names], dtype=np.uint64)
