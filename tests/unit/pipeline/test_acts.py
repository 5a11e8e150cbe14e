"""What people do about an incident holds messages back, as long as it should, and changes nothing that was measured."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from obs_lib.alerts.storage import to_frame
from obs_lib.cli.app import app
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import Act, ActKind, acts_of, incident_of, record_act, standing
from obs_lib.pipeline.alarm_review import FalseAlarms, false_alarms
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.explain import explain
from obs_lib.pipeline.notify import notify
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Incident, IncidentState, Severity, Signal

TODAY = dt.datetime.now(dt.UTC).date()
DAY = TODAY - dt.timedelta(days=1)
NOW = dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC)
INCIDENT = Incident(
    day=DAY,
    fingerprint="abcdef01" + "0" * 24,
    kind="change",
    severity=Severity.P1,
    state=IncidentState.NEW,
    place=("route=docs",),
    lead="refusal",
    title="The model refuses more",
    score=0.9,
    why="Refusal rate alone is P1 from 0.15",
    notify=True,
    first_day=DAY,
    last_day=DAY,
    evidence=(Signal("refusal_rate", 0.31, segment="route=docs", baseline=0.12, effect=0.19, p_adjusted=0.0001),),
)
SIBLING = replace(INCIDENT, fingerprint="abcdef01" + "1" * 24, lead="format", notify=False)
HOLDS = sorted(set(ActKind) - {ActKind.NOTE, ActKind.SNOOZED})


def store(ws: Workspace, *incidents: Incident) -> Workspace:
    for day in {incident.day for incident in incidents}:
        rows = to_frame([incident for incident in incidents if incident.day == day])
        ws.lake.commit(day, "alert", {ALERTS: rows}, inputs=repr(incidents))
    return ws


def digests(ws: Workspace) -> list[object]:
    return [(record.day, record.step, record.inputs, record.digests) for record in ws.lake.records()]


@pytest.mark.parametrize("kind", HOLDS)
def test_an_incident_that_somebody_acted_on_is_sent_again_only_when_it_gets_worse(
    make_workspace: Any, endpoint: Any, kind: ActKind
) -> None:
    ws, (port, received, _) = store(make_workspace(), INCIDENT), endpoint
    before = digests(ws)
    record_act(ws, "abcdef01", kind, by="Ada")
    assert digests(ws) == before
    assert notify(ws, Ways([f"json://127.0.0.1:{port}/"]), now=NOW)["sent"] == 0
    store(ws, replace(INCIDENT, severity=Severity.P0))
    assert notify(ws, Ways([f"json://127.0.0.1:{port}/"]), now=NOW)["sent"] == 1
    assert received[0]["title"].startswith("P0")


def test_a_note_holds_nothing_back(make_workspace: Any, endpoint: Any) -> None:
    ws = store(make_workspace(), INCIDENT)
    record_act(ws, "abcdef01", ActKind.NOTE, text="seen")
    assert notify(ws, Ways([f"json://127.0.0.1:{endpoint[0]}/"]), now=NOW)["sent"] == 1


def test_a_digest_is_not_sent_again_because_one_of_its_incidents_is_acknowledged(
    make_workspace: Any, endpoint: Any
) -> None:
    quality = [replace(one, severity=Severity.P2, notify=True) for one in (INCIDENT, SIBLING)]
    ws, urls = store(make_workspace(), *quality), [f"json://127.0.0.1:{endpoint[0]}/"]
    assert notify(ws, Ways(urls), now=NOW)["sent"] == 1
    record_act(ws, "abcdef010", ActKind.ACKNOWLEDGED, by="Ada")
    assert notify(ws, Ways(urls), now=NOW)["sent"] == 0


def test_a_snooze_ends_on_its_day_and_what_is_open_is_told_again(make_workspace: Any, endpoint: Any) -> None:
    ws, urls = store(make_workspace(), INCIDENT), [f"json://127.0.0.1:{endpoint[0]}/"]
    until = TODAY + dt.timedelta(days=1)
    record_act(ws, "abcdef01", ActKind.SNOOZED, by="Ada", until=until)
    assert notify(ws, Ways(urls), now=NOW)["sent"] == 0
    store(ws, replace(INCIDENT, day=TODAY, state=IncidentState.ONGOING, notify=False))
    later = NOW + dt.timedelta(days=1)
    assert (
        notify(ws, Ways(urls), now=later)["sent"] == 2
    )  # the day that it was first news, not two days old, and that of its end
    assert notify(ws, Ways(urls), now=later)["sent"] == 0


@given(
    kinds=st.lists(st.sampled_from(sorted(ActKind)), max_size=6),
    severity=st.sampled_from(sorted(Severity)),
    ahead=st.integers(-3, 3),
)
def test_no_act_silences_what_gets_worse_and_no_snooze_outlasts_its_end(
    kinds: list[ActKind], severity: Severity, ahead: int
) -> None:
    until = TODAY + dt.timedelta(days=ahead)
    acts = [
        Act(INCIDENT.fingerprint, NOW, kind, severity, "Ada", until if kind is ActKind.SNOOZED else None)
        for kind in kinds
    ]
    act = standing(acts)
    without_notes = [kind for kind in kinds if kind is not ActKind.NOTE]
    assert (act and act.kind) == (without_notes[-1] if without_notes else None)
    if act is not None:
        worse = INCIDENT.severity < severity
        over = act.kind is ActKind.SNOOZED and ahead <= 0
        assert act.holds_back(INCIDENT, TODAY) is not (worse or over)


def test_ids_are_shortened_where_one_incident_alone_begins_so(make_workspace: Any) -> None:
    ws = store(make_workspace(), INCIDENT, SIBLING)
    assert incident_of(ws, "abcdef010").fingerprint == INCIDENT.fingerprint
    for short, problem in (("abcdef01", "several"), ("abcdef0", "too short"), ("12345678", "no such incident")):
        with pytest.raises(ConfigError, match=problem):
            incident_of(ws, short)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (ActKind.SNOOZED, {"by": "Ada"}),
        (ActKind.SNOOZED, {"by": "Ada", "until": TODAY}),
        (ActKind.CLOSED, {}),
        (ActKind.CLOSED, {"by": " "}),
        (ActKind.NOTE, {"text": " "}),
        (ActKind.NOTE, {"text": "x" * 1_001}),
    ],
)
def test_an_act_that_says_too_little_is_refused(make_workspace: Any, kind: ActKind, options: dict[str, Any]) -> None:
    ws = store(make_workspace(), INCIDENT)
    with pytest.raises(ConfigError):
        record_act(ws, "abcdef01", kind, **options)
    assert acts_of(ws, [INCIDENT.fingerprint], DAY) == {}


def test_false_alarms_are_counted_by_lead_and_place(make_workspace: Any) -> None:
    ws = store(make_workspace(), INCIDENT, SIBLING, replace(SIBLING, day=TODAY))
    assert false_alarms(ws) == []
    for short in ("abcdef011", "abcdef011", "abcdef010"):
        record_act(ws, short, ActKind.FALSE_ALARM, by="Ada")
    record_act(ws, "abcdef010", ActKind.ACKNOWLEDGED, by="Ada")  # on a second look it was one
    assert false_alarms(ws) == [FalseAlarms("format", "route=docs", 1, 1)]


def test_a_story_says_day_by_day_how_it_stood_who_was_told_and_what_was_done(
    make_workspace: Any, endpoint: Any
) -> None:
    ws = store(make_workspace(), INCIDENT, replace(INCIDENT, day=TODAY, state=IncidentState.RECOVERING, notify=False))
    endpoint[2]["status"] = 500
    notify(ws, Ways([f"json://127.0.0.1:{endpoint[0]}/"]), now=NOW)
    endpoint[2]["status"] = 200
    notify(ws, Ways([f"json://127.0.0.1:{endpoint[0]}/"]), now=NOW)
    record_act(ws, "abcdef01", ActKind.NOTE, by="Ada", text="ask \x1b[31mada@example.org\nabout it")
    first, second = explain(ws, "abcdef01").days
    assert (first.day, first.state, first.severity, first.why) == (DAY, "New tonight", "P1", INCIDENT.why)
    assert "baseline 12.0% (+19.0 pts)" in first.signals[0]
    assert [attempt.split(": ")[1].split(",")[0] for attempt in first.sent] == ["FAILED", "SENT"]
    assert (second.state, second.sent) == ("Recovering", ())
    assert "note by Ada: ask" in second.acts[0]
    assert "ada@example.org" not in second.acts[0]
    assert not {"\x1b", "\n"} & set(second.acts[0])


def test_the_command_acts_on_an_incident_and_shows_it(make_workspace: Any, tmp_path: Path) -> None:
    store(make_workspace(), INCIDENT)

    def obs(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["alerts", *arguments, "--config", str(tmp_path / "one" / "obs.yaml")])
        assert done.exit_code == 0, done.output
        return done.stdout

    until = str(TODAY + dt.timedelta(days=3))
    obs("ack", "abcdef01", "--by", "Ada")
    assert "acknowledged by Ada" in obs(str(DAY))
    obs("snooze", "abcdef01", "--until", until, "--by", "Grace", "--text", "waits for the index")
    for arguments in ((str(DAY),), ("show", str(DAY)), ("--json", str(DAY)), ("explain", "abcdef01")):
        assert f"snoozed until {until} by Grace: waits for the index" in obs(*arguments)
    for command in ("close", "accept", "false-alarm"):
        obs(command, "abcdef01", "--by", "Ada")
    obs("note", "abcdef01", "it was the cache")
    assert "false alarm by Ada" in obs(str(DAY))
    assert obs("review").split()[-4:] == ["refusal", "route=docs", "1", "1"]
