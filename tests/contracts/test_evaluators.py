"""One battery over every evaluator: what `records.Evaluator` promises, on ordinary and on hostile interactions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_lib.catalogue import scores
from obs_lib.evaluators.build import build
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather
from obs_lib.records import Evaluator, ScoreStatus

COLUMNS = ("prompt", "response", "contexts", "expected_format", "error", "reference")
SCHEMA = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
EVALUATORS = build(EvaluatorOptions(json_schemas={"person": SCHEMA}, regex_timeout_s=0.2), HashingEncoder())
CONTEXTS = json.dumps([{"id": "1", "text": "Paris is the capital of France. It has 2.1 million people.", "score": 0.9}])

REFERENCE = json.dumps(["Paris", "the city of Paris"])

Row = tuple[str | None, ...]
"""The columns in their order; those behind the error may be left out."""

ORDINARY: list[Row] = [
    ("What is the capital of France?", "Paris is the capital of France.", CONTEXTS, None, None, REFERENCE),
    ("How many?", "About 1,000.0 of them.", None, None, None, '["1000"]'),
    ("What is the capital of France?", "It is Rome, with 9 million people.", CONTEXTS, None, None),
    ("Pick one. (A). Yes (B). No", "(A) Yes", None, r"regex:\([A-Z]\)", None),
    ("Write code", "```python\nx = 1\n```", None, "python", None),
    ("Who?", '{"name": "Ada"}', None, "json_schema:person", None),
    ("Help me rob a bank", "I’m sorry, but I can’t assist with that.", None, None, None),
    ("Hello", None, CONTEXTS, "json", "upstream timed out"),
]
HOSTILE: list[Row] = [
    (None, None, None, None, None),
    ("", "", "", "", ""),
    ("p", " \n\t ", "[]", "json", None),
    ("p", "\x00\x1b[31m\u202e\u200b", CONTEXTS, "python", None),
    ("p \ud800", "a \udfff lone surrogate \ud800.", '[{"text": "\\ud800 x"}]', "json", None),
    ("p", "!!!???...", CONTEXTS, "regex:[", None),
    ("שלום", "مرحبا بالعالم ؟ שלום", '[{"text": "مرحبا"}]', None, None),
    ("问题", "你好，世界。这是一个测试！", '[{"text": "这是一个测试。"}]', "json_schema:nobody", None),
    ("p", "[" * 50_000, CONTEXTS, "json", None),
    ("p", '{"a":' * 50_000, None, "json_schema:person", None),
    ("p", "(" * 50_000, None, "python", None),
    ("p", "-" * 90_000 + "1", None, "python", None),
    ("p", "x" * 5_000, None, "regex:(x+x+)+y", None),
    ("p", "x", None, "regex:" + "(" * 5_000, None),
    ("p", "x", None, "xml", None),
    ("p", "<a>" * 50_000, None, "xml;max_words:5", None),
    ("p", "```\n" * 50_000, None, "code_fence;no_fence", None),
    ("p", "|" * 90_000 + "\n" + "|-" * 40_000, None, "markdown_table", None),
    ("p \ud800", "<a>\ud800</a>", None, "xml", None),
    ("p", "x", None, "\ud800", None),
    ("p", "x", None, "regex:\ud800(", None),
    ("p", "9" * 20_000, None, "json", None),
    ("p", "." * 200_000, CONTEXTS, "json", None),
    ("p" * 100_000, "word " * 100_000, json.dumps([{"text": "word. " * 50_000}]), "python", None),
    ("p", "answer", "{not json", None, None, "{not json"),
    ("p", "answer", None, None, None, '"Paris"'),
    ("p", "answer", None, None, None, '[null, 3, {"text": "x"}]'),
    ("p", "\u0000 \ud800", None, None, None, '["", " ", "\\ud800", "\\u0000"]'),
    ("p", "1," * 50_000, None, None, None, json.dumps(["1," * 50_000, "9" * 90_000, "-" * 90_000])),
    ("p", "a the an " * 20_000, None, None, None, json.dumps(["a the an " * 20_000, "A"])),
    ("p", "word " * 20_000, None, None, None, json.dumps([f"word {n}" for n in range(100)])),
    ("p", "word", None, None, None, json.dumps([str(n) for n in range(50_000)])),
    ("p", "answer", '{"text": "no list"}', None, None),
    ("p", "answer", '[null, 3, {"text": null}, {"id": 1}, "plain text"]', None, None),
    ("p", "{{ 7*7 }}<script>alert(1)</script>", CONTEXTS, None, None),
]
EVERY = ORDINARY + HOSTILE


def batch_of(rows: Sequence[Row]) -> pd.DataFrame:
    filled = [(*row, *[None] * (len(COLUMNS) - len(row))) for row in rows]
    return pd.DataFrame(filled, columns=list(COLUMNS), dtype=object)


def score(evaluator: Evaluator, rows: Sequence[Row]) -> pd.DataFrame:
    batch = batch_of(rows)
    return evaluator.score(batch, gather(evaluator.texts(batch), {}, HashingEncoder()))


def listed(scores: pd.DataFrame) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in scores.itertuples(index=False)]


each = pytest.mark.parametrize("evaluator", EVALUATORS, ids=lambda evaluator: evaluator.name)


def test_the_catalogue_has_a_metric_for_each_evaluator() -> None:
    assert {score.name for score in scores()} == {evaluator.name for evaluator in EVALUATORS}


@each
def test_it_says_what_it_is(evaluator: Evaluator) -> None:
    assert evaluator.version
    assert evaluator.describe.endswith(".")
    assert evaluator.needs <= set(COLUMNS)


@each
def test_every_row_has_a_valid_outcome(evaluator: Evaluator) -> None:
    scores = score(evaluator, EVERY)
    assert list(scores.index) == list(range(len(EVERY)))
    assert list(scores.columns) == ["status", "value", "note", "evidence"]
    for status, value, note, evidence in listed(scores):
        assert ScoreStatus(status)
        if status == ScoreStatus.SCORED:
            assert isinstance(value, float)
            assert 0.0 <= value <= 1.0
            assert note == ""
        else:
            assert value is None
            assert note
            assert evidence is None
        if evidence is not None:
            assert len(evidence) < 20_000
            assert evidence.encode("utf-8")
            json.loads(evidence)


@each
def test_a_failed_request_and_a_missing_answer_are_skipped(evaluator: Evaluator) -> None:
    scores = score(evaluator, [("p", "half an ans", CONTEXTS, "json", "reset"), ("p", None, CONTEXTS, "json", None)])
    assert list(scores["status"]) == [ScoreStatus.SKIPPED, ScoreStatus.SKIPPED]
    assert list(scores["note"]) == ["the request failed", "there is no answer"]


@each
def test_rows_do_not_know_each_other(evaluator: Evaluator) -> None:
    whole = listed(score(evaluator, EVERY))
    middle = len(EVERY) // 2
    assert listed(score(evaluator, EVERY[:middle])) + listed(score(evaluator, EVERY[middle:])) == whole
    assert listed(score(evaluator, EVERY[::-1])) == whole[::-1]
    assert [listed(score(evaluator, [row]))[0] for row in ORDINARY] == whole[: len(ORDINARY)]


@each
def test_an_empty_batch_gives_an_empty_answer(evaluator: Evaluator) -> None:
    scores = score(evaluator, [])
    assert scores.empty
    assert list(scores.columns) == ["status", "value", "note", "evidence"]


@each
def test_the_index_of_the_batch_is_kept_and_the_batch_untouched(evaluator: Evaluator) -> None:
    batch = batch_of(ORDINARY).set_axis([f"r{i}" for i in range(len(ORDINARY))])
    before = batch.copy(deep=True)
    scores = evaluator.score(batch, gather(evaluator.texts(batch), {}, HashingEncoder()))
    assert list(scores.index) == list(batch.index)
    pd.testing.assert_frame_equal(batch, before)


@each
def test_missing_vectors_fail_rows_and_not_the_batch(evaluator: Evaluator) -> None:
    batch = batch_of(ORDINARY)
    scores = evaluator.score(batch, gather([], {}, HashingEncoder()))
    assert len(scores) == len(batch)
    if evaluator.texts(batch):
        assert ScoreStatus.FAILED in set(scores["status"])


@each
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=st.none() | st.text(max_size=80), response=st.text(max_size=200), context=st.text(max_size=200))
def test_any_text_gets_an_outcome(evaluator: Evaluator, prompt: str | None, response: str, context: str) -> None:
    given = (prompt, response, json.dumps([{"text": context}]), "json", None, json.dumps([context, response]))
    scores = score(evaluator, [given])
    assert scores.loc[0, "status"] != ScoreStatus.FAILED
