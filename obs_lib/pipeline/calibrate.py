"""What people's labels say, for the report: of the day, of the days up to it together, and of the judges in them.

A day's sums are pure by day (sketches of kind "labels" and "judge"); adding them up over a window belongs to the fold. Each
labelled interaction is compared with its own day's score, so the window's corrected rate is that of the window's days
and assumes nothing about how an evaluator's errors last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from obs_lib.digests import digest_of
from obs_lib.lake.tables import SKETCHES
from obs_lib.pipeline.fold import History
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day
from obs_lib.reporting.parts import BiasEstimate, JudgeBiases, LabelledRate, LabelScope
from obs_lib.summaries import judge_labels, labelled
from obs_lib.summaries.agreement import agreement
from obs_lib.summaries.judge_bias import family_of
from obs_lib.summaries.judge_labels import JudgeLabels, latest
from obs_lib.summaries.labelled import Labelled, corrected_result, merged
from obs_lib.summaries.ppi import corrected_rate, raw_rate


def label_days(ws: Workspace, past: History, day: Day) -> list[Day]:
    """The days whose labels the report of `day` adds up: ready ones of the window, `day` among them, oldest first."""
    first = day - dt.timedelta(days=ws.settings.labels.window_days - 1)
    return [known for known in past.days if first <= known <= day and past.summary(known) is not None]


def label_inputs(ws: Workspace, past: History, day: Day) -> str:
    """Name of everything that `labelled_rates` and `judge_biases` rest on."""
    days = [(str(known), past.digests(known, "summarise").get("sketches")) for known in label_days(ws, past, day)]
    return digest_of(ws.settings_digest("labels"), days)


def labelled_rates(ws: Workspace, past: History, day: Day) -> list[LabelledRate]:
    """Every metric that anybody labelled in the window, in the order of the catalogue."""
    by_day: dict[str, dict[str, Labelled]] = {}
    for iso, metric, payload in _sketches(ws, label_days(ws, past, day), labelled.KIND):
        by_day.setdefault(iso, {})[metric] = labelled.decode(payload)
    window = merged([by_day[iso] for iso in sorted(by_day)])
    today: Mapping[str, Labelled] = by_day.get(str(day), {})
    return [
        LabelledRate(
            metric=metric,
            days=sum(metric in of_day for of_day in by_day.values()),
            window=_scope(ws, sums),
            day=_scope(ws, today[metric]) if metric in today else None,
        )
        for metric, sums in window.items()
    ]


def judge_biases(ws: Workspace, past: History, day: Day) -> list[JudgeBiases]:
    """Every judge with a labelled answer in the window, over the days of its latest version there."""
    by_score: dict[str, list[JudgeLabels]] = {}
    for _, score, payload in _sketches(ws, label_days(ws, past, day), judge_labels.KIND):
        by_score.setdefault(score, []).append(judge_labels.decode(payload))
    return [_biases(score, latest(days)) for score, days in sorted(by_score.items())]


def _biases(score: str, labels: JudgeLabels) -> JudgeBiases:
    own = [answer.own for answer in labels.counted]
    length, family = labels.length(), labels.family()
    return JudgeBiases(
        score=score,
        model=labels.model,
        family=family_of(labels.model),
        drawn=labels.drawn,
        n=len(own),
        own=own.count(1),
        other=own.count(0),
        length=BiasEstimate(*length) if length else None,
        own_family=BiasEstimate(*family) if family else None,
    )


def _sketches(ws: Workspace, days: list[Day], kind: str) -> list[tuple[str, str, bytes]]:
    """Day, key and payload of the days' sketches of a kind in `all`, oldest day first."""
    rows = ws.lake.read(SKETCHES, days, where={"kind": [kind], "segment": [ALL]}).sort_values(["day", "key"])
    return [
        (day, key, bytes(payload)) for day, key, payload in zip(rows["day"], rows["key"], rows["payload"], strict=True)
    ]


def _scope(ws: Workspace, sums: Labelled) -> LabelScope:
    result = corrected_result(sums, ws.settings.labels)
    enough = result.estimate is not None
    return LabelScope(
        n=sums.n_drawn,
        picked=sums.n_picked,
        scored=sums.moments.n_scored,
        raw=raw_rate(sums.moments),
        alone=corrected_rate(sums.moments, 0.0)[0] if enough else None,
        corrected=result.estimate,
        why="" if enough else result.note,
        agreement=agreement(sums.compared),
        drawn=sums.n_drawn > 0,
    )
