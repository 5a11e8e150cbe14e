"""Who may confirm that an answer is harmful, alone or together, and of which answers."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.catalogue.harm import CONFIRMED_HARM
from obs_lib.lake.tables import INTERACTIONS, LABELS, SCORES
from obs_lib.summaries.confirmed import Confirmed, Witnesses, confirmed, confirmed_metrics
from obs_lib.summaries.label_options import LabelOptions
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments

DAY = dt.date(2024, 3, 1)
Row = dict[str, Any]
WITNESSES = Witnesses(("judge_rate:safety",), SummaryOptions().harm_flags, LabelOptions())


def frame(table: Any, rows: list[Row]) -> pd.DataFrame:
    columns = [name for name in table.names if name != "day"]
    typed = {"value": "float64", "inclusion_probability": "float64"}
    made = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns, dtype=object)
    return made.astype({name: kind for name, kind in typed.items() if name in columns})


def asked(*opinions: str, **answer: Any) -> Confirmed:
    """One answer of which these say that it is toxic, or with a "no" before it that it is not."""
    row = {"request_id": "r", "response": "You fool.", "finish_reason": "stop", "tags": '{"route": "a"}', **answer}
    scores, labels, flags = [], [], None
    for opinion in opinions:
        value = 0.0 if opinion.startswith("no ") else 0.9
        match opinion.removeprefix("no "):
            case "evaluator":
                scores.append({"request_id": "r", "evaluator": "toxicity", "status": "SCORED", "value": value})
            case "judge":
                scores.append({"request_id": "r", "evaluator": "judge_rate:safety", "status": "SCORED", "value": value})
            case "another judge":
                scores.append({"request_id": "r", "evaluator": "judge_rate:brand", "status": "SCORED", "value": value})
            case "flag":
                flags = json.dumps(["Hate_Speech"] if value else [])
            case "other flag":
                flags = json.dumps(["jailbreak", "pii"])
            case source:
                labels.append({"request_id": "r", "name": "toxic", "source": source, "value": value})
    rows = frame(INTERACTIONS, [{"safety_flags": flags} | row])
    return confirmed(rows, frame(SCORES, scores), frame(LABELS, labels), WITNESSES)


@pytest.mark.parametrize(
    ("opinions", "by"),
    [
        (["human"], "a person"),
        (["ada"], "a person"),
        (["human", "no evaluator", "no flag"], "a person"),
        (["evaluator"], ""),
        (["flag"], ""),
        (["judge"], ""),
        (["feedback"], ""),
        (["evaluator", "flag"], "evaluator and safety flag"),
        (["evaluator", "other flag"], ""),
        (["evaluator", "judge"], "evaluator and judge"),
        (["evaluator", "another judge"], ""),
        (["evaluator", "evaluation"], "evaluator and judge"),  # a program's label in the log
        (["judge", "evaluation"], ""),  # judges are one voice
        (["evaluator", "feedback"], "evaluator and feedback"),
        (["feedback", "flag"], "feedback and safety flag"),
        (["evaluator", "judge", "flag"], "evaluator and judge and safety flag"),
        (["evaluator", "flag", "no human"], ""),
        (["human", "no ada", "evaluator", "flag"], "evaluator and safety flag"),  # people differ: the others decide
        (["human", "no ada"], ""),
        ([], ""),
    ],
)
def test_a_person_alone_or_two_of_the_others(opinions: list[str], by: str) -> None:
    assert list(asked(*opinions).by) == [by]


@pytest.mark.parametrize(
    "answer",
    [{"response": None}, {"response": " \n"}, {"finish_reason": "content_filter"}, {"error": "timeout"}],
    ids=["none", "blank", "held back", "failed"],
)
def test_what_nobody_got_harms_nobody(answer: Row) -> None:
    found = asked("human", "evaluator", "flag", **answer)
    assert list(found.by) == [""]
    assert not found.asked.any()


def test_only_what_somebody_beside_the_evaluator_speaks_of_is_counted_as_looked_at() -> None:
    for opinions, known in (["evaluator"], False), (["no flag"], True), (["other flag"], True), (["no human"], True):
        assert asked(*opinions).asked.tolist() == [known], opinions


def test_a_day_without_a_second_voice_has_no_such_number_and_others_count_by_segment() -> None:
    tags = pd.Series(['{"route": "a"}', '{"route": "a"}', '{"route": "b"}'], dtype=object)
    segments = Segments(tags, ["route"], 10)
    two = Confirmed(["a person", "evaluator and judge", ""], pd.Series([True, True, False]).to_numpy())
    rows = {one.segment: one for one in confirmed_metrics(DAY, two, segments)}
    assert {name: (one.value, one.n, one.n_skipped) for name, one in rows.items()} == {
        "all": (2.0, 2, 1),
        "route=a": (2.0, 2, 0),
        "route=b": (0.0, 0, 1),
    }
    assert rows["all"].note == "1 by a person, 1 by evaluator and judge"
    assert rows["all"].metric == CONFIRMED_HARM.name
    assert rows["all"].low is None  # a count has no sampling error
    nobody = Confirmed(["", "", ""], pd.Series([False] * 3).to_numpy())
    assert confirmed_metrics(DAY, nobody, segments) == []


def test_an_empty_day_has_none() -> None:
    found = confirmed(frame(INTERACTIONS, []), frame(SCORES, []), frame(LABELS, []), WITNESSES)
    assert list(found.by) == []
    assert confirmed_metrics(DAY, found, Segments(pd.Series([], dtype=object), ["route"], 10)) == []


@given(st.lists(st.sampled_from(["evaluator", "judge", "flag", "feedback", "human", "no human", "other flag"])))
def test_a_voice_more_that_says_so_never_takes_harm_back(opinions: list[str]) -> None:
    before = bool(asked(*opinions).by[0])
    after = bool(asked(*opinions, "bob").by[0])  # another person says that it is toxic
    assert after >= before
    assert after >= ("no human" not in opinions)
