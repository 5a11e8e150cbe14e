"""Plain values from hostile bytes."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.sources.entries import Rejected
from obs_lib.sources.formats.parse import DEEPEST, embedded, milliseconds, moment, number, object_of


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", "not UTF-8"),
        (b"{", "not JSON"),
        (b"[1]", "not an object"),
        (b'{"a": NaN}', "non-finite number"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b'{"a":' * 67 + b"1" + b"}" * 67, "nested too deeply"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not JSON"),
    ],
)
def test_reasons(raw: bytes, reason: str) -> None:
    with pytest.raises(Rejected, match=f"^{reason}$"):
        object_of(raw)


def test_the_deepest_that_is_read() -> None:
    raw = b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1)
    assert "a" in object_of(raw)
    assert isinstance(embedded("[" * 100 + "]" * 100), str)


def test_half_a_surrogate_pair_is_replaced_wherever_it_stands() -> None:
    value = object_of(b'{"a\\ud800": ["\\udc00", {"b": "x\\ud83d\\ude00"}]}')
    assert value == {"a\ufffd": ["\ufffd", {"b": "x\U0001f600"}]}
    assert embedded('["\\ud800"]') == ["\ufffd"]


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_what_was_written_is_read(value: dict[str, int | str]) -> None:
    assert object_of(json.dumps(value).encode()) == value
    assert embedded(json.dumps(value)) == value


@given(st.integers(-(10**15), 10**16), st.timezones())
def test_moments_survive_iso_text_and_epoch_seconds(microseconds: int, zone: dt.tzinfo) -> None:
    value = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)
    assert moment(value.astimezone(zone).isoformat()) == value
    at = moment(value.isoformat())
    assert at == value
    assert at is not None
    assert abs(milliseconds(moment(at.timestamp()), at) or 0.0) <= 0.1


@given(st.integers() | st.floats() | st.text() | st.none() | st.lists(st.integers()))
def test_no_value_breaks_a_number_or_a_moment(value: object) -> None:
    number(value)
    at = moment(value)
    assert at is None or at.tzinfo is dt.UTC
