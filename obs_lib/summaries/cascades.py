"""What a cascade's judge changes of a rate: the local evaluator's alone, and what the judge would say of all answers.

The second is prediction-powered (`ppi.py`) with the judge in people's place: its verdicts on the unsure, asked with probability
1, and on those drawn among the sure, against the cascade's over all, post-stratified. What the judge errs it does not correct.

References
----------
Cochran (1977), Sampling Techniques, section 5A.9 (stratification after selection).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from obs_lib.catalogue import scored as scored_metrics
from obs_lib.catalogue.judged import CASCADE, OF_ALL, OF_LOCAL
from obs_lib.records import Day, Metric, MetricValue, ScoreStatus
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.ppi import corrected_rate, moments, raw_rate
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments

_LEAST = 10  # drawn answers without which nothing is said of the sure ones


def cascade_metrics(
    day: Day, interactions: pd.DataFrame, scores: pd.DataFrame, segments: Segments
) -> Iterator[MetricValue]:
    """`<metric>:local` and `<metric>:judged` of every metric whose scores a cascade gave, in every segment; else nothing."""
    rows = scores[scores["version"].str.startswith(CASCADE) & (scores["status"] == ScoreStatus.SCORED.value)]
    for metric in scored_metrics():
        of_metric = rows[rows["evaluator"] == metric.evaluator]
        place = pd.Index(interactions["request_id"]).get_indexer(of_metric["request_id"])
        order = np.argsort(place, kind="stable")
        order = order[place[order] >= 0]
        if not len(order):
            continue
        columns = _columns(metric, of_metric.iloc[order])
        for segment, positions in segments:
            inside = np.isin(place[order], positions)
            if inside.any():
                yield from _of_segment(day, metric, segment, columns[:, inside])


def _of_segment(day: Day, metric: Metric, segment: str, columns: Floats) -> Iterator[MetricValue]:
    value, local, judge, weight, share = columns
    nobody = np.full_like(local, np.nan)
    alone = raw_rate(moments(local, weight, nobody, weight))
    asked = ~np.isnan(judge)
    unsure, drawn = asked & (share == 1), asked & (share < 1)
    yield metric_value(day, f"{metric.name}:{OF_LOCAL}", segment, Result(alone, len(local), 0))
    said = f"judged {int(unsure.sum())} where unsure, {int(drawn.sum())} at random, of {len(local)}"
    result = Result(None, int(asked.sum()), 0, f"{said} (needs {_LEAST} at random)")
    if drawn.sum() >= _LEAST:
        # Each drawn answer stands for as many sure ones as there are, rather than for 1 / share: less is left to chance.
        stands_for = np.where(drawn, weight * weight[~unsure].sum() / weight[drawn].sum(), weight)
        estimate, power = corrected_rate(moments(value, weight, judge, stands_for))
        result = Result(estimate, int(asked.sum()), 0, f"{said}; PPI++ weight {power:.2f}")
    yield metric_value(day, f"{metric.name}:{OF_ALL}", segment, result)


def _columns(metric: Metric, rows: pd.DataFrame) -> Floats:
    """Shape (5, n): verdicts of the cascade, of the local evaluator, of the judge (NaN for none); 1 / probability of being
    scored; and the probability with which the judge was asked.
    """
    told = [_told(text) for text in rows["evidence"]]
    value = rows["value"].to_numpy(dtype=np.float64)
    local, judge, share = (
        np.array([one.get(name, np.nan) for one in told], dtype=np.float64) for name in ("local", "judge", "share")
    )
    local = np.where(np.isnan(local), value, local)
    weight = 1.0 / rows["inclusion_probability"].to_numpy(dtype=np.float64)
    verdicts = (metric.averaged(one) for one in (value, local, judge))
    return np.stack([*verdicts, weight, np.where(np.isnan(share), 1.0, share)])


def _told(evidence: object) -> dict[str, float]:
    found = json.loads(evidence).get("cascade") if isinstance(evidence, str) else None
    return found if isinstance(found, dict) else {}
