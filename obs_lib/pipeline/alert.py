"""Open, carry on and close incidents, day after day: alerts(D) = f(alerts(D-1), numbers of D, policy)."""

from __future__ import annotations

from collections import Counter

from obs_lib.alerts.data import DataFacts
from obs_lib.alerts.incidents import from_frame, to_frame
from obs_lib.alerts.night import Night, raise_alerts
from obs_lib.drift import evaluator_change
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.tables import ALERTS, DRIFT, EVALUATOR_CHANGES, INTERACTIONS, METRICS, QUARANTINE
from obs_lib.pipeline.compare import window_days
from obs_lib.pipeline.fold import History, go_forward
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState
from obs_lib.sources.reading import DUPLICATE

STEP = "alert"


def alert(ws: Workspace) -> list[str]:
    """Redo the alerts of every day whose numbers, comparison, policy or day before changed; returns those days."""

    def inputs(past: History, day: Day) -> object:
        before = _day_before(past, day)
        return [
            ws.settings.digest("alerts"),
            [past.digests(day, step) for step in ("ingest", "summarise", "compare")],
            [(str(other), past.digests(other, "summarise").get("metrics")) for other in window_days(ws, past, day)],
            past.failures(day),
            past.digests(before, STEP) if before else None,
        ]

    def redo(past: History, day: Day, wanted: str) -> StepRecord:
        return _alert_day(ws, past, day, wanted)

    return [str(day) for day in go_forward(ws, STEP, inputs, redo)]


def _alert_day(ws: Workspace, past: History, day: Day, wanted: str) -> StepRecord:
    before = _day_before(past, day)
    previous = from_frame(ws.lake.read(ALERTS, [before])) if before else []
    window = window_days(ws, past, day)
    metrics = ws.lake.read(METRICS, [*window, day])
    summary = past.summary(day)
    night = Night(
        day=day,
        metrics=metrics[metrics["day"] == str(day)],
        drift=ws.lake.read(DRIFT, [day]),
        window={other: metrics[metrics["day"] == str(other)] for other in window},
        facts=_facts(ws, past, day),
        evaluators=evaluator_change.from_frame(ws.lake.read(EVALUATOR_CHANGES, [day])),
        has_summary=summary is not None and summary.state is StepState.READY,
    )
    rows = to_frame(raise_alerts(night, previous, ws.settings.alerts))
    return ws.lake.commit(day, STEP, {ALERTS: rows}, inputs=wanted)


def _facts(ws: Workspace, past: History, day: Day) -> DataFacts:
    interactions = len(ws.lake.read(INTERACTIONS, [day], ["day", "request_id"]))
    reasons = Counter(ws.lake.read(QUARANTINE, [day], ["day", "reason"])["reason"])
    del reasons[DUPLICATE]  # whoever delivers at least once delivers some twice: its interaction is counted
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    known = [past.summary(other) for other in past.days if other < day][-ws.settings.drift.window_days :]
    usual = bool(known) and all(summary is not None and summary.state is StepState.READY for summary in known)
    return DataFacts(interactions, reasons.total(), tuple(ordered), tuple(past.failures(day)), usual)


def _day_before(past: History, day: Day) -> Day | None:
    """The last day before `day` that the fold knows; a day that never ran is skipped, open incidents stay open over it."""
    return max((other for other in past.days if other < day), default=None)
