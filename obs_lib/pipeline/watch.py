"""Nights of which there should be a report and is none: they failed, are late, or never began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from obs_lib.alerts.routing import too_old
from obs_lib.digests import digest_of
from obs_lib.lake.steps import StepRecord
from obs_lib.pipeline.fold import LEFT_STEPS
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, Incident, IncidentState, Severity, StepState

LEAD = "night"
_NOTE = 200  # characters of a step's error that are told
_Steps = Mapping[str, StepRecord]


def late_nights(ws: Workspace, now: dt.datetime | None = None, *, fold_failed: bool = False) -> list[Incident]:
    """An incident for each night that is past its deadline, or for which a fold that failed was asked; oldest first.

    Looked at are nights of which people would still be told (`alerts.max_age_hours`). They stand in no table: of a night that
    is made after all the incident is RESOLVED on the day after it, for whoever was told. now : defaults to the clock.
    fold_failed : whether a comparison, alerts or reports are known to have failed, so that nights that wait for them are not
    given more time.
    """
    now = now or dt.datetime.now(dt.UTC)
    records = ws.lake.records()
    yesterday = now.date() - dt.timedelta(days=1)
    first = min([record.day for record in records] or [yesterday])  # nobody misses nights before the lake was there
    late = []
    for back in range(int(ws.settings.alerts.max_age_hours // 24), -1, -1):
        day = yesterday - dt.timedelta(days=back)
        if day >= first and not too_old(day, now, ws.settings.alerts.max_age_hours):
            steps = {record.step: record for record in records if record.day == day}
            late.append(_trouble(ws, day, steps, now, fold_failed=fold_failed))
    return [incident for incident in late if incident is not None]


def _trouble(ws: Workspace, day: Day, steps: _Steps, now: dt.datetime, *, fold_failed: bool) -> Incident | None:
    schedule = ws.settings.schedule
    if schedule.deadline_hours is None or day < schedule.start_date or day > (schedule.end_date or day):
        return None
    if "render" in steps and steps["render"].readable:
        return _made(day)
    waits = "summarise" in steps and steps["summarise"].readable
    deadline = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    deadline += dt.timedelta(hours=schedule.delay_hours + schedule.deadline_hours)
    if now < deadline and not (fold_failed and waits):
        return None
    return _incident(day, ws.redactor.shown(_said(steps, waits=waits)), f"no report by {deadline:%d %b %H:%M} UTC")


def _made(day: Day) -> Incident:
    """The end of what may have been told. Of the next day, since an update is told once a day."""
    late = _incident(day, "has its report by now", "it is no longer missing")
    return replace(late, day=day + dt.timedelta(days=1), state=IncidentState.RESOLVED, notify=False)


def _said(steps: _Steps, *, waits: bool) -> str:
    failed = [steps[step] for step in (*LEFT_STEPS, "compare", "alert", "render") if _failed(steps.get(step))]
    if failed:
        return f"failed in step {failed[0].step}: {failed[0].note[:_NOTE]}"
    if waits:
        return "has been summed up and waits for comparison, alerts and report"
    begun = [step for step in LEFT_STEPS if step in steps]
    return f"is late: its last step is {begun[-1]}" if begun else "never began, or hangs in its first step"


def _failed(record: StepRecord | None) -> bool:
    return record is not None and record.state is StepState.FAILED


def _incident(day: Day, said: str, why: str) -> Incident:
    """P1: whatever happened on that day, nobody has looked."""
    return Incident(
        day=day,
        fingerprint=digest_of(LEAD, str(day)),
        kind="data",
        severity=Severity.P1,
        state=IncidentState.NEW,
        place=(ALL,),
        lead=LEAD,
        title=f"The night of {day} {said}",
        score=1.0,
        why=why,
        notify=True,
        first_day=day,
        last_day=day,
    )
