"""What every source must hold, whatever its format."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from obs_lib.lake import rows_of
from obs_lib.samples.generate import write_samples
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import Source, open_source
from obs_lib.tables import INTERACTIONS, QUARANTINE

FIRST = dt.date(2025, 3, 7)


@pytest.fixture(params=["native"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    write_samples(tmp_path / "logs", FIRST, days=3, per_route=12)
    return open_source(SourceOptions(format=request.param, path=str(tmp_path / "logs")))


def test_it_names_its_days_oldest_first(source: Source) -> None:
    assert source.days() == [FIRST + dt.timedelta(days=n) for n in range(3)]


def test_every_row_of_a_day_stands_in_that_utc_day_and_no_id_twice(source: Source) -> None:
    for day in source.days():
        rows = source.read(day).interactions
        assert set(rows["timestamp"].dt.date) == {day}
        assert rows["request_id"].is_unique
        assert len(rows) == 24


def test_rows_fit_the_tables_also_of_a_day_without_any(source: Source) -> None:
    for day in (FIRST, dt.date(1999, 1, 1)):
        read = source.read(day)
        rows_of(INTERACTIONS, day, read.interactions)
        rows_of(QUARANTINE, day, read.quarantine)
        assert list(read.interactions.columns) == [name for name, _ in INTERACTIONS.columns]
        assert list(read.quarantine.columns) == [name for name, _ in QUARANTINE.columns]


def test_reading_twice_gives_the_same(source: Source) -> None:
    first, second = source.read(FIRST), source.read(FIRST)
    assert first.interactions.equals(second.interactions)
    assert source.fingerprint(FIRST) == source.fingerprint(FIRST)


def test_fingerprints_differ_by_day_and_are_empty_where_there_is_nothing(source: Source) -> None:
    named = [source.fingerprint(day) for day in source.days()]
    assert len({*named, ""}) == 4
    assert source.fingerprint(dt.date(1999, 1, 1)) == ""
