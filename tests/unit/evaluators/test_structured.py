from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.facts.contradictions import contradictions
from obs_lib.evaluators.structured import as_sentences
from obs_lib.text import sentences

PLANS = """| Plan | Price | Seats | Support |
|---|---|---|---|
| Basic | $9 | 5 | no |
| Pro | $29 | 50 | yes |

Prices are net."""
PLACE = json.dumps(
    {
        "name": "Harbour Café",
        "hours": {"Monday": "9:0-17:30", "Sunday": "0:0-0:0"},
        "attributes": {
            "OutdoorSeating": False,
            "WiFi": "free",
            "Music": None,
            "BusinessParking": {"valet": False, "lot": True},
        },
        "stars": 4.0,
        "reviews": ["We loved the soup. The service was slow."],
        "dishes": [{"name": "Fish stew", "price": 14, "vegan": False}],
    }
)
FLAGS = "OutdoorSeating: False\nhas_parking = true\nmusic: null\nPrice: $9"


def test_json_is_told_in_sentences() -> None:
    assert as_sentences(PLACE).split("\n") == [
        "Name: Harbour Café.",
        "Open hours Monday: 9:00-17:30.",
        "There is no outdoor seating.",
        "WiFi: free.",
        "There is no business parking valet.",
        "There is business parking lot.",
        "Stars: 4.0.",
        "Reviews: We loved the soup. The service was slow.",
        "Fish stew name: Fish stew.",
        "Fish stew price: 14.",
        "There is no fish stew vegan.",
    ]


def test_a_table_is_told_row_by_row_and_prose_stays() -> None:
    assert as_sentences(PLANS).split("\n") == [
        "Basic plan: price: $9, seats: 5. There is no support.",
        "Pro plan: price: $29, seats: 50. There is support.",
        "",
        "Prices are net.",
    ]


def test_flags_on_lines_of_their_own_are_told_and_other_lines_stay() -> None:
    told = ["There is no outdoor seating.", "There is parking.", "Price: $9"]
    assert as_sentences(FLAGS).split("\n") == told


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        (PLANS, "The Pro plan costs $29."),
        (PLANS, "The Pro plan comes with 50 seats."),
        (PLACE, "It is open from 9 AM to 5:30 PM on Monday."),
        (PLACE, "It offers free WiFi but has no outdoor seating."),
        (PLACE, "It has a rating of 4 stars."),
        (FLAGS, "The price is 9 dollars."),
    ],
)
def test_what_data_say_is_no_contradiction(context: str, answer: str) -> None:
    assert contradictions(sentences(answer), [as_sentences(context)]) == []


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        (PLANS, "The Pro plan costs $39."),
        (PLANS, "The Pro plan costs $9."),
        (PLANS, "The Pro plan has 40 seats."),
        (PLACE, "It is open until 7 PM on Monday."),
        (PLACE, "It offers outdoor seating."),
        (PLACE, "It has 5 stars."),
        (FLAGS, "Outdoor seating is available."),
    ],
)
def test_data_contradict(context: str, answer: str) -> None:
    assert contradictions(sentences(answer), [as_sentences(context)])


@given(st.text(alphabet=st.characters(exclude_characters="{[|:="), max_size=300))
def test_prose_stays_as_it_is(text: str) -> None:
    assert as_sentences(text) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_any_json_can_be_told(value: object) -> None:
    assert isinstance(as_sentences(json.dumps(value)), str)


@pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 3000 + "1" + "}" * 3000, "|" * 20_000, "a|b\n---\n" * 2000])
def test_hostile_data_cost_no_more_than_a_text(text: str) -> None:
    assert isinstance(as_sentences(text), str)
