"""The one HTTP client against servers on loopback: what is tried again and when, what is bounded, and what is never said."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_lib import http
from obs_lib.errors import ConfigError, NoReply
from obs_lib.http import BUSY, LONGEST_WAIT_S, ONCE, HttpClient, RetryPolicy, is_base_url, json_object, retry_after_s
from tests.clients.judge_server import JudgeServer, Reply

KEY = "sk-test-THEKEYTHATMUSTNOTLEAK0123456789"
NO_CHANCE = RetryPolicy(jitter=0)


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as running:
        yield running


def client(server: JudgeServer, **more: Any) -> HttpClient:
    return HttpClient(server.url, **{"timeout_s": 1.0, "wait": lambda _: None, "proxies": False, **more})


def asked(of: HttpClient, **more: Any) -> http.Reply:
    with of:
        return of.request("POST", "/x", body={}, **more)


@pytest.mark.parametrize("status", sorted(BUSY))
def test_a_busy_server_is_asked_again(server: JudgeServer, status: int) -> None:
    server.script = lambda number, body: Reply(status=status if number < 2 else 200)
    assert asked(client(server)).status == 200
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [200, 204, 301, 308, 400, 401, 403, 404, 409, 501])
def test_what_no_second_attempt_can_mend_is_asked_once(server: JudgeServer, status: int) -> None:
    server.script = lambda number, body: Reply(status=status, raw=b"")
    policy = RetryPolicy(statuses=BUSY - {409})
    assert asked(client(server, retry=policy)).status == status
    assert len(server.requests) == 1


def test_the_last_attempt_counts_whatever_it_is(server: JudgeServer) -> None:
    server.script = lambda number, body: Reply(status=503)
    assert asked(client(server, retry=RetryPolicy(attempts=3))).status == 503
    assert len(server.requests) == 3
    server.script = lambda number, body: Reply(hang_up=True)
    with pytest.raises(NoReply) as error:
        asked(client(server, retry=RetryPolicy(attempts=2)))
    assert (error.value.kind, error.value.sent, error.value.found) == ("unreachable", True, "RemoteProtocolError")
    assert error.value.where == server.url + "/x"
    assert len(server.requests) == 5


def test_pauses_grow_and_the_servers_word_counts(server: JudgeServer) -> None:
    replies = [Reply(hang_up=True), Reply(status=500), Reply(status=429, headers={"Retry-After": "7"}), Reply()]
    server.script = lambda number, body: replies[number]
    waits: list[float] = []
    assert asked(client(server, retry=NO_CHANCE, wait=waits.append)).status == 200
    assert waits == [0.5, 1.0, 7.0]


def test_chance_lengthens_a_pause_and_never_shortens_it() -> None:
    pauses = [RetryPolicy().pause_s(1, asked_s=10.0) for _ in range(200)]
    assert all(10.0 <= pause <= 15.0 for pause in pauses)
    assert len(set(pauses)) > 100
    assert NO_CHANCE.pause_s(40) == NO_CHANCE.pause_s(1, asked_s=1e9) == LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 4.0),
        ("3", 3.0),
        ("-1", 0.0),
        ("1e9", 60.0),
        ("nan", 4.0),
        ("soon", 4.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after(header: str | None, seconds: float) -> None:
    assert RetryPolicy(first_wait_s=4.0, jitter=0).pause_s(1, retry_after_s(header)) == seconds


def test_a_server_that_is_not_there(server: JudgeServer) -> None:
    with HttpClient("http://127.0.0.1:9", retry=ONCE, proxies=False) as nobody, pytest.raises(NoReply) as error:
        nobody.request("GET", "/x", query={"a": "b"})
    assert (error.value.kind, error.value.sent, error.value.found) == ("unreachable", False, "ConnectError")
    assert error.value.where == "http://127.0.0.1:9/x"


@pytest.mark.parametrize("trouble", [Reply(stall_s=1.0), Reply(drip_s=0.05)], ids=["stalls", "drips"])
def test_a_server_that_takes_too_long(server: JudgeServer, trouble: Reply) -> None:
    server.script = lambda number, body: trouble
    with pytest.raises(NoReply) as error:
        asked(client(server, timeout_s=0.2, whole_s=0.2, retry=ONCE))
    assert (error.value.kind, error.value.sent) == ("timeout", True)


@pytest.mark.parametrize("body", [b'{"x": "%s"}' % (b"x" * 200_000), {"x": "x" * 200_000}], ids=["bytes", "json"])
def test_a_large_body_has_longer(server: JudgeServer, body: Any) -> None:
    server.script = lambda number, body: Reply(stall_s=0.6)
    with client(server, timeout_s=0.2, whole_s=0.2) as of:
        assert of.exchange("POST", "/x", body=body).status == 200
        with pytest.raises(NoReply) as error:
            of.exchange("POST", "/x", body={"x": "small"})
    assert error.value.kind == "timeout"


def test_a_reply_that_is_too_large_is_not_asked_for_again(server: JudgeServer) -> None:
    server.script = lambda number, body: Reply(raw=b" " * 5000)
    with pytest.raises(NoReply, match="at most 4,096 bytes") as error:
        asked(client(server, largest_bytes=4096))
    assert (error.value.kind, len(server.requests)) == ("too large", 1)


def test_the_key_goes_to_the_address_alone_and_into_no_message(server: JudgeServer) -> None:
    with JudgeServer() as other:
        server.script = lambda number, body: Reply(status=307, headers={"Location": other.url})
        bearer = client(server, headers={"Authorization": f"Bearer {KEY}"})
        assert asked(bearer).status == 307
        assert (server.keys, other.keys) == ([f"Bearer {KEY}"], [])
    server.script = lambda number, body: Reply(hang_up=True)
    with pytest.raises(NoReply) as error:
        asked(client(server, headers={"Authorization": f"Bearer {KEY}"}), query={"key": KEY})
    for text in (str(error.value), repr(error.value), repr(bearer), repr(error.value.__cause__)):
        assert KEY not in text


@pytest.mark.parametrize(
    "address", [f"http://:{KEY}@host", f"http://host/?key={KEY}", f"ftp://{KEY}", "", "http://a\nb"]
)
def test_an_address_that_is_none_is_refused_and_not_shown(address: str) -> None:
    assert not is_base_url(address)
    with pytest.raises(ConfigError) as error:
        HttpClient(address)
    assert KEY not in str(error.value)


def test_proxies_of_the_environment(server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("all_proxy", "https_proxy", "no_proxy", "ALL_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    with HttpClient("http://nowhere.invalid", retry=ONCE) as through:
        assert through.request("POST", "/x", body={}).status == 200
    with HttpClient("http://nowhere.invalid", retry=ONCE, proxies=False) as past, pytest.raises(NoReply):
        past.request("POST", "/x", body={})
    monkeypatch.setenv("no_proxy", "nowhere.invalid")
    with HttpClient("http://nowhere.invalid", retry=ONCE) as past, pytest.raises(NoReply):
        past.request("POST", "/x", body={})
    assert len(server.requests) == 1
    monkeypatch.setenv("http_proxy", f"gopher://name:{KEY}@proxy")
    with pytest.raises(ConfigError, match="proxy") as error:
        HttpClient("http://nowhere.invalid")
    assert KEY not in str(error.value)


def test_the_machines_own_certificates_are_trusted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    http._trusted.cache_clear()
    loaded: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_default_certs", lambda self, *_: loaded.append("machine"))
        assert http._trusted().verify_mode is ssl.CERT_REQUIRED
        patch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
        http._trusted.cache_clear()
        with pytest.raises(ConfigError, match="certificates"):
            HttpClient("https://host")
    http._trusted.cache_clear()
    assert loaded == ["machine"]


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b"[" * 200_000, b"", b"\xff"])
def test_only_an_object_is_json_here(raw: bytes) -> None:
    assert json_object(raw) is None
    assert json_object(b'{"a": 1}') == {"a": 1}


def test_lines_come_one_by_one_whatever_their_pieces(server: JudgeServer) -> None:
    server.script = lambda number, body: Reply(raw=b"one\n\ntwo\xff\nthree")
    with client(server) as of, of.lines("/x") as (status, lines):
        assert status == 200
        assert list(lines) == [b"one", b"", b"two\xff", b"three"]


def test_a_line_that_has_no_end_is_not_read_to_it(server: JudgeServer) -> None:
    server.script = lambda number, body: Reply(raw=b"x" * 100_000)
    with client(server, largest_bytes=1000) as of, of.lines("/x") as (_, lines), pytest.raises(NoReply) as error:
        list(lines)
    assert error.value.kind == "too large"


def test_lines_that_break_off_are_no_reply(server: JudgeServer) -> None:
    server.script = lambda number, body: Reply(raw=b"one\n" * 100, drip_s=0.3)
    with client(server, timeout_s=0.1) as of, pytest.raises(NoReply) as error, of.lines("/x") as (_, lines):
        list(lines)
    assert error.value.kind == "timeout"
