"""What people's labels of a day say of its scores: numbers of the day, and sums that can be added up over days.

A sketch of kind "labels" is one metric of the catalogue in one segment: key the metric's name, n the labelled
interactions, payload JSON of the sums in `Labelled`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue import scored as scored_metrics
from obs_lib.catalogue.labelled import AGREEMENT, has_agreement, labelled_name
from obs_lib.records import Day, Metric, MetricValue, ScoreStatus
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.agreement import NONE, WHY_NOT, Cells, agreement, cells
from obs_lib.summaries.label_options import LabelOptions
from obs_lib.summaries.people import people
from obs_lib.summaries.ppi import Moments, corrected_rate, moments
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import Sketch

KIND = "labels"


@dataclass(frozen=True)
class Labelled:
    """One metric's labels. moments, drawn : of labels drawn at random; picked : of feedback and hand-picked ones.

    n_drawn, n_picked : labelled interactions of each.
    """

    moments: Moments
    drawn: Cells
    picked: Cells
    n_drawn: int
    n_picked: int

    def __add__(self, other: Labelled) -> Labelled:
        """Both together. Scores of a day from which no label was drawn stay out: labels of others do not speak of it."""
        of = [labels.moments for labels in (self, other) if labels.n_drawn] or [self.moments, other.moments]
        return Labelled(
            of[0] + of[1] if len(of) > 1 else of[0],
            self.drawn + other.drawn,
            self.picked + other.picked,
            self.n_drawn + other.n_drawn,
            self.n_picked + other.n_picked,
        )

    @property
    def compared(self) -> Cells:
        """The labels that agreement rests on: those drawn at random, and the others only where there are none of these."""
        return self.drawn if self.n_drawn else self.picked

    def encode(self) -> bytes:
        """As JSON."""
        sums = {
            "scored": self.moments.scored.tolist(),
            "paired": self.moments.paired.tolist(),
            "n_scored": self.moments.n_scored,
            "drawn": self.drawn.sums.tolist(),
            "picked": self.picked.sums.tolist(),
            "n_drawn": self.n_drawn,
            "n_picked": self.n_picked,
        }
        return json.dumps(sums, sort_keys=True, separators=(",", ":")).encode()


def decode(payload: bytes) -> Labelled:
    """The inverse of `Labelled.encode`."""
    sums = json.loads(payload)
    return Labelled(
        moments=Moments(np.array(sums["scored"]), np.array(sums["paired"]), sums["n_scored"], sums["n_drawn"]),
        drawn=Cells(np.array(sums["drawn"])),
        picked=Cells(np.array(sums["picked"])),
        n_drawn=sums["n_drawn"],
        n_picked=sums["n_picked"],
    )


@dataclass(frozen=True)
class _Scored:
    """One score's values in the order of the day's interactions, with what people say of them.

    row : position of the interaction. drawn, picked : people's verdict as a score would say it (1: near 1), NaN for none.
    """

    row: NDArray[np.intp]
    value: Floats
    weight: Floats
    drawn: Floats
    label_weight: Floats
    picked: Floats


def labelled_summary(
    day: Day,
    interactions: pd.DataFrame,
    scores: pd.DataFrame,
    labels: pd.DataFrame,
    segments: Segments,
    options: LabelOptions,
) -> tuple[list[MetricValue], list[Sketch]]:
    """The numbers of `catalogue.labelled` and the sketches, of every metric and segment with a label; nothing without one."""
    values: list[MetricValue] = []
    sketches: list[Sketch] = []
    if labels.empty:
        return values, sketches
    asked = {
        metric.evaluator: _scored(interactions, scores, labels, metric.evaluator, options)
        for metric in scored_metrics()
        if metric.evaluator
    }
    for segment, positions in segments:
        inside = np.zeros(len(interactions), dtype=bool)
        inside[positions] = True
        for metric in scored_metrics():
            scored = asked.get(metric.evaluator or "")
            if scored is None:
                continue
            sums = _sums(metric, scored, inside[scored.row])
            if n := sums.n_drawn + sums.n_picked:
                values += labelled_values(day, metric, segment, sums, options)
                sketches.append((KIND, segment, metric.name, n, sums.encode()))
    return values, sketches


def labelled_values(
    day: Day, metric: Metric, segment: str, sums: Labelled, options: LabelOptions
) -> Iterator[MetricValue]:
    """The corrected rate, and how evaluator and people agree."""
    yield metric_value(day, labelled_name(metric, "corrected"), segment, corrected_result(sums, options))
    n = sums.n_drawn or sums.n_picked
    note = "" if sums.n_drawn else "labels that were not drawn at random"
    for name, estimate in agreement(sums.compared).items():
        if name in AGREEMENT and has_agreement(metric):
            result = Result(estimate, n, 0, note if estimate else WHY_NOT[name])
            yield metric_value(day, labelled_name(metric, name), segment, result)


def corrected_result(sums: Labelled, options: LabelOptions) -> Result:
    """The corrected rate, or why there is none; n is the number of labels that it rests on."""
    n = sums.n_drawn
    if n < options.minimum:
        why = f"{n} labels drawn at random with a known probability (needs {options.minimum})"
        return Result(None, n, sums.n_picked, why)
    estimate, power = corrected_rate(sums.moments)
    return Result(estimate, n, sums.n_picked, f"{n} labels of {sums.moments.n_scored} scored; PPI++ weight {power:.2f}")


def _scored(
    interactions: pd.DataFrame, scores: pd.DataFrame, labels: pd.DataFrame, score: str, options: LabelOptions
) -> _Scored | None:
    """The score's values beside people's verdicts; None where nobody labelled any of them."""
    of_score = scores[(scores["evaluator"] == score) & (scores["status"] == ScoreStatus.SCORED.value)]
    of_score = of_score[of_score["value"].notna()]
    row = pd.Index(interactions["request_id"]).get_indexer(of_score["request_id"])
    order = np.argsort(row, kind="stable")
    order = order[row[order] >= 0]
    of_score, row = of_score.iloc[order], row[order]
    joined = people(labels, score, options).reindex(of_score["request_id"])
    if not joined[["drawn", "picked"]].notna().to_numpy().any():
        return None
    return _Scored(
        row,
        of_score["value"].to_numpy(dtype=np.float64),
        1.0 / of_score["inclusion_probability"].to_numpy(dtype=np.float64),
        joined["drawn"].to_numpy(dtype=np.float64),
        1.0 / joined["inclusion_probability"].to_numpy(dtype=np.float64),
        joined["picked"].to_numpy(dtype=np.float64),
    )


def _sums(metric: Metric, scored: _Scored, inside: NDArray[np.bool_]) -> Labelled:
    """Everything that is added up over one segment."""
    turn: Callable[[Floats], Floats] = (lambda x: 1.0 - x) if metric.aggregation == "share_below" else (lambda x: x)
    value, drawn, picked = scored.value[inside], turn(scored.drawn[inside]), turn(scored.picked[inside])
    flagged = metric.counts(value).astype(np.float64)
    weight, asked, chosen = scored.label_weight[inside], ~np.isnan(drawn), ~np.isnan(picked)
    return Labelled(
        moments=moments(metric.averaged(value), scored.weight[inside], drawn, weight),
        drawn=cells(drawn[asked], flagged[asked], weight[asked]) if asked.any() else NONE,
        picked=cells(picked[chosen], flagged[chosen], np.ones(int(chosen.sum()))) if chosen.any() else NONE,
        n_drawn=int(asked.sum()),
        n_picked=int(chosen.sum()),
    )


def merged(days: list[Mapping[str, Labelled]]) -> dict[str, Labelled]:
    """Sums over days, by metric, in the order of the catalogue."""
    sums: dict[str, Labelled] = {}
    for metric in scored_metrics():
        for labels in filter(None, (day.get(metric.name) for day in days)):
            sums[metric.name] = sums[metric.name] + labels if metric.name in sums else labels
    return sums
