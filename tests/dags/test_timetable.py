"""Which day a run means, and when it may start."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pendulum
import pytest


@pytest.fixture
def timetable(dagbag: Any) -> Any:
    from night_watch.airflow.timetable import NightTimetable

    return NightTimetable(dt.timedelta(hours=2))


def at(text: str) -> pendulum.DateTime:
    return pendulum.parse(text, tz="UTC")


def intervals(timetable: Any, first: str, last: str) -> list[Any]:
    """What a backfill from `first` to `last` asks for."""
    from airflow.timetables.base import TimeRestriction

    restriction, info, found = TimeRestriction(at(first), at(last), catchup=True), None, []
    while info := timetable.next_dagrun_info(
        last_automated_data_interval=info.data_interval if info else None, restriction=restriction
    ):
        found.append(info)
    return found


def test_a_backfill_takes_exactly_its_days(timetable: Any) -> None:
    found = intervals(timetable, "2023-06-18", "2023-06-20")
    assert [info.data_interval.start for info in found] == [at("2023-06-18"), at("2023-06-19"), at("2023-06-20")]
    assert [info.data_interval.end for info in found] == [at("2023-06-19"), at("2023-06-20"), at("2023-06-21")]
    assert [info.logical_date.date().isoformat() for info in found] == ["2023-06-18", "2023-06-19", "2023-06-20"]


def test_the_delay_moves_the_start_and_not_the_day(timetable: Any) -> None:
    (info,) = intervals(timetable, "2023-06-18", "2023-06-18")
    assert info.run_after == at("2023-06-19T02:00")


@pytest.mark.parametrize(
    ("now", "hours", "newest"),
    [
        ("2023-06-23T01:00", 2, "2023-06-21"),  # the 22nd still waits for late logs
        ("2023-06-23T02:00", 2, "2023-06-22"),
        ("2023-06-23T03:00", 0, "2023-06-22"),
        ("2023-06-24T01:00", 26, "2023-06-21"),  # more than a day late: the 22nd is not yet due, and not lost
        ("2023-06-24T02:00", 26, "2023-06-22"),
    ],
)
def test_the_first_scheduled_night_is_the_newest_due(
    dagbag: Any, monkeypatch: pytest.MonkeyPatch, now: str, hours: int, newest: str
) -> None:
    from airflow.timetables.base import TimeRestriction

    from night_watch.airflow import timetable as nights

    monkeypatch.setattr(nights, "utcnow", lambda: at(now))
    night = nights.NightTimetable(dt.timedelta(hours=hours))
    info = night.next_dagrun_info(
        last_automated_data_interval=None, restriction=TimeRestriction(None, None, catchup=False)
    )
    assert info.data_interval.start == at(newest)
    assert info.run_after <= at(now)


def test_no_day_is_left_out_between_two_scheduled_nights(dagbag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.timetables.base import DataInterval, TimeRestriction

    from night_watch.airflow import timetable as nights

    last = DataInterval(at("2023-06-20"), at("2023-06-21"))
    for hour in range(
        3, 50
    ):  # parsed again at any hour after the night of the 20th was created, with 26 hours of delay
        monkeypatch.setattr(nights, "utcnow", lambda hour=hour: at("2023-06-22").add(hours=hour - 2))
        night = nights.NightTimetable(dt.timedelta(hours=26))
        info = night.next_dagrun_info(
            last_automated_data_interval=last, restriction=TimeRestriction(None, None, catchup=False)
        )
        due = at("2023-06-22").add(hours=hour - 2) >= at("2023-06-23T02:00")
        assert info.data_interval.start == at("2023-06-21") or due


def test_a_run_by_hand_takes_the_last_day_that_closed(timetable: Any) -> None:
    found = timetable.infer_manual_data_interval(run_after=at("2023-06-23T09:30"))
    assert found.start == at("2023-06-22")


def test_it_survives_the_metadata_database(timetable: Any) -> None:
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    again = decode_timetable(encode_timetable(timetable))
    assert again == timetable
    assert again.summary == "each day, 2 h later"
