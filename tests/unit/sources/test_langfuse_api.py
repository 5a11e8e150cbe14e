"""The public API against a server on loopback that answers with the models of Langfuse's own client."""

from __future__ import annotations

import datetime as dt
import http.server
import json
from collections.abc import Iterator
from typing import Any

import pytest
from langfuse.api import ObservationV2, ScoreSource
from langfuse.api.scores.types.score_subject_v3 import ScoreSubjectV3_Observation
from langfuse.api.scores.types.score_v3 import ScoreV3_Numeric

from obs_lib.errors import ConfigError, SourceError
from obs_lib.http import RetryPolicy
from obs_lib.lake.tables import INTERACTIONS, LABELS
from obs_lib.sources.entries import Row
from obs_lib.sources.formats.langfuse.format import LangfuseFormat
from obs_lib.sources.json_api import JsonApi
from obs_lib.sources.langfuse_api import GRACE, LangfuseEntries
from tests.clients import langfuse_server
from tests.clients.langfuse_server import OBSERVATIONS, OLD_OBSERVATIONS, OLD_SCORES, OLD_TRACES, SCORES, State
from tests.loopback import address_of, listening

pytestmark = pytest.mark.server
DAY = dt.date(2024, 5, 1)
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
PUBLIC, SECRET = "pk-lf-test", "sk-lf-test"


class Names:
    def stage_of(self, name: str, kind: str | None) -> str:
        return "other"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with langfuse_server.serving() as state:
        state.observations = [generation(n, NOON + dt.timedelta(minutes=n)) for n in range(7)]
        state.scores = [score(n) for n in range(3)]
        yield state


def generation(n: int, start: dt.datetime) -> dict[str, Any]:
    observation = ObservationV2(
        id=f"g{n}",
        trace_id=f"t{n}",
        project_id="p",
        type="GENERATION",
        start_time=start,
        end_time=start + dt.timedelta(seconds=2),
        completion_start_time=start + dt.timedelta(seconds=0.5),
        name="answer",
        model="gpt-4o",
        input=json.dumps([{"role": "user", "content": f"question {n}"}]),
        output="answer",
        usage_details={"input": 10 + n, "output": 5},
        total_cost=0.5,
        prompt_name="greeting",
        prompt_version=2,
        user_id=f"u{n}",
        trace_name="support",
        metadata={"country": "ch"},
    )
    return json.loads(observation.json())


def score(n: int) -> dict[str, Any]:
    about = ScoreSubjectV3_Observation(id=f"g{n}", trace_id=f"t{n}")
    times = {"timestamp": NOON, "created_at": NOON, "updated_at": NOON}
    made = ScoreV3_Numeric(
        id=f"s{n}",
        name="quality",
        value=0.5,
        project_id="p",
        environment="prod",
        source=ScoreSource.EVAL,
        subject=about,
        **times,
    )
    return json.loads(made.json())


def source(server: State, **more: Any) -> LangfuseEntries:
    return LangfuseEntries(server.url, PUBLIC, SECRET, **{"wait": lambda _: None, **more})


def test_all_pages_of_a_day(server: State) -> None:
    entries = list(source(server, page_size=3).entries(DAY))
    assert [(entry.origin, entry.number) for entry in entries] == [
        *(("langfuse:observations", n) for n in range(1, 8)),
        *(("langfuse:scores", n) for n in range(1, 4)),
    ]
    assert [path for path, _ in server.asked] == [OBSERVATIONS] * 3 + [SCORES]
    bounds = server.asked[0][1]
    assert (bounds["fromStartTime"], bounds["toStartTime"]) == ("2024-04-30T23:45:00Z", "2024-05-02T00:15:00Z")
    assert dt.timedelta(minutes=15) == GRACE  # the same around a day as the format looks for


def test_every_field_group_is_asked_for(server: State) -> None:
    rows = [row for row in LangfuseFormat(Names()).read(source(server).entries(DAY)) if isinstance(row, Row)]
    first = next(row.fields for row in rows if row.table is INTERACTIONS)
    assert first == {
        "request_id": "g0",
        "timestamp": "2024-05-01T12:00:00+00:00",
        "trace_id": "t0",
        "user_id": "u0",
        "model_version": "gpt-4o",
        "prompt_version": "greeting@2",
        "prompt": [{"role": "user", "content": "question 0"}],
        "response": "answer",
        "input_tokens": 10,
        "output_tokens": 5,
        "ttft_ms": 500.0,
        "total_latency_ms": 2000.0,
        "cost_usd": 0.5,
        "quality_score": 0.5,
        "tags": {"route": "support", "country": "ch"},
    }
    labels = [row.fields for row in rows if row.table is LABELS]
    assert [(label["request_id"], label["source"]) for label in labels] == [
        ("g0", "evaluation"),
        ("g1", "evaluation"),
        ("g2", "evaluation"),
    ]


def test_scores_that_we_sent_there_are_not_read_back(server: State) -> None:
    """Nor counted: with them and without, the day's logs are the same."""
    before = list(source(server, page_size=2).entries(DAY))
    server.scores.insert(0, score(0) | {"id": "night-watch-" + "0" * 32, "name": "groundedness"})
    assert list(source(server, page_size=2).entries(DAY)) == before
    assert len(before) == 10


def test_the_client_of_langfuse_reads_the_same_from_this_server(server: State) -> None:
    """What answers here is the API that Langfuse's own client knows: the same call gives it the same observations."""
    from langfuse.api.client import LangfuseAPI

    client = LangfuseAPI(base_url=server.url, username=PUBLIC, password=SECRET)
    page = client.observations.get_many(
        fields="core,basic,io", from_start_time=NOON, to_start_time=NOON + dt.timedelta(days=1), limit=2
    )
    assert [item.id for item in page.data] == ["g0", "g1"]
    assert page.meta.cursor
    theirs, ours = server.asked[-1], None
    list(source(server).entries(DAY))
    ours = next(query for path, query in server.asked[1:] if path == OBSERVATIONS)
    assert theirs[0] == OBSERVATIONS
    assert set(ours) == set(theirs[1])


def test_an_older_server(server: State) -> None:
    server.old = True
    server.traces = [{"id": "t0", "timestamp": "2024-05-01T12:00:00Z", "name": "older chat", "userId": "someone"}]
    for item in server.observations:
        del item["userId"], item["traceName"]
    reader = source(server, page_size=4)
    fields = [
        row.fields
        for row in LangfuseFormat(Names()).read(reader.entries(DAY))
        if isinstance(row, Row) and row.table is INTERACTIONS
    ]
    assert len(fields) == 7
    assert (fields[0]["user_id"], fields[0]["tags"]["route"]) == ("someone", "older chat")
    paths = [path for path, _ in server.asked]
    assert paths == [OBSERVATIONS, OLD_OBSERVATIONS, OLD_OBSERVATIONS, OLD_TRACES, SCORES, OLD_SCORES]
    list(reader.entries(DAY))
    assert OBSERVATIONS not in [path for path, _ in server.asked[6:]]  # asked once


def test_nothing_of_another_day(server: State) -> None:
    assert list(source(server).entries(DAY + dt.timedelta(days=3))) == []


def test_a_busy_server_is_asked_again_when_it_says(server: State) -> None:
    server.failures = [(429, {"Retry-After": "7"}), (503, {}), (500, {})]
    waits: list[float] = []
    retry = RetryPolicy(first_wait_s=1.0, jitter=0)
    assert len(list(source(server, wait=waits.append, retry=retry).entries(DAY))) == 10
    assert waits == [7.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("status", "shown", "fix"),
    [
        (401, "status 401", "check the public and the secret key"),
        (403, "status 403", "check that the keys may read the project"),
        (302, "status 302", "name the address that it moved to as host: keys are not sent along with a redirect"),
    ],
)
def test_refusals(server: State, status: int, shown: str, fix: str) -> None:
    server.failures = [(status, {"Location": server.url + "/elsewhere"})]
    with pytest.raises(SourceError) as error:
        list(source(server).entries(DAY))
    assert (error.value.found, error.value.fix, error.value.where) == (shown, fix, server.url + OBSERVATIONS)
    assert len(server.asked) == 1


def test_a_server_that_stays_away(server: State) -> None:
    server.failures = [(503, {})] * 9
    with pytest.raises(SourceError, match="status 503"):
        list(source(server, retry=RetryPolicy(attempts=3)).entries(DAY))
    assert len(server.asked) == 3
    gone = LangfuseEntries("http://127.0.0.1:9", PUBLIC, SECRET, retry=RetryPolicy(attempts=2), wait=lambda _: None)
    with pytest.raises(SourceError, match="cannot be reached"):
        list(gone.entries(DAY))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>login</html>", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"[]", "not JSON"),
        (b'{"data": {}, "meta": {}}', "not a page"),
        (b'{"data": []}', "not a page"),
    ],
)
def test_answers_that_are_none(server: State, body: bytes, message: str) -> None:
    server.bodies = [body]
    with pytest.raises(SourceError, match=message):
        list(source(server).entries(DAY))


def test_a_page_that_comes_again_ends_it(server: State) -> None:
    server.bodies = [b'{"data": [{"id": "a"}], "meta": {"cursor": "again"}}'] * 3
    with pytest.raises(SourceError, match="same page"):
        list(source(server).entries(DAY))


def test_items_that_are_nothing_are_handed_on_for_the_format_to_reject(server: State) -> None:
    server.bodies = [b'{"data": [1, null, "\\ud800", {"id": "\\ud800"}], "meta": {}}', b'{"data": [], "meta": {}}']
    rows = list(LangfuseFormat(Names()).read(source(server).entries(DAY)))
    assert [row.reason for row in rows] == ["not an object"] * 3 + [
        "neither an observation, a trace nor a score of Langfuse"
    ]  # type: ignore[union-attr]


def test_keys_go_to_the_host_alone(server: State, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str | None] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("Authorization"))
            self.send_response(200)
            self.end_headers()

    with listening(Elsewhere) as other:
        for status in (301, 302, 303, 307, 308):
            server.failures = [(status, {"Location": f"{address_of(other)}/"})]
            with pytest.raises(SourceError, match=f"status {status}"):
                list(source(server).entries(DAY))
    assert heard == []
    assert set(server.authorizations) == {server.key}


def test_keys_stand_in_no_message(server: State) -> None:
    reader = LangfuseEntries(server.url, PUBLIC, "sk-lf-wrong", wait=lambda _: None)
    with pytest.raises(SourceError) as error:
        list(reader.entries(DAY))
    for text in (str(error.value), repr(error.value), repr(reader), repr(reader._open()), str(error.value.__cause__)):
        assert "sk-lf" not in text
        assert PUBLIC not in text


@pytest.mark.parametrize(
    "host",
    [
        "",
        "langfuse.example",
        "file:///etc/passwd",
        "ftp://host",
        "http://",
        "http://k:s@host",
        "http://host?x=1",
        "http://host:port",
        "http://[::1",
        "http://a\nb",
    ],
)
def test_hosts_that_are_none(host: str) -> None:
    with pytest.raises(ConfigError) as error:
        LangfuseEntries(host, PUBLIC, SECRET)
    assert "k:s" not in str(error.value)


def test_settings_out_of_range() -> None:
    for more in ({"page_size": 0}, {"page_size": 1001}, {"secret_key": ""}):
        with pytest.raises(ConfigError):
            LangfuseEntries(**{"host": "http://host", "public_key": PUBLIC, "secret_key": SECRET, **more})


def test_a_path_before_the_api(server: State) -> None:
    with JsonApi(server.url + "/langfuse/", (PUBLIC, SECRET)) as api, pytest.raises(SourceError):
        api.get("/api/x", {"a": "1 2"})
    assert server.asked == [("/langfuse/api/x", {"a": "1 2"})]


def test_days() -> None:
    reader = LangfuseEntries("https://host", PUBLIC, SECRET, first=DAY, last=DAY + dt.timedelta(days=2))
    assert reader.days() == [DAY, DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)]
    assert len(LangfuseEntries("https://host", PUBLIC, SECRET).days()) == 1
