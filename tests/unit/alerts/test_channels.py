"""Each channel against a real receiver on loopback: arrival, keys, what failed for certain and what nobody knows."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import socket
import time
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import Message as Mail
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.alerts.channels.apprise_urls import from_urls
from obs_lib.alerts.channels.channel import BODY_LENGTH, Channel, clean, clean_body, send
from obs_lib.alerts.channels.registry import KINDS, make_channel
from obs_lib.alerts.channels.webhook import SIGNATURE, TIMESTAMP
from obs_lib.alerts.delivery_options import ChannelOptions
from obs_lib.alerts.routing import too_old
from obs_lib.connections import Connection
from obs_lib.records import IncidentState, Message, Notice, Outcome, Responsible, Severity
from tests.receivers import Receiver, free_port

# Apprise's PGP support imports a module of the standard library that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

DAY = dt.date(2024, 3, 1)
NOTICE = Notice(
    fingerprint="abcdef0123456789",
    day=DAY,
    severity=Severity.P1,
    state=IncidentState.NEW,
    kind="change",
    lead="refusal",
    place=("route=docs",),
    first_day=DAY,
    is_open=True,
    summary="The model refuses more",
    responsible=Responsible("search", "https://wiki.example.org/refusals#now"),
)
MESSAGE = Message(
    "2024-03-01-abcdef012345-P1",
    DAY,
    Severity.P1,
    "P1 night watch: refusals",
    "1 incident\n- Change in refusal [route=<b>x</b>]\n",
    (NOTICE,),
    "https://obs.example.org/2024-03-01",
)
PATIENCE_S = 30


def deliver(channel: Channel, message: Message = MESSAGE, timeout_s: float = PATIENCE_S) -> Outcome:
    return send(channel, message, timeout_s)


def apprise(url: str) -> Channel:
    return from_urls([url], PATIENCE_S)[0]


def channel(kind: str, uri: str, timeout_s: float = PATIENCE_S, **options: Any) -> Channel:
    asked = ChannelOptions(kind=kind, connection="there", **options)
    return make_channel("team", asked, lambda _: Connection.from_uri(uri), timeout_s, {})


def posting(port: int, secret: str = "geheim") -> list[Channel]:
    """A channel of each kind that speaks HTTP."""
    return [
        apprise(f"json://me:{secret}@127.0.0.1:{port}/hook"),
        channel("apprise", f"json://me:{secret}@127.0.0.1:{port}/hook"),
        channel("webhook", f"http://:{secret}@127.0.0.1:{port}/hook"),
        channel("alertmanager", f"http://me:{secret}@127.0.0.1:{port}"),
    ]


# -- what becomes of a message -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "SENT"),
        (204, "SENT"),
        (400, "FAILED"),
        (500, "FAILED"),
        (503, "FAILED"),
        (502, "UNKNOWN"),
        (504, "UNKNOWN"),
    ],
)
def test_an_answer_is_a_yes_a_no_or_of_a_gateway_that_does_not_know(
    receiver: Receiver, status: int, outcome: str
) -> None:
    receiver.status = status
    for one in posting(receiver.port):
        told = deliver(one)
        assert told.status == outcome, one
        assert "geheim" not in repr((one, told))
    assert len(receiver.posts) == 4


def test_a_receiver_that_stalls_may_have_the_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts and never answers
        started = time.monotonic()
        for one in posting(server.getsockname()[1]):
            assert deliver(one, timeout_s=1).status == "UNKNOWN", one
        assert time.monotonic() - started < 10


def test_a_receiver_that_hangs_up_may_have_the_message(receiver: Receiver) -> None:
    receiver.hangs_up = True
    for one in posting(receiver.port):
        assert deliver(one).status == "UNKNOWN", one
    assert len(receiver.posts) == 4


def test_a_refused_connection_is_a_certain_failure() -> None:
    port = free_port()
    mail = channel("mail", f"smtp://127.0.0.1:{port}?from=a@example.org&to=b@example.org&encryption=none")
    old_mail = apprise(f"mailto://127.0.0.1:{port}/?from=a@example.org&to=b@example.org&mode=insecure")
    for one in (*posting(port), mail, old_mail):
        assert deliver(one).status == "FAILED", one


def test_a_failure_of_a_url_with_several_targets_is_not_certain() -> None:
    url = f"mailto://127.0.0.1:{free_port()}/?from=a@example.org&to=b@example.org,c@example.org&mode=insecure"
    assert deliver(apprise(url)).status == "UNKNOWN"


@pytest.mark.parametrize("url", ["nonsense", "json://", "http://[::1", "", "mailto://user:secret@"])
def test_a_wrong_address_is_an_outcome(url: str) -> None:
    outcome = deliver(apprise(url))
    assert outcome.status == "FAILED"
    assert "secret" not in repr(outcome)


@pytest.mark.parametrize(
    ("kind", "uri"),
    [
        ("webhook", "http://host/path"),
        ("webhook", "http://:geheim@"),
        ("webhook", "http://:geheim@host:0/path"),
        ("mail", "smtp://:geheim@host:port?from=a@example.org&to=b@example.org"),
        ("alertmanager", "am"),
        ("mail", "smtp://:geheim@host?from=a@example.org"),
        ("mail", "http://:geheim@host?from=a@example.org&to=b@example.org"),
        ("mail", "smtp://:geheim@host?from=a@example.org%0aBcc:x@y.org&to=b@example.org"),
    ],
)
def test_a_connection_that_lacks_something_is_a_failure_that_says_what(kind: str, uri: str) -> None:
    outcome = deliver(channel(kind, uri))
    assert outcome.status == "FAILED"
    assert re.search("connection of|address of a server|ValueError", outcome.detail)
    assert "geheim" not in outcome.detail


def test_a_notifier_of_airflow_is_refused_elsewhere() -> None:
    asked = ChannelOptions(kind="notifier", notifier="mine:notifier")
    outcome = deliver(make_channel("team", asked, lambda _: Connection(""), 1, {}))
    assert outcome == Outcome("FAILED", "a notifier runs inside Airflow only")


# -- what arrives ------------------------------------------------------------------------------------------------------


def test_apprise_gets_the_message_and_its_key(receiver: Receiver) -> None:
    assert deliver(apprise(f"json://127.0.0.1:{receiver.port}/hook")) == Outcome("SENT")
    (post,) = receiver.posts
    assert post.json["title"] == MESSAGE.title
    assert "Change in refusal" in post.json["message"]
    assert post.headers["Idempotency-Key"] == MESSAGE.key


def test_a_webhook_is_signed_over_its_moment_and_its_body(receiver: Receiver) -> None:
    assert deliver(channel("webhook", f"http://:geheim@127.0.0.1:{receiver.port}/hook/here")) == Outcome("SENT")
    (post,) = receiver.posts
    signed = post.headers[TIMESTAMP].encode() + b"." + post.body
    assert post.headers[SIGNATURE] == "sha256=" + hmac.new(b"geheim", signed, hashlib.sha256).hexdigest()
    assert abs(int(post.headers[TIMESTAMP]) - time.time()) < 60
    assert post.headers["Idempotency-Key"] == post.json["key"] == MESSAGE.key
    assert post.path == "/hook/here"
    (incident,) = post.json["incidents"]
    assert (incident["id"], incident["place"], incident["open"]) == (NOTICE.fingerprint, ["route=docs"], True)
    assert (incident["owner"], incident["runbook"]) == ("search", "https://wiki.example.org/refusals#now")


def test_mail_carries_the_report_and_its_key(mailbox: tuple[int, list[Mail]]) -> None:
    port, received = mailbox
    uri = f"smtp://127.0.0.1:{port}?from=watch@example.org&to=team@example.org,b@example.org&encryption=none"
    report = replace(MESSAGE, report="<html><h1>Report</h1></html>")
    for how, kinds in (
        ("attached", ["text/plain", "text/html"]),
        ("inline", ["text/plain", "text/html"]),
        ("none", ["text/plain"]),
    ):
        assert deliver(channel("mail", uri, report=how), report) == Outcome("SENT")
        mail = received.pop()
        parts = [part for part in mail.walk() if not part.is_multipart()]
        assert [part.get_content_type() for part in parts] == kinds
        assert (parts[-1].get_filename() == "report-2024-03-01.html") is (how == "attached")
        assert mail["Message-ID"] == f"<{MESSAGE.key}@example.org>"
        assert mail["To"] == "team@example.org, b@example.org"


def test_a_mail_server_that_offers_no_encryption_gets_nothing_unless_it_may(mailbox: tuple[int, list[Mail]]) -> None:
    port, received = mailbox
    told = deliver(channel("mail", f"smtp://me:geheim@127.0.0.1:{port}?from=a@example.org&to=b@example.org"))
    assert told.status == "FAILED"
    assert received == []


def test_mail_of_apprise_has_no_header_from_the_logs(mailbox: tuple[int, list[Mail]]) -> None:
    port, received = mailbox
    url = f"mailto://127.0.0.1:{port}/?from=watch@example.org&to=team@example.org&mode=insecure"
    assert deliver(apprise(url), replace(MESSAGE, title="P1: caf\u00e9\r\nBcc: all@example.org")).status == "SENT"
    (mail,) = received
    assert mail["Bcc"] is None
    assert str(make_header(decode_header(mail["Subject"]))).startswith("P1: caf\u00e9 Bcc: all")
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()}
    assert b"Change in refusal" in bytes(parts["text/plain"])  # type: ignore[arg-type]
    # Where mail is HTML, what looks like markup is shown, not obeyed.
    assert b"<b>x</b>" not in bytes(parts.get("text/html", b""))  # type: ignore[arg-type]


# -- names and texts ---------------------------------------------------------------------------------------------------


def test_names_give_nothing_away_and_tell_channels_apart() -> None:
    urls = ["tgram://123456:token/chat", "json://a:pw@h.org/x", "json://b:pw@h.org/y", "json://a:pw@h.org/x"]
    found = from_urls(urls, 1)
    names = [one.name for one in found]
    assert len(set(names)) == len(names) == 3
    assert names[2] == f"{names[1]}.2"
    for secret in ("pw", "token", "123456", "h.org"):
        assert secret not in repr(found)


@given(st.text())
def test_a_title_is_one_line_that_can_be_encoded(text: str) -> None:
    found = clean(text, 50)
    assert len(found) <= 50
    assert found.splitlines() in ([], [found])
    assert "@" not in found
    found.encode()


def test_a_body_keeps_its_lines_and_is_cut() -> None:
    assert clean_body("a\r\n\x1b[31mb\u202ec\x00") == "a\n [31mbc "
    assert len(clean_body("x" * 99_999)) == BODY_LENGTH


def test_age_counts_from_the_end_of_the_day() -> None:
    end = dt.datetime(2024, 3, 2, tzinfo=dt.UTC)
    assert not too_old(DAY, end + dt.timedelta(hours=48), 48)
    assert too_old(DAY, end + dt.timedelta(hours=48, seconds=1), 48)
    assert not too_old(DAY, dt.datetime(2024, 3, 4, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))), 48)


def test_every_kind_of_channel_is_tested_here() -> None:
    assert set(KINDS) == {"apprise", "alertmanager", "webhook", "mail", "notifier"}
