from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from pathlib import Path

import pytest

from obs_lib.errors import SourceError
from obs_lib.lake.rows import rows_of
from obs_lib.lake.tables import INTERACTIONS, QUARANTINE
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import DUPLICATE
from obs_lib.sources.source import open_source
from tests.unit.sources.conftest import Read

DAY = dt.date(2023, 6, 2)


def row(name: str, time: str = "2023-06-02T12:00:00Z", **fields: object) -> str:
    return json.dumps({"request_id": name, "timestamp": time, **fields})


def write(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(line + "\n" for line in rows).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if name.endswith(".gz") else text)
    return path


def source(folder: Path, **fields: object) -> SourceOptions:
    return SourceOptions.model_validate({"path": str(folder), **fields})


def test_rows_belong_to_the_utc_day_of_their_timestamp_whatever_their_file(tmp_path: Path, read: Read) -> None:
    write(tmp_path, "2023-06-01.jsonl", row("late", "2023-06-02T00:00:01Z"), row("own", "2023-06-01T10:00:00Z"))
    write(tmp_path, "2023-06-02.jsonl.gz", row("noon"), row("before", "2023-06-02T01:00:00+02:00"))
    write(tmp_path, "2023-06-03/x.jsonl", row("rotated", "2023-06-02T23:59:59.5Z"))
    write(tmp_path, "2023-06-04.jsonl", row("too far"))
    write(tmp_path, "everything.jsonl", row("undated"), row("other", "2022-01-01T00:00:00Z"))
    day = read(DAY, source(tmp_path))
    assert sorted(day.frame(INTERACTIONS)["request_id"]) == ["late", "noon", "rotated", "undated"]
    assert len(day.frame(QUARANTINE)) == 0
    assert sorted(read(dt.date(2023, 6, 1), source(tmp_path)).frame(INTERACTIONS)["request_id"]) == ["before", "own"]


def test_columns_have_the_table_s_types_also_without_a_row(tmp_path: Path, read: Read) -> None:
    write(tmp_path, "2023-06-02.jsonl", row("a", output_tokens=5), row("b"))
    for day, rows in ((DAY, 2), (dt.date(2020, 1, 1), 0)):
        of_day = read(day, source(tmp_path))
        assert rows_of(INTERACTIONS, day, of_day.frame(INTERACTIONS)).count == rows
        assert rows_of(QUARANTINE, day, of_day.frame(QUARANTINE)).count == 0
    stored = rows_of(INTERACTIONS, DAY, read(DAY, source(tmp_path)).frame(INTERACTIONS)).table()
    assert stored["output_tokens"].to_pylist() == [5, None]
    assert stored["response"].to_pylist() == [None, None]


def test_rejected_lines_stand_in_quarantine_with_file_line_and_reason(tmp_path: Path, read: Read) -> None:
    write(
        tmp_path,
        "2023-06-02.jsonl",
        row("good"),
        "{broken \x1b[31m",
        row("bad", total_latency_ms=-5),
        row("yesterday", "2023-06-01T01:00:00Z", total_latency_ms=-5),
    )
    write(tmp_path, "2023-06-01.jsonl", "also broken", row("naive", "2023-06-02T10:00:00"))
    quarantined = read(DAY, source(tmp_path)).frame(QUARANTINE)
    assert quarantined.values.tolist() == [
        ["2023-06-02.jsonl", 2, "not JSON", "{broken  [31m"],
        ["2023-06-02.jsonl", 3, "total_latency_ms: negative", row("bad", total_latency_ms=-5)],
    ]
    before = read(dt.date(2023, 6, 1), source(tmp_path)).frame(QUARANTINE)
    assert before[["file", "line"]].values.tolist() == [
        ["2023-06-01.jsonl", 1],
        ["2023-06-01.jsonl", 2],
        ["2023-06-02.jsonl", 4],
    ]


def test_the_last_of_equal_request_ids_counts(tmp_path: Path, read: Read) -> None:
    write(tmp_path, "2023-06-02.jsonl", row("a", response="first"), row("b"), row("a", response="second"))
    write(tmp_path, "2023-06-03.jsonl", row("a", response="third"), row("a", "2023-06-03T01:00:00Z"))
    day = read(DAY, source(tmp_path))
    assert dict(
        zip(day.frame(INTERACTIONS)["request_id"], day.frame(INTERACTIONS)["response"].fillna("-"), strict=True)
    ) == {
        "b": "-",
        "a": "third",
    }
    assert day.frame(QUARANTINE)[["file", "line", "reason"]].values.tolist() == [
        ["2023-06-02.jsonl", 1, DUPLICATE],
        ["2023-06-02.jsonl", 3, DUPLICATE],
    ]


@pytest.mark.parametrize(
    ("fields", "logged"),
    [({}, False), ({"error": None}, False), ({"error": "x"}, True), ({"finish_reason": "stop"}, True)],
)
def test_errors_are_logged_only_where_a_row_of_the_day_says_so(
    tmp_path: Path, fields: dict[str, object], logged: bool, read: Read
) -> None:
    write(tmp_path, "2023-06-02.jsonl", row("a", error=None), row("b", **fields))
    assert read(DAY, source(tmp_path)).frame(INTERACTIONS)["error_logged"].tolist() == [logged, logged]


def test_the_fingerprint_follows_content_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path, "2023-06-02.jsonl.gz", row("a"), row("b"))
    first = open_source(source(tmp_path)).fingerprint(DAY)
    os.utime(path, (0, 0))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1, mtime=9))
    write(tmp_path, "2023-06-03.jsonl", row("c", "2023-06-03T01:00:00Z"), "broken")
    assert open_source(source(tmp_path)).fingerprint(DAY) == first
    write(tmp_path, "2023-06-03.jsonl", row("late"))
    late = open_source(source(tmp_path)).fingerprint(DAY)
    assert late != first
    assert open_source(source(tmp_path, max_text_chars=100)).fingerprint(DAY) != late
    assert open_source(source(tmp_path)).fingerprint(dt.date(2020, 1, 1)) == ""


def test_days_are_those_of_names_and_of_undated_lines(tmp_path: Path) -> None:
    write(tmp_path, "2023-06-02.jsonl", row("a"))
    write(tmp_path, "all.jsonl", row("b", "2023-05-01T00:00:00Z"), "broken")
    assert open_source(source(tmp_path)).days() == [dt.date(2023, 5, 1), DAY]


def test_a_file_that_ends_early_is_an_error_and_no_half_day(tmp_path: Path, read: Read) -> None:
    path = write(tmp_path, "2023-06-02.jsonl.gz", *(row(str(n)) for n in range(500)))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceError, match=r"2023-06-02\.jsonl\.gz.*repair, replace or remove"):
        read(DAY, source(tmp_path))


def test_a_line_over_the_limit_is_quarantined(tmp_path: Path, read: Read) -> None:
    write(tmp_path, "2023-06-02.jsonl", row("a"), row("big", response="x" * 2000))
    day = read(DAY, source(tmp_path, max_line_bytes=1000))
    assert day.frame(INTERACTIONS)["request_id"].tolist() == ["a"]
    assert day.frame(QUARANTINE)["reason"].tolist() == ["line too long"]


@pytest.mark.real
@pytest.mark.parametrize(("route", "day", "rows"), [("chat", 15, 680), ("rag", 12, 250)])
def test_the_real_logs_are_read_whole(real_data: Path, route: str, day: int, rows: int, read: Read) -> None:
    of_day = read(dt.date(2023, 6, day), source(real_data / "logs" / route))
    assert (len(of_day.frame(INTERACTIONS)), len(of_day.frame(QUARANTINE))) == (rows, 0)
    assert not of_day.frame(INTERACTIONS)["error_logged"].any()


def test_a_table_as_csv_is_read_with_its_numbers_and_lists(tmp_path: Path, read: Read) -> None:
    text = 'request_id,timestamp,prompt,input_tokens,cost_usd,tags\na,2023-06-02T12:00:00Z,42,7,0.5,"{""tier"": ""pro""}"\n'
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
    of_day = read(DAY, source(tmp_path))
    (asked,) = of_day.rows[INTERACTIONS].table().to_pylist()
    assert (asked["prompt"], asked["input_tokens"], asked["cost_usd"], asked["tags"]) == (
        "42",
        7,
        0.5,
        '{"tier":"pro"}',
    )
    assert of_day.rows[QUARANTINE].count == 0
