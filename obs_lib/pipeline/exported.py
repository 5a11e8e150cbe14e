"""What leaves of a day for other systems, read from the lake: scores, and numbers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, Literal

import pandas as pd

from obs_lib.alerts.objectives import objective
from obs_lib.alerts.storage import from_frame
from obs_lib.catalogue import all_metrics, metric_of, score_of
from obs_lib.catalogue.judged import judged
from obs_lib.digests import digest_of
from obs_lib.errors import DayNotReady
from obs_lib.lake.table import Table
from obs_lib.lake.tables import ALERTS, DRIFT, INTERACTIONS, METRICS, SCORES
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import (
    OWN_SCORE,
    ComparedNumber,
    Day,
    DriftVerdict,
    ExportedScore,
    Metric,
    MetricStatus,
    MetricValue,
    NightNumbers,
    ScoreStatus,
)
from obs_lib.redaction.columns import shown_rows

_LONGEST = 500  # characters of an explanation
_SCORES = ("day", "request_id", "evaluator", "version", "value")


def scores_of(ws: Workspace, day: Day, *, explanations: bool) -> Iterator[ExportedScore]:
    """Every score of the day that has a value, by interaction and evaluator. explanations : whether with evidence, masked.

    What was skipped or failed is none: those systems would show it as a value. DayNotReady while the day is being written.
    """
    cascades = {name for name, judge in ws.settings.judges.items() if judge.cascade is not None}
    columns = [*_SCORES, "status", "evidence"] if explanations or cascades else [*_SCORES, "status"]
    scores = ws.lake.read_ready(SCORES, day, columns)
    scores = scores[scores["status"] == ScoreStatus.SCORED.value]
    asked = _asked(scores, cascades)
    if explanations:
        scores = shown_rows(SCORES, scores, ws.redactor)
    by_model = {*ws.settings.judges, *ws.settings.judged_scores}
    cuts = {name: _cut_of(name) for name in scores["evaluator"].unique()}
    places = _places(ws, day)
    quoted = scores["evidence"] if explanations else [None] * len(scores)
    rows = zip(*(scores[name] for name in _SCORES[1:]), quoted, asked, strict=True)
    for request, evaluator, version, value, evidence, was_asked in rows:
        if request not in places:
            raise _changing(ws, day)
        trace, at = places[request]
        yield ExportedScore(
            id=score_id(day, request, evaluator, version),
            request_id=request,
            trace_id=_text(trace),
            at=at.to_pydatetime(),
            evaluator=evaluator,
            version=version,
            value=float(value),
            label=_label(cuts[evaluator], value),
            by_model=evaluator in by_model and was_asked,
            explanation=_explanation(evidence),
        )


def score_id(day: Day, request_id: str, evaluator: str, version: str) -> str:
    """What a score is called outside: the same whenever the same version scores the same interaction again."""
    return OWN_SCORE + digest_of(str(day), request_id, evaluator, version)


def numbers_of(ws: Workspace, day: Day) -> NightNumbers:
    """What the night of a day found, as far as the lake holds it."""
    metrics = [_metric_value(day, row) for row in _shown(ws, METRICS, day)]
    named = {name: known for name in sorted({one.metric for one in metrics}) if (known := metric_of(name)) is not None}
    limits = {name: objective(metric, ws.settings.alerts) for name, metric in named.items()}
    incidents = from_frame(shown_rows(ALERTS, ws.lake.read(ALERTS, [day]), ws.redactor))
    return NightNumbers(
        watch=ws.settings.name,
        day=day,
        metrics=metrics,
        units={name: metric.unit for name, metric in named.items()},
        objectives={name: limit for name, limit in limits.items() if limit is not None},
        comparisons=[_compared(row) for row in _shown(ws, DRIFT, day)],
        incidents=[one for one in incidents if one.is_open],
    )


def _places(ws: Workspace, day: Day) -> dict[str, tuple[Any, pd.Timestamp]]:
    """(trace, beginning) by interaction."""
    rows = ws.lake.read_ready(INTERACTIONS, day, ["day", "request_id", "trace_id", "timestamp"])
    return dict(zip(rows["request_id"], zip(rows["trace_id"], rows["timestamp"], strict=True), strict=True))


def _changing(ws: Workspace, day: Day) -> DayNotReady:
    return DayNotReady(
        f"scores of {day} are of interactions that are not there", where=ws.lake.root, fix=f"run `obs run {day}`"
    )


def _asked(scores: pd.DataFrame, cascades: Collection[str]) -> list[bool]:
    """Of each score whether its judge gave it, if it is a judge's: a cascade keeps the local value where it is sure."""
    if not cascades:
        return [True] * len(scores)
    rows = zip(scores["evaluator"], scores["evidence"], strict=True)
    return [name not in cascades or _share_asked(evidence) == 1 for name, evidence in rows]


def _share_asked(evidence: Any) -> float:
    """With what share its kind is judged: 1 where the local evaluator is unsure; 0 for one that was not."""
    cascade = (json.loads(evidence) if isinstance(evidence, str) else {}).get("cascade")
    return float(cascade["share"]) if cascade else 0.0


def _shown(ws: Workspace, table: Table, day: Day) -> list[dict[str, Any]]:
    frame = shown_rows(table, ws.lake.read(table, [day]), ws.redactor)
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _metric_value(day: Day, row: dict[str, Any]) -> MetricValue:
    value, low, high, std_error, effective_n = (
        _number(row[name]) for name in ("value", "low", "high", "std_error", "effective_n")
    )
    return MetricValue(
        day=day,
        metric=row["metric"],
        segment=row["segment"],
        status=MetricStatus(row["status"]),
        value=value,
        low=low,
        high=high,
        std_error=std_error,
        effective_n=effective_n,
        n=int(row["n"]),
        n_skipped=int(row["n_skipped"]),
        n_failed=int(row["n_failed"]),
        note=row["note"],
    )


def _compared(row: dict[str, Any]) -> ComparedNumber:
    verdict = DriftVerdict(row["verdict"])
    return ComparedNumber(row["name"], row["segment"], verdict, _number(row["effect"]), row["unit"])


def _cut_of(evaluator: str) -> Metric | None:
    """The metric by which values of a score are counted; None where it is a mean, or nobody knows the score any more."""
    score = score_of(evaluator)
    metric = score.metrics[0] if score is not None else judged(evaluator) or all_metrics().get(evaluator)
    return metric if metric is not None and metric.is_share else None


def _label(metric: Metric | None, value: float) -> Literal["pass", "fail"] | None:
    if metric is None or metric.direction is None:
        return None
    return "fail" if metric.counts(value) is (metric.direction == "lower_is_better") else "pass"


def _explanation(evidence: Any) -> str | None:
    text = _text(evidence)
    return text if text is None or len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
