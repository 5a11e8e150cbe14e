"""Whatever somebody's evaluator does, each row of the batch gets an outcome that holds to the rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.anybodys import Anybodys, LeftOut
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather
from obs_lib.records import Metric, ScoreStatus

METRIC = Metric("m", "M", "score", "higher_is_better", None, "mean", evaluator="own", aggregation="mean")
BATCH = pd.DataFrame(
    {
        "prompt": ["p", "p", "p", "p"],
        "response": ["one", None, "two", "three"],
        "error": [None, None, "timeout", None],
    },
    dtype=object,
    index=[7, 3, 5, 1],
)
EMPTY = gather([], {}, HashingEncoder())


class Own:
    version, describe = "1", "A test's."

    def __init__(self, score: Callable[[pd.DataFrame], Any]) -> None:
        self.seen: list[pd.DataFrame] = []
        self._score = score

    def score(self, frame: pd.DataFrame) -> Any:
        self.seen.append(frame.copy())
        return self._score(frame)


def rows(score: Callable[[pd.DataFrame], Any], batch: pd.DataFrame = BATCH) -> pd.DataFrame:
    return Anybodys(Own(score), Score("own", frozenset({"response"}), (METRIC,))).score(batch, EMPTY)


def test_it_sees_answers_only_and_the_columns_that_it_needs() -> None:
    own = Own(lambda frame: pd.DataFrame({"value": [0.25, 0.75]}))
    scored = Anybodys(own, Score("own", frozenset({"response"}), (METRIC,))).score(BATCH, EMPTY)
    (seen,) = own.seen
    assert (list(seen.columns), list(seen.index), list(seen["response"])) == (["response"], [0, 1], ["one", "three"])
    assert list(scored.index) == list(BATCH.index)
    assert list(scored["status"]) == ["SCORED", "SKIPPED", "SKIPPED", "SCORED"]
    assert list(scored["value"]) == [0.25, None, None, 0.75]
    assert list(scored["note"]) == ["", "there is no answer", "the request failed", ""]


def test_only_the_rows_at_fault_fail() -> None:
    def score(frame: pd.DataFrame) -> pd.DataFrame:
        if (frame["response"] == "one").any():
            raise ValueError("not this one")
        return pd.DataFrame({"value": [1.0] * len(frame)})

    scored = rows(score)
    assert list(scored["status"]) == ["FAILED", "SKIPPED", "SKIPPED", "SCORED"]
    assert scored["note"].iloc[0] == "ValueError: not this one"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "TypeError: score returned NoneType, not a DataFrame"),
        ([0.5, 0.5], "not a DataFrame"),
        (pd.DataFrame({"value": [0.5] * 3}), "ValueError: score returned 3 rows of another index for 1 rows"),
        (pd.DataFrame({"value": [0.5]}, index=["a"]), "another index"),
        (pd.DataFrame({"values": [0.5]}), "no column value"),
        (pd.DataFrame([[0.5, 0.5]], columns=["value", "value"]), "ValueError"),
    ],
)
def test_what_is_no_answer_fails_every_row(answer: Any, says: str) -> None:
    scored = rows(lambda frame: answer)
    assert list(scored["status"]) == ["FAILED", "SKIPPED", "SKIPPED", "FAILED"]
    assert all(says in note for note in scored["note"].iloc[[0, 3]])


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0, 0.0), (1, 1.0), (True, 1.0), (np.float32(0.5), 0.5), (np.bool_(True), 1.0), (np.int64(1), 1.0),
        (1.5, None), (-0.1, None), (float("inf"), None), ("0.5", None), ([0.5], None),
    ],
)  # fmt: skip
def test_a_value_is_a_number_from_0_to_1(value: Any, kept: float | None) -> None:
    scored = rows(lambda frame: pd.DataFrame({"value": pd.Series([value] * len(frame), dtype=object)}))
    first = scored.iloc[0]
    assert (first["status"], first["value"]) == ("FAILED" if kept is None else "SCORED", kept)
    assert kept is not None or "value must be a number from 0 to 1" in first["note"]


@pytest.mark.parametrize("none", [None, float("nan"), pd.NA, np.nan])
def test_no_value_is_a_row_skipped_unless_the_status_says_otherwise(none: Any) -> None:
    def score(**more: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
        return lambda frame: pd.DataFrame({"value": pd.Series([none] * len(frame), dtype=object), **more})

    assert rows(score()).iloc[0][["status", "note"]].tolist() == ["SKIPPED", "no value"]
    assert rows(score(note="too short")).iloc[0][["status", "note"]].tolist() == ["SKIPPED", "too short"]
    assert rows(score(status="FAILED", note="away")).iloc[0][["status", "note"]].tolist() == ["FAILED", "away"]
    assert rows(score(status="SCORED")).iloc[0]["status"] == "FAILED"
    assert "status must be one of" in rows(score(status="MAYBE")).iloc[0]["note"]


def test_texts_are_bounded_and_evidence_is_json() -> None:
    def evidence(given: object, note: str = "") -> pd.Series:
        columns = {"value": 0.5, "note": note, "evidence": pd.Series([given, given], dtype=object)}
        return rows(lambda frame: pd.DataFrame(columns, index=range(2))[: len(frame)]).iloc[0]

    assert json.loads(evidence({"b": [1], "a": "ü"})["evidence"]) == {"a": "ü", "b": [1]}
    assert json.loads(evidence('{"a": 1}')["evidence"]) == {"a": 1}
    assert json.loads(evidence("just words")["evidence"]) == {"evidence": "just words"}
    assert json.loads(evidence({"a": float("nan")})["evidence"]) == {"evidence": "{'a': nan}"}
    assert json.loads(evidence({"a": "x" * 50_000})["evidence"])["left_out"].startswith("50,009 characters")
    assert evidence(None, "y" * 5000)["evidence"] is None
    many = rows(lambda frame: pd.DataFrame({"value": None, "note": "z" * 5000}, index=frame.index))
    assert len(many["note"].iloc[0]) == 200


def test_vectors_are_given_to_one_that_names_texts() -> None:
    class Reads(Own):
        def texts(self, frame: pd.DataFrame) -> list[str]:
            return list(frame["response"])

        def score(self, frame: pd.DataFrame, vectors: Any) -> pd.DataFrame:  # type: ignore[override]
            return pd.DataFrame({"value": np.abs(vectors.of(list(frame["response"]))[:, 0])})

    evaluator = Anybodys(Reads(lambda frame: frame), Score("own", frozenset({"response"}), (METRIC,)))
    texts = evaluator.texts(BATCH)
    assert texts == ["one", "three"]
    assert list(evaluator.score(BATCH, gather(texts, {}, HashingEncoder()))["status"])[::3] == ["SCORED"] * 2
    assert list(evaluator.score(BATCH, EMPTY)["status"])[::3] == ["FAILED"] * 2  # texts that were not announced


def test_it_cannot_leave_the_process_and_cannot_change_what_others_see() -> None:
    def score(frame: pd.DataFrame) -> pd.DataFrame:
        frame["response"] = "changed"
        raise SystemExit(3)

    before = BATCH.copy()
    assert set(rows(score)["note"].iloc[[0, 3]]) == {"SystemExit: 3"}
    pd.testing.assert_frame_equal(BATCH, before)


def test_a_batch_without_an_answer_is_not_asked() -> None:
    own = Own(lambda frame: 1 / 0)
    scored = Anybodys(own, Score("own", frozenset({"response"}), (METRIC,))).score(BATCH.iloc[[1, 2]], EMPTY)
    assert list(scored["status"]) == ["SKIPPED", "SKIPPED"]
    assert own.seen == []


def test_one_that_is_gone_leaves_failed_rows() -> None:
    left_out = LeftOut("own", "3")
    assert set(left_out.score(BATCH, EMPTY)["status"]) == {"FAILED"}
    assert (left_out.version, left_out.texts(BATCH)) == ("3", [])


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.floats(), max_size=2)


@given(values=st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING, ANYTHING), min_size=2, max_size=2))
def test_every_row_holds_to_the_rules(values: list[tuple[Any, ...]]) -> None:
    names = ["status", "value", "note", "evidence"]

    def score(frame: pd.DataFrame) -> pd.DataFrame:
        columns = {name: pd.Series([row[at] for row in values], dtype=object) for at, name in enumerate(names)}
        return pd.DataFrame(columns)[: len(frame)]

    scored = rows(score)
    assert list(scored.index) == list(BATCH.index)
    for row in scored.to_dict("records"):
        assert row["status"] in set(ScoreStatus)
        assert (row["status"] == "SCORED") == (row["note"] == "") == isinstance(row["value"], float)
        assert row["value"] is None or 0 <= row["value"] <= 1
        assert len(row["note"]) <= 200
        assert row["evidence"] is None or isinstance(json.loads(row["evidence"]), dict)


def test_one_that_judges_sessions_sees_those_that_have_ended_alone() -> None:
    own = Own(lambda frame: pd.DataFrame({"value": [1.0] * len(frame)}))
    evaluator = Anybodys(own, Score("own", frozenset({"session"}), (METRIC,)))
    conversation = json.dumps([{"role": "user", "content": "p"}, {"role": "assistant", "content": "three"}])
    scored = evaluator.score(BATCH.assign(session=[None, None, None, conversation]), EMPTY)
    (seen,) = own.seen
    assert list(seen["session"]) == [conversation]
    assert list(scored["status"]) == ["SKIPPED", "SKIPPED", "SKIPPED", "SCORED"]
    assert scored["note"].iloc[0] == "not the last answer of a session that has ended"
    assert set(evaluator.score(BATCH, EMPTY)["status"]) == {"SKIPPED"}, "answers of a file belong to no session"
