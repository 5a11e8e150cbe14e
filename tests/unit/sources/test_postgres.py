"""Entries of a query, on a real PostgreSQL server."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine

from obs_lib.errors import SourceError
from obs_lib.lake.tables import INTERACTIONS, QUARANTINE, SPANS
from obs_lib.settings.environment import environment_connection
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.source import open_source
from tests.clients import postgres
from tests.unit.sources.conftest import Read

pytestmark = pytest.mark.server
DAY = dt.date(2023, 6, 2)
PASSWORD = "p@ss/w%rd:geheim"
TABLE = """
CREATE TABLE logs (
    request_id uuid, timestamp timestamptz, noted timestamp, prompt jsonb, response text, contexts jsonb, tags json,
    safety_flags text[], spans jsonb, total_latency_ms numeric(10, 2), input_tokens bigint, raw bytea
);
INSERT INTO logs VALUES
('00000000-0000-0000-0000-000000000001', '2023-06-02 00:00:00+00', '2023-06-02 00:00:00',
 '[{"role": "user", "content": "Wo ist mein Velo?"}]', E'50 % \\\\ café', '[{"id": "d1", "text": "Docks.", "score": 0.25}]',
 '{"route": "assistant"}', '{pii,toxic}', '[{"name": "llm", "stage": "inference", "start_ms": 0, "duration_ms": 3.5}]',
 812.25, 9, '\\xff41'),
('00000000-0000-0000-0000-000000000002', '2023-06-03 01:59:59.5+02', '2023-06-02 23:59:59.5', '"How?"', NULL, NULL, NULL, NULL,
 NULL, 'NaN', NULL, NULL),
('00000000-0000-0000-0000-000000000003', '2023-06-03 00:00:00+00', '2023-06-03 00:00:00', NULL, NULL, NULL, NULL, NULL, NULL,
 NULL, NULL, NULL);
ALTER DATABASE postgres SET timezone TO 'Asia/Tokyo';
"""
COLUMNS = "prompt, contexts, tags, safety_flags, spans, total_latency_ms, input_tokens"
QUERY = f"""
SELECT request_id, timestamp, response, {COLUMNS}, raw AS model_version FROM logs
WHERE timestamp >= :start AND timestamp < :end AND (response IS NULL OR response LIKE '50 %') ORDER BY timestamp
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose database `postgres` holds TABLE, and whose own time zone is Tokyo's."""
    with postgres.serving(PASSWORD) as port:
        engine = create_engine(f"postgresql://{postgres.USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres")
        with engine.begin() as base:
            base.exec_driver_sql(TABLE.replace("%", "%%"))
        engine.dispose()
        yield port


@pytest.fixture
def connected(port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a connection to it in the environment."""
    address = f"postgres://{postgres.USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres?connect_timeout=10"
    monkeypatch.setenv("OBS_CONNECTION_LOG_BASE", address)
    return "log-base"


def test_columns_of_every_kind_are_read(connected: str, read: Read) -> None:
    day = read(DAY, SourceOptions(query=QUERY, connection=connected), connections=environment_connection)
    assert day.frame(QUARANTINE)["reason"].tolist() == []
    one, two = day.frame(INTERACTIONS).sort_values("request_id").to_dict("records")
    assert one["request_id"] == "00000000-0000-0000-0000-000000000001"
    assert (one["prompt"], one["response"]) == ("Wo ist mein Velo?", "50 % \\ café")
    assert json.loads(one["contexts"]) == [{"id": "d1", "text": "Docks.", "score": 0.25}]
    assert (one["tags"], one["safety_flags"]) == ('{"route":"assistant"}', '["pii","toxic"]')
    assert (one["total_latency_ms"], one["input_tokens"], one["model_version"]) == (812.25, 9, "\ufffdA")
    assert one["timestamp"] == dt.datetime(2023, 6, 2, tzinfo=dt.UTC)
    assert day.frame(SPANS)["duration_ms"].tolist() == [3.5]
    assert (two["prompt"], two["timestamp"]) == ("How?", dt.datetime(2023, 6, 2, 23, 59, 59, 500_000, tzinfo=dt.UTC))
    assert two["total_latency_ms"] is None or two["total_latency_ms"] != two["total_latency_ms"]


def test_times_without_an_offset_are_utc_whatever_the_time_zone_of_the_server(connected: str, read: Read) -> None:
    query = "SELECT request_id::text, noted AS timestamp FROM logs WHERE noted >= :start AND noted < :end ORDER BY 1"
    options = SourceOptions(query=query, connection=connected, naive_times="utc")
    rows = read(DAY, options, connections=environment_connection).frame(INTERACTIONS)
    assert [name[-1] for name in rows["request_id"]] == ["1", "2"]
    assert rows["timestamp"].tolist()[0] == dt.datetime(2023, 6, 2, tzinfo=dt.UTC)


def test_rows_come_while_the_server_still_makes_them(connected: str) -> None:
    query = (
        "SELECT i AS request_id, :start AS timestamp, :end AS e, 1 / (9000 - i) AS x FROM generate_series(1, 2000000) i"
    )
    entries = open_source(SourceOptions(query=query, connection=connected), environment_connection).entries(DAY)
    first = [json.loads(next(entries).raw)["request_id"] for _ in range(1000)]
    assert first == list(range(1, 1001))
    with pytest.raises(SourceError, match="division by zero"):  # half a day is worse than none
        list(entries)


@pytest.mark.parametrize(
    ("change", "query", "words"),
    [
        (("", ""), "SELECT :start, :end, nothing FROM logs", 'column "nothing" does not exist'),
        (
            ("", ""),
            "SELECT 'infinity'::timestamptz - interval '1 day', '290000-01-01'::timestamptz, :start, :end",
            "year",
        ),
        (("geheim", "falsch"), "SELECT :start, :end", "password authentication failed"),
        (("/postgres?", "/nowhere?"), "SELECT :start, :end", 'database "nowhere" does not exist'),
    ],
)
def test_what_the_server_refuses_is_told_without_the_password(
    connected: str, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], query: str, words: str
) -> None:
    address = environment_connection(connected).uri.replace(*change)
    monkeypatch.setenv("OBS_CONNECTION_LOG_BASE", address)
    with pytest.raises(SourceError, match=words) as caught:
        list(open_source(SourceOptions(query=query, connection=connected), environment_connection).entries(DAY))
    for secret in ("geheim", "falsch", "p@ss", quote(PASSWORD, safe="")):
        assert secret not in str(caught.value)
    assert str(caught.value).startswith("postgresql://obs:***@127.0.0.1")
