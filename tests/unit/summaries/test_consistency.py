from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather
from obs_lib.records import ALL
from obs_lib.summaries.consistency import agreements, consistency_metrics
from obs_lib.summaries.segments import Segments

DAY = dt.date(2025, 3, 10)


def frame(*rows: tuple[str | None, str, str | None]) -> pd.DataFrame:
    """Rows of (prompt, route, answer)."""
    columns = ["prompt", "route", "response"]
    made = pd.DataFrame(rows, columns=columns).astype("str")
    made["request_id"] = [f"r{number}" for number in range(len(made))]
    made["tags"] = [json.dumps({"route": route}) for route in made["route"]]
    nothing = pd.Series([None] * len(made), dtype="str")
    return made.assign(contexts=nothing, prompt_id=nothing)


def drawn(rows: pd.DataFrame) -> pd.DataFrame:
    """Scores of all of these."""
    return pd.DataFrame({"request_id": rows["request_id"], "inclusion_probability": 1.0})


def values(
    rows: pd.DataFrame, left_out: tuple[str, ...] = (), scores: pd.DataFrame | None = None
) -> dict[str, tuple[float | None, int]]:
    scores = drawn(rows) if scores is None else scores
    texts = sorted(set(rows["response"].dropna()) - {*left_out})
    vectors = gather(texts, {}, HashingEncoder()).known
    segments = Segments(rows["tags"], ("route",), 10)
    found = consistency_metrics(DAY, rows, scores, vectors, segments)
    assert {each.metric for each in found} <= {"answer_consistency"}
    return {each.segment: (each.value, each.n) for each in found}


def test_the_same_answer_again_is_consistent_and_another_one_is_not() -> None:
    rows = frame(
        ("Where is it?", "docs", "In the hall."),
        ("Where is it?", "docs", "In the hall."),
        ("Who is it?", "chat", "A cousin of mine."),
        ("Who is it?", "chat", "Nobody knows that yet!"),
        ("Who is it?", "chat", None),
        ("Only once?", "chat", "Yes."),
    )
    found = values(rows)
    assert found["route=docs"] == (pytest.approx(1.0, abs=1e-3), 1)
    assert found["route=chat"][0] < 0.5
    assert found[ALL] == (pytest.approx((found["route=docs"][0] + found["route=chat"][0]) / 2), 2)


def test_a_segment_without_repeated_prompts_says_so_and_a_day_without_says_nothing() -> None:
    rows = frame(
        ("Where?", "docs", "Here."), ("Where?", "docs", "There."), ("Who?", "chat", "I."), ("Where?", "chat", "Here.")
    )
    assert values(rows)["route=chat"] == (None, 0)
    assert values(rows.iloc[:3], left_out=("There.",)) == {}
    assert values(rows.iloc[[0, 2]]) == {}


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.integers(-5, 5), min_size=3, max_size=3).filter(any)), max_size=12
    )
)
def test_it_is_the_mean_over_pairs_whatever_the_order(rows: list[tuple[int, list[int]]]) -> None:
    def found(order: list[tuple[int, list[int]]]) -> list[float]:
        prompts = np.array([prompt for prompt, _ in order], dtype=np.intp)
        return agreements(
            prompts, [np.array(vector, "<f2").tobytes() for _, vector in order], np.ones(len(order))
        ).tolist()

    def cosine(a: list[int], b: list[int]) -> float:
        return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))

    of_prompt = [[vector for prompt, vector in rows if prompt == each] for each in sorted({row[0] for row in rows})]
    pairs = [
        [cosine(each[i], each[j]) for i in range(len(each)) for j in range(i)] for each in of_prompt if len(each) > 1
    ]
    assert found(rows) == pytest.approx([float(np.mean(each)) for each in pairs])
    assert found(rows[::-1]) == pytest.approx(found(rows))


def test_a_sample_is_no_more_consistent_than_the_day() -> None:
    """Half of the answers are one canned text, which has a vector as soon as one of them was drawn."""
    rng = np.random.default_rng(3)
    rows = frame(*(("Where?", "docs", "I cannot say." if n % 2 else f"In room {n}, or {n * n}.") for n in range(200)))
    whole = values(rows)[ALL][0]
    found = []
    for _ in range(30):
        often = np.where(rows["response"] == "I cannot say.", 0.6, 0.2)  # what looks suspicious is drawn more often
        taken = rng.random(len(rows)) < often
        scores = drawn(rows[taken]).assign(inclusion_probability=often[taken])
        found.append(values(rows, scores=scores)[ALL][0])
    assert np.mean(found) == pytest.approx(whole, abs=0.03)
