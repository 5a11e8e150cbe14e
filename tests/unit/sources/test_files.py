from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from obs_lib.errors import SourceError
from obs_lib.sources.entries import Entry
from obs_lib.sources.files import FileEntries
from obs_lib.sources.formats.native.format import NativeFormat

DAY = dt.date(2023, 6, 2)


def touch(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def files(path: Path | str, around: int = 1, limit: int = 10_000) -> FileEntries:
    return FileEntries(str(path), around, limit)


def zstd(raw: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(raw)
    return bytes(sink.getvalue())


def test_dates_come_from_names_or_folders_and_undated_files_come_first(tmp_path: Path) -> None:
    names = ("2023-06-02-b.jsonl", "2023-06-01.jsonl.gz", "2023-06-02/part-0.jsonl", "all.jsonl", "notes.txt")
    for name in (*names, "day=2023-06-03/part.parquet", "other/2023-06-02.jsonl"):
        touch(tmp_path / name)
    touch(tmp_path / "2023-99-99.jsonl")  # looks like a date and is none
    assert [(file.label, file.day) for file in files(tmp_path).files] == [
        ("2023-99-99.jsonl", None),
        ("all.jsonl", None),
        ("2023-06-01.jsonl.gz", dt.date(2023, 6, 1)),
        ("2023-06-02-b.jsonl", DAY),
        ("2023-06-02/part-0.jsonl", DAY),
        ("day=2023-06-03/part.parquet", dt.date(2023, 6, 3)),
    ]


def test_a_glob_and_a_single_file_work_too(tmp_path: Path) -> None:
    touch(tmp_path / "a/logs/2023-06-02.jsonl")
    touch(tmp_path / "b/logs/2023-06-02.jsonl")
    assert [file.label for file in files(f"{tmp_path}/*/logs/*.jsonl").files] == [
        "a/logs/2023-06-02.jsonl",
        "b/logs/2023-06-02.jsonl",
    ]
    assert [file.label for file in files(tmp_path / "a/logs/2023-06-02.jsonl").files] == ["2023-06-02.jsonl"]
    assert files(f"{tmp_path}/none-*.jsonl").files == []


def test_a_folder_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone: the log folder does not exist.*sources\[\].path"):
        list(files(tmp_path / "gone").entries(DAY))


def test_a_day_is_looked_for_in_its_own_files_in_its_neighbours_and_in_undated_ones(tmp_path: Path) -> None:
    for day in (None, *(DAY + dt.timedelta(days=n) for n in (-2, -1, 0, 1, 2))):
        touch(tmp_path / f"{day or 'all'}.jsonl", b"x")
    assert [entry.day and entry.day.day for entry in files(tmp_path).entries(DAY)] == [None, 1, 2, 3]
    assert [entry.day and entry.day.day for entry in files(tmp_path, around=0).entries(DAY)] == [None, 2]


def test_lines_are_counted_with_blank_ones_and_lose_ends_and_byte_order_mark(tmp_path: Path) -> None:
    touch(tmp_path / "x.jsonl", b"\xef\xbb\xbfone\r\n\n  \nfour")
    assert [(entry.number, entry.raw) for entry in files(tmp_path).entries(DAY)] == [(1, b"one"), (4, b"four")]


@pytest.mark.parametrize(("suffix", "pack"), [(".jsonl", bytes), (".jsonl.gz", gzip.compress), (".ndjson.zst", zstd)])
def test_a_line_over_the_limit_is_cut_and_the_next_one_is_whole(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    touch(tmp_path / f"x{suffix}", pack(b"x" * 50 + b"\n" + b"y" * 10 + b"\n" + b"z" * 11))
    assert [(entry.number, entry.raw, entry.cut) for entry in files(tmp_path, limit=10).entries(DAY)] == [
        (1, b"x" * 11, True),
        (2, b"y" * 10, False),
        (3, b"z" * 11, True),
    ]


@pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gz", "zst"])
@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-20], lambda raw: b"not packed", lambda raw: raw[:30] + b"\0" * 40]
)
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, damage: Any, pack: Any) -> None:
    raw = pack(b"".join(b"line %d\n" % n for n in range(1000)))
    name = "bad.jsonl" + (".gz" if pack is gzip.compress else ".zst")
    touch(tmp_path / name, damage(raw))
    with pytest.raises(SourceError, match=rf"{name}: the log file cannot be read"):
        list(files(tmp_path).entries(DAY))


def test_the_items_of_a_json_array_are_entries_and_what_breaks_off_is_one_too(tmp_path: Path) -> None:
    touch(tmp_path / "a.json", b'[{"a": 1},\n {"b": [2, 3]} , "text"]')
    touch(tmp_path / "b.json", b'[{"a": 1}, {"b": ')
    touch(tmp_path / "c.json", b'{"no": "array"}\n{"but": "lines"}')
    touch(tmp_path / "d.json.gz", gzip.compress(b'[{"too": "long for the limit of this test"}]'))
    entries_read = [
        (entry.origin, entry.number, entry.raw, entry.cut) for entry in files(tmp_path, limit=20).entries(DAY)
    ]
    assert entries_read == [
        ("a.json", 1, b'{"a": 1}', False),
        ("a.json", 2, b'{"b": [2, 3]}', False),
        ("a.json", 3, b'"text"', False),
        ("b.json", 1, b'{"a": 1}', False),
        ("b.json", 2, b'{"b": ', False),
        ("c.json", 1, b'{"no": "array"}', False),
        ("c.json", 2, b'{"but": "lines"}', False),
        ("d.json.gz", 1, b'{"too": "long for th', True),
    ]


def test_rows_of_parquet_are_entries_with_times_lists_and_maps(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "request_id": ["a", "b"],
            "timestamp": pd.to_datetime(["2023-06-02T10:00:00Z", "2023-06-02T11:00:00+02:00"], utc=True),
            "ttft_ms": [1.5, float("nan")],
            "contexts": [[{"id": "1", "text": "t"}], None],
            "tags": [{"route": "x"}, {"route": "y"}],
        }
    )
    frame.to_parquet(tmp_path / "2023-06-02.parquet")
    rows = [json.loads(entry.raw) for entry in files(tmp_path).entries(DAY)]
    assert rows[0] == {
        "request_id": "a",
        "timestamp": "2023-06-02T10:00:00+00:00",
        "ttft_ms": 1.5,
        "contexts": [{"id": "1", "text": "t"}],
        "tags": {"route": "x"},
    }
    assert "ttft_ms" not in rows[1]
    touch(tmp_path / "2023-06-02.parquet", (tmp_path / "2023-06-02.parquet").read_bytes()[:-9])
    with pytest.raises(SourceError, match="cannot be read"):
        list(files(tmp_path).entries(DAY))


def test_the_days_that_a_native_line_names() -> None:
    days = NativeFormat().days
    assert days(b'{"timestamp": "2023-06-02T00:30:00+02:00"}') == {dt.date(2023, 6, 1)}
    assert days(rb'{"response": "{\"timestamp\": \"2023-06-02T00:30:00Z\"}"}') == set()
    assert days(b'{"timestamp": "2023-06-02T00:30:00"}') == set()
    assert days(b'{"timestamp": "0001-01-01T00:00:00+10:00"}') == set()
    assert NativeFormat(naive_is_utc=True).days(b'{"timestamp": "2023-06-02T00:30:00"}') == {DAY}


def test_an_entry_says_where_it_stands(tmp_path: Path) -> None:
    touch(tmp_path / "2023-06-02/part-0.jsonl", b"one")
    assert list(files(tmp_path).entries(DAY)) == [Entry("2023-06-02/part-0.jsonl", 1, b"one", DAY)]
