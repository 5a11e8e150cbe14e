"""What people's labels say, for the report: of the day, of the days up to it together, and of the judges in them.

A day's sums are pure by day (sketches of kind "labels" and "judge"); adding them up over a window belongs to the fold. Each
labelled interaction is compared with its own day's score, so the window's corrected rate is that of the window's days
and assumes nothing about how an evaluator's errors last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from obs_lib.digests import digest_of
from obs_lib.lake.tables import SKETCHES
from obs_lib.pipeline.fold import History
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day
from obs_lib.stats.intervals import Estimate
from obs_lib.summaries import judge_labels, labelled
from obs_lib.summaries.agreement import agreement
from obs_lib.summaries.judge_bias import family_of
from obs_lib.summaries.judge_labels import JudgeLabels, latest
from obs_lib.summaries.labelled import Labelled, corrected_result, merged
from obs_lib.summaries.ppi import corrected_rate, raw_rate


def label_days(ws: Workspace, past: History, day: Day) -> list[Day]:
    """The days whose labels the report of `day` adds up: ready ones of the window, `day` among them, oldest first."""
    first = day - dt.timedelta(days=ws.settings.labels.window_days - 1)
    return [one for one in past.days if first <= one <= day and past.summary(one) is not None]


def label_inputs(ws: Workspace, past: History, day: Day) -> str:
    """Name of everything that `label_rows` and `bias_rows` rest on."""
    days = [(str(one), past.digests(one, "summarise").get("sketches")) for one in label_days(ws, past, day)]
    return digest_of(ws.settings.digest("labels"), days)


def label_rows(ws: Workspace, past: History, day: Day) -> list[dict[str, Any]]:
    """One mapping a metric that anybody labelled in the window.

    metric; days (of the window that have a label); scopes "day" and "window", each None without a label or: n (labels drawn at
    random), picked (others), scored, raw, alone, corrected (value, low, high; `alone` from the labels alone; None where
    labels are too few, `why` says so), and agreement: by its name (value, low, high) or None, with `agreement_of` ("drawn" or
    "picked").
    """
    by_day: dict[str, dict[str, Labelled]] = {}
    for one, key, payload in _sketches(ws, label_days(ws, past, day), labelled.KIND):
        by_day.setdefault(one, {})[key] = labelled.decode(payload)
    window = merged([by_day[one] for one in sorted(by_day)])
    today: Mapping[str, Labelled] = by_day.get(str(day), {})
    return [
        {
            "metric": metric,
            "days": sum(metric in found for found in by_day.values()),
            "window": _scope(ws, sums),
            "day": _scope(ws, today[metric]) if metric in today else None,
        }
        for metric, sums in window.items()
    ]


def bias_rows(ws: Workspace, past: History, day: Day) -> list[dict[str, Any]]:
    """One mapping a judge with a labelled answer in the window, over the days of its latest version there.

    score, model, family (who makes the model; None where that is not known), n (labelled answers that count), own, other (how
    many of them are of models of its family and of others), drawn (whether they were drawn at random), and length_bias and
    family_bias: (value, low, high, n), or None where the answers cannot carry it.
    """
    by_score: dict[str, list[JudgeLabels]] = {}
    for _, score, payload in _sketches(ws, label_days(ws, past, day), judge_labels.KIND):
        by_score.setdefault(score, []).append(judge_labels.decode(payload))
    found = []
    for score, days in sorted(by_score.items()):
        labels = latest(days)
        own = [one.own for one in labels.counted]
        told = {"score": score, "model": labels.model, "family": family_of(labels.model), "drawn": labels.drawn}
        counts = {"n": len(own), "own": own.count(1), "other": own.count(0)}
        found.append({**told, **counts, "length_bias": labels.length(), "family_bias": labels.family()})
    return found


def _sketches(ws: Workspace, days: list[Day], kind: str) -> list[tuple[str, str, bytes]]:
    """Day, key and payload of the days' sketches of a kind in `all`, oldest day first."""
    rows = ws.lake.read(SKETCHES, days, where={"kind": [kind], "segment": [ALL]}).sort_values(["day", "key"])
    return [
        (day, key, bytes(payload)) for day, key, payload in zip(rows["day"], rows["key"], rows["payload"], strict=True)
    ]


def _scope(ws: Workspace, sums: Labelled) -> dict[str, Any]:

    result = corrected_result(sums, ws.settings.labels)
    enough = result.estimate is not None
    return {
        "n": sums.n_drawn,
        "picked": sums.n_picked,
        "scored": sums.moments.n_scored,
        "raw": _written(raw_rate(sums.moments)),
        "alone": _written(corrected_rate(sums.moments, 0.0)[0]) if enough else None,
        "corrected": _written(result.estimate),
        "why": "" if enough else result.note,
        "agreement": {name: _written(one) for name, one in agreement(sums.judged).items()},
        "agreement_of": "drawn" if sums.n_drawn else "picked",
    }


def _written(estimate: Estimate | None) -> tuple[float, float | None, float | None] | None:
    return None if estimate is None else (estimate.value, estimate.low, estimate.high)
