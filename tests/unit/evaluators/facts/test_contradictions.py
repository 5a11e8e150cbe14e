from __future__ import annotations

import importlib
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.facts.contradictions import Contradiction, contradictions
from obs_lib.text import sentences
from tests.unit.evaluators.facts.cases import CONTRARY, SAME

PRICES = "The basic plan costs $9 a month and has no support. The Pro plan costs $29 a month. Support answers within 4 hours."


def found(answer: str, *contexts: str) -> list[Contradiction]:
    return contradictions(sentences(answer), contexts)


@pytest.mark.parametrize(("context", "answer"), SAME)
def test_the_same_said_otherwise_is_no_contradiction(context: str, answer: str) -> None:
    assert found(answer, context) == []
    assert found(answer, context, PRICES) == []


@pytest.mark.parametrize(("context", "answer"), CONTRARY)
def test_a_contradiction_is_found(context: str, answer: str) -> None:
    assert found(answer, context)


def test_a_contradiction_says_what_where_and_against_what() -> None:
    answer = "Both plans are good. The Pro plan costs $39 a month."
    (only,) = found(answer, "Other things are cheap.", PRICES)
    assert only.kind == "quantity"
    assert answer[only.start : only.end] == only.said == "$39 a month"
    assert only.known == "$29 a month"
    assert only.passage == "The Pro plan costs $29 a month."


def test_a_value_that_stands_elsewhere_is_still_another_ones() -> None:
    assert [each.known for each in found("The Pro plan costs $9 a month.", PRICES)] == ["$29 a month"]
    assert found("The basic plan costs $9 a month.", PRICES) == []


@pytest.mark.parametrize(
    "answer", ["Delivery costs $17.", "The weather is fine on Mondays.", "Is the Pro plan $39 a month?"]
)
def test_what_is_merely_not_there_or_asked_is_no_contradiction(answer: str) -> None:
    assert found(answer, PRICES) == []


def test_held_out_domains_are_judged_rightly_in_both_directions(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(checkout / "tools")
    contrasts = importlib.import_module("training.contrasts").contrasts
    right: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for each in contrasts(rounds=2):
        if not each.tuned:
            contradicted = bool(found(each.answer, *each.contexts))
            right[each.kind, each.supported].append(contradicted is not each.supported)
    assert len(right) == 12
    assert {key: sum(hits) / len(hits) for key, hits in right.items() if sum(hits) < 0.9 * len(hits)} == {}


@given(st.permutations([PRICES, "Support answers within 4 days.", "Nobody answers. The Pro plan is not sold."]))
def test_the_order_of_the_contexts_changes_nothing(contexts: list[str]) -> None:
    answer = "The Pro plan costs $39. Support answers within 2 hours."
    assert found(answer, *contexts) == found(answer, *sorted(contexts))


@given(st.text(max_size=400))
def test_a_text_does_not_contradict_itself(text: str) -> None:
    assert [each for each in found(text, text) if each.kind != "denial"] == []
