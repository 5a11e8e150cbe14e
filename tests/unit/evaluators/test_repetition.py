"""Loops are found wherever they begin; what repeats for a reason is none."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.anchors import anchors_of, load_anchors
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.repetition import LEAST_WORDS, Repetition, longest_loop
from obs_lib.models.vectors import TextVectors

NONE = TextVectors({})
WORDS = st.lists(st.sampled_from(["oak", "elm", "ash", "fir", "yew", "bay"]), min_size=1, max_size=30).map(" ".join)


def row(response: str, prompt: str = "Why?", limit: int = 20_000) -> dict[str, object]:
    evaluator = Repetition(EvaluatorOptions(max_characters=limit))
    batch = pd.DataFrame([{"prompt": prompt, "response": response, "error": None}], dtype=object)
    return dict(evaluator.score(batch, NONE).iloc[0])


def test_the_anchors_are_judged_as_people_say() -> None:
    anchors = anchors_of(load_anchors(), "repetition")
    rows = Repetition(EvaluatorOptions()).score(anchors, NONE)
    said = [None if value is None else value > 0.5 for value in rows["value"]]
    assert said == list(anchors["expected"])


@given(WORDS, st.integers(4, 30), WORDS)
def test_a_unit_said_often_enough_is_found_behind_anything(unit: str, rounds: int, before: str) -> None:
    loop = longest_loop(f"{before}. " + f"{unit}, " * rounds)
    words = (len(unit.split()) + 1) * rounds
    if words >= LEAST_WORDS:
        assert loop is not None
        assert loop.rounds >= 3


@given(st.lists(st.integers(0, 10_000), unique=True, max_size=300))
def test_what_never_comes_twice_is_no_loop(numbers: list[int]) -> None:
    assert longest_loop(" ".join(f"w{number}" for number in numbers)) is None


def test_a_loop_at_the_end_of_a_long_answer_is_found_and_shown() -> None:
    found = row("".join(f"Point {n} is new. " for n in range(400)) + "And so on it goes. " * 20, limit=2000)
    assert found["value"] == pytest.approx(0.95)
    assert json.loads(str(found["evidence"])) == {"rounds": 20.0, "unit": "And so on it goes."}


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + "x = step(x)\n" * 50 + "```",
        "| yes | no |\n" * 50,
        "0, " * 200,
        "-" * 500,
        "Chapter one " + "." * 300 + " 7",
        "no, no, no, no!",
    ],
)
def test_code_tables_numbers_and_lines_are_none(text: str) -> None:
    assert row(text)["value"] == 0.0


def test_what_was_asked_for_is_not_judged() -> None:
    assert row("tea " * 60, "Repeat the word tea sixty times.")["note"] == "the prompt asks for repetition"
    assert row("tea " * 60, "Tell me about tea.")["value"] > 0.9  # type: ignore[operator]
