"""Routes, failover, and who is told how often, whatever is killed and whatever folds come again."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from email.message import Message as Mail
from pathlib import Path
from typing import Any

import pytest

from obs_lib.alerts.storage import to_frame
from obs_lib.errors import ConfigError, LakeDamaged
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.deliveries import deliveries, sent_to
from obs_lib.pipeline.notify import notify, tell
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Incident, IncidentState, Severity
from obs_lib.settings.loading import load_settings, parse_settings
from obs_lib.settings.settings import Settings
from tests.receivers import Receiver, http_receiver

TODAY = dt.datetime.now(dt.UTC).date()
DAY = TODAY - dt.timedelta(days=1)
NOW = dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC)
INCIDENT = Incident(
    day=DAY,
    fingerprint="a" * 32,
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
)
QUALITY = replace(INCIDENT, fingerprint="b" * 32, severity=Severity.P2, lead="format", place=("route=chat",))


def store(ws: Workspace, *incidents: Incident) -> Workspace:
    for day in {incident.day for incident in incidents} or {DAY}:
        rows = to_frame([incident for incident in incidents if incident.day == day])
        ws.lake.commit(day, "alert", {ALERTS: rows}, inputs=repr(incidents))
    return ws


@contextmanager
def receivers(monkeypatch: pytest.MonkeyPatch, *names: str) -> Iterator[dict[str, Receiver]]:
    """A webhook of each name, known as a connection."""
    with ExitStack() as stack:
        running = {name: stack.enter_context(http_receiver()) for name in names}
        for name, receiver in running.items():
            monkeypatch.setenv(f"OBS_CONNECTION_{name.upper()}", f"http://:geheim@127.0.0.1:{receiver.port}/")
        yield running


def hooks(*names: str) -> dict[str, Any]:
    return {name: {"kind": "webhook", "connection": name} for name in names}


def keys(receiver: Receiver) -> list[str]:
    return [post.json["key"] for post in receiver.posts]


# -- routes ------------------------------------------------------------------------------------------------------------


def test_each_route_that_matches_sends_and_what_none_takes_goes_to_the_urls(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    routes = [
        {"severities": ["P0", "P1"], "channels": ["pager"]},
        {"segments": ["route=doc*"], "channels": ["docs"]},
        {"owners": ["sea*"], "channels": ["search"]},
    ]
    rules = [{"families": ["refusal"], "owner": "search", "runbook": "https://wiki.example.org/refusal"}]
    with receivers(monkeypatch, "pager", "docs", "search") as at:
        channels = hooks("pager", "docs", "search")
        ws = store(make_workspace(delivery={"channels": channels, "routes": routes, "rules": rules}), INCIDENT, QUALITY)
        told = notify(ws, Ways([f"json://127.0.0.1:{receiver.port}/"]), now=NOW)
        assert (told["sent"], told["unrouted"], told["undelivered"]) == (4, 0, 0)
        assert [len(one.posts) for one in at.values()] == [1, 1, 1]
        (incident,) = at["search"].posts[0].json["incidents"]
        assert (incident["owner"], incident["runbook"]) == ("search", "https://wiki.example.org/refusal")
        assert "1 incident on" in receiver.posts[0].json["message"]  # the digest of what no route takes
        assert notify(ws, Ways([f"json://127.0.0.1:{receiver.port}/"]), now=NOW)["sent"] == 0
        assert sent_to(ws, DAY, [INCIDENT.fingerprint]) == ["docs, pager, search"]


def test_what_nobody_takes_is_said(make_workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [{"severities": ["P0"], "channels": ["pager"]}]
    ws = store(make_workspace(delivery={"channels": hooks("pager"), "routes": routes}), INCIDENT)
    assert notify(ws, Ways(), now=NOW)["unrouted"] == 1


@pytest.mark.parametrize(
    ("hour", "shift"), [(3, "night"), (6, "night"), (7, "office"), (16, "office"), (17, "night"), (23, "night")]
)
def test_hours_choose_the_channel_and_a_later_fold_asks_nobody_else(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, hour: int, shift: str
) -> None:
    routes = [
        {"hours": [{"from": "08:00", "to": "18:00", "zone": "Europe/Berlin"}], "channels": ["office"]},
        {"hours": [{"from": "18:00", "to": "08:00", "zone": "Europe/Berlin"}], "channels": ["night"]},
    ]
    winter = dt.date(2024, 1, 15)
    at_night = dt.datetime.combine(winter, dt.time(hour), tzinfo=dt.UTC)
    incident = replace(INCIDENT, day=winter - dt.timedelta(days=1), first_day=winter, last_day=winter)
    with receivers(monkeypatch, "office", "night") as at:
        ws = store(make_workspace(delivery={"channels": hooks("office", "night"), "routes": routes}), incident)
        notify(ws, Ways(), now=at_night)
        assert {name for name, one in at.items() if one.posts} == {shift}


def test_a_later_fold_of_another_shift_tells_nobody_again(make_workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    this_hour = dt.datetime.now(dt.UTC)
    soon = (this_hour + dt.timedelta(hours=1)).strftime("%H:00")
    routes = [
        {"hours": [{"from": this_hour.strftime("%H:00"), "to": soon}], "channels": ["first"]},
        {"hours": [{"from": soon, "to": this_hour.strftime("%H:00")}], "channels": ["second"]},
    ]
    with receivers(monkeypatch, "first", "second") as at:
        ws = store(make_workspace(delivery={"channels": hooks("first", "second"), "routes": routes}), INCIDENT, QUALITY)
        notify(ws, Ways(), now=this_hour)
        notify(ws, Ways(), now=this_hour + dt.timedelta(hours=2))
        assert [len(one.posts) for one in at.values()] == [2, 0]


@pytest.mark.parametrize(
    ("delivery", "problem"),
    [
        ({"routes": [{"channels": ["nobody"]}]}, "routes must name channels"),
        ({"channels": {"a": {"kind": "pigeon", "connection": "x"}}}, "must be one of apprise"),
        ({"channels": {"a": {"kind": "webhook"}}}, "connection must name one"),
        ({"channels": {"a": {"kind": "notifier", "notifier": "no target"}}}, "module:object"),
        ({"channels": hooks("a"), "routes": [{"channels": ["a"], "quiet": True}]}, "quiet needs digest"),
        ({"channels": hooks("a"), "routes": [{"channels": ["a"], "hours": [{"zone": "Mars"}]}]}, "IANA"),
        ({"rules": [{"owner": "x", "runbook": "javascript:alert(1)"}]}, "runbook"),
    ],
)
def test_settings_that_reach_nobody_are_refused(tmp_path: Any, delivery: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_settings({"delivery": delivery}, tmp_path / "obs.yaml")


@pytest.mark.parametrize("written", ["08:00", "18:30", '"18:30"', "00:00", "7:05"])
def test_hours_are_read_as_they_are_written(tmp_path: Any, written: str) -> None:
    routes = f"[{{channels: [a], hours: [{{from: {written}}}]}}]"
    text = f"delivery: {{channels: {{a: {{kind: webhook, connection: a}}}}, routes: {routes}}}"
    (tmp_path / "obs.yaml").write_text(text)
    begin = load_settings(tmp_path / "obs.yaml").delivery.routes[0].hours[0].begin
    assert f"{begin:%H:%M}" == written.strip('"').zfill(5)


def test_who_is_told_names_no_result_anew_but_owners_do() -> None:
    channels = {"a": {"kind": "webhook", "connection": "a"}}
    route = {"channels": ["a"]}
    routed = Settings.model_validate({"delivery": {"channels": channels, "routes": [route]}})
    owned = Settings.model_validate({"delivery": {"rules": [{"owner": "search"}]}})
    assert routed.digest() == Settings().digest() != owned.digest()


# -- failover, digests, ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 404])
def test_a_broken_channel_fails_over_to_the_next_of_its_route(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with receivers(monkeypatch, "first", "second") as at:
        delivery = {"channels": hooks("first", "second"), "routes": [{"channels": ["first", "second"]}]}
        ws = store(make_workspace(delivery=delivery), INCIDENT, QUALITY)
        at["first"].status = status
        told = notify(ws, Ways(), now=NOW)
        assert (told["sent"], told["failed"], told["undelivered"]) == (2, 2, 0)
        assert keys(at["first"]) == keys(at["second"])
        at["first"].status = 200
        assert notify(ws, Ways(), now=NOW)["sent"] == 0  # one of the route is enough


def test_an_unknown_outcome_is_sent_again_for_p1_and_not_for_p2(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receivers(monkeypatch, "only") as at:
        delivery = {"channels": hooks("only"), "routes": [{"channels": ["only"]}]}
        ws = store(make_workspace(delivery=delivery), INCIDENT, QUALITY)
        at["only"].hangs_up = True
        told = notify(ws, Ways(), now=NOW)
        assert (told["unknown"], told["undelivered"]) == (2, 1)
        assert sent_to(ws, DAY, [INCIDENT.fingerprint, QUALITY.fingerprint]) == ["only UNKNOWN", "only UNKNOWN"]
        at["only"].hangs_up = False
        assert notify(ws, Ways(), now=NOW)["sent"] == 1
        assert Counter(keys(at["only"])) == {f"{DAY}-{'a' * 12}-P1": 2, at["only"].posts[1].json["key"]: 1}
        (urgent,) = [one for one in deliveries(ws, DAY) if one.update.severity is Severity.P1]
        assert (urgent.outcome, urgent.attempts) == ("SENT", 2)


def notify_command(folder: Path) -> list[str]:
    """`obs alerts notify` in a process of its own."""
    obs = "import sys; from obs_lib.cli import main; sys.argv = ['obs', 'alerts', 'notify', '--config', '{}']; main()"
    return [sys.executable, "-c", obs.format(folder / "one" / "obs.yaml")]


def test_processes_that_send_at_once_send_once(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with receivers(monkeypatch, "only") as at:
        delivery = {"channels": hooks("only"), "routes": [{"channels": ["only"]}]}
        store(make_workspace(delivery=delivery), INCIDENT, QUALITY)
        at["only"].slow_s = 0.5
        running = [subprocess.Popen(notify_command(tmp_path)) for _ in range(3)]
        assert [process.wait(120) for process in running] == [0, 0, 0]
        assert len(keys(at["only"])) == len(set(keys(at["only"]))) == 2


def test_a_process_that_is_killed_while_it_sends_leaves_an_unknown_outcome(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, receiver: Receiver
) -> None:
    delivery = {"channels": hooks("only"), "routes": [{"channels": ["only"]}]}
    ws = store(make_workspace(delivery=delivery), INCIDENT)
    command = notify_command(tmp_path)
    for incidents, again in (((INCIDENT,), 1), ((QUALITY, INCIDENT), 0)):
        store(ws, *incidents)
        with socket.create_server(("127.0.0.1", 0)) as server:  # takes the connection and never answers
            monkeypatch.setenv("OBS_CONNECTION_ONLY", f"http://:geheim@127.0.0.1:{server.getsockname()[1]}/")
            process = subprocess.Popen(command)
            server.settimeout(120)
            with server.accept()[0]:
                process.kill()
                process.wait(60)
        assert sent_to(ws, DAY, [incidents[0].fingerprint]) == ["only UNKNOWN"]
        monkeypatch.setenv("OBS_CONNECTION_ONLY", f"http://:geheim@127.0.0.1:{receiver.port}/")
        assert notify(ws, Ways(), now=NOW)["sent"] == again
    assert keys(receiver) == [f"{DAY}-{'a' * 12}-P1"]


def test_a_digest_a_day_holds_everything_once_and_says_when_all_is_quiet(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, mailbox: tuple[int, list[Mail]]
) -> None:
    port, received = mailbox
    uri = f"smtp://127.0.0.1:{port}?from=watch@example.org&to=team@example.org&encryption=none"
    monkeypatch.setenv("OBS_CONNECTION_TEAM", uri)
    delivery = {
        "channels": {"team": {"kind": "mail", "connection": "team"}},
        "routes": [{"channels": ["team"], "digest": True, "quiet": True}],
    }
    ws = store(make_workspace(delivery=delivery))
    page = ws.lake.files / "pages" / f"{DAY}.html"
    page.parent.mkdir(parents=True)
    page.write_text("<h1>The report</h1>")
    notify(ws, Ways(), now=NOW)
    notify(ws, Ways(), now=NOW)
    (quiet,) = received
    assert "nothing new to report" in quiet["Subject"]
    assert "<h1>The report</h1>" in quiet.as_string()
    store(ws, INCIDENT, QUALITY)
    notify(ws, Ways(), now=NOW)
    store(ws, INCIDENT, QUALITY, replace(QUALITY, fingerprint="c" * 32))
    notify(ws, Ways(), now=NOW)
    notify(ws, Ways(), now=NOW)
    _, both, late = received
    assert "2 incidents on" in both.as_string()
    assert "1 incident on" in late.as_string()


def test_a_receiver_that_shows_what_stands_is_told_the_end(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv("OBS_CONNECTION_AM", f"http://127.0.0.1:{receiver.port}")
    delivery = {"channels": {"am": {"kind": "alertmanager", "connection": "am"}}, "routes": [{"channels": ["am"]}]}
    ws = store(make_workspace(delivery=delivery), INCIDENT)
    notify(ws, Ways(), now=NOW)
    closed = replace(INCIDENT, day=TODAY, state=IncidentState.RESOLVED, notify=False)
    store(ws, closed, replace(QUALITY, day=TODAY, state=IncidentState.RESOLVED, notify=False))
    later = NOW + dt.timedelta(days=1)
    assert notify(ws, Ways(), now=later)["sent"] == 1  # the other was never told there
    assert notify(ws, Ways(), now=later)["sent"] == 0
    first, end = ({one["labels"]["severity"]: one for one in post.json} for post in receiver.posts)
    assert first["P1"]["endsAt"] > NOW.isoformat() > first["P0"]["endsAt"][:10]
    assert {one["labels"]["incident"] for one in end.values()} == {INCIDENT.fingerprint}
    assert all(dt.datetime.fromisoformat(one["endsAt"]) <= dt.datetime.now(dt.UTC) for one in end.values())


def test_what_a_later_fold_finds_never_to_have_been_is_ended_where_it_is_shown(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """As where logs come late: the day is made again, and nothing of "No logs" is left on any day."""
    monkeypatch.setenv("OBS_CONNECTION_AM", f"http://127.0.0.1:{receiver.port}")
    delivery = {
        "channels": {"am": {"kind": "alertmanager", "connection": "am"}},
        "routes": [{"channels": ["am"]}],
        "rules": [{"segments": ["route=docs"], "owner": "search"}],
    }
    docs = replace(INCIDENT, place=("route=docs",))
    ws = store(make_workspace(delivery=delivery), docs)
    later = NOW + dt.timedelta(hours=3)
    assert [notify(ws, Ways(), now=moment)["sent"] for moment in (NOW, later)] == [1, 0]
    store(ws, QUALITY)
    assert notify(ws, Ways(), now=later)["sent"] == 2  # the digest with the other, and the end
    assert [notify(ws, Ways(), now=later + dt.timedelta(days=n))["sent"] for n in range(3)] == [0, 0, 0]
    first, *_, end = ({one["labels"]["severity"]: one for one in post.json} for post in receiver.posts)
    assert {name: one["labels"] for name, one in end.items()} == {name: one["labels"] for name, one in first.items()}
    assert first["P1"]["labels"]["owner"] == "search"
    assert all(dt.datetime.fromisoformat(one["endsAt"]) <= dt.datetime.now(dt.UTC) for one in end.values())
    assert "Withdrawn" in end["P1"]["annotations"]["summary"]


def test_what_cannot_be_read_is_not_gone_and_what_comes_back_is_told_again(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv("OBS_CONNECTION_AM", f"http://127.0.0.1:{receiver.port}")
    delivery = {"channels": {"am": {"kind": "alertmanager", "connection": "am"}}, "routes": [{"channels": ["am"]}]}
    ws = store(make_workspace(delivery=delivery), INCIDENT)
    later = NOW + dt.timedelta(hours=3)

    def sent() -> int:
        return notify(ws, Ways(), now=later)["sent"]

    assert sent() == 1
    ws.lake.lose(LakeDamaged("a file is gone", table="alerts", day=DAY))
    assert sent() == 0  # its alerts are not gone: they cannot be read
    for _ in range(2):  # withdrawn, and back again
        store(ws)
        assert [sent(), sent()] == [1, 0]
        store(ws, INCIDENT)
        assert [sent(), sent()] == [1, 0]
    ended = ["Withdrawn" in post.json[0]["annotations"]["summary"] for post in receiver.posts]
    assert ended == [False, True, False, True, False]


def test_a_channel_of_an_unknown_connection_stops_nobody(make_workspace: Any, receiver: Receiver) -> None:
    delivery = {"channels": hooks("nowhere"), "routes": [{"channels": ["nowhere"]}]}
    ws = store(make_workspace(delivery=delivery), INCIDENT)
    assert (told := notify(ws, Ways(), now=NOW))["undelivered"] == told["failed"] == 1
    (known,) = deliveries(ws, DAY)
    assert "OBS_CONNECTION_NOWHERE" in known.detail


def test_what_stands_in_no_table_goes_the_same_way(make_workspace: Any, receiver: Receiver) -> None:
    ws = make_workspace()
    ways = Ways([f"json://127.0.0.1:{receiver.port}/"])
    night = replace(INCIDENT, kind="data", lead="night", title="The night never began", place=("all",))
    old = replace(night, day=DAY - dt.timedelta(days=9))
    assert tell(ws, [night, old], ways, now=NOW)["sent"] == 1
    assert tell(ws, [night], ways, now=NOW)["sent"] == 0
    assert "The night never began" in receiver.posts[0].json["title"]
