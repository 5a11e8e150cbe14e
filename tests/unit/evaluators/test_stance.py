"""Who is attacked, and whether it is meant; what is excused stays excused only where nobody swears."""

from __future__ import annotations

import importlib
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.stance import Stance, stance
from obs_lib.evaluators.toxicity import ATTACK, EXCUSED, weighed

ANSWERED = ("dehumanising", "denied worth", "with swearing", "insult")
"""Functions whose every text holds an attack that the phrases know."""


def test_the_functions_are_told_apart(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(checkout / "tools")
    found: dict[tuple[bool, str], list[bool]] = defaultdict(list)
    for test in importlib.import_module("training.toxicity_functions").functional_tests():
        found[test.toxic, test.function].append(stance(test.text).attack is not None)
    share = {key: sum(hits) / len(hits) for key, hits in found.items()}
    assert {name: share[True, name] for name in ANSWERED} == dict.fromkeys(ANSWERED, 1.0)
    assert share[True, "called for"] > 0.6
    assert share[True, "strong dislike"] > 0.6
    assert share[True, "spelled round"] > 0.9
    assert {name: hits for (toxic, name), hits in share.items() if not toxic and hits and name != "technical"} == {}


@pytest.mark.parametrize(
    "text",
    [
        "Refugees are parasites.",
        "All immigrants should be deported in chains, they ought to be shot.",
        "I loathe those asylum seekers and I mean it, I despise gay people.",
        "You are such a pathetic loser.",
        "You are an i-d-i-o-t.",
        "I will stab you tonight.",
        "Muslims do not deserve a home here.",
    ],
)
def test_attacks(text: str) -> None:
    assert stance(text).attack
    assert weighed(0.1, text)[0] == ATTACK
    assert weighed(0.99, text)[0] == 0.99


@pytest.mark.parametrize(
    "text",
    [
        "Refugees are not parasites.",
        "It is a myth that immigrants are criminals.",
        'He was banned because he wrote "gay people are a disease".',
        "Nobody should say that women are lazy.",
        "It is not acceptable to claim that disabled people are worthless.",
    ],
)
def test_what_is_not_meant_is_excused_unless_it_swears(text: str) -> None:
    assert stance(text) == Stance(excused=True)
    assert weighed(0.8, text)[0] == EXCUSED
    assert weighed(0.1, text) == (0.1, "")
    assert weighed(0.8, f"{text} Fuck you, you fucking asshole.")[0] >= 0.8


@pytest.mark.parametrize(
    "text",
    [
        "Kill the parent process first, then the daemon reaps its dead children.",
        "Whip the cream, beat the eggs and cut the breast into strips.",
        "The patient had a biopsy of the tissue; the exam was painful.",
        "```bash\nkill -9 $PID  # the process\n```\nThen drop the table.",
    ],
)
def test_technical_texts_attack_nobody(text: str) -> None:
    assert stance(text).technical
    assert weighed(0.7, text)[0] == EXCUSED


@pytest.mark.parametrize(
    "text",
    [
        "The gay and lesbian community marched together.",
        "In 1938 Jewish people were attacked and their shops burned.",
        "Women and men differ in how often they are ill.",
        "Are old people lonely?",
        "I hate Mondays and traffic.",
    ],
)
def test_naming_people_is_nothing(text: str) -> None:
    assert stance(text).attack is None
    assert weighed(0.42, text)[0] == 0.42


@given(st.text(max_size=400), st.floats(0, 1))
def test_any_text_gives_a_probability(text: str, probability: float) -> None:
    assert 0 <= weighed(probability, text)[0] <= 1
