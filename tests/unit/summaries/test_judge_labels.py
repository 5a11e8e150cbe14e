"""The labelled answers of judges: which count, turned to the better side, put together over days of one version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from obs_lib.summaries.judge_labels import Answer, JudgeLabels, decode, judge_labels, latest
from obs_lib.summaries.label_options import LabelOptions

MODEL = "openai/gpt-4o"


def label(
    request: str, name: str, value: float, inclusion_probability: float | None = None, source: str = "human"
) -> Any:
    return {
        "request_id": request,
        "name": name,
        "source": source,
        "value": value,
        "text": None,
        "inclusion_probability": np.nan if inclusion_probability is None else inclusion_probability,
    }


def sketches(
    interactions: pd.DataFrame, scores: pd.DataFrame, labels: list[Any], judges: dict[str, str]
) -> dict[str, JudgeLabels]:
    frame = pd.DataFrame(labels).astype({"inclusion_probability": "float64"})
    sketches = list(judge_labels(interactions, scores, frame, judges, LabelOptions()))
    assert all((kind, segment) == ("judge", "all") for kind, segment, *_ in sketches)
    assert all(n == len(decode(payload).answers) for *_, n, payload in sketches)
    return {key: decode(payload) for _, _, key, _, payload in sketches}


def test_values_and_labels_are_turned_to_the_better_side_and_lengths_and_families_known(
    interactions: Any, scores: Any
) -> None:
    rows = interactions(
        {"response": "abcd", "model_version": "gpt-4o-2024-08-06"},
        {"response": "ab", "model_version": "claude-x"},
        {"response": "abc", "model_version": "our-own"},
        {"response": "unlabelled"},
    )
    version = f"{MODEL}/r.1-aa/bb"
    given = scores(
        *(
            {"request_id": f"r{n:04d}", "evaluator": score, "value": value, "version": version}
            for score in ("relevance", "toxicity", "judge:manners", "judge_rate:rude")
            for n, value in enumerate((0.9, 0.2, 0.4, 0.1))
        )
    )
    labels = [
        label("r0000", "relevant", 1.0, 0.5),
        label("r0001", "relevant", 1.0),
        label("r0002", "relevant", 0.0, 0.25, "feedback"),
        label("r0000", "toxic", 1.0, 0.5),
        label("r0001", "manners", 1.0),
        label("r0000", "judge_rate:rude", 0.0, 1.0),
        label("r0003", "relevant", 1.0, 0.5, "evaluation"),
    ]
    got = sketches(
        rows, given, labels, {"relevance": MODEL, "toxicity": MODEL, "judge:manners": MODEL, "judge_rate:rude": MODEL}
    )
    assert set(got["relevance"].answers) == {
        Answer(0.9, 1.0, 4, 1, 2.0),
        Answer(0.2, 1.0, 2, 0, None),
        Answer(0.4, 0.0, 3, None, None),
    }
    assert got["relevance"].counted == (Answer(0.9, 1.0, 4, 1, 2.0),)  # only those drawn at random
    assert got["toxicity"].answers == (Answer(0.1, 0.0, 4, 1, 2.0),)
    assert got["judge:manners"].counted == (Answer(0.2, 1.0, 2, 0, None),)
    assert got["judge_rate:rude"].answers == (Answer(0.1, 1.0, 4, 1, 1.0),)
    assert (got["relevance"].model, got["relevance"].version) == (MODEL, version)


def test_scores_of_a_local_evaluator_or_of_another_model_are_not_the_judges(interactions: Any, scores: Any) -> None:
    rows = interactions({"response": "a"})
    labels = [label("r0000", "relevant", 1.0)]
    for version in ("2-abc", "openai/gpt-4o-mini/r.1-aa/bb"):
        given = scores({"request_id": "r0000", "evaluator": "relevance", "value": 0.9, "version": version})
        assert sketches(rows, given, labels, {"relevance": MODEL}) == {}


def test_many_labels_are_cut_by_chance_and_keep_their_weight_together(interactions: Any, scores: Any) -> None:
    n = 5000
    rows = interactions(*({"response": "x" * (1 + k % 7)} for k in range(n)))
    given = scores(
        *(
            {"request_id": f"r{k:04d}", "evaluator": "relevance", "value": (k % 10) / 10, "version": f"{MODEL}/x/y"}
            for k in range(n)
        )
    )
    drawn = [label(f"r{k:04d}", "relevant", 1.0, 0.5) for k in range(4000)]
    thumbs = [label(f"r{k:04d}", "relevant", 1.0, None, "feedback") for k in range(4000, n)]
    one = sketches(rows, given, drawn + thumbs, {"relevance": MODEL})["relevance"]
    assert len(one.answers) == 2000
    assert sum(answer.weight or 0 for answer in one.answers) == pytest.approx(8000)
    assert np.mean([answer.value for answer in one.answers]) == pytest.approx(0.45, abs=0.03)
    again = sketches(rows[::-1].reset_index(drop=True), given[::-1], thumbs + drawn, {"relevance": MODEL})["relevance"]
    assert again == one


def test_days_of_the_latest_version_are_put_together() -> None:
    a, b, c = (Answer(n / 10, 1.0, 9, None, 1.0) for n in range(3))
    days = [JudgeLabels("m", "m/1", (a,)), JudgeLabels("m", "m/2", (b,)), JudgeLabels("m", "m/2", (c,))]
    assert latest(days) == JudgeLabels("m", "m/2", (b, c))
    assert latest(days[:2]) == days[1]


def test_a_label_bears_the_name_of_a_judges_own_score() -> None:
    names = LabelOptions().names
    assert names("judge:manners") == ("manners", "judge:manners")
    assert names("toxicity") == ("toxic", "toxicity")
    assert names("groundedness") == ("grounded", "groundedness", "faithful", "supported")
    assert names("other") == ("other",)
