"""A night that failed, is late or never began is told once, by the routes of incidents."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.lake.tables import ALERTS, METRICS, REPORTS
from obs_lib.pipeline.alert_events import claim_events, confirm_events
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.notify import tell
from obs_lib.pipeline.watch import late_nights
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Severity, StepState
from tests.receivers import Receiver
from tests.unit.pipeline.test_deliver import DAY, INCIDENT, NOW, QUALITY, TODAY, store

DEADLINE = dt.datetime.combine(TODAY, dt.time(8), tzinfo=dt.UTC)  # two hours of delay and six of patience
BEFORE = DAY - dt.timedelta(days=1)


def summed_up(ws: Workspace, day: dt.date) -> None:
    ws.lake.commit(day, "summarise", {METRICS: METRICS.schema.empty_table().to_pandas().drop(columns="day")}, inputs="")


def rendered(ws: Workspace, day: dt.date) -> None:
    ws.lake.commit(day, "render", {REPORTS: REPORTS.schema.empty_table().to_pandas().drop(columns="day")}, inputs="")


@pytest.fixture
def ws(make_workspace: Any) -> Workspace:
    """A lake in which the day before yesterday has its report."""
    made: Workspace = make_workspace()
    rendered(made, BEFORE)
    return made


def said(ws: Workspace, now: dt.datetime, *, fold_failed: bool = False) -> list[str]:
    return [incident.title for incident in late_nights(ws, now, fold_failed=fold_failed) if incident.is_open]


def test_a_night_that_never_began_is_told_from_its_deadline_on(ws: Workspace) -> None:
    assert said(ws, DEADLINE - dt.timedelta(minutes=1)) == []
    assert said(ws, DEADLINE) == [f"The night of {DAY} never began, or hangs in its first step"]
    night = next(one for one in late_nights(ws, DEADLINE) if one.is_open)
    assert (night.severity, night.lead, night.why) == (Severity.P1, "night", f"no report by {DEADLINE:%d %b %H:%M} UTC")


def test_nights_before_the_lake_was_there_are_not_missed(make_workspace: Any) -> None:
    assert said(make_workspace(), DEADLINE) == [f"The night of {DAY} never began, or hangs in its first step"]


def test_a_night_that_failed_says_where_and_why_without_secrets(ws: Workspace) -> None:
    ws.lake.fail(DAY, "ingest", OSError("no space left; ask ada@example.org"))
    (title,) = said(ws, DEADLINE)
    assert title.startswith(f"The night of {DAY} failed in step ingest: no space left")
    assert "ada@example.org" not in title


def test_a_night_that_hangs_says_in_which_step(ws: Workspace) -> None:
    ws.lake.commit(DAY, "ingest", {}, inputs="")
    ws.lake.commit(DAY, "collect", {}, inputs="", state=StepState.WRITING)
    assert said(ws, DEADLINE) == [f"The night of {DAY} is late: its last step is collect"]


def test_what_shows_a_late_night_is_told_once_that_it_came(
    make_workspace: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBS_CONNECTION_AM", f"http://127.0.0.1:{receiver.port}")
    am = {"channels": {"am": {"kind": "alertmanager", "connection": "am"}}, "routes": [{"channels": ["am"]}]}
    ws = make_workspace(delivery=am)
    rendered(ws, BEFORE)  # was never late, so that nobody hears of its end

    def watched(hours: int) -> list[str]:
        before, now = len(receiver.posts), DEADLINE + dt.timedelta(hours=hours)
        tell(ws, late_nights(ws, now), Ways(), now=now)
        return [post.json[1]["annotations"]["state"] for post in receiver.posts[before:]]

    assert watched(0) == ["NEW"]
    assert watched(1) == []
    rendered(ws, DAY)
    assert watched(2) == ["RESOLVED"]
    assert watched(3) == watched(20) == []
    first, end = (post.json[1] for post in receiver.posts)
    assert first["labels"] == end["labels"]  # one alert, which ends
    assert first["labels"]["severity"] == "P1"


def test_a_night_without_its_report_is_told_at_once_where_the_fold_has_failed(ws: Workspace) -> None:
    summed_up(ws, DAY)
    early = DEADLINE - dt.timedelta(hours=5)
    assert said(ws, early) == []
    told = [f"The night of {DAY} has been summed up and waits for comparison, alerts and report"]
    assert said(ws, early, fold_failed=True) == said(ws, DEADLINE) == told
    rendered(ws, DAY)
    assert said(ws, DEADLINE, fold_failed=True) == []


def test_days_that_are_no_nights_are_not_missed(make_workspace: Any) -> None:
    assert said(make_workspace("ended", schedule={"end_date": str(BEFORE)}), DEADLINE) == []
    assert said(make_workspace("begins", schedule={"start_date": str(TODAY)}), DEADLINE) == []
    assert said(make_workspace("never", schedule={"deadline_hours": None}), DEADLINE) == []


def test_the_commands_tell_of_nights_and_send_what_has_not_arrived(
    make_workspace: Any, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBS_NOTIFY_URLS", f"json://127.0.0.1:{receiver.port}/")
    start = {"start_date": str(DAY), "deadline_hours": 0.01, "delay_hours": 0}
    ws = store(make_workspace(schedule=start), INCIDENT)

    def obs(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["alerts", *arguments, "--config", str(tmp_path / "one" / "obs.yaml")])
        assert done.exit_code == code, done.output
        return done.output

    assert "is late" in obs("watch") or "never began" in receiver.posts[0].json["title"]
    assert "nothing to send" in obs("watch")
    receiver.status = 500
    assert "1 urgent incident(s) not delivered" in obs("notify", code=1)
    receiver.status = 200
    assert "1 message(s) sent" in obs("notify")
    assert "json-" in obs(str(DAY))
    assert "FAILED" in obs("explain", ws.lake.read(ALERTS, [DAY])["fingerprint"][0][:8])


def test_events_for_programs_are_claimed_confirmed_and_made_once(make_workspace: Any) -> None:
    ws = store(make_workspace(), INCIDENT, QUALITY)
    events = claim_events(ws, now=NOW)
    assert [event["severity"] for event in events] == ["P1", "P2"]
    again = claim_events(ws, now=NOW)  # the task that claimed them was killed
    assert [event["severity"] for event in again] == ["P1"]
    assert again[0]["key"] == events[0]["key"] == f"{DAY}-{'a' * 12}-P1"
    confirm_events(ws, events)
    assert claim_events(ws, now=NOW) == []
    confirm_events(ws, [])
