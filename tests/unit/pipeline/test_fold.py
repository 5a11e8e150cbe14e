"""A fold works on days as they stand: one that a night writes while it is under way waits for the next fold."""

from __future__ import annotations

from obs_lib.pipeline.alert import alert
from obs_lib.pipeline.compare import compare
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.render import page_path, render
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
