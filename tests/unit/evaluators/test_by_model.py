"""Evaluators that ask a model: what they say of tiny trained ones, and that it does not depend on order or company."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.evaluators.build import build
from obs_lib.evaluators.by_model import build_by_model, evaluator_of, load_models
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.classifier import LocalClassifier, Pair, Reading, load_classifier
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import TextVectors
from obs_lib.records import Evaluator, ScoreStatus
from tests import tiny_models as tiny

COLUMNS = ("prompt", "response", "contexts", "expected_format", "error")
MODELS = {"nli": "groundedness", "detector": "groundedness", "toxic": "toxicity", "reranker": "relevance"}


def options(name: str, folder: Path, **more: Any) -> EvaluatorOptions:
    given = {"model": str(folder), "max_tokens": 128, "token_budget": 1024, "threads": 1, **more}
    return EvaluatorOptions.model_validate({"models": {MODELS[name]: given}, "max_pieces": 32})


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: getattr(tiny, name)(tmp_path_factory.mktemp(name)) for name in MODELS}


@pytest.fixture(scope="module")
def evaluators(folders: dict[str, Path]) -> dict[str, Evaluator]:
    return {name: build_by_model(MODELS[name], options(name, folder)) for name, folder in folders.items()}


def row(
    response: str | None, contexts: Sequence[str] | str | None = None, prompt: str = "what colour is the door?"
) -> Any:
    listed = (
        contexts if contexts is None or isinstance(contexts, str) else json.dumps([{"text": text} for text in contexts])
    )
    return (prompt, response, listed, None, None)


def score(evaluator: Evaluator, rows: Sequence[Any]) -> list[dict[str, Any]]:
    batch = pd.DataFrame(list(rows), columns=list(COLUMNS), dtype=object)
    assert evaluator.texts(batch) == []
    return evaluator.score(batch, TextVectors({})).to_dict("records")


def test_entailment_finds_the_sentence_that_is_not_supported(evaluators: dict[str, Evaluator]) -> None:
    good = "the door is red. the door is red."
    bad = "the door is red. the door is not red."
    supported, denied, alone = score(
        evaluators["nli"], [row(good, ["the door is red."]), row(bad, ["the door is red."]), row(bad)]
    )
    assert supported["value"] > 0.5 > denied["value"]
    worst = json.loads(denied["evidence"])["least_supported"][0]
    assert bad[worst["start"] : worst["end"]] == worst["sentence"] == "the door is not red."
    assert worst["nearest_passage"] == "the door is red."
    assert (alone["status"], alone["note"]) == (ScoreStatus.SKIPPED, "no contexts")


def test_the_best_passage_counts_among_many_and_long_ones(evaluators: dict[str, Evaluator]) -> None:
    passages = ["the cup is tall. " * 40, "the wall is tall.", "the door is red."]
    found, lost = score(evaluators["nli"], [row("the door is red.", passages), row("the door is red.", passages[:2])])
    assert found["value"] > 0.5 > lost["value"]


def test_the_mean_of_the_sentences_may_count_instead(folders: dict[str, Path]) -> None:
    case = row("the door is red. the door is not red.", ["the door is red."])
    least, mean = (
        score(build_by_model("groundedness", options("nli", folders["nli"], over_sentences=over)), [case])[0]["value"]
        for over in ("min", "mean")
    )
    assert least < mean


def test_a_detector_marks_what_no_passage_supports(evaluators: dict[str, Evaluator]) -> None:
    answer = "the door is blue."
    supported, invented = score(
        evaluators["detector"], [row(answer, ["the door is blue."]), row(answer, ["the door is tall."])]
    )
    assert supported["value"] > 0.5 > invented["value"]
    assert json.loads(supported["evidence"])["hallucinated"] == []
    span = json.loads(invented["evidence"])["hallucinated"][0]
    assert answer[span["start"] : span["end"]] == span["text"] == "blue"
    assert invented["value"] == pytest.approx(1 - span["probability"], abs=1e-4)


def test_the_tokens_of_a_long_answer_are_read_without_gaps_and_at_their_places(folders: dict[str, Path]) -> None:
    answer = "the cup is tall. " * 60 + "the door is blue."
    # With so low a threshold every token counts as hallucinated: what is missing, or moved, would break the one span.
    given = options("detector", folders["detector"], window_tokens=16, overlap_tokens=5, threshold=1e-9)
    found = score(build_by_model("groundedness", given), [row(answer, ["the door is tall."])])[0]
    spans = json.loads(found["evidence"])["hallucinated"]
    assert [(span["start"], span["end"]) for span in spans] == [(0, len(answer))]
    assert spans[0]["text"] == answer[:300]


def test_a_rude_piece_makes_a_long_answer_toxic(folders: dict[str, Path]) -> None:
    answer = "thanks friend, the door is red. " * 9 + "you stupid idiot. " + "welcome friend. " * 9
    toxicity = build_by_model("toxicity", options("toxic", folders["toxic"], window_tokens=16, overlap_tokens=6))
    # All pieces are read, as max_pieces allows; the rude one decides.
    kind, rude = score(toxicity, [row("thanks friend, the door is red."), row(answer)])
    assert kind["value"] < 0.5 < rude["value"]
    worst = json.loads(rude["evidence"])
    assert worst["label"] == "toxic"
    assert "idiot" in answer[worst["start"] : worst["end"]]


def test_a_reranker_knows_an_answer_from_none(evaluators: dict[str, Evaluator]) -> None:
    near, far, unasked = score(
        evaluators["reranker"], [row("the door is red."), row("the door is tall."), row("x", None, " ")]
    )
    assert near["value"] > 0.5 > far["value"]
    assert unasked["status"] == ScoreStatus.SKIPPED


MANY = [
    row("the door is red. the hat is not blue.", ["the door is red.", "the hat is blue.", "the cup is tall. " * 30]),
    row("the cup is tall. " * 50, ["the cup is tall. " * 90, "the car is green."]),
    row("you idiot", ["the door is red."]),
    row("the wall is black.", ["the wall is tall."], "what colour is the wall? " * 40),
    row("答 \ud800 ...", ["\ud800"]),
    row("!!!", ["!!!"]),
    row("the car", "[]"),
    row("the car", "{not json"),
    row(None, ["x"]),
]


@pytest.mark.parametrize("name", MODELS)
def test_rows_do_not_know_each_other(name: str, evaluators: dict[str, Evaluator]) -> None:
    whole = score(evaluators[name], MANY)
    assert score(evaluators[name], MANY[::-1]) == whole[::-1]
    assert score(evaluators[name], MANY[:3]) + score(evaluators[name], MANY[3:]) == whole
    assert [score(evaluators[name], [one])[0] for one in MANY] == whole
    assert score(evaluators[name], []) == []
    assert whole[-1]["status"] == ScoreStatus.SKIPPED
    assert all(0.0 <= one["value"] <= 1.0 for one in whole if one["status"] == ScoreStatus.SCORED)


@pytest.mark.parametrize("name", ["nli", "detector"])
def test_contexts_in_another_order_give_the_same_row(name: str, evaluators: dict[str, Evaluator]) -> None:
    contexts = [
        "the door is red.",
        "the hat is blue.",
        "the cup is tall. " * 60,
        "the car is green. " * 9,
        "the hat is blue.",
    ]
    orders = [contexts, contexts[::-1], contexts[2:] + contexts[:2]]
    rows = score(evaluators[name], [row("the door is red. the hat is not blue.", order) for order in orders])
    assert rows[0]["status"] == ScoreStatus.SCORED
    assert rows[1] == rows[0]
    assert rows[2] == rows[0]


class Breaking(LocalClassifier):
    """Breaks where a text says so, as a tokenizer or a full GPU may."""

    def read(self, pairs: Sequence[Pair]) -> list[Reading]:
        if any("bomb" in (text or "") for pair in pairs for text in pair):
            raise RuntimeError("out of memory")
        return super().read(pairs)


def test_what_breaks_the_model_fails_its_row_alone(folders: dict[str, Path], evaluators: dict[str, Evaluator]) -> None:
    given = options("toxic", folders["toxic"])
    sound = load_classifier("toxicity", given.models["toxicity"], "x")
    broken = evaluator_of("toxicity", given, Breaking(given.models["toxicity"], sound._found, "x"))
    rows = [row("you idiot"), row("a bomb"), row("thanks friend")]
    found = score(broken, rows)
    assert [one["status"] for one in found] == ["SCORED", "FAILED", "SCORED"]
    assert found[1]["note"] == "RuntimeError: out of memory"
    assert [found[0], found[2]] == score(evaluators["toxic"], [rows[0], rows[2]])


def test_the_catalogue_takes_a_named_model_for_its_metric_and_the_bundled_one_for_the_others(
    folders: dict[str, Path],
) -> None:
    given = EvaluatorOptions.model_validate(
        {"models": {"groundedness": {"model": str(folders["nli"])}, "toxicity": {"model": str(folders["toxic"])}}}
    )
    found = {one.name: one for one in build(given, HashingEncoder())}
    usual = {one.name: one.version for one in build(EvaluatorOptions(), HashingEncoder())}
    assert list(found) == list(usual)
    assert {name for name, one in found.items() if one.version != usual[name]} == {"groundedness", "toxicity"}
    assert set(load_models(given)) == {"groundedness", "toxicity"}
