from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.facts.agreement import agree, conflict
from obs_lib.evaluators.facts.figures import read_figures
from obs_lib.evaluators.facts.numerals import read_number, tokens
from obs_lib.evaluators.facts.quantities import Quantity, read_quantities


def one(text: str) -> Quantity:
    (found,) = read_quantities(text)
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,250,000", 1_250_000),
        ("1.25 million", 1_250_000),
        ("1.25M", 1_250_000),
        ("twenty-five", 25),
        ("two hundred and five", 205),
        ("three thousand four hundred", 3400),
        ("half a million", 500_000),
        ("a dozen", 12),
        ("one and a half", 1.5),
        ("2½", 2.5),
    ],
)
def test_numbers_are_read_however_they_are_written(text: str, value: float) -> None:
    number = read_number(tokens(text), 0)
    assert number is not None
    assert number.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("5 mg", "0.005 g"),
        ("about 2 km", "1,991.3 metres"),
        ("300 ml", "0.3 litres"),
        ("90 minutes", "an hour and a half"),
        ("24 months", "two years"),
        ("$2,500,000", "$2.5 million"),
        ("2.5 million dollars", "USD 2,500,000"),
        ("half of", "50%"),
        ("one in two", "50 percent"),
        ("212 °F", "100 °C"),
        ("about 8 km", "5 miles"),
        ("$12 a year", "$1 per month"),
        ("over 300", "312"),
        ("7 days", "5-10 days"),
        ("three times daily", "3 times a day"),
        ("1024 MB", "1 GB"),
        ("3.7 million", "3,712,000"),
    ],
)
def test_the_same_said_otherwise_agrees(said: str, known: str) -> None:
    assert agree(read_quantities(said)[-1], read_quantities(known)[0])


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("5 mg", "5 g"),
        ("300 litres", "300 millilitres"),
        ("12 KB", "12 GB"),
        ("$100", "€100"),
        ("30 days", "30 hours"),
        ("20 °C", "20 °F"),
        ("1.25 million", "1.25 billion"),
        ("at least 5 days", "at most 5 days"),
        ("4 stars", "5 stars"),
        ("$5 a month", "$5 a year"),
        ("at most 300 users", "312 users"),
    ],
)
def test_another_amount_conflicts(said: str, known: str) -> None:
    assert conflict(one(said), one(known))


def test_what_cannot_be_compared_neither_agrees_nor_conflicts() -> None:
    assert not conflict(one("5 apples"), one("7 pears"))
    assert not agree(one("5 mg"), one("7 km"))
    assert not conflict(one("5 mg"), one("7 km"))


@pytest.mark.parametrize("text", ["B12 and GPT-4", "version 3.2.1", "a third party", "the second one"])
def test_names_and_pronouns_are_no_amounts(text: str) -> None:
    assert all(found.loose or found.kind == "ordinal" for found in read_quantities(text))


@given(st.text(max_size=300))
def test_figures_of_any_text_are_known_to_the_text_itself(text: str) -> None:
    figures = read_figures(text)
    assert figures.known_to([figures])
    assert len(figures.rest) == len(text)


@given(st.integers(1, 10**9))
def test_a_grouped_number_is_the_plain_one(value: int) -> None:
    assert agree(one(f"{value:,} items"), one(f"{value} items"))
    assert not agree(one(f"{value * 2} items"), one(f"{value} items"))
