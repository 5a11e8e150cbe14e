"""Answers in another language than asked are found, and those that were asked for are not."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from obs_lib.evaluators.anchors import load_anchors
from obs_lib.evaluators.language_mismatch import LanguageMismatch
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather
from tests import ordinary_answers

ENGLISH = "You can find it in the first entry of the menu, and it will be with you in two days."
ASKED = "Where can I find it, and when will it be with me?"


def values(*rows: tuple[str | None, str]) -> list[tuple[float | None, str]]:
    frame = pd.DataFrame(rows, columns=["prompt", "response"], dtype=object)
    scored = LanguageMismatch(EvaluatorOptions()).score(frame, gather([], {}, HashingEncoder()))
    return list(zip(scored["value"], scored["note"], strict=True))


def test_the_anchors_are_as_people_say() -> None:
    anchors = [one for one in load_anchors() if "language_mismatch" in one.expected]
    assert len(anchors) > 15
    found = values(*[(one.prompt, one.response) for one in anchors])
    wrong = [
        one.id
        for one, (value, _) in zip(anchors, found, strict=True)
        if one.expected["language_mismatch"] != (None if value is None else value > 0.5)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", ordinary_answers.LANGUAGES)
def test_ten_languages_against_english_and_themselves(language: str) -> None:
    answers = ordinary_answers.answers(language)
    assert [value for value, _ in values(*[(ASKED, answer) for answer in answers])] == [1.0] * len(answers)
    assert [value for value, _ in values(*[(answer, ENGLISH) for answer in answers])] == [1.0] * len(answers)
    alike = values(*[(one, other) for one, other in itertools.pairwise(answers)])
    assert [value for value, _ in alike] == [0.0] * (len(answers) - 1)


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        ("Translate into French: Where is the station?", "the prompt asks for a translation"),
        ("Übersetze das bitte: Where is the station?", "the prompt asks for a translation"),
        ("把下面的句子翻译一下：Where is the station?", "the prompt asks for a translation"),
        ("Where is the station? Auf Deutsch bitte.", "the prompt names a language"),
        ("¿Dónde está la estación? Responde en inglés, por favor.", "the prompt names a language"),
        ("Где находится вокзал? Ответь, пожалуйста, по-французски.", "the prompt names a language"),
        ("42", "the prompt's language cannot be told"),
        (None, "there is no prompt"),
        ("  ", "there is no prompt"),
    ],
)
def test_what_may_have_been_asked_for_is_not_judged(prompt: str | None, why: str) -> None:
    answers = ["La gare se trouve au bout de la rue.", "Der Bahnhof liegt am Ende der Straße.", ENGLISH]
    assert values(*[(prompt, answer) for answer in answers]) == [(None, why)] * len(answers)


@pytest.mark.parametrize("answer", ["51", "Lima", "```python\nx = 1\n```", "(B)"])
def test_an_answer_in_no_language_is_not_judged(answer: str) -> None:
    assert values((ASKED, answer)) == [(None, "the answer's language cannot be told")]


def test_a_prompt_in_two_languages_may_be_answered_in_either() -> None:
    quoted = (
        "Fasse den folgenden Brief zusammen: The parcel left the harbour on Monday. It should be with you on Friday."
    )
    german, english = "Das Paket ging am Montag ab und kommt am Freitag an.", "The parcel comes on Friday."
    assert [value for value, _ in values((quoted, german), (quoted, english))] == [0.0, 0.0]
    assert values((quoted, "Le colis est parti lundi et arrivera vendredi."))[0][0] == 1.0


def test_languages_that_are_easily_taken_for_each_other_are_one() -> None:
    assert values(("Wann wird das Paket geliefert?", "Pakken blir levert på fredag om morgenen."))[0][0] == 1.0
    assert values(("Når bliver pakken leveret om fredagen?", "Pakken blir levert på fredag om morgenen."))[0][0] == 0.0
