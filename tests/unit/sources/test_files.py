from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pytest

from obs_lib.errors import SourceError
from obs_lib.sources.files import LogFile, candidates, days_named, find_files, lines

DAY = dt.date(2023, 6, 2)


def touch(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_dates_come_from_names_or_folders_and_undated_files_come_first(tmp_path: Path) -> None:
    for name in ("2023-06-02-b.jsonl", "2023-06-01.jsonl.gz", "2023-06-02/part-0.jsonl", "all.jsonl", "notes.txt"):
        touch(tmp_path / name)
    touch(tmp_path / "2023-99-99.jsonl")  # looks like a date and is none
    assert [(file.label, file.day) for file in find_files(str(tmp_path))] == [
        ("2023-99-99.jsonl", None),
        ("all.jsonl", None),
        ("2023-06-01.jsonl.gz", dt.date(2023, 6, 1)),
        ("2023-06-02-b.jsonl", DAY),
        ("2023-06-02/part-0.jsonl", DAY),
    ]


def test_a_glob_and_a_single_file_work_too(tmp_path: Path) -> None:
    touch(tmp_path / "a/logs/2023-06-02.jsonl")
    touch(tmp_path / "b/logs/2023-06-02.jsonl")
    assert [file.label for file in find_files(f"{tmp_path}/*/logs/*.jsonl")] == [
        "a/logs/2023-06-02.jsonl",
        "b/logs/2023-06-02.jsonl",
    ]
    assert [file.label for file in find_files(f"{tmp_path}/a/logs/2023-06-02.jsonl")] == ["2023-06-02.jsonl"]
    assert find_files(f"{tmp_path}/none-*.jsonl") == []


def test_a_folder_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone: the log folder does not exist.*sources\[\].path"):
        find_files(str(tmp_path / "gone"))


def test_candidates_are_the_day_its_neighbours_and_undated_files() -> None:
    days = [None, *(DAY + dt.timedelta(days=n) for n in (-2, -1, 0, 1, 2))]
    files = [LogFile(Path("x"), str(day), day) for day in days]
    assert [file.day for file in candidates(files, DAY, 1)] == [days[0], *days[2:5]]
    assert [file.day for file in candidates(files, DAY, 0)] == [None, DAY]


def test_lines_are_counted_with_blank_ones_and_lose_ends_and_byte_order_mark(tmp_path: Path) -> None:
    file = LogFile(touch(tmp_path / "x.jsonl", b"\xef\xbb\xbfone\r\n\n  \nfour"), "x.jsonl", None)
    assert [(line.number, line.raw) for line in lines(file, 100)] == [(1, b"one"), (4, b"four")]


def test_a_line_over_the_limit_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    content = b"x" * 50 + b"\n" + b"y" * 10 + b"\n" + b"z" * 11
    file = LogFile(touch(tmp_path / "x.jsonl.gz", gzip.compress(content)), "x.jsonl.gz", None)
    assert [(line.number, line.raw, line.cut) for line in lines(file, 10)] == [
        (1, b"x" * 11, True),
        (2, b"y" * 10, False),
        (3, b"z" * 11, True),
    ]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-20], lambda raw: b"not gzip", lambda raw: raw[:30] + b"\0" * 40])
def test_a_damaged_gzip_file_is_an_error_that_names_it(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    raw = gzip.compress(b"".join(b"line %d\n" % n for n in range(1000)))
    file = LogFile(touch(tmp_path / "bad.jsonl.gz", damage(raw)), "bad.jsonl.gz", None)
    with pytest.raises(SourceError, match=r"bad\.jsonl\.gz: the log file cannot be read"):
        list(lines(file, 1000))


def test_days_named_reads_offsets_and_ignores_quoted_json() -> None:
    assert days_named(b'{"timestamp": "2023-06-02T00:30:00+02:00"}') == {dt.date(2023, 6, 1)}
    assert days_named(rb'{"response": "{\"timestamp\": \"2023-06-02T00:30:00Z\"}"}') == set()
    assert days_named(b'{"timestamp": "2023-06-02T00:30:00"}') == set()
    assert days_named(b'{"timestamp": "0001-01-01T00:00:00+10:00"}') == set()
