"""Log files in a bucket read as they do in a folder."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_lib.errors import SourceError
from obs_lib.settings.environment import environment_connection
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.source import fingerprint_day, known_days, open_source
from tests.clients import s3
from tests.clients.s3 import S3
from tests.unit.sources.conftest import Read

pytestmark = pytest.mark.server
DAY = dt.date(2023, 6, 2)


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3.serving() as server:
        server.make_bucket("bucket")
        yield server


@pytest.fixture(autouse=True)
def connected(server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection `logs` in the environment, and nothing else that could let anybody in."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("OBS_CONNECTION_LOGS", server.connection)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three days of two rows: a folder a day gzipped, a dated Parquet file, lines beside them; the third day elsewhere."""
    root = tmp_path / "logs"
    (root / "2023-06-02").mkdir(parents=True)
    rows = [
        {
            "request_id": f"{n}",
            "timestamp": f"2023-06-0{1 + n // 2}T1{n}:00:00Z",
            "prompt": "Wo? \U0001f6b2",
            "tags": {"r": "a"},
        }
        for n in range(6)
    ]
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    (root / "2023-06-02" / "part-0.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[2:4])))
    (root / "2023-06-01.jsonl").write_bytes(b"".join(lines[:2]) + b"broken\n")
    pq.write_table(pa.Table.from_pylist(rows[4:]), root / "2023-06-03.parquet")
    return root


def upload(server: S3, folder: Path, prefix: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            server.client.put_object(
                Bucket="bucket", Key=f"{prefix}/{path.relative_to(folder)}", Body=path.read_bytes()
            )


@pytest.mark.parametrize("ending", ["", "/", "/*.parquet", "/2023-06-01.jsonl", "/2023-*/*.gz"])
def test_a_bucket_reads_as_a_folder(server: S3, folder: Path, read: Read, ending: str) -> None:
    upload(server, folder, "same")
    here = SourceOptions(path=f"{folder}{ending}")
    there = SourceOptions(path=f"s3://bucket/same{ending}", connection="logs")
    seen = known_days([open_source(here)])
    assert seen == known_days([open_source(there, environment_connection)]) != []
    for day in seen:
        one, two = read(day, here), read(day, there, connections=environment_connection)
        assert one.fingerprint == two.fingerprint != ""
        for table in one.rows:
            assert one.rows[table].table().equals(two.rows[table].table())


def test_a_file_that_comes_later_is_seen_by_the_next_reader(server: S3, folder: Path) -> None:
    options = SourceOptions(path="s3://bucket/later", connection="logs")
    upload(server, folder, "later")
    before = fingerprint_day([open_source(options, environment_connection)], DAY)
    (folder / "2023-06-02" / "part-1.jsonl").write_text('{"request_id": "x", "timestamp": "2023-06-02T23:00:00Z"}')
    upload(server, folder, "later")
    assert fingerprint_day([open_source(options, environment_connection)], DAY) != before


@pytest.mark.parametrize("path", ["s3://nowhere/logs", "s3://nowhere", "s3://bucket/nowhere"])
def test_a_bucket_or_folder_that_is_not_there_is_told(path: str) -> None:
    with pytest.raises(SourceError, match="the log folder does not exist"):
        list(open_source(SourceOptions(path=path, connection="logs"), environment_connection).entries(DAY))


@pytest.mark.parametrize("path", ["s3://bucket/keys", "s3://bucket/keys/*.jsonl", "s3://bucket/keys/2023-06-01.jsonl"])
def test_a_wrong_key_is_told_without_it(server: S3, folder: Path, path: str) -> None:
    upload(server, folder, "keys")
    source = open_source(SourceOptions(path=path, connection="logs"), environment_connection)
    with server.checking_keys(), pytest.raises(SourceError, match="cannot be read") as caught:
        list(source.entries(DAY))
    message = str(caught.value)
    assert "Access" in message
    assert s3.KEY not in message
    assert s3.SECRET not in message


def test_a_server_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("OBS_CONNECTION_LOGS", S3("http://127.0.0.1:1").connection)
    with pytest.raises(SourceError, match="cannot be read") as caught:
        list(
            open_source(SourceOptions(path="s3://bucket/logs", connection="logs"), environment_connection).entries(DAY)
        )
    assert s3.SECRET not in str(caught.value)
