from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.checks import OPPOSITES, faults, read_known, read_statement

BRIDGE = ("The bridge opened in March 1932 and is 1,149 metres long.", "Traffic increased after the war.")


def found(sentence: str, *contexts: str) -> tuple[str, ...]:
    return faults(read_statement(sentence), read_known(contexts or BRIDGE)).found


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It is 1149 metres long.", ()),
        ("It is 1149 meters long.", ()),
        ("It is 1194 metres long.", ("number 1194",)),
        ("It is 1,149 feet long.", ("unit 1149 foot",)),
        ("It opened in April 1932.", ("name april",)),
        ("1. It opened in 1932 [4].", ()),
        ("Traffic decreased after the war.", ("opposite decreased",)),
        ("One of them opened, and the two met.", ()),
        ("It took seven years.", ("number 7",)),
    ],
)
def test_what_is_not_in_the_contexts_is_named(sentence: str, expected: tuple[str, ...]) -> None:
    assert found(sentence) == expected


def test_a_spelled_number_is_its_digits() -> None:
    assert found("It has seven arches.", "The bridge has 7 arches.") == ()
    assert found("It has 7 arches.", "The bridge has seven arches.") == ()


def test_a_sentence_and_its_negation_are_told_apart_both_ways() -> None:
    for said, context in (
        ("Traffic has not increased after the war.", BRIDGE[1]),
        ("Traffic increased after the war.", "Traffic didn\u2019t increased after the war."),
    ):
        assert faults(read_statement(said), read_known([context])).negation > 0.5


def test_opposites_are_symmetric_and_never_of_themselves() -> None:
    for word, others in OPPOSITES.items():
        assert word not in others
        assert all(word in OPPOSITES[other] for other in others)


@given(st.text(max_size=400))
def test_a_text_has_no_fault_against_itself(text: str) -> None:
    known = read_known([text])
    for statement in known.statements:
        result = faults(statement, known)
        assert result.numbers == result.units == result.names == 0.0
