"""An evaluator judges texts in the languages that it was measured on, and says of the others why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.catalogue import score_of, scores
from obs_lib.evaluators.build import build
from obs_lib.evaluators.in_languages import InLanguages, in_languages
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.languages import DETECTOR
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather
from obs_lib.records import Evaluator, ScoreStatus
from tests import ordinary_answers, tiny_models

EVALUATORS = build(EvaluatorOptions(), HashingEncoder())
ENGLISH = tuple(one for one in EVALUATORS if isinstance(one, InLanguages))
ANSWER = "The museum opens at nine in the morning on Saturday and on Sunday."
GERMAN = "Das Museum öffnet am Samstag und am Sonntag um neun Uhr morgens."

each = pytest.mark.parametrize("evaluator", ENGLISH, ids=lambda one: one.name)


def batch_of(*rows: dict[str, Any]) -> pd.DataFrame:
    columns = ["prompt", "response", "contexts", "expected_format", "error", "reference"]
    return pd.DataFrame(list(rows), columns=columns).astype(object).where(lambda frame: frame.notna(), None)


def row(
    response: str | None, prompt: str = "When does the museum open?", context: str = ANSWER, **more: Any
) -> dict[str, Any]:
    return {"prompt": prompt, "response": response, "contexts": json.dumps([{"id": "1", "text": context}]), **more}


def score(evaluator: Evaluator, *rows: dict[str, Any]) -> pd.DataFrame:
    batch = batch_of(*rows)
    return evaluator.score(batch, gather(evaluator.texts(batch), {}, HashingEncoder()))


def test_those_that_declare_languages_are_held_to_them_and_no_others() -> None:
    assert {one.name for one in ENGLISH} == {one.name for one in scores() if one.languages}
    assert {"refusal", "toxicity", "relevance", "groundedness", "over_refusal"} <= {one.name for one in ENGLISH}
    assert {"format", "accuracy", "language_mismatch"}.isdisjoint(one.name for one in ENGLISH)


@each
@pytest.mark.parametrize("language", ordinary_answers.LANGUAGES)
def test_ordinary_answers_in_other_languages_are_not_judged(evaluator: Evaluator, language: str) -> None:
    answers = ordinary_answers.answers(language)
    scored = score(evaluator, *[row(answer, prompt=answer, context=answer) for answer in answers])
    assert (scored["status"] == ScoreStatus.SKIPPED).all()
    assert scored["note"].str.endswith("; measured on English").all()
    assert evaluator.texts(batch_of(*[row(answer, prompt=answer, context=answer) for answer in answers])) == []


@each
def test_which_texts_count_is_what_the_evaluator_reads(evaluator: Evaluator) -> None:
    declared = score_of(evaluator.name)
    assert declared is not None
    found = score(evaluator, row(GERMAN), row(ANSWER, prompt=GERMAN), row(ANSWER, context=GERMAN))["note"].tolist()
    notes = ["answer", *(name for name in ("prompt", "contexts") if name in declared.needs)]
    expected = {"response": "answer", "prompt": "prompt", "contexts": "contexts"}
    for name, note in zip(("response", "prompt", "contexts"), found, strict=True):
        said = note == f"{expected[name]} in German; measured on English"
        assert said == (name in declared.needs), (name, note, notes)


@each
def test_english_rows_score_alike_in_any_company(evaluator: Evaluator) -> None:
    alone = score(evaluator, row(ANSWER), row("51", prompt="What is 17 times 3?"), row(None))
    mixed = score(evaluator, row(GERMAN), row(ANSWER), row("51", prompt="What is 17 times 3?"), row(GERMAN), row(None))
    pd.testing.assert_frame_equal(mixed.iloc[[1, 2, 4]].reset_index(drop=True), alone)
    assert list(mixed.index) == [0, 1, 2, 3, 4]
    assert alone["status"].iloc[0] == ScoreStatus.SCORED


@each
def test_short_answers_numbers_and_code_are_judged(evaluator: Evaluator) -> None:
    answers = ("51", "Lima", "Yes.", "```python\nx = 1\n```")
    notes = score(evaluator, *[row(answer) for answer in answers])["note"]
    assert not notes.str.contains("measured on").any()


def test_a_failed_request_is_a_failed_request_in_any_language() -> None:
    for evaluator in ENGLISH:
        assert score(evaluator, row(GERMAN, error="timed out"))["note"].tolist() == ["the request failed"]


def test_the_version_names_languages_and_detector() -> None:
    inner = ENGLISH[0]._evaluator
    one, other = in_languages(inner, ("en",)), in_languages(inner, ("en", "de"))
    assert len({inner.version, one.version, other.version}) == 3
    assert DETECTOR in one.version
    assert in_languages(inner, ()) is inner
    assert in_languages(inner, ("*", "en")) is inner


def test_a_model_of_ones_own_may_know_more(tmp_path: Path) -> None:
    folder = tiny_models.toxic(tmp_path)

    def judged(**more: Any) -> list[str]:
        models = {"toxicity": {"model": str(folder), "max_tokens": 128, "threads": 1, **more}}
        own = build(EvaluatorOptions.model_validate({"models": models}), HashingEncoder(), wanted=())
        (toxicity,) = (one for one in own if one.name == "toxicity")
        return score(toxicity, row(ANSWER), row(GERMAN), row("博物馆周六和周日上午九点开门。"))["status"].tolist()

    assert judged() == ["SCORED", "SKIPPED", "SKIPPED"]
    assert judged(languages=["en", "de"]) == ["SCORED", "SCORED", "SKIPPED"]
    assert judged(languages=["*"]) == ["SCORED", "SCORED", "SCORED"]


def test_contexts_that_are_none_have_no_language() -> None:
    (evaluator,) = (one for one in ENGLISH if one.name == "groundedness")
    for contexts in ("{not json", "null", '[null, 3, {"text": null}, "plain"]', '{"text": "x"}'):
        assert not score(evaluator, {**row(ANSWER), "contexts": contexts})["note"].str.contains("measured").any()
