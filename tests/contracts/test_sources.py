"""What every source must hold, whatever its format."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from obs_lib.lake import rows_of
from obs_lib.samples.generate import write_samples
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import TABLES, Source, SourceDay, open_source, read_day
from obs_lib.tables import INTERACTIONS, QUARANTINE

FIRST = dt.date(2025, 3, 7)


@pytest.fixture(params=["native"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    write_samples(tmp_path / "logs", FIRST, days=3, per_route=12)
    return open_source(SourceOptions(format=request.param, path=str(tmp_path / "logs")))


def read(source: Source, day: dt.date, scratch: Path) -> SourceDay:
    scratch.mkdir()
    return read_day([source], day, scratch)


def test_it_names_its_days_oldest_first(source: Source) -> None:
    assert source.days() == [FIRST + dt.timedelta(days=n) for n in range(3)]


def test_every_row_of_a_day_stands_in_that_utc_day_and_no_id_twice(source: Source, tmp_path: Path) -> None:
    for day in source.days():
        rows = read(source, day, tmp_path / str(day)).frame(INTERACTIONS)
        assert set(rows["timestamp"].dt.date) == {day}
        assert rows["request_id"].is_unique
        assert len(rows) == 24


def test_rows_fit_the_tables_also_of_a_day_without_any(source: Source, tmp_path: Path) -> None:
    for day in (FIRST, dt.date(1999, 1, 1)):
        found = read(source, day, tmp_path / str(day))
        for table in (*TABLES, QUARANTINE):
            assert rows_of(table, day, found.rows[table]).table().num_rows == found.rows[table].count
            assert list(found.frame(table).columns) == [name for name, _ in table.columns]


def test_reading_twice_gives_the_same(source: Source, tmp_path: Path) -> None:
    first, second = (read(source, FIRST, tmp_path / name) for name in ("one", "two"))
    for table in (*TABLES, QUARANTINE):
        assert first.frame(table).equals(second.frame(table))
    assert first.fingerprint == second.fingerprint != ""


def test_fingerprints_differ_by_day_and_are_empty_where_there_is_nothing(source: Source) -> None:
    named = [source.fingerprint(day) for day in source.days()]
    assert len({*named, ""}) == 4
    assert source.fingerprint(dt.date(1999, 1, 1)) == ""
