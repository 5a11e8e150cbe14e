"""What a gate on a night sees: whether it is done, and which incidents speak against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from obs_lib.pipeline import night_status as module
from obs_lib.pipeline.acts import ActKind, record_act
from obs_lib.pipeline.night_status import NightStatus, night_status
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import IncidentState, Severity
from tests.unit.pipeline.test_acts import DAY, INCIDENT, SIBLING, store

MakeWorkspace = Callable[..., Workspace]


@pytest.fixture
def ws(make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A day that is summed up and alerted, with a P1 and a P2."""
    ws = store(make_workspace(), INCIDENT, replace(SIBLING, severity=Severity.P2))
    ws.lake.commit(DAY, "summarise", {}, inputs="x")
    monkeypatch.setattr(module, "is_alerted", lambda *_: True)
    return ws


def test_a_night_that_nothing_is_known_of_is_not_done(make_workspace: MakeWorkspace) -> None:
    assert night_status(make_workspace(), DAY) == NightStatus(False, (), ())


def test_a_night_that_the_fold_has_not_taken_in_is_not_done(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_alerted", lambda *_: False)
    assert night_status(ws, DAY) == NightStatus(False, (), ())


def test_the_worst_stands_first_and_what_is_allowed_is_no_objection(ws: Workspace) -> None:
    status = night_status(ws, DAY)
    assert [incident.severity for incident in status.open] == ["P1", "P2"]
    worse = {allowed: [one.severity for one in status.worse_than(allowed)] for allowed in Severity}
    assert worse == {"P0": [], "P1": [], "P2": ["P1"], "P3": ["P1", "P2"]}


@pytest.mark.parametrize("kind", ActKind)
def test_what_people_are_done_with_speaks_no_more_until_it_gets_worse(ws: Workspace, kind: ActKind) -> None:
    until = DAY.replace(year=DAY.year + 1) if kind is ActKind.SNOOZED else None
    record_act(ws, INCIDENT.fingerprint, kind, by="Ada", text="why", until=until)
    settled = kind in (ActKind.CLOSED, ActKind.ACCEPTED, ActKind.FALSE_ALARM)
    assert [one.severity for one in night_status(ws, DAY).open] == (["P2"] if settled else ["P1", "P2"])
    store(ws, replace(INCIDENT, severity=Severity.P0))
    assert [one.severity for one in night_status(ws, DAY).open] == ["P0"]


def test_what_ended_on_the_day_is_no_objection(ws: Workspace) -> None:
    store(ws, replace(INCIDENT, state=IncidentState.RESOLVED))
    assert night_status(ws, DAY).open == ()
