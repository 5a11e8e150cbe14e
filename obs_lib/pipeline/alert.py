"""Open, carry on and close incidents, day after day: alerts(D) = f(alerts(D-1), numbers of D, policy)."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pandas as pd

from obs_lib.alerts.data import DataFacts
from obs_lib.alerts.night import Night, raise_incidents
from obs_lib.alerts.storage import from_frame, to_frame
from obs_lib.alerts.suspects import Traffic
from obs_lib.drift import evaluator_change
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.tables import (
    ALERTS,
    DRIFT,
    EVALUATOR_CHANGES,
    INTERACTIONS,
    METRICS,
    QUARANTINE,
    SKETCHES,
    SPANS,
    UNREAD,
)
from obs_lib.pipeline.compare import is_compared, window_days
from obs_lib.pipeline.fold import History, go_forward, is_current
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState
from obs_lib.sources.reading import DUPLICATE
from obs_lib.sources.unread import PASSED

STEP = "alert"
_REPAIRS = "repairs"
_KINDS = {
    "versions": "model_version",
    "prompt_versions": "prompt_version",
    "providers": "provider",
    _REPAIRS: "",
}
"""Kinds of sketches that say who was asked and how it was written down, and the field that each counts."""


def alert(ws: Workspace) -> list[str]:
    """Redo the alerts of every day whose numbers, comparison, policy or day before changed; returns those days."""

    def redo(past: History, day: Day, wanted: str) -> StepRecord:
        return _alert_day(ws, past, day, wanted)

    return [str(day) for day in go_forward(ws, STEP, partial(_inputs, ws), redo, partial(_ready, ws))]


def is_alerted(ws: Workspace, past: History, day: Day) -> bool:
    """Whether the day's incidents are those of its numbers, its comparison and the day before as they stand now."""
    return _ready(ws, past, day) and is_current(past, day, STEP, partial(_inputs, ws))


def _ready(ws: Workspace, past: History, day: Day) -> bool:
    before = past.before(day)
    done = before is None or is_current(past, before, STEP, partial(_inputs, ws))
    return done and is_compared(ws, past, day)


def _inputs(ws: Workspace, past: History, day: Day) -> object:
    before = past.before(day)
    return [
        ws.settings_digest("alerts"),
        [past.digests(day, step) for step in ("ingest", "summarise", "compare")],
        [(str(one), past.digests(one, "summarise")) for one in window_days(ws, past, day)],
        past.failures(day),
        past.digests(before, STEP) if before else None,
    ]


def _alert_day(ws: Workspace, past: History, day: Day, wanted: str) -> StepRecord:
    before = past.before(day)
    previous = from_frame(ws.lake.read(ALERTS, [before])) if before else []
    rows = to_frame(raise_incidents(night_of(ws, past, day), previous, ws.settings.alerts))
    return ws.lake.commit(day, STEP, {ALERTS: rows}, inputs=wanted)


def night_of(ws: Workspace, past: History, day: Day) -> Night:
    """Everything that the lake holds of a day on which its incidents rest; no policy of alerts takes part in it."""
    window = window_days(ws, past, day)
    metrics = ws.lake.read(METRICS, [*window, day])
    summary = past.summary(day)
    sketches = ws.lake.read(SKETCHES, [*window, day], where={"kind": list(_KINDS)})
    traffic = [
        traffic_of(metrics[metrics["day"] == str(one)], sketches[sketches["day"] == str(one)]) for one in (*window, day)
    ]
    return Night(
        day=day,
        metrics=metrics[metrics["day"] == str(day)],
        drift=ws.lake.read(DRIFT, [day]),
        window={one: metrics[metrics["day"] == str(one)] for one in window},
        facts=_facts(ws, past, day),
        evaluators=evaluator_change.from_frame(ws.lake.read(EVALUATOR_CHANGES, [day])),
        has_summary=summary is not None and summary.state is StepState.READY,
        traffic=traffic[-1],
        traffic_before=traffic[:-1],
    )


def traffic_of(metrics: pd.DataFrame, sketches: pd.DataFrame) -> Traffic:
    """Who and what was asked on a day, from its rows of `metrics` and `sketches`."""
    totals = metrics[metrics["status"] == "OK"].pivot_table("value", "segment", "metric")
    requests = totals["requests"].to_dict() if "requests" in totals else {}
    known = {"input_tokens", "requests"} <= set(totals.columns)
    tokens = (totals["input_tokens"] / totals["requests"]).dropna().to_dict() if known else {}
    sketches = sketches[sketches["kind"].isin(_KINDS)]
    rows = list(zip(*(sketches[name] for name in ("kind", "segment", "key", "n")), strict=True))
    return Traffic(
        versions={(segment, _KINDS[kind], key): int(n) for kind, segment, key, n in rows if kind != _REPAIRS},
        requests={str(segment): float(n) for segment, n in requests.items()},
        prompt_tokens={str(segment): float(n) for segment, n in tokens.items()},
        writing={key: int(n) for kind, _, key, n in rows if kind == _REPAIRS},
    )


def _facts(ws: Workspace, past: History, day: Day) -> DataFacts:
    interactions = len(ws.lake.read(INTERACTIONS, [day], ["day", "request_id"]))
    rejected = ws.lake.read(QUARANTINE, [day], ["day", "file", "line", "reason"])
    rejected = rejected[
        rejected["reason"] != DUPLICATE
    ]  # who delivers at least once delivers some twice: it is counted
    ordered = sorted(Counter(rejected["reason"]).items(), key=lambda item: (-item[1], item[0]))
    unread = ws.lake.read(UNREAD, [day], where={"kind": [PASSED]}).sort_values(["n", "what"], ascending=[False, True])
    known = [past.summary(one) for one in past.days if one < day][-ws.settings.drift.window_days :]
    usual = bool(known) and all(one is not None and one.state is StepState.READY for one in known)
    return DataFacts(
        interactions,
        len(rejected),
        tuple(ordered),
        tuple((str(what), int(n)) for what, n in zip(unread["what"], unread["n"], strict=True)),
        0 if interactions else len(ws.lake.read(SPANS, [day], ["day", "span_id"])),
        None if interactions else _example(unread, rejected[rejected["reason"] == (ordered or [("", 0)])[0][0]]),
        tuple(past.failures(day)),
        usual,
    )


def _example(*places: pd.DataFrame) -> str | None:
    """Where the first row of the first frame that has one stands."""
    return next((f"{one['file'].iloc[0]}:{one['line'].iloc[0]}" for one in places if len(one)), None)
