from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.text import content_stems, names, numbers, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. No met J. Bond at 5.30 p.m. today.", ["Dr. No met J. Bond at 5.30 p.m.", "today."]),
        ("1. First point.\n2. Second point.", ["1. First point.", "2. Second point."]),
        ('He said "stop." Then left.', ['He said "stop."', "Then left."]),
        ("这是一。这是二！完", ["这是一。", "这是二！", "完"]),
        ("no end at all", ["no end at all"]),
        ("...", []),
        ("Wait... what?", ["Wait...", "what?"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [span.text for span in sentences(text)] == expected


@given(st.text())
def test_sentences_stand_where_they_say(text: str) -> None:
    spans = sentences(text)
    assert all(text[span.start : span.end] == span.text and len(span.text) <= 600 for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@pytest.mark.parametrize("part", [".", ".)", "\n", "a.", ". ", "[1"])
def test_time_is_linear_in_the_text(part: str) -> None:
    bomb = part * (200_000 // len(part))
    started = time.process_time()
    sentences(bomb)
    numbers(bomb)
    names(bomb)
    content_stems(bomb)
    assert time.process_time() - started < 5  # quadratic work would take minutes


def test_citations_are_no_numbers() -> None:
    assert numbers("It grew 4.5% [12] in 2020 [3].") == {"4.5", "2020"}


def test_names_are_capitals_inside_a_sentence() -> None:
    assert names("Yesterday, Marie Curie met Bohr. Then") == {"marie", "curie", "bohr"}
