"""What every source must hold, whatever its format."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_lib.lake.rows import rows_of
from obs_lib.lake.table import Table
from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, LABELS, QUARANTINE, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import TABLES
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import SourceDay, read_day
from obs_lib.sources.source import Source, fingerprint_day, known_days, open_source
from tests import logs

FIRST, NEVER = dt.date(2025, 3, 7), dt.date(1999, 1, 1)
DAYS = [FIRST + dt.timedelta(days=n) for n in range(3)]
PER_ROUTE = 12
ROWS = {INTERACTIONS: 2 * PER_ROUTE, LABELS: 2 * PER_ROUTE, GPU_SAMPLES: 48}
TIME_OF = {INTERACTIONS: "timestamp", GPU_SAMPLES: "at"}


@dataclass(frozen=True)
class Case:
    """Logs of one format: who writes them, into what kind of file, and the table that they fill."""

    format: str
    writer: str
    suffix: str = ".jsonl"
    table: Table = INTERACTIONS

    def lines(self, day: Day) -> list[str]:
        """The day's log."""
        if self.table is GPU_SAMPLES:
            return logs.gpu(day) if self.format == "gpu" else logs.dcgm(day)
        rows = logs.interactions(day, PER_ROUTE)
        return [json.dumps(line) for row in rows for line in logs.WRITERS[self.writer](row)]

    def sources(self, folder: Path) -> list[Source]:
        """Sources over the folder; labels stand beside the interactions that they judge."""
        judged = [open_source(SourceOptions(path=str(folder.parent / "judged")))] if self.table is LABELS else []
        return [*judged, open_source(SourceOptions(format=self.format, path=str(folder)))]


CASES = {
    "native": Case("native", "native", ".jsonl.gz"),
    "native in Parquet": Case("native", "native", ".parquet"),
    "native with zstd": Case("native", "native", ".jsonl.zst"),
    "native as an array": Case("native", "native", ".json"),
    "otlp": Case("otlp", "otlp"),
    "otlp with OpenInference": Case("otlp", "openinference"),
    "langfuse": Case("langfuse", "langfuse"),
    "litellm": Case("litellm", "litellm"),
    "of an installed package": Case("acme", "acme"),
    "labels": Case("labels", "labels", table=LABELS),
    "gpu": Case("gpu", "gpu", table=GPU_SAMPLES),
    "dcgm": Case("dcgm", "dcgm", ".prom", GPU_SAMPLES),
}


@pytest.fixture(autouse=True)
def _installed(acme: Path) -> None:
    """The package whose format is one of the cases."""


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


@pytest.fixture
def sources(case: Case, tmp_path: Path) -> list[Source]:
    for name, writer in (("logs", case), ("judged", CASES["native"])):
        if name == "logs" or case.table is LABELS:
            (tmp_path / name).mkdir()
            for day in DAYS:
                write(tmp_path / name / f"{day}{writer.suffix}", writer.lines(day))
    return case.sources(tmp_path / "logs")


def write(path: Path, lines: list[str]) -> None:
    text = "".join(line + "\n" for line in lines).encode()
    match path.suffix:
        case ".parquet":
            rows = [json.loads(line) for line in lines]
            names = dict.fromkeys(name for row in rows for name in row)
            pq.write_table(pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows]), path)
        case ".json":
            path.write_text("[" + ",\n".join(lines) + "]", encoding="utf-8")
        case ".gz":
            path.write_bytes(gzip.compress(text))
        case ".zst":
            path.write_bytes(pa.compress(text, codec="zstd", asbytes=True))
        case _:
            path.write_bytes(text)


def read(sources: list[Source], day: Day, scratch: Path) -> SourceDay:
    scratch.mkdir()
    return read_day(sources, day, scratch)


def test_days_are_named_oldest_first(sources: list[Source], tmp_path: Path) -> None:
    named = known_days(sources)
    assert named == sorted(set(named))
    assert set(DAYS) <= set(named)


def test_every_row_stands_in_its_utc_day_and_no_key_twice(case: Case, sources: list[Source], tmp_path: Path) -> None:
    for day in DAYS:
        of_day = read(sources, day, tmp_path / str(day))
        rows = of_day.frame(case.table)
        assert len(rows) == ROWS[case.table]
        assert not rows.duplicated(list(case.table.key)).any()
        if case.table in TIME_OF:
            assert set(rows[TIME_OF[case.table]].dt.date) == {day}
        assert of_day.rows[QUARANTINE].count == 0
        spans = of_day.frame(SPANS)
        assert set(spans["request_id"]) <= set(of_day.frame(INTERACTIONS)["request_id"])
        assert len(spans) > 0 or case.table is not INTERACTIONS


def test_rows_fit_the_tables_also_of_a_day_without_any(sources: list[Source], tmp_path: Path) -> None:
    for day in (FIRST, NEVER):
        of_day = read(sources, day, tmp_path / str(day))
        for table in (*TABLES, QUARANTINE):
            assert rows_of(table, day, of_day.rows[table]).table().num_rows == of_day.rows[table].count
            assert list(of_day.frame(table).columns) == list(table.names)


def test_reading_twice_gives_the_same(sources: list[Source], tmp_path: Path) -> None:
    first, second = (read(sources, FIRST, tmp_path / name) for name in ("one", "two"))
    same(first, second)
    assert first.fingerprint == second.fingerprint != ""


def test_fingerprints_are_those_of_what_is_read_and_differ_by_day(sources: list[Source], tmp_path: Path) -> None:
    named = [fingerprint_day(sources, day) for day in DAYS]
    assert len({*named, ""}) == 4
    assert named == [read(sources, day, tmp_path / str(day)).fingerprint for day in DAYS]


def test_a_day_of_which_nothing_is_logged_has_no_fingerprint(case: Case, sources: list[Source], tmp_path: Path) -> None:
    assert sources[-1].fingerprint(NEVER) == read(sources[-1:], NEVER, tmp_path / "never").fingerprint == ""


def test_one_file_without_a_date_gives_the_same_rows_as_a_file_a_day(
    case: Case, sources: list[Source], tmp_path: Path
) -> None:
    (tmp_path / "one file").mkdir()
    write(tmp_path / "one file" / f"log{case.suffix}", [line for day in DAYS for line in case.lines(day)])
    for day in DAYS:
        same(
            read(sources, day, tmp_path / f"{day} dated"),
            read(case.sources(tmp_path / "one file"), day, tmp_path / f"{day} undated"),
        )


def test_the_order_of_lines_says_nothing(case: Case, sources: list[Source], tmp_path: Path) -> None:
    (tmp_path / "shuffled").mkdir()
    for day in DAYS:
        lines = case.lines(day)
        random.Random(7).shuffle(lines)
        write(tmp_path / "shuffled" / f"{day}{case.suffix}", lines)
    same(
        read(sources, FIRST, tmp_path / "in order"), read(case.sources(tmp_path / "shuffled"), FIRST, tmp_path / "not")
    )


SHARED = ("request_id", "trace_id", "user_id", "model_version", "prompt", "response", "finish_reason")
COUNTED, TIMED = ("input_tokens", "output_tokens"), ("total_latency_ms", "ttft_ms")


def test_every_format_says_the_same_of_an_interaction(case: Case, sources: list[Source], tmp_path: Path) -> None:
    rows = {row["request_id"]: row for row in logs.interactions(FIRST, PER_ROUTE)}
    for interaction in read(sources, FIRST, tmp_path / "read").rows[INTERACTIONS].table().to_pylist():
        row = rows[interaction["request_id"]]
        assert {name: interaction[name] for name in (*SHARED, *COUNTED)} == {
            name: row[name] for name in (*SHARED, *COUNTED)
        }
        assert interaction["timestamp"] == dt.datetime.fromisoformat(row["timestamp"])
        assert [interaction[name] for name in TIMED] == pytest.approx([row[name] for name in TIMED], abs=0.01)
        if case.format != "litellm":
            assert json.loads(interaction["contexts"] or "null") == row["contexts"]


def same(one: SourceDay, other: SourceDay) -> None:
    for table in (*TABLES, QUARANTINE):
        pd.testing.assert_frame_equal(one.frame(table), other.frame(table))
