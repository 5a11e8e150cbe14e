from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.repair import BACKWARDS, RULES, repair, without_negative
from obs_lib.sources.validate import Limits, check

GOOD = {"request_id": "a", "timestamp": "2023-06-01T10:00:00Z"}
FIELDS = ("ttft_ms", "tpot_ms", "total_latency_ms", "prefill_ms", "decode_ms", "input_tokens", "cached_input_tokens")


def record(**fields: object) -> dict[str, object]:
    return check(INTERACTIONS, GOOD | fields, Limits())


@pytest.mark.parametrize(
    ("fields", "rule", "unknown"),
    [
        ({"total_latency_ms": 9e7}, "latency over a day", {"total_latency_ms"}),
        (
            {"ttft_ms": 900.0, "tpot_ms": 3.0, "total_latency_ms": 500.0},
            "first token after the end",
            {"ttft_ms", "tpot_ms"},
        ),
        (
            {"prefill_ms": 400.0, "decode_ms": 400.0, "total_latency_ms": 500.0},
            "parts beyond the whole",
            {"prefill_ms", "decode_ms"},
        ),
        ({"input_tokens": 10**12}, "impossible token count", {"input_tokens"}),
        ({"input_tokens": 10, "cached_input_tokens": 11}, "more cached than read", {"cached_input_tokens"}),
        ({"output_tokens": 10, "reasoning_tokens": 11}, "more reasoning than written", {"reasoning_tokens"}),
    ],
)
def test_what_cannot_be_becomes_unknown_and_is_named(fields: dict[str, float], rule: str, unknown: set[str]) -> None:
    row = record(**fields)
    assert repair(row) == [rule]
    assert json.loads(str(row["repairs"])) == [rule]
    assert {name for name in fields if row[name] is None} == unknown


def test_what_may_be_stays_as_it_is() -> None:
    fields = {"ttft_ms": 500.4, "total_latency_ms": 500.0, "prefill_ms": 200.0, "decode_ms": 300.0, "input_tokens": 7}
    row = record(**fields)
    assert repair(row) == []
    assert row["repairs"] is None
    assert {name: row[name] for name in fields} == fields


def test_durations_from_clocks_that_went_backwards_are_unknown() -> None:
    fields = {"total_latency_ms": -0.5, "ttft_ms": 3.0, "decode_ms": -1.0}
    repaired, rules = without_negative(fields, {"total_latency_ms", "ttft_ms"})
    assert (dict(repaired), rules) == (fields | {"total_latency_ms": None}, [BACKWARDS])
    assert without_negative(fields, ()) == (fields, [])
    row = record()
    assert repair(row, [BACKWARDS, "a rule that nobody wrote down"]) == [BACKWARDS]


@given(st.fixed_dictionaries({name: st.none() | st.integers(0, 10**9) for name in FIELDS}))
def test_mending_twice_mends_nothing_more(fields: dict[str, int | None]) -> None:
    row = record(**fields)
    assert set(repair(row)) <= set(RULES)
    repaired = dict(row)
    assert repair(row) == []
    assert {name: row[name] for name in FIELDS} == {name: repaired[name] for name in FIELDS}
