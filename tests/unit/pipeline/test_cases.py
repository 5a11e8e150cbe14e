"""What is scored is drawn by hash, and as distinct cases."""

from __future__ import annotations

import json

import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from obs_lib.pipeline.cases import distinct_cases, draw


def interactions(routes: list[str]) -> pd.DataFrame:
    rows = [
        {"request_id": f"r{n}", "tags": json.dumps({"route": route}), "prompt": f"p{n % 3}", "response": f"a{n % 2}"}
        for n, route in enumerate(routes)
    ]
    return pd.DataFrame(rows).assign(contexts=None, expected_format=None, error=None)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=60), st.integers(3, 80))
@example(["a", "a", "a", "a", "b", "c"], 3)
def test_the_sample_depends_on_ids_only_and_says_its_odds(routes: list[str], most: int) -> None:
    frame = interactions(routes)
    drawn = draw(frame, "route", most)
    again = draw(frame.sample(frac=1, random_state=7), "route", most)
    assert set(drawn["request_id"]) == set(again["request_id"])
    assert drawn["inclusion"].between(0, 1, inclusive="right").all()
    route = frame["tags"].map(lambda text: json.loads(text)["route"])
    for name, size in route.value_counts().items():
        mine = drawn[drawn["tags"].map(lambda text, name=name: json.loads(text)["route"] == name)]
        assert len(mine) >= 1
        assert abs((1 / mine["inclusion"]).sum() - size) < 1e-9  # the sample stands for the whole stratum
    assert len(drawn) <= most


def test_more_segments_than_places_leave_the_bound_in_force() -> None:
    drawn = draw(interactions([f"r{n}" for n in range(40)]), "route", 7)
    assert len(drawn) == 7
    assert set(drawn["inclusion"]) == {7 / 40}


def test_everything_is_scored_when_there_is_room() -> None:
    frame = interactions(["a"] * 5)
    assert list(draw(frame, "route", 5)["inclusion"]) == [1.0] * 5


def test_a_missing_segment_tag_is_a_stratum_of_its_own() -> None:
    frame = interactions(["a"] * 50)
    frame["tags"] = [None if n % 2 else tags for n, tags in enumerate(frame["tags"])]
    assert len(draw(frame, "route", 10)) == 10
    assert len(draw(frame, None, 10)) == 10


def test_equal_interactions_are_one_case() -> None:
    frame = interactions(["a"] * 12)
    cases, names = distinct_cases(frame)
    assert len(cases) == 6
    assert set(names) == set(cases["case"])
    assert names.iloc[0] == names.iloc[6]
    assert cases["contexts"].map(lambda value: value is None).all()


def test_cases_come_in_an_order_that_no_input_order_changes() -> None:
    frame = interactions(["a"] * 12)
    one, _ = distinct_cases(frame)
    other, _ = distinct_cases(frame.sample(frac=1, random_state=1))
    assert list(one["case"]) == list(other["case"])
