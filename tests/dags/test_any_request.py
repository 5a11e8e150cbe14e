"""Whatever is sent to the pages is answered: never with a failure of the server, never with what was sent as markup."""

from __future__ import annotations

import asyncio
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.dags.test_acts_page import DAY, NAME, lake
from tests.dags.test_pages import Rights

MARK = "<i>zyxomma"
HOST = b"night.example"
pytestmark = pytest.mark.slow
OFTEN = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Answer:
    """What came of a request."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Pages:
    """The application, asked without a client that would tidy up what is sent."""

    app: Any

    def ask(self, method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": "/night-watch" + urllib.parse.unquote(path.decode("ascii")),  # as uvicorn reads it
            "raw_path": path,
            "root_path": "/night-watch",
            "query_string": query,
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        return asyncio.run(self._ask(scope, body))

    async def _ask(self, scope: dict[str, Any], body: bytes) -> Answer:
        sent: list[dict[str, Any]] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        head = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], head, b"".join(one.get("body", b"") for one in sent[1:]).decode())


@pytest.fixture(scope="module")
def pages(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Two watches; who asks may read and run one of them."""
    from airflow.api_fastapi.core_api.security import get_user

    from night_watch.airflow import access
    from night_watch.airflow import pages as ours

    folder = tmp_path_factory.mktemp("requests")
    watches = folder / "watches"
    watches.mkdir()
    for name in ("obs", "search"):
        (watches / f"{name}.yaml").write_text(f"name: {name}\nlake: {{root: ../{name}}}\n")
    lake(watches / "obs.yaml")
    user = SimpleNamespace(get_id=lambda: "vi", get_name=lambda: f"vi{MARK}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBS_CONFIG", str(watches))
        patch.setattr(access, "get_auth_manager", lambda: Rights({"obs_nightly": {"GET", "POST"}}))
        app = ours.build()
        app.dependency_overrides[get_user] = lambda: user
        yield Pages(app)


def holds(answer: Answer) -> None:
    """No failure, and nothing of what was sent as markup."""
    assert answer.status < 500
    assert MARK not in answer.body or not answer.headers["content-type"].startswith("text/html")
    assert not any("\r" in value or "\n" in value for value in answer.headers.values())
    where = answer.headers.get("location", "/night-watch")
    assert where.startswith("/night-watch")
    assert not where.startswith("//")


words = st.sampled_from(
    [
        "",
        "obs",
        "search",
        "run",
        "act",
        str(DAY),
        f"{DAY}.html",
        NAME,
        "0001-01-01",
        "9999-12-31",
        "..",
        ".",
        MARK,
        "%00",
    ]
)
parts = words.map(lambda word: urllib.parse.quote(word, safe="%")) | st.binary(max_size=12).map(urllib.parse.quote)
paths = st.lists(parts, max_size=6).map(lambda found: "/" + "/".join(found)).map(str.encode)
queries = st.one_of(
    st.binary(max_size=40).map(lambda raw: raw.replace(b"#", b"")),
    st.dictionaries(
        st.sampled_from(["dag_id", "run_id", "x"]), st.sampled_from(["obs_nightly", "a\0b", MARK]) | st.text()
    )
    .map(lambda given: urllib.parse.urlencode(given, errors="replace"))
    .map(str.encode),
)
header_values = st.sampled_from(
    [
        HOST,
        b"[",
        b"[::1",
        b"a:b:c",
        b"",
        b"9" * 5000,
        b"-1",
        b"same-origin",
        b"http://night.example",
        b"http://[",
        b"\xff",
    ]
) | st.binary(max_size=12)
headers = st.lists(
    st.tuples(
        st.sampled_from(
            [b"host", b"origin", b"content-length", b"content-type", b"sec-fetch-site", b"cookie", b"x-forwarded-host"]
        ),
        header_values,
    ),
    max_size=5,
)


@OFTEN
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "x"]),
    path=paths,
    query=queries,
    given_headers=headers,
    body=st.binary(max_size=60),
)
@example("GET", b"/run", b"dag_id=obs_nightly&run_id=a%00b", [], b"")
@example("GET", b"/", b"", [(b"host", b"[")], b"")
@example("GET", b"/obs//", b"\x80", [], b"")
def test_any_request(
    pages: Pages, method: str, path: bytes, query: bytes, given_headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    holds(pages.ask(method, path, query, given_headers, body))


TYPES = [
    b"application/x-www-form-urlencoded",
    b"application/x-www-form-urlencoded; charset=nothing",
    b"multipart/form-data",
    b"multipart/form-data; boundary=",
    b"multipart/form-data; boundary=x",
    b"multipart/form-data; boundary=x; charset=nothing",
    b"multipart/form-data; boundary=\xff",
    b"application/json",
    b"",
]
ACT = f"/obs/act/{DAY}/{NAME}".encode()


@OFTEN
@given(
    content_type=st.sampled_from(TYPES) | st.binary(max_size=20),
    body=st.one_of(
        st.binary(max_size=200),
        st.dictionaries(
            st.sampled_from(["token", "kind", "text", "until"]), st.sampled_from(["NOTE", "SNOOZED", MARK]) | st.text()
        )
        .map(lambda given: urllib.parse.urlencode(given, errors="replace"))
        .map(str.encode),
        st.binary(max_size=60).map(
            lambda raw: b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\n' + raw + b"\r\n--x--\r\n"
        ),
    ),
    length=st.none() | st.sampled_from([b"", b"0", b"9" * 5000, b"-1", b"1e3", b"\xb2"]),
)
@example(TYPES[0], b"", b"9" * 5000)
@example(TYPES[4], b"--x\r\nContent-Disposition: form-data; name*=utf-9''a\r\n\r\n", None)
def test_any_form(pages: Pages, content_type: bytes, body: bytes, length: bytes | None) -> None:
    sent = [
        (b"host", HOST),
        (b"origin", b"http://night.example"),
        (b"sec-fetch-site", b"same-origin"),
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode() if length is None else length),
    ]
    answer = pages.ask("POST", ACT, b"", sent, body)
    holds(answer)
    assert answer.status in (400, 403)


@OFTEN
@given(text=st.text(max_size=80), kind=st.sampled_from(["NOTE", "CLOSED", "FALSE_ALARM", "SNOOZED"]))
@example(MARK, "NOTE")
@example("a\0b", "NOTE")
@example("\u202e\x1b[31m", "NOTE")
def test_any_act_that_holds(pages: Pages, text: str, kind: str) -> None:
    page = pages.ask("GET", f"/obs/{DAY}".encode(), b"", [(b"host", HOST)], b"")
    token = re.search(r'name="token" value="([^"]+)"', page.body)
    assert token
    form = {"token": token[1], "kind": kind, "text": text, "until": "2999-01-01"}
    body = urllib.parse.urlencode(form, errors="replace").encode()
    sent = [
        (b"host", HOST),
        (b"origin", b"http://night.example"),
        (b"content-type", TYPES[0]),
        (b"content-length", str(len(body)).encode()),
    ]
    answer = pages.ask("POST", ACT, b"", sent, body)
    holds(answer)
    assert answer.status in (303, 400)
    holds(pages.ask("GET", f"/obs/{DAY}".encode(), b"", [(b"host", HOST)], b""))
