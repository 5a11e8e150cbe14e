"""What people's labels say, for the report: of the day, and of the days up to it together.

A day's sums are pure by day (sketches of kind "labels"); adding them up over a window belongs to the fold. Each labelled
interaction is compared with its own day's score, so the window's corrected rate is that of the window's days and
assumes nothing about how an evaluator's errors last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obs_lib.digests import digest_of
from obs_lib.pipeline.fold import History
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day
from obs_lib.tables import SKETCHES

if TYPE_CHECKING:
    from obs_lib.summaries.intervals import Estimate
    from obs_lib.summaries.labelled import Labelled


def label_days(ws: Workspace, past: History, day: Day) -> list[Day]:
    """The days whose labels the report of `day` adds up: ready ones of the window, `day` among them, oldest first."""
    first = day - dt.timedelta(days=ws.settings.labels.window_days - 1)
    return [one for one in past.days if first <= one <= day and past.summary(one) is not None]


def label_inputs(ws: Workspace, past: History, day: Day) -> str:
    """Name of everything that `label_rows` rests on."""
    days = [(str(one), past.digests(one, "summarise").get("sketches")) for one in label_days(ws, past, day)]
    return digest_of(ws.settings.digest("labels"), days)


def label_rows(ws: Workspace, past: History, day: Day) -> list[dict[str, Any]]:
    """One mapping a metric that anybody labelled in the window.

    metric; days (of the window that have a label); scopes "day" and "window", each None without a label or: n (labels drawn at
    random), picked (others), scored, raw, alone, corrected (value, low, high; `alone` from the labels alone; None where
    labels are too few, `why` says so), and agreement: by its name (value, low, high) or None, with `agreement_of` ("drawn" or
    "picked").
    """
    from obs_lib.summaries.labelled import decode, merged

    days = label_days(ws, past, day)
    sketches = ws.lake.read(SKETCHES, days)
    sketches = sketches[(sketches["kind"] == "labels") & (sketches["segment"] == ALL)]
    by_day: dict[str, dict[str, Labelled]] = {}
    for one, key, payload in zip(sketches["day"], sketches["key"], sketches["payload"], strict=True):
        by_day.setdefault(one, {})[key] = decode(bytes(payload))
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


def _scope(ws: Workspace, sums: Labelled) -> dict[str, Any]:
    from obs_lib.summaries.agreement import agreement
    from obs_lib.summaries.labelled import corrected_result
    from obs_lib.summaries.ppi import corrected_rate, raw_rate

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
