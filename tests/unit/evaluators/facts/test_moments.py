from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.facts.moments import Moment, read_moments


def one(text: str) -> Moment:
    (found,) = read_moments(text)
    return found


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)))
def test_a_date_is_the_same_however_it_is_written(day: dt.date) -> None:
    ways = (
        day.isoformat(),
        f"{day:%B} {day.day}, {day.year}",
        f"{day.day} {day:%B} {day.year}",
        f"the {day.day}th of {day:%B} {day.year}",
        f"{day:%b} {day.day} {day.year}",
        f"{day:%Y/%m/%d}",
        f"{day.day}.{day.month}.{day.year}",
    )
    found = [one(text) for text in ways]
    assert all(mine.agrees(other) for mine in found for other in found)
    other = one((day + dt.timedelta(days=1)).isoformat())
    assert all(mine.conflicts(other) for mine in found[:6])


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("9am", "09:00"),
        ("5:30 PM", "17:30"),
        ("noon", "12:00"),
        ("nine o'clock", "9 AM"),
        ("in 2024", "July 4, 2024"),
        ("in July", "2024-07-04"),
        ("Wednesday", "Monday to Friday"),
        ("in 1942", "1939–1945"),
        ("1995", "the 1990s"),
    ],
)
def test_what_is_said_holds_where_more_is_known(said: str, known: str) -> None:
    assert one(said).agrees(read_moments(known)[0])


@pytest.mark.parametrize(
    ("said", "known"),
    [("9am", "21:00"), ("July 5", "2024-07-04"), ("Sunday", "Monday to Friday"), ("in 1946", "in 1945")],
)
def test_another_date_conflicts(said: str, known: str) -> None:
    assert one(said).conflicts(read_moments(known)[0])


def test_what_names_other_fields_neither_agrees_nor_conflicts() -> None:
    year, day = one("in 2024"), one("on July 4")
    assert not year.conflicts(day)
    assert not year.agrees(day)


@pytest.mark.parametrize("text", ["1500 people", "It is 1932 metres long", "May I ask?", "$2000", "a 1000-seat hall"])
def test_a_count_is_no_year(text: str) -> None:
    assert read_moments(text) == []
