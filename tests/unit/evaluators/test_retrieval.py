from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from obs_lib.errors import ConfigError
from obs_lib.evaluators.build import build
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.retrieval import USED, WINDOW, read_contexts, windows
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather
from obs_lib.records import Evaluator

OPTIONS = EvaluatorOptions()
BY_NAME = {evaluator.name: evaluator for evaluator in build(OPTIONS, HashingEncoder())}
BRIDGE = "The old bridge over the river was built in 1887 from red stone."
COMET = "A comet is a body of ice that grows a tail near the sun."
VIOLIN = "The violin has four strings and is played with a bow."


def outcome(name: str, prompt: str | None, response: str, contexts: list[Any] | None) -> pd.Series:
    evaluator: Evaluator = BY_NAME[name]
    row = {"prompt": prompt, "response": response, "contexts": None if contexts is None else json.dumps(contexts)}
    batch = pd.DataFrame([row], dtype=object)
    return evaluator.score(batch, gather(evaluator.texts(batch), {}, HashingEncoder())).iloc[0]


def listed(row: pd.Series, what: str) -> list[float]:
    return [context[what] for context in json.loads(row["evidence"])["contexts"]]


def test_a_context_is_relevant_by_its_question_and_not_by_the_answer() -> None:
    contexts = [{"id": "a", "text": BRIDGE}, {"id": "b", "text": COMET}]
    row = outcome("context_relevance", "When was the old bridge over the river built?", "In 1887.", contexts)
    bridge, comet = listed(row, "relevance")
    assert bridge > comet
    assert row["value"] == pytest.approx((bridge + comet) / 2, abs=1e-4)
    assert (
        outcome("context_relevance", "When was the old bridge over the river built?", COMET, contexts)["value"]
        == row["value"]
    )


def test_a_context_counts_by_its_best_window_of_those_that_are_read() -> None:
    filler = " ".join([COMET] * 30)
    texts = (BRIDGE, f"{filler} {BRIDGE}", filler, f"{filler} " * 8 + BRIDGE)
    asked = "When was the old bridge over the river built?"
    alone, late, never, beyond = (outcome("context_relevance", asked, "x", [{"text": text}])["value"] for text in texts)
    assert alone >= late > never
    assert beyond == pytest.approx(never, abs=0.02)


def test_the_share_of_contexts_that_an_answer_uses() -> None:
    contexts = [{"text": BRIDGE}, {"text": COMET}, {"text": VIOLIN}]
    one = outcome("context_utilization", None, "It was built in 1887: the old bridge over the river.", contexts)
    assert one["value"] == pytest.approx(1 / 3, abs=1e-6)
    two = outcome(
        "context_utilization", None, f"{VIOLIN} Also, the old bridge was built from red stone.", contexts[::-1]
    )
    assert two["value"] == pytest.approx(2 / 3, abs=1e-6)
    assert [near > USED for near in listed(two, "nearness")] == [True, False, True]
    assert outcome("context_utilization", None, "Bananas are yellow.", contexts)["value"] == 0.0


@pytest.mark.parametrize("name", ["context_relevance", "context_utilization"])
def test_what_cannot_be_judged_is_skipped(name: str) -> None:
    for contexts in (None, [], [{"text": " "}], [{"id": "only"}]):
        assert outcome(name, "why?", "because", contexts)["note"] == "no contexts"


def test_the_reason_is_the_first_thing_that_lacks() -> None:
    assert outcome("context_relevance", " ", "because", [{"text": "x"}])["note"] == "there is no prompt"
    assert outcome("context_utilization", "why?", "!!!", [{"text": "x"}])["note"] == "the answer has no words"


def test_windows_hold_every_word_once_and_are_bounded() -> None:
    text = " ".join(f"word{n}" for n in range(2000))
    assert " ".join(windows(text)) == text
    assert max(map(len, windows("x" * 5_000))) == WINDOW
    many = read_contexts(json.dumps([{"text": text}] * 30), EvaluatorOptions(max_characters=1_000_000))
    assert [len(one.windows) for one in many] == [1] * 30
    assert sum(len(one.windows) for one in read_contexts(json.dumps([{"text": text}]), OPTIONS)) == OPTIONS.max_pieces
    assert sum(len(w) for one in read_contexts(json.dumps([text] * 9), OPTIONS) for w in one.windows) <= 20_000


def test_context_relevance_asks_the_evaluator_of_relevance() -> None:
    assert BY_NAME["relevance"].version in BY_NAME["context_relevance"].version
    with pytest.raises(ConfigError, match="relevance head"):
        build(OPTIONS, HashingEncoder(), "other@0123456789abcdef", ("context_relevance",))
    assert [one.name for one in build(OPTIONS, HashingEncoder(), "other@0123456789abcdef", ("format",))] == [
        "format",
        "context_utilization",
        "repetition",
        "secret_leak",
        "personal_leak",
        "prompt_injection",
        "context_injection",
        "language_mismatch",
        "abstention",
        "accuracy",
    ]
