"""The days of a lake, how far each has come, and what its report says. Reads the lake, changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from obs_lib.lake.tables import METRICS
from obs_lib.pipeline.pages import list_days
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, StepState

_STEPS = ("ingest", "plan", "evaluate", "anchor", "collect", "summarise", "compare", "alert", "render")
_UNFINISHED = (StepState.FAILED, StepState.WRITING)


@dataclass(frozen=True, slots=True)
class LakeDay:
    """One day of the lake.

    state : FAILED or WRITING, each with the steps of which that holds; else NO_DATA for a day without logs, else READY.
    interactions : of the day's summary; None before there is one.
    severity : the worst open incident's, "" on a quiet day, else what its report calls the day; None without a report.
    open : number of open incidents; revision : number of the report's revision, from 1. None without a report.
    verdict : the sentence at the head of the report; None without one.
    steps : the state of every step that ever ran, in the order in which they run.
    """

    day: Day
    state: str
    interactions: int | None
    severity: str | None
    open: int | None
    revision: int | None
    verdict: str | None
    steps: Mapping[str, StepState]


def lake_days(ws: Workspace) -> list[LakeDay]:
    """Every day of which some step has ever run, newest first."""
    steps: dict[Day, dict[str, StepState]] = defaultdict(dict)
    for record in ws.lake.records():
        if record.step in _STEPS:
            steps[record.day][record.step] = record.state
    reports = {report.day: report for report in list_days(ws)}
    requests = _requests(ws, list(steps))
    listed = []
    for day in sorted(steps, reverse=True):
        report = reports.get(day)
        listed.append(
            LakeDay(
                day=day,
                state=_state(steps[day]),
                interactions=requests.get(str(day)),
                severity=report.severity if report else None,
                open=report.open if report else None,
                revision=report.revision if report else None,
                verdict=report.verdict if report else None,
                steps={step: steps[day][step] for step in _STEPS if step in steps[day]},
            )
        )
    return listed


def _state(steps: Mapping[str, StepState]) -> str:
    for state in _UNFINISHED:
        if named := [step for step in _STEPS if steps.get(step) is state]:
            return f"{state.value} {', '.join(named)}"
    return (StepState.NO_DATA if steps.get("ingest") is StepState.NO_DATA else StepState.READY).value


def _requests(ws: Workspace, days: list[Day]) -> dict[str, int]:
    rows = ws.lake.read_sound(METRICS, days, ["day", "value"], where={"metric": ["requests"], "segment": [ALL]})
    return {day: int(value) for day, value in rows.dropna().itertuples(index=False, name=None)}
