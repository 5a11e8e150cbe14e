from __future__ import annotations

import datetime as dt
import socket
import time
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.alerts.delivery import BODY_LENGTH, Channel, channels, clean, clean_body, send, too_old
from obs_lib.alerts.options import AlertOptions

# Apprise's PGP support imports a module of the standard library that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

OPTIONS = AlertOptions(timeout_s=30)
TITLE, BODY = "P1 night watch: refusals", "1 incident\n- Change in refusal [route=<b>x</b>]\n"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def channel(url: str) -> Channel:
    return channels([url])[0]


def test_an_http_endpoint_gets_the_message(endpoint: tuple[int, list[dict[str, Any]], dict[str, int]]) -> None:
    port, received, _ = endpoint
    outcome = send(channel(f"json://127.0.0.1:{port}/hook"), TITLE, BODY, OPTIONS)
    assert (outcome.status, outcome.detail) == ("SENT", "")
    assert received[0]["title"] == TITLE
    assert "route=<b>x</b>" in received[0]["message"]


def test_a_refusing_endpoint_is_an_outcome(endpoint: tuple[int, list[dict[str, Any]], dict[str, int]]) -> None:
    port, received, answer = endpoint
    answer["status"] = 500
    outcome = send(channel(f"json://me:secret@127.0.0.1:{port}/hook"), TITLE, BODY, OPTIONS)
    assert outcome.status == "FAILED"
    assert len(received) == 1
    assert "secret" not in repr(outcome)


def test_mail_has_the_subject_and_no_header_from_the_logs(mailbox: tuple[int, list[Message]]) -> None:
    port, received = mailbox
    url = f"mailto://127.0.0.1:{port}/?from=watch@example.org&to=team@example.org&mode=insecure"
    outcome = send(channel(url), "P1: caf\u00e9\r\nBcc: all@example.org", BODY, OPTIONS)
    assert outcome.status == "SENT", outcome
    (mail,) = received
    assert mail["Bcc"] is None
    assert str(make_header(decode_header(mail["Subject"]))).startswith("P1: caf\u00e9 Bcc: all")
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()}
    assert b"Change in refusal" in bytes(parts["text/plain"])  # type: ignore[arg-type]
    # Where mail is HTML, what looks like markup is shown, not obeyed.
    assert b"<b>x</b>" not in bytes(parts.get("text/html", b""))  # type: ignore[arg-type]


def test_a_refused_port_is_an_outcome() -> None:
    outcome = send(channel(f"json://127.0.0.1:{free_port()}/"), TITLE, BODY, OPTIONS)
    assert outcome.status == "FAILED"
    assert "could not be reached" in outcome.detail


def test_a_hanging_endpoint_does_not_hold_up_the_night() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts and never answers
        started = time.monotonic()
        outcome = send(channel(f"json://127.0.0.1:{server.getsockname()[1]}/"), TITLE, BODY, AlertOptions(timeout_s=1))
        assert time.monotonic() - started < 8
    assert outcome.status in {"TIMED_OUT", "FAILED"}


@pytest.mark.parametrize("url", ["nonsense", "json://", "http://[::1", "", "mailto://user:secret@"])
def test_a_wrong_address_is_an_outcome(url: str) -> None:
    outcome = send(channel(url), TITLE, BODY, OPTIONS)
    assert outcome.status == "FAILED"
    assert "secret" not in repr(outcome)


def test_names_give_nothing_away_and_tell_channels_apart() -> None:
    urls = ["tgram://123456:token/chat", "json://a:pw@h.org/x", "json://b:pw@h.org/y", "json://a:pw@h.org/x"]
    found = channels(urls)
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
    day = dt.date(2024, 3, 1)
    end = dt.datetime(2024, 3, 2, tzinfo=dt.UTC)
    assert not too_old(day, end + dt.timedelta(hours=48), 48)
    assert too_old(day, end + dt.timedelta(hours=48, seconds=1), 48)
    assert not too_old(day, dt.datetime(2024, 3, 4, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))), 48)
