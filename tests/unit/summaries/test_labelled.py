"""People's labels beside a day's scores: which count, for what, and what becomes of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from obs_lib.records import MetricValue
from obs_lib.summaries.label_options import LabelOptions, ScoreLabels
from obs_lib.summaries.labelled import Labelled, decode, labelled_summary, merged
from obs_lib.summaries.people import people
from obs_lib.summaries.segments import Segments

DAY = dt.date(2023, 6, 2)
N = 120


def label(
    request: str,
    name: str,
    value: bool | float | str,
    source: str = "human",
    inclusion_probability: float | None = None,
) -> Any:
    text = value if isinstance(value, str) else None
    number = None if isinstance(value, str) else float(value)
    return {
        "request_id": request,
        "name": name,
        "source": source,
        "value": number,
        "text": text,
        "inclusion_probability": inclusion_probability,
    }


def frame(*labels: dict[str, Any]) -> pd.DataFrame:
    columns = ["request_id", "name", "source", "value", "text", "inclusion_probability"]
    return pd.DataFrame(list(labels), columns=columns).astype({"value": "float64", "inclusion_probability": "float64"})


@pytest.fixture
def world(interactions: Any, scores: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """120 answers, the first 30 of them called made up by the evaluator."""
    rows = interactions(*({"tags": '{"route": "a"}' if n % 2 else None} for n in range(N)))
    names = [f"r{n:04d}" for n in range(N)]
    return rows, scores(
        *(
            {"request_id": name, "evaluator": "groundedness", "value": 0.2 if n < 30 else 0.9}
            for n, name in enumerate(names)
        )
    )


def summary(
    world: tuple[pd.DataFrame, pd.DataFrame], labels: pd.DataFrame, options: LabelOptions | None = None
) -> tuple[dict[tuple[str, str], MetricValue], dict[tuple[str, str], Labelled]]:
    rows, scored = world
    segments = Segments(rows["tags"], ["route"], 5)
    values, sketches = labelled_summary(DAY, rows, scored, labels, segments, options or LabelOptions())
    return (
        {(one.metric, one.segment): one for one in values},
        {(segment, key): decode(payload) for _, segment, key, _, payload in sketches},
    )


def drawn(every: int = 2) -> list[dict[str, Any]]:
    """Every second answer, labelled by chance; people call made up the first 40."""
    return [label(f"r{n:04d}", "grounded", n >= 40, inclusion_probability=1 / every) for n in range(0, N, every)]


def test_a_day_with_labels_has_a_corrected_rate(world: Any) -> None:
    values, sketches = summary(world, frame(*drawn()))
    corrected = values[("hallucination_rate:corrected", "all")]
    assert corrected.status == "OK"
    assert corrected.n == 60
    assert corrected.value == pytest.approx(1 / 3, abs=0.01)
    assert corrected.low < 0.33 < corrected.high  # type: ignore[operator]
    assert values[("hallucination_rate:recall", "all")].value == pytest.approx(0.75)
    assert values[("hallucination_rate:precision", "all")].value == 1
    assert set(sketches) == {("all", "hallucination_rate")}  # the labelled ones are of no route
    assert {name.partition(":")[0] for name, _ in values} == {"hallucination_rate"}


def test_too_few_labels_are_no_data_with_the_reason(world: Any) -> None:
    values, _ = summary(world, frame(*drawn(6)))
    corrected = values[("hallucination_rate:corrected", "all")]
    assert (corrected.status, corrected.value, corrected.n) == ("NO_DATA", None, 20)
    assert corrected.note == "20 labels drawn at random with a known probability (needs 30)"
    assert values[("hallucination_rate:kappa", "all")].status == "OK"


def test_feedback_and_hand_picked_labels_feed_agreement_alone(world: Any) -> None:
    picked = [label(f"r{n:04d}", "grounded", n >= 40) for n in range(60)]
    thumbs = [label(f"r{n:04d}", "grounded", n >= 40, "feedback", 0.5) for n in range(60, N)]
    values, _ = summary(world, frame(*picked, *thumbs))
    corrected = values[("hallucination_rate:corrected", "all")]
    assert (corrected.status, corrected.n, corrected.n_skipped) == ("NO_DATA", 0, N)
    agreement = values[("hallucination_rate:agreement", "all")]
    assert (agreement.n, agreement.note) == (N, "labels that were not drawn at random")
    assert agreement.value == pytest.approx(110 / 120)
    _, with_picked = summary(world, frame(*drawn(), *[label(f"r{n:04d}", "grounded", False) for n in range(1, N, 2)]))
    _, without = summary(world, frame(*drawn()))
    one, other = with_picked[("all", "hallucination_rate")], without[("all", "hallucination_rate")]
    np.testing.assert_array_equal(one.moments.paired, other.moments.paired)
    np.testing.assert_array_equal(one.compared.sums, other.compared.sums)
    assert (one.n_picked, other.n_picked) == (60, 0)


def test_what_a_program_said_is_no_person(world: Any) -> None:
    assert summary(world, frame(*[one | {"source": "evaluation"} for one in drawn()])) == ({}, {})
    assert summary(world, frame()) == ({}, {})


def test_labels_of_over_refusal_are_its_own(interactions: Any, scores: Any) -> None:
    """Whether people call an answer refused says nothing of whether it should have answered."""
    names = [f"r{n:04d}" for n in range(N)]
    scored = scores(
        *(
            {"request_id": name, "evaluator": "over_refusal", "value": 0.9 if n < 30 else 0.1}
            for n, name in enumerate(names)
        )
    )
    day = (interactions(*[{}] * N), scored)
    assert summary(day, frame(*[label(name, "refused", True, inclusion_probability=1.0) for name in names])) == ({}, {})
    labels = frame(*[label(name, "over_refused", n < 40, inclusion_probability=1.0) for n, name in enumerate(names)])
    for options in (None, LabelOptions(scores={"over_refusal": ScoreLabels(label="OVER_REFUSED", positive=(True,))})):
        values, _ = summary(day, labels, options)
        assert values[("over_refusal_rate:corrected", "all")].value == pytest.approx(1 / 3, abs=0.01)
        assert values[("over_refusal_rate:recall", "all")].value == pytest.approx(0.75)
        assert values[("over_refusal_rate:precision", "all")].value == 1


def test_labels_that_say_the_opposite() -> None:
    options = LabelOptions(scores={"refusal": ScoreLabels(label="answered", positive=(False,))})
    labels = frame(
        label("a", "answered", False, inclusion_probability=1),
        label("b", "answered", True),
        label("c", "refused", True),
    )
    verdicts = people(labels, "refusal", options)
    assert verdicts.loc["a", "drawn"] == 1
    assert verdicts.loc["b", "picked"] == 0
    assert "c" not in verdicts.index
    assert people(labels, "refusal", LabelOptions()).index.tolist() == ["c"]


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (True, 1.0),
        (0.4, 0.0),
        ("Grounded", 1.0),
        ("no", 0.0),
        ("ungrounded", 0.0),
        ("not grounded", 0.0),
        ("perhaps", None),
    ],
)
def test_values_and_words(value: Any, verdict: float | None) -> None:
    verdicts = people(frame(label("a", "grounded", value)), "groundedness", LabelOptions())
    assert list(verdicts["picked"]) == ([] if verdict is None else [verdict])


def test_people_who_disagree_share_a_label() -> None:
    labels = frame(
        *(label("a", "toxic", says, who, 0.5) for who, says in [("ada", True), ("bob", False), ("eve", True)])
    )
    assert people(labels, "toxicity", LabelOptions()).loc["a", "drawn"] == pytest.approx(2 / 3)


def test_days_add_up_to_what_they_are_together(world: Any) -> None:
    _, whole = summary(world, frame(*drawn()))
    rows, scored = world
    halves = []
    for inside in (rows["request_id"] < "r0060", rows["request_id"] >= "r0060"):
        part = rows[inside].reset_index(drop=True)
        _, sums = summary((part, scored[scored["request_id"].isin(part["request_id"])]), frame(*drawn()))
        halves.append({metric: one for (segment, metric), one in sums.items() if segment == "all"})
    both = merged(halves)["hallucination_rate"]
    np.testing.assert_allclose(both.moments.paired, whole[("all", "hallucination_rate")].moments.paired)
    np.testing.assert_allclose(both.moments.scored, whole[("all", "hallucination_rate")].moments.scored)


def test_a_day_from_which_nobody_drew_says_nothing_of_the_others(world: Any) -> None:
    _, sums = summary(world, frame(*drawn()))
    _, other = summary(world, frame(label("r0001", "grounded", True)))
    one, more = sums[("all", "hallucination_rate")], other[("all", "hallucination_rate")]
    for both in (one + more, more + one):
        assert both.moments == one.moments
        assert both.n_picked == 1
