"""A fold works on days as they stand: one that a night writes while it is under way waits for the next fold."""

from __future__ import annotations

import datetime as dt
import sys

import pytest

from obs_lib.digests import digest_of
from obs_lib.lake.steps import StepRecord
from obs_lib.pipeline.alert import alert
from obs_lib.pipeline.compare import compare, history_days, window_days
from obs_lib.pipeline.fold import History, go_forward
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.render import page_path, render
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState
from tests.unit.pipeline.conftest import MakeWorkspace
from tests.unit.pipeline.lakes import DAYS


def test_no_report_is_made_of_a_day_whose_incidents_are_of_other_numbers(make_workspace: MakeWorkspace) -> None:
    ws = make_workspace(scoring={"evaluators": ["format"]})
    run_day(ws, DAYS[0])
    compare(ws)
    run_day(ws, DAYS[1])  # between compare and alert
    assert alert(ws) == [str(DAYS[0])]
    assert render(ws) == [str(DAYS[0])]
    assert not page_path(ws, DAYS[1]).exists()
    assert fold(ws) == [str(DAYS[1])]
    compare(ws)
    run_day(ws, DAYS[2])
    compare(ws)
    assert render(ws) == []  # between compare and alert of the third day
    assert fold(ws) == [str(DAYS[2])]
    assert page_path(ws, DAYS[2]).is_file()


def test_a_stale_day_holds_up_the_days_after_it_and_no_other(make_workspace: MakeWorkspace) -> None:
    ws = make_workspace(scoring={"evaluators": ["format"]})
    for day in (DAYS[0], DAYS[2]):
        run_day(ws, day)
    fold(ws)
    run_day(ws, DAYS[1])  # late: the third day's baseline is another one now
    assert alert(ws) == []
    assert render(ws) == []
    assert fold(ws) == [str(DAYS[1]), str(DAYS[2])]


# -- a year ------------------------------------------------------------------------------------------------------------


def record(day: Day, step: str, inputs: str = "") -> StepRecord:
    digests = {name: digest_of(str(day), step, name) for name in ("one", "two")}
    return StepRecord(day, step, StepState.READY, inputs, digests, "")


def calls_of_a_fold(ws: Workspace, days: int, patch: pytest.MonkeyPatch) -> int:
    """How many functions are called to see that nothing is to be done."""
    known = [DAYS[0] + dt.timedelta(days=n) for n in range(days)]
    steps = {(day, step): record(day, step) for day in known for step in ("ingest", "anchor", "collect", "summarise")}
    patch.setattr("obs_lib.pipeline.fold.history", lambda _: History(dict(steps)))

    def inputs(past: History, day: Day) -> object:
        windows = [*history_days(ws, past, day), *window_days(ws, past, day)]
        return [[(str(one), past.named(one)) for one in windows], str(past.before(day)), ws.settings_digest("drift")]

    def redo(_: History, day: Day, wanted: str) -> StepRecord:
        steps[day, "compare"] = record(day, "compare", wanted)
        return steps[day, "compare"]

    assert go_forward(ws, "compare", inputs, redo) == known
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        assert go_forward(ws, "compare", inputs, redo) == []
    finally:
        sys.setprofile(None)
    return calls


def test_the_work_of_a_fold_grows_with_the_days_and_no_faster(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = make_workspace()
    month, quarter = (calls_of_a_fold(ws, days, monkeypatch) / days for days in (40, 120))
    assert quarter < 1.2 * month


def test_a_walk_sees_the_days_that_its_own_steps_fail() -> None:
    past = History({(day, "summarise"): record(day, "summarise") for day in DAYS[:2]})
    assert (past.days, past.before(DAYS[0]), past.before(DAYS[3])) == (DAYS[:2], None, DAYS[1])
    failed = StepRecord(DAYS[2], "compare", StepState.FAILED, "", {}, "no room")
    past.put(failed)
    assert (past.days, past.before(DAYS[3])) == (DAYS[:3], DAYS[2])
    past.put(record(DAYS[2], "compare"))
    assert past.days == DAYS[:2]
