"""Acting on an incident from the page inside Airflow: a real api-server, its login, its rights, and a real browser."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from obs_lib.alerts.storage import to_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import Act, acts_of
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import Incident, IncidentState, Severity
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.report import make
from tests.browser import chromium
from tests.unit.reporting import sample_inputs as samples

pytestmark = [pytest.mark.slow, pytest.mark.server]

TODAY = dt.datetime.now(dt.UTC).date()
DAY = TODAY - dt.timedelta(days=1)
NAME = "abcdef01" + "0" * 24
STARTED_S = 240
USERS = {"ada": "admin", "olga": "op", "vi": "viewer"}  # who may run Dags: the first two
PASSWORD = "not-a-secret"


@dataclass
class Server:
    """A running api-server, and what it serves."""

    url: str
    ws: Workspace
    tokens: dict[str, str]

    @property
    def acts(self) -> list[Act]:
        return acts_of(self.ws, [NAME], DAY).get(NAME, [])

    def send(
        self, method: str, path: str, user: str | None, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, str]:
        """Status and text of what is answered, without following a redirection."""
        status, text, _ = self.answer(method, path, user, form, **headers)
        return status, text

    def answer(
        self, method: str, path: str, user: str | None, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, str, Message]:
        """The same with the headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if user is not None:
            named["Cookie"] = f"_token={self.tokens[user]}"
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(self.url + path, body, named, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay()).open(
                request, timeout=60
            ) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def token(self, user: str) -> str:
        """That the page of the day gives a user for the incident."""
        _, page = self.send("GET", f"/night-watch/obs/{DAY}", user)
        found = re.search(rf'action="act/{DAY}/{NAME}">\s*<input type="hidden" name="token" value="([^"]+)"', page)
        assert found
        return found[1]

    def act(self, user: str | None, form: dict[str, str], **headers: str) -> tuple[int, str]:
        named = {"Origin": self.url, "Sec_Fetch_Site": "same-origin"} | headers
        return self.send("POST", f"/night-watch/obs/act/{DAY}/{NAME}", user, form, **named)


class Stay(urllib.request.HTTPRedirectHandler):
    """Stays where it is."""

    def redirect_request(self, *_: Any) -> None:
        return None


def incident() -> Incident:
    given = {"fingerprint": NAME, "day": DAY, "first_day": DAY, "last_day": DAY, "severity": Severity.P1}
    return samples.alert("", **given, state=IncidentState.NEW, notify=True)


def lake(config: Path) -> Workspace:
    """A lake with one day, whose page is as `render` writes it."""
    ws = open_workspace(config)
    ws.lake.commit(DAY, "alert", {ALERTS: to_frame([incident()])}, inputs="x")
    inputs = ReportInputs(DAY, samples.metrics().iloc[:0], samples.drift(samples.metrics()).iloc[:0], [incident()])
    page_path(ws, DAY).parent.mkdir(parents=True, exist_ok=True)
    page_path(ws, DAY).write_bytes(make(inputs).html.encode())
    return ws


@pytest.fixture(scope="module")
def server(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("acts")
    watches = home / "watches"
    watches.mkdir()
    (watches / "obs.yaml").write_text("lake: {root: ../lake}\n")
    (watches / "search.yaml").write_text("name: search\nlake: {root: ../other}\n")
    (watches / "broken.yaml").write_text("name: [\n")
    with serving(home, USERS, lake(watches / "obs.yaml"), simple_auth(home, USERS)) as made:
        yield made


def simple_auth(home: Path, users: Mapping[str, str]) -> dict[str, str]:
    """Environment of an api-server whose simple auth manager knows these users and their roles."""
    (home / "passwords.json").write_text(json.dumps(dict.fromkeys(users, PASSWORD)))
    return {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in users.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
    }


@contextmanager
def serving(
    home: Path, users: Iterable[str], ws: Workspace, environment: Mapping[str, str], prefix: str = ""
) -> Iterator[Server]:
    """A running api-server of the watches in `home`, in which all users are signed in. prefix : path below which it stands."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Server(f"http://127.0.0.1:{port}{prefix}", ws, {})
    given = {
        **environment,
        "OBS_CONFIG": str(home / "watches"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": made.url,
        "NO_PROXY": "127.0.0.1",
    }
    with (home / "server.log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "airflow", "api-server"],
            env=os.environ | given,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        made.tokens = {name: signed_in(made, name, started, home / "server.log") for name in users}
        yield made
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(30)


def signed_in(server: Server, name: str, process: subprocess.Popen[bytes], log: Path) -> str:
    body = json.dumps({"username": name, "password": PASSWORD}).encode()
    end = time.monotonic() + STARTED_S
    while time.monotonic() < end and process.poll() is None:
        request = urllib.request.Request(f"{server.url}/auth/token", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
                return str(json.loads(answer.read())["access_token"])
        except OSError:
            time.sleep(1)
    raise AssertionError(log.read_text()[-3000:])


def test_who_may_run_the_dag_acts_and_everybody_sees_it(server: Server) -> None:
    before = len(server.acts)
    status, _ = server.act(
        "olga", {"token": server.token("olga"), "kind": "NOTE", "text": "<b>looks like the index</b>"}
    )
    assert status == 303
    *_, last = server.acts
    assert (len(server.acts), last.kind, last.by, last.text) == (
        before + 1,
        "NOTE",
        "olga",
        "<b>looks like the index</b>",
    )
    _, page = server.send("GET", f"/night-watch/obs/{DAY}", "vi")
    assert "note by olga: &lt;b&gt;looks like the index&lt;/b&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("ACKNOWLEDGED", {}),
        ("SNOOZED", {"until": str(TODAY + dt.timedelta(days=3))}),
        ("CLOSED", {}),
        ("ACCEPTED", {}),
        ("FALSE_ALARM", {"text": "a test"}),
    ],
)
def test_every_act_is_stored_as_the_command_stores_it(server: Server, kind: str, given: dict[str, str]) -> None:
    assert server.act("ada", {"token": server.token("ada"), "kind": kind, **given})[0] == 303
    act = server.acts[-1]
    assert (act.kind, act.by, act.severity) == (kind, "ada", Severity.P1)
    assert str(act.until) == given.get("until", "None")


def test_who_may_only_read_is_shown_no_form_and_is_refused(server: Server) -> None:
    status, page = server.send("GET", f"/night-watch/obs/{DAY}", "vi")
    assert (status, "<form" in page) == (200, False)
    refused(server, "vi", {"token": server.token("ada"), "kind": "CLOSED"}, 403)


def refused(server: Server, user: str | None, form: dict[str, str], status: int, **headers: str) -> str:
    before = len(server.acts)
    answered, text = server.act(user, form, **headers)
    assert answered == status
    assert len(server.acts) == before
    return text


def test_strangers_are_refused(server: Server) -> None:
    refused(server, None, {"token": server.token("ada"), "kind": "CLOSED"}, 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_another_origin_is_refused(server: Server, headers: dict[str, str]) -> None:
    form = {"token": server.token("ada"), "kind": "CLOSED"}
    assert "another site" in refused(server, "ada", form, 403, **headers)


def test_a_form_without_a_token_of_this_reader_for_this_incident_is_refused(server: Server) -> None:
    refused(server, "ada", {"kind": "CLOSED"}, 403)
    refused(server, "ada", {"token": "1.a.b", "kind": "CLOSED"}, 403)
    refused(server, "ada", {"token": "é", "kind": "CLOSED"}, 403)
    refused(server, "ada", {"token": server.token("olga"), "kind": "CLOSED"}, 403)
    elsewhere = f"/night-watch/obs/act/{DAY}/{'1' * 32}"
    form, headers = {"token": server.token("ada"), "kind": "CLOSED"}, {"Origin": server.url}
    assert server.send("POST", elsewhere, "ada", form, **headers)[0] == 403


def test_a_token_holds_for_some_hours_for_one_user_one_incident_and_one_server(airflow_home: Path) -> None:
    from night_watch.airflow import form_tokens as tokens

    token = tokens.issue(b"key", "ada", NAME, 1000.0)
    assert tokens.check(b"key", token, "ada", NAME, 1000.0 + tokens.VALID_S) == token.split(".")[1]
    assert tokens.issue(b"key", "ada", NAME, 1000.0) != token
    for other in (
        (b"other", token, "ada", NAME, 1000.0),
        (b"key", token, "olga", NAME, 1000.0),
        (b"key", token, "ada", NAME[::-1], 1000.0),
        (b"key", token, "ada", NAME, 1002.0 + tokens.VALID_S),
        (b"key", token, "ada", NAME, 0.0),
        (b"key", f"9{token}", "ada", NAME, 1000.0),
        (b"key", "", "ada", NAME, 1000.0),
    ):
        with pytest.raises(tokens.BadToken):
            tokens.check(*other)


def test_a_form_is_taken_once(server: Server) -> None:
    form = {"token": server.token("ada"), "kind": "NOTE", "text": "once"}
    assert server.act("ada", form)[0] == 303
    assert "sent already" in refused(server, "ada", form, 400)


def test_pages_and_forms_are_those_of_the_watch_that_is_asked_for(server: Server, tmp_path: Path) -> None:
    status, page = server.send("GET", "/night-watch/", "vi")
    assert status == 200
    assert re.findall('href="([^"]*)"', page) == ["obs/", "search/"]
    assert server.send("GET", "/night-watch/search/", "vi")[0] == 200
    assert server.send("GET", f"/night-watch/obs/{DAY}", "vi")[0] == 200
    assert server.send("GET", f"/night-watch/search/{DAY}", "vi")[0] == 404
    assert server.send("GET", "/night-watch/nobody/", "vi")[0] == 404

    other = lake_of_search(server)
    form = {"token": server.token("ada"), "kind": "NOTE", "text": "of the other watch"}
    status, text = server.send(
        "POST", f"/night-watch/search/act/{DAY}/{NAME}", "ada", form, Origin=server.url, Sec_Fetch_Site="same-origin"
    )
    assert (status, "not made for you by this page" in text) == (403, True)
    assert acts_of(other, [NAME], DAY) == {}


def lake_of_search(server: Server) -> Workspace:
    """The other watch, with the same day and an incident of the same name."""
    return lake(Path(server.ws.settings.lake.root).parent / "watches" / "search.yaml")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_nothing_but_a_post_acts(server: Server, method: str) -> None:
    before = len(server.acts)
    query = urllib.parse.urlencode({"token": server.token("ada"), "kind": "CLOSED"})
    path = f"/night-watch/obs/act/{DAY}/{NAME}?{query}"
    assert server.send(method, path, "ada", Origin=server.url)[0] == 405
    assert len(server.acts) == before


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"kind": "CURED"}, 403, "no act"),
        ({"kind": "SNOOZED", "until": ""}, 403, "day on which it ends"),
        ({"kind": "SNOOZED", "until": str(TODAY)}, 400, "ends at once"),
        ({"kind": "NOTE", "text": " "}, 400, "says nothing"),
        ({"kind": "NOTE", "text": "x" * 20_000}, 403, "too long"),
    ],
)
def test_what_cannot_be_an_act_is_said_to_be_none(
    server: Server, given: dict[str, str], status: int, says: str
) -> None:
    assert says in refused(server, "ada", {"token": server.token("ada"), **given}, status)


@pytest.fixture
def page(server: Server, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page in a browser of the width that the test names, where ada is signed in."""
    with chromium() as browser:
        context = browser.new_context(viewport={"width": request.param, "height": 900})
        context.add_cookies([{"name": "_token", "value": server.tokens["ada"], "url": server.url}])
        yield context.new_page()


def look(page: Any, name: str) -> None:
    """Keep a picture for whoever asks for one: OBS_SCREENSHOTS names a folder."""
    if folder := os.environ.get("OBS_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.browser
@pytest.mark.parametrize("page", [390, 1440], indirect=True)
def test_somebody_acknowledges_in_a_browser(server: Server, page: Any) -> None:
    width, before = page.viewport_size["width"], len(server.acts)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server.url}/night-watch/obs/{DAY}")
    page.click("text=Act on it")
    page.fill("input[name=text]", f"at {width}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    look(page, f"act-{width}")
    page.click("button:has-text('Acknowledge')")
    page.wait_for_selector(f"text=acknowledged by ada: at {width}")
    assert page.url == f"{server.url}/night-watch/obs/{DAY}#incident-abcdef01"
    look(page, f"acted-{width}")
    assert said == []
    assert (len(server.acts), server.acts[-1].kind) == (before + 1, "ACKNOWLEDGED")


@pytest.mark.browser
@pytest.mark.parametrize("page", [1440], indirect=True)
def test_somebody_snoozes_in_the_frame_of_airflows_own_ui(server: Server, page: Any) -> None:
    until = str(TODAY + dt.timedelta(days=2))
    page.goto(f"{server.url}/plugin/llm/night-watch/obs/{DAY}")
    frame = page.frame_locator("iframe")
    frame.locator("text=Act on it").click()
    frame.locator("input[name=until]").fill(until)
    look(page, "frame")
    frame.locator("button:has-text('Snooze')").click()
    frame.locator(f"text=snoozed until {until} by ada").first.wait_for()
    assert (server.acts[-1].kind, str(server.acts[-1].until)) == ("SNOOZED", until)
