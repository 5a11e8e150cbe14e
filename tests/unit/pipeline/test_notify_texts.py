"""What stands in a log on its way through the lake to every channel: a secret arrives nowhere, a name arrives whole."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from obs_lib.alerts.storage import to_frame
from obs_lib.lake.tables import ALERTS, OPERATIONS
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.notify import notify
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Incident, IncidentState, Severity, Signal, Suspect
from tests.receivers import Receiver

DAY = dt.date(2024, 3, 1)
SOON = dt.datetime(2024, 3, 2, 3, tzinfo=dt.UTC)
KEYS = {
    "an API key": "sk-proj-abcdEFGH1234ijklMNOP5678qrstUVWX9012yzab",
    "a token of GitHub": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "an access key": "AKIAIOSFODNN7EXAMPLE",
    "a web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "a password in an address": "postgres://ada:correct-horse-battery@db.example.org/x",
    "an address of a person": "ada.lovelace@example.net",
}
SECRETS = {name: "correct-horse-battery" if "//" in text else text.split("@")[0] for name, text in KEYS.items()}
OF_CHANNELS = "geheim-of-a-channel"
NAMES = ("<your-route>", "[red]", "{{name}}", "a&b", "<b>bold</b>")


def incident(text: str) -> Incident:
    """With the text wherever a log can write one."""
    return Incident(
        day=DAY,
        fingerprint="f" * 32,
        kind="change",
        severity=Severity.P1,
        state=IncidentState.NEW,
        place=(f"route={text}",),
        lead="refusal",
        title=f"{text} refuses more",
        score=0.9,
        why=f"{text} is why",
        notify=True,
        first_day=DAY,
        last_day=DAY,
        suspects=(Suspect("version", f"model_version={text}", f"{text} is new"),),
        evidence=(Signal("refusal_rate", 0.31, segment=f"route={text}", baseline=0.12, effect=0.19, note=text),),
    )


@dataclass(frozen=True)
class Everywhere:
    """Every kind of channel there is, with who receives them."""

    ws: Workspace
    receiver: Receiver
    urls: list[str]
    mails: list[Mail]

    def tell(self, text: str) -> list[str]:
        """What arrives by each channel, as its reader is shown it."""
        self.ws.lake.commit(DAY, "alert", {ALERTS: to_frame([incident(text)])}, inputs=text)
        told = notify(self.ws, Ways(self.urls), now=SOON)
        assert told["undelivered"] == 0
        return [post.body.decode("unicode_escape") for post in self.receiver.posts] + [_read(one) for one in self.mails]


def _read(mail: Mail) -> str:
    parsed: Any = message_from_bytes(mail.as_bytes(), policy=default)
    bodies = (parsed.get_body((kind,)) for kind in ("plain", "html"))
    return "\n".join([parsed["Subject"], *(body.get_content() for body in bodies if body is not None)])


@pytest.fixture
def everywhere(
    make_workspace: Any, receiver: Receiver, mailbox: tuple[int, list[Mail]], monkeypatch: pytest.MonkeyPatch
) -> Everywhere:
    port, mails = mailbox
    hook = f"http://:{OF_CHANNELS}@127.0.0.1:{receiver.port}/"
    monkeypatch.setenv("OBS_CONNECTION_HOOK", hook)
    monkeypatch.setenv(
        "OBS_CONNECTION_MAIL", f"smtp://127.0.0.1:{port}?from=a@example.org&to=b@example.org&encryption=none"
    )
    monkeypatch.setenv("OBS_CONNECTION_CHAT", f"json://ada:{OF_CHANNELS}@127.0.0.1:{receiver.port}/")
    kinds = {"webhook": "hook", "alertmanager": "hook", "mail": "mail", "apprise": "chat"}
    delivery = {
        "channels": {kind: {"kind": kind, "connection": connection} for kind, connection in kinds.items()},
        "routes": [{"channels": [kind]} for kind in kinds],
    }
    urls = [
        f"json://ada:{OF_CHANNELS}@127.0.0.1:{receiver.port}/",
        f"mailto://127.0.0.1:{port}?from=a@example.org&to=b@example.org&mode=insecure&format=html",
    ]
    return Everywhere(make_workspace(delivery=delivery), receiver, urls, mails)


@pytest.mark.parametrize("kind", KEYS)
def test_a_secret_in_a_log_arrives_nowhere(
    everywhere: Everywhere, kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    arrived = everywhere.tell(f"the route of {KEYS[kind]} here")
    assert len(arrived) >= 4
    assert [text for text in arrived if SECRETS[kind] in text] == []
    assert all("here" in text for text in arrived)
    said = caplog.text + "".join(capfd.readouterr()) + _logged(everywhere.ws)
    assert SECRETS[kind] not in said
    assert OF_CHANNELS not in said


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_brackets_is_not_swallowed(everywhere: Everywhere, name: str) -> None:
    word = name.strip("<>[]{}").split(">")[-1].split("<")[0]
    for text in everywhere.tell(name):
        assert word in text.replace("&amp;", "&").replace("&#38;", "&"), text
        assert "<b>bold" not in text
        assert "<your" not in text


@pytest.mark.parametrize("status", [500, 403])
def test_an_address_that_refuses_says_no_secret(everywhere: Everywhere, status: int, capfd: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    everywhere.receiver.status = status
    ws = everywhere.ws
    ws.lake.commit(DAY, "alert", {ALERTS: to_frame([incident("x")])}, inputs="x")
    assert notify(ws, Ways(everywhere.urls), now=SOON)["undelivered"] == 1
    assert OF_CHANNELS not in caplog.text + "".join(capfd.readouterr()) + _logged(ws)


def _logged(ws: Workspace) -> str:
    """What the lake remembers of it, as bytes of its files too."""
    today = dt.datetime.now(dt.UTC).date()
    rows = ws.lake.read(OPERATIONS, [today - dt.timedelta(days=1), today]).to_csv()
    folder = Path(ws.lake.root) / OPERATIONS.name
    return rows + "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())
