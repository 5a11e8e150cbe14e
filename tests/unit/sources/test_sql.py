"""Entries of a query, on a SQLite file."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError, SourceError
from obs_lib.lake.tables import INTERACTIONS, QUARANTINE, SPANS
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.source import fingerprint_day, known_days, open_source
from obs_lib.sources.sql import SqlEntries
from tests.unit.sources.conftest import Read

DAY = dt.date(2023, 6, 2)
QUERY = "SELECT * FROM logs WHERE timestamp >= :start AND timestamp < :end ORDER BY timestamp, request_id"
COLUMNS = (
    "request_id, timestamp, prompt, response, reference, contexts, tags, safety_flags, spans, total_latency_ms, "
    "unheard_of"
)
ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT i AS request_id, :start AS timestamp, hex(zeroblob(5000)) AS response, :end AS e FROM n"
)

Fill = Callable[..., str]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """fill(row, ...) : address of a file with the table `logs` of these rows, by column."""

    def fill(*rows: dict[str, object]) -> str:
        base = sqlite3.connect(tmp_path / "logs.db")
        base.execute(f"CREATE TABLE logs ({COLUMNS})")
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            base.execute(f"INSERT INTO logs ({names}) VALUES ({marks})", list(row.values()))
        base.commit()
        base.close()
        return f"sqlite:///{tmp_path}/logs.db"

    return fill


@pytest.mark.parametrize(
    "how", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S+00:00"]
)
def test_a_day_begins_at_its_midnight_and_ends_before_the_next(fill: Fill, read: Read, how: str) -> None:
    start = dt.datetime.combine(DAY, dt.time())
    moments = {"before": -1, "first": 0, "last": 86_399, "after": 86_400}
    rows = [
        {"request_id": name, "timestamp": f"{start + dt.timedelta(seconds=n):{how}}"} for name, n in moments.items()
    ]
    options = SourceOptions(query=QUERY, url=fill(*rows), naive_times="utc")
    read_rows = [json.loads(entry.raw)["request_id"] for entry in open_source(options).entries(DAY)]
    assert read_rows == ["first", "last"]
    assert read(DAY, options).frame(INTERACTIONS)["request_id"].tolist() == ["first", "last"]


def test_a_time_without_an_offset_is_quarantined_unless_it_is_said_to_be_utc(fill: Fill, read: Read) -> None:
    url = fill({"request_id": "a", "timestamp": "2023-06-02 10:00:00"})
    strict = read(DAY, SourceOptions(query=QUERY, url=url))
    assert strict.frame(QUARANTINE)[["file", "line", "reason"]].values.tolist() == [
        ["query", 1, "timestamp: not ISO 8601 with an offset"]
    ]
    rows = read(DAY, SourceOptions(query=QUERY, url=url, naive_times="utc")).frame(INTERACTIONS)
    assert rows["timestamp"].tolist() == [dt.datetime(2023, 6, 2, 10, tzinfo=dt.UTC)]


def test_lists_and_objects_in_columns_of_text_are_taken_apart(fill: Fill, read: Read) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is my bike?"}]
    url = fill(
        {
            "request_id": "a",
            "timestamp": "2023-06-02T10:00:00Z",
            "prompt": json.dumps(messages),
            "response": '{"bike": [1]}',
            "contexts": json.dumps([{"id": 7, "text": "Bikes stand at docks.", "score": 0.5}]),
            "tags": '{"route": "assistant"}',
            "safety_flags": '["pii"]',
            "reference": '["At a dock.", " ", "4"]',
            "spans": json.dumps([{"name": "retrieval", "stage": "retrieval", "start_ms": 0, "duration_ms": 5}]),
            "total_latency_ms": 12,
            "unheard_of": "x",
        },
        {"request_id": "b", "timestamp": "2023-06-02T11:00:00Z", "contexts": "null", "tags": "{}", "prompt": "[1, 2]"}
        | {"reference": "[1, 2]"},
        {"request_id": "c", "timestamp": "2023-06-02T12:00:00Z", "tags": "route=assistant"},
        {"request_id": "d", "timestamp": "2023-06-02T13:00:00Z", "contexts": '["only text"]'},
    )
    day = read(DAY, SourceOptions(query=QUERY, url=url))
    one, two = day.frame(INTERACTIONS).astype(object).fillna("-").to_dict("records")
    assert (one["prompt"], json.loads(one["messages"])) == ("Where is my bike?", messages)
    assert one["response"] == '{"bike": [1]}'  # an answer in JSON is a text
    assert json.loads(one["contexts"]) == [{"id": "7", "text": "Bikes stand at docks.", "score": 0.5}]
    assert (one["tags"], one["safety_flags"]) == ('{"route":"assistant"}', '["pii"]')
    assert day.frame(SPANS)["stage"].tolist() == ["retrieval"]
    assert (one["reference"], two["reference"]) == ('["At a dock.","4"]', '["[1, 2]"]')
    assert (two["prompt"], two["messages"], two["contexts"], two["tags"]) == ("[1, 2]", "-", "-", "{}")
    reasons = ["tags: not an object", "contexts: an item without text"]
    assert day.frame(QUARANTINE)["reason"].tolist() == reasons


def test_in_a_file_a_prompt_that_looks_like_messages_stays_what_somebody_typed(tmp_path: Path, read: Read) -> None:
    typed = json.dumps([{"role": "user", "content": "x"}])
    row = {"request_id": "a", "timestamp": "2023-06-02T10:00:00Z", "prompt": typed, "tags": '{"route": "rag"}'}
    (tmp_path / "2023-06-02.jsonl").write_text(json.dumps(row))
    rows = read(DAY, SourceOptions(path=str(tmp_path))).frame(INTERACTIONS)
    assert rows[["prompt", "messages", "tags"]].fillna("-").values.tolist() == [[typed, "-", '{"route":"rag"}']]


def test_bytes_that_are_no_text_are_shown_as_such(fill: Fill, read: Read) -> None:
    url = fill({"request_id": b"a", "timestamp": "2023-06-02T10:00:00Z", "response": b"caf\xe9"})
    rows = read(DAY, SourceOptions(query=QUERY, url=url)).frame(INTERACTIONS)
    assert rows[["request_id", "response"]].values.tolist() == [["a", "caf\ufffd"]]


def test_the_fingerprint_rests_on_the_rows_of_the_day(fill: Fill, tmp_path: Path) -> None:
    url = fill(*({"request_id": n, "timestamp": f"2023-06-0{n}T10:00:00Z"} for n in "23"))
    sources = [open_source(SourceOptions(query=QUERY, url=url))]
    before = [fingerprint_day(sources, DAY + dt.timedelta(days=n)) for n in range(3)]
    base = sqlite3.connect(tmp_path / "logs.db")
    base.execute("UPDATE logs SET response = 'late' WHERE request_id = '3'")
    base.commit()
    base.close()
    after = [fingerprint_day(sources, DAY + dt.timedelta(days=n)) for n in range(3)]
    assert [one == two for one, two in zip(before, after, strict=True)] == [True, False, True]
    assert before[2] == ""
    assert known_days(sources) == []


def test_rows_come_before_the_query_has_ended_and_are_not_kept() -> None:
    entries = SqlEntries("sqlite://", ENDLESS).entries(DAY)
    next(entries)
    tracemalloc.start()
    try:
        assert sum(len(entry.raw) for entry in islice(entries, 6_000)) > 60_000_000
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
        entries.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT :start, :end FROM nowhere", "no such table"),
        ("SELEC :start, :end", "syntax error"),
        ("SELECT :start, :end, :other", "other"),
    ],
)
def test_a_wrong_query_is_told_in_the_words_of_the_database(query: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        list(SqlEntries("sqlite://", query).entries(DAY))


@pytest.mark.parametrize(
    ("uri", "error", "words"),
    [
        ("postgresql+pg8000://me:pa%20ss@db/logs", ConfigError, "pg8000"),
        ("foo://me:pa%20ss@db/logs", ConfigError, "sqlalchemy.dialects:foo"),
        ("postgresql://me:pa%20ss@db:port/logs", ConfigError, "ValueError"),
        ("pa%20ss", ConfigError, "ArgumentError"),
        ("postgresql://me:pa%20ss@127.0.0.1:1/logs", SourceError, "refused"),
        ("postgres://me:pa%20ss@127.0.0.1:1/logs", SourceError, "refused"),
        ("postgresql://me@127.0.0.1:1/logs?password=pa%20ss", SourceError, "refused"),
        ("postgresql://me:unheard@127.0.0.1:1/logs?unheard=1", SourceError, "invalid connection option"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(
    uri: str, error: type[Exception], words: str
) -> None:
    options = SourceOptions(query="SELECT :start, :end", connection="logs")
    with pytest.raises(error, match=words) as caught:
        list(open_source(options, lambda _: Connection.from_uri(uri)).entries(DAY))
    for secret in ("pa ss", "pa%20ss", "unheard@"):
        assert secret not in str(caught.value)
    assert caught.value.__suppress_context__
