"""Text of logs arrives harmless in every channel, and Alertmanager itself understands what it is sent."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from obs_lib.alerts.channels.apprise_urls import from_urls
from obs_lib.alerts.channels.channel import Channel, send
from obs_lib.alerts.channels.registry import KINDS
from obs_lib.records import Incident, IncidentState, Message, Responsible, Severity, Signal, Suspect
from obs_lib.reporting.notification import digest_message, incident_message
from obs_lib.settings.settings import Settings
from tests.receivers import Receiver, free_port
from tests.unit.alerts.test_channels import DAY, NOTICE, channel

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

HOSTILE = {
    "html": "<img src=x onerror=alert(1)><script>alert(1)</script>&lt;b&gt;",
    "slack": "<!channel> <@U012AB3CD> <https://evil.example|your bank> *bold* ~gone~",
    "discord": "@everyone @here <@&123> ||spoiler|| [click](https://evil.example) ```code```",
    "mentions": "@channel @all ada@evil.example",
    "markdown": "# title\n> quote\n[link](javascript:alert(1)) ![](http://evil.example/pixel.png)",
    "headers": "x\r\nBcc: all@evil.example\r\nSubject: you won\r\n\r\n<p>body</p>",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x9b1m",
    "right to left": "invoice\u202egpj.exe\u2066\u200f\u061c",
    "unseen": "a\x00b\u200bc\u2028d\ud800e\ufeff",
    "long": "A" * 1_000_000,
    "alertmanager": '{{ template "x" }} {{ .Labels.SortedPairs }} ${HOME} `id`',
}
FORBIDDEN = (*"<>@`|#~", "\x00", "\x1b", "\x9b", "\u202e", "\u2066", "\u2028", "\u200b", "[click]", "[link]", "://")
RUNBOOK = "https://wiki.example.org/runbook"
LINK = "https://obs.example.org/2024-03-01"
LARGEST = 16_000  # bytes of a message without its report


def hostile(text: str) -> Incident:
    """An incident with the text wherever a log can write one."""
    return Incident(
        day=DAY,
        fingerprint="f" * 32,
        kind="change",
        severity=Severity.P1,
        state=IncidentState.NEW,
        place=(f"route={text}", f"tag={text}"),
        lead=f"{text}",
        title=f"{text} changed",
        score=0.9,
        why=text,
        notify=True,
        first_day=DAY,
        last_day=DAY,
        suspects=(Suspect("version", f"model_version={text}", f"{text} is new"),),
        evidence=(Signal("refusal_rate", 0.31, segment=f"route={text}", baseline=0.12, effect=0.19, note=text),),
    )


def messages(text: str) -> list[Message]:
    """What is sent of it: alone, and in a digest."""
    who = Responsible("search", RUNBOOK)
    incident = hostile(text)
    return [
        incident_message(incident, LINK, who),
        digest_message(DAY, [incident, replace(incident, fingerprint="e" * 32)], LINK, {incident.fingerprint: who}),
    ]


def texts(value: Any) -> Iterator[str]:
    """Every text in something that JSON holds, but for our own addresses."""
    if isinstance(value, str):
        yield value.replace(f"{LINK}#incidents", "").replace(LINK, "").replace(RUNBOOK, "")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def assert_harmless(text: str) -> None:
    assert [bad for bad in FORBIDDEN if bad in text] == []
    text.encode()


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_posted_is_harmless(receiver: Receiver, kind: str) -> None:
    port = receiver.port
    channels: list[Channel] = [
        channel("webhook", f"http://:geheim@127.0.0.1:{port}/hook"),
        channel("alertmanager", f"http://127.0.0.1:{port}"),
        *from_urls([f"json://127.0.0.1:{port}/", f"mmost://127.0.0.1:{port}/{'t' * 24}"], 30),
    ]
    for message in messages(HOSTILE[kind]):
        for one in channels:
            assert send(one, message, 30).status == "SENT"
    assert len(receiver.posts) == 8
    for post in receiver.posts:
        assert len(post.body) < LARGEST
        for text in texts(post.json):
            assert_harmless(text)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("ours", [True, False])
def test_what_is_mailed_is_harmless(mailbox: tuple[int, list[Mail]], kind: str, ours: bool) -> None:
    port, received = mailbox
    if ours:
        uri = f"smtp://127.0.0.1:{port}?from=watch@example.org&to=team@example.org&encryption=none"
        one = channel("mail", uri)
    else:
        (one,) = from_urls([f"mailto://127.0.0.1:{port}/?from=watch@example.org&to=team@example.org&mode=insecure"], 30)
    for message in messages(HOSTILE[kind]):
        assert send(one, message, 30).status == "SENT"
    for raw in received:
        mail: Any = message_from_bytes(raw.as_bytes(), policy=default)
        assert not {"bcc", "cc"} & {name.lower() for name in mail}
        assert len(mail.get_all("Subject")) == len(mail.get_all("To")) == 1
        assert "\n" not in mail["Subject"]
        assert_harmless(mail["Subject"])
        body = mail.get_body(("plain",)).get_content()
        for text in texts(body):
            assert_harmless(text)
        page = mail.get_body(("html",))
        assert page is None or not {"<img", "<script", '<a href="http://evil'} & {
            word for word in ("<img", "<script", '<a href="http://evil') if word in page.get_content()
        }
        assert len(raw.as_bytes()) < 2 * LARGEST


# -- what the documentation says ---------------------------------------------------------------------------------------


def documented(checkout: Path, language: str) -> list[str]:
    """The blocks of one language in docs/delivery.md."""
    page = (checkout / "docs" / "delivery.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_settings_of_the_documentation_are_settings(checkout: Path) -> None:
    (text,) = documented(checkout, "yaml")
    delivery = Settings.model_validate(yaml.safe_load(text)).delivery
    assert {channel.kind for channel in delivery.channels.values()} == set(KINDS)
    (hours,) = [route.hours for route in delivery.routes if route.hours]
    assert (hours[0].begin, hours[0].end) == (dt.time(8), dt.time(18))


def test_a_receiver_knows_genuine_posts_by_the_documented_code(checkout: Path, receiver: Receiver) -> None:
    (code,) = (block for block in documented(checkout, "python") if "def genuine" in block)
    known: dict[str, Any] = {}
    exec(code, known)
    message = Message("key", DAY, Severity.P1, "title", "body", (NOTICE,))
    assert send(channel("webhook", f"http://:geheim@127.0.0.1:{receiver.port}/"), message, 30).status == "SENT"
    (post,) = receiver.posts
    old = {**dict(post.headers), "X-Obs-Timestamp": "1700000000"}
    assert known["genuine"]("geheim", post.headers, post.body)
    assert not known["genuine"]("other", post.headers, post.body)
    assert not known["genuine"]("geheim", post.headers, post.body + b" ")
    assert not known["genuine"]("geheim", old, post.body)


# -- Alertmanager itself -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Alertmanager; its address."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("needs Alertmanager: apt-get install prometheus-alertmanager")
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    address = f"127.0.0.1:{free_port()}"
    options = ["--web.listen-address", address, "--cluster.listen-address=", f"--storage.path={folder}"]
    with (folder / "log").open("w") as log:
        command = [program, f"--config.file={folder / 'config.yml'}", *options]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(f"http://{address}/-/ready", server, folder / "log")
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(150):
        try:
            if httpx.get(address).is_success:
                return
        except httpx.HTTPError:
            pass
        assert server.poll() is None, log.read_text()
        time.sleep(0.2)
    pytest.fail(f"Alertmanager does not answer: {log.read_text()}")


def standing(address: str, incident: str) -> list[dict[str, Any]]:
    """What Alertmanager shows as active of one incident."""
    found = httpx.get(f"{address}/api/v2/alerts", params={"filter": f'incident="{incident}"', "active": "true"}).json()
    return sorted(found, key=lambda alert: str(alert["labels"]))


@pytest.mark.server
def test_alertmanager_shows_an_incident_once_as_bad_as_it_is_until_its_end(alertmanager: str) -> None:
    team = channel("alertmanager", alertmanager)
    message = Message("key", DAY, Severity.P1, "title", "body", (NOTICE,), LINK)
    for _ in range(2):
        assert send(team, message, 30).status == "SENT"
    (alert,) = standing(alertmanager, NOTICE.fingerprint)
    assert alert["labels"]["severity"] == "P1"
    assert alert["annotations"]["runbook_url"] == NOTICE.responsible.runbook
    assert alert["generatorURL"] == LINK
    worse = replace(NOTICE, severity=Severity.P0, state=IncidentState.WORSE)
    assert send(team, replace(message, notices=(worse,)), 30).status == "SENT"
    assert [one["labels"]["severity"] for one in standing(alertmanager, NOTICE.fingerprint)] == ["P0"]
    over = replace(worse, state=IncidentState.RESOLVED, is_open=False)
    assert send(team, replace(message, notices=(over,)), 30).status == "SENT"
    assert standing(alertmanager, NOTICE.fingerprint) == []


@pytest.mark.server
@pytest.mark.parametrize("kind", HOSTILE)
def test_alertmanager_takes_hostile_text_and_shows_it_harmless(alertmanager: str, kind: str) -> None:
    message = messages(HOSTILE[kind])[0]
    assert send(channel("alertmanager", alertmanager), message, 30).status == "SENT"
    (alert,) = standing(alertmanager, "f" * 32)
    for text in texts(json.loads(json.dumps({"labels": alert["labels"], "annotations": alert["annotations"]}))):
        assert_harmless(text)
    over = replace(message.notices[0], is_open=False)
    send(channel("alertmanager", alertmanager), replace(message, notices=(over,)), 30)


@pytest.mark.server
def test_a_webhook_takes_over_from_an_alertmanager_that_is_gone(receiver: Receiver) -> None:
    gone = channel("alertmanager", f"http://127.0.0.1:{free_port()}")
    message = Message("key", DAY, Severity.P1, "title", "body", (NOTICE,))
    assert send(gone, message, 5).status == "FAILED"
    assert send(channel("webhook", f"http://:geheim@127.0.0.1:{receiver.port}/"), message, 5).status == "SENT"
