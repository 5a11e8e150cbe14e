"""Sessions on small conversations whose numbers can be counted by hand."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_lib.models.vectors import text_hash
from obs_lib.records import ALL
from obs_lib.stats.intervals import share_of_counts
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.questions import same_words
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.session_metrics import session_metrics
from obs_lib.summaries.summarise import summarise_day
from tests.unit.summaries.conftest import Maker, _frame

DAY = dt.date(2024, 3, 1)
REFUSED = {"refusal": 0.9}


def turn(session: str | None, minute: int, prompt: str = "", **fields: Any) -> dict[str, Any]:
    """One interaction; by default it is asked something of its own and answered."""
    return {
        "request_id": f"{session}-{minute:04d}",
        "session_id": session,
        "timestamp": pd.Timestamp(DAY, tz="UTC") + pd.Timedelta(minutes=minute),
        "prompt": prompt or f"question {session} {minute}",
        "response": "An answer.",
        "error_logged": True,
        **fields,
    }


def verdicts(rows: list[dict[str, Any]], refused: set[str], **more: Any) -> list[dict[str, Any]]:
    """What the refusal evaluator says of each: 1 of the named requests, else 0."""
    return [
        {"request_id": row["request_id"], "evaluator": "refusal", "value": float(row["request_id"] in refused), **more}
        for row in rows
    ]


@pytest.fixture
def measure(interactions: Maker, scores: Maker) -> Any:
    def run(
        rows: list[dict[str, Any]],
        refused: set[str] | None = None,
        vectors: dict[str, bytes] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        frame = interactions(*rows)
        scored = scores(*verdicts(rows, refused or set())) if refused is not None else scores()
        segments = Segments(frame["tags"], ["route"], 20)
        values = session_metrics(DAY, frame, scored, vectors or {}, segments, SummaryOptions(**options))
        return {value.metric if value.segment == ALL else f"{value.metric} {value.segment}": value for value in values}

    return run


def test_days_without_session_ids_have_no_metric_of_sessions(measure: Any) -> None:
    assert measure([turn(None, 1)]) == {}


def test_turns_are_counted_by_session_and_rows_without_one_are_none(measure: Any) -> None:
    found = measure([turn("a", 1), turn("a", 2), turn("a", 3), turn("b", 1), turn(None, 4)])
    assert found["session_count"].value == 2
    assert (found["session_turns"].value, found["session_turns"].n) == (2.0, 2)
    assert found["session_turns"].low >= 1


def test_steps_after_a_tool_belong_to_their_turn(measure: Any) -> None:
    asked = [{"role": "user", "content": 'Weather? "role":"tool"}]'}]
    given = [*asked, {"role": "assistant", "content": "[]"}, {"role": "tool", "content": "sunny"}]

    def messages(list_of: Any) -> str:
        return json.dumps(list_of, sort_keys=True, separators=(",", ":"))

    rows = [
        turn("a", 1, messages=messages(asked)),
        turn("a", 2, messages=messages(given)),
        turn("a", 3, messages=messages([*given, {"role": "user", "content": "And tomorrow?"}])),
        turn("b", 1, messages=messages(given)),  # a session may begin with what the day before asked
    ]
    found = measure(rows)
    assert (found["session_turns"].value, found["session_turns"].n) == (1.5, 2)


def test_how_sessions_end(measure: Any) -> None:
    rows = [
        turn("fine", 1, error="timeout", response=None), turn("fine", 2),
        turn("failed", 1), turn("failed", 2, error="timeout", response=None),
        turn("silent", 1, response="  "),
        turn("calling", 1, response=None, tool_calls='[{"arguments":{},"name":"handoff"}]'),
        turn("refused", 1), turn("refused", 2),
        turn("open", 23 * 60 + 45, response=None),
    ]  # fmt: skip
    found = measure(rows, refused={"refused-0002", "failed-0002"})
    whole = found["session_abandoned_rate"]
    assert (whole.value, whole.n, whole.n_skipped) == (3 / 5, 5, 1)
    assert (whole.low, whole.high) == share_of_counts(3, 5)[1:3]
    parts = {way: found[f"session_abandoned_rate:{way}"].value for way in ("failed", "unanswered", "refused")}
    assert parts == {"failed": 1 / 5, "unanswered": 1 / 5, "refused": 1 / 5}
    assert measure(rows, refused=set(), session_idle_minutes=0)["session_abandoned_rate"].n == 6


def test_without_verdicts_on_refusals_nobody_says_who_was_refused(measure: Any) -> None:
    rows = [turn("a", 1), turn("b", 1, response=None)]
    found = measure(rows)
    assert found["session_abandoned_rate"].value is None
    assert found["session_abandoned_rate"].note == "refusal was not run"
    assert found["session_abandoned_rate:unanswered"].value == 0.5


def test_a_sampled_last_answer_stands_for_those_that_were_not_drawn(interactions: Maker, scores: Maker) -> None:
    rows = [turn(name, 1) for name in "abcdef"]
    drawn = verdicts(rows[:1], {"a-0001"}, inclusion_probability=1.0)
    drawn += verdicts(rows[1:3], set(), inclusion_probability=0.25)
    frame = interactions(*rows)
    values = session_metrics(DAY, frame, scores(*drawn), {}, Segments(frame["tags"], [], 0), SummaryOptions())
    found = {value.metric: value for value in values}["session_abandoned_rate"]
    assert (found.value, found.n, found.n_skipped) == (pytest.approx(1 / 9), 3, 3)


def test_the_same_question_again_whatever_stands_between(measure: Any) -> None:
    rows = [
        turn("a", 1, "Where is it?"), turn("a", 2, "Thanks"), turn("a", 3, "where is IT"),
        turn("b", 1, "Where is it?"), turn("b", 2, "What is it?"),
        turn("c", 1, "Where is it?"),
        turn("d", 1, "..."), turn("d", 2, "..."),
    ]  # fmt: skip
    found = measure(rows)["session_repeat_rate"]
    assert (found.value, found.n, found.n_skipped) == (1 / 2, 2, 2)  # d has no words, c no second turn


def unit(*numbers: float) -> bytes:
    vector = np.array(numbers) / np.linalg.norm(numbers)
    return vector.astype("<f2").tobytes()


def test_other_words_of_the_same_question_are_found_by_their_vectors(measure: Any) -> None:
    texts = ["How do I pay?", "How can I pay?", "Who are you?", "Order 17?", "Order 18?", "never scored"]
    vectors = dict(
        zip(map(text_hash, texts), [unit(1, 0), unit(1, 0.1), unit(0, 1), unit(1, 1), unit(1, 1.01)], strict=False)
    )
    rows = [
        turn("a", 1, texts[0]), turn("a", 2, texts[1]),
        turn("b", 1, texts[0]), turn("b", 2, texts[2]), turn("b", 3, texts[1]),  # not of the turn just before
        turn("c", 1, texts[3]), turn("c", 2, texts[4]),  # other numbers
        turn("d", 1, texts[0]), turn("d", 2, texts[0]),  # the same words
        turn("e", 1, texts[0]), turn("e", 2, texts[5]),
    ]  # fmt: skip
    found = measure(rows, vectors=vectors)["session_rephrase_rate"]
    assert (found.value, found.n, found.n_skipped) == (1 / 4, 4, 1)
    assert measure(rows, vectors=vectors, rephrased_cosine=1.0)["session_rephrase_rate"].value == 0


def test_a_refusal_that_is_asked_again(measure: Any) -> None:
    rows = [
        turn("a", 1, "Tell me"), turn("a", 2, "Tell me!"),
        turn("b", 1, "Tell me"), turn("b", 2, "Never mind"), turn("b", 3, "Tell me"),  # not right after
        turn("c", 1, "Tell me"), turn("c", 2, "Tell me"),  # was not refused
    ]  # fmt: skip
    found = measure(rows, refused={"a-0001", "b-0001"})["session_refusal_retry_rate"]
    assert (found.value, found.n) == (1 / 3, 3)


def test_a_session_lies_in_the_segments_of_its_first_interaction(measure: Any) -> None:
    docs, code = ('{"route":"docs"}', '{"route":"code"}')
    found = measure([turn("a", 1, tags=docs), turn("a", 2, tags=code), turn("b", 1, tags=code)])
    assert found["session_count route=docs"].value == 1
    assert found["session_turns route=docs"].value == 2
    assert found["session_turns route=code"].value == 1


def test_no_session_in_a_segment_is_no_data(measure: Any) -> None:
    found = measure([turn("a", 1, tags='{"route":"docs"}'), turn(None, 2, tags='{"route":"code"}')])
    assert found["session_repeat_rate route=code"].note == "no sessions"
    assert found["session_turns route=code"].value is None


@settings(max_examples=15)  # two whole summaries each
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(order: random.Random) -> None:
    rows = [turn(f"s{n % 7}", n, f"question {n % 5}", response=None if n % 11 == 0 else "yes") for n in range(40)]
    scored = [one | _FIXED for one in verdicts(rows, {rows[3]["request_id"], rows[20]["request_id"]})]
    whole = _summary(rows, scored)
    order.shuffle(rows)
    order.shuffle(scored)
    pd.testing.assert_frame_equal(_summary(rows, scored), whole)


_FIXED = {"version": "1", "case": "c", "status": "SCORED", "note": "", "inclusion_probability": 1.0}


def _summary(rows: list[dict[str, Any]], scored: list[dict[str, Any]]) -> pd.DataFrame:
    from obs_lib.lake.tables import INTERACTIONS, SCORES

    frame = _frame(INTERACTIONS, rows), _frame(SCORES, scored)
    metrics, _ = summarise_day(DAY, *frame, {}, SummaryOptions(), ["route"])
    return metrics


@pytest.mark.parametrize(("one", "other"), [("STRASSE", "Straße"), ("where is it?", " Where,  is it "), ("ÉTÉ", "été")])
def test_words_are_the_same_without_case_and_punctuation(one: str, other: str) -> None:
    assert same_words(one) == same_words(other)


def test_a_last_turn_that_says_that_it_did_not_help_is_counted(measure: Any) -> None:
    rows = [
        *(turn("a", 1), turn("a", 2, "That's not what I asked.")),
        *(turn("b", 1, "This is wrong."), turn("b", 2, "And tomorrow?")),
        turn("c", 1, "Forget it."),  # a first turn cannot speak of an answer
        *(turn("d", 1), turn("d", 2, "Das ist falsch.", prompt_language="de")),
        *(turn("e", 1), turn("e", 2, "Thanks, that works!", prompt_language="en")),
    ]
    found = measure(rows)["session_complaint_rate"]
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)
    assert (
        measure([turn("a", 1)])["session_complaint_rate"].note
        == "no session has two turns of which the last is in English"
    )


def test_steps_after_a_tool_are_part_of_the_last_turn(measure: Any) -> None:
    given = json.dumps([{"content": "x", "role": "tool"}], sort_keys=True, separators=(",", ":"))
    rows = [turn("a", 1), turn("a", 2, "You didn't answer my question."), turn("a", 3, "Weather?", messages=given)]
    assert measure(rows)["session_complaint_rate"].value == 1.0
