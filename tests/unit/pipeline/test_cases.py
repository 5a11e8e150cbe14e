"""What is scored is drawn by hash, and as distinct cases."""

from __future__ import annotations

import json

import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from obs_lib.pipeline.cases import distinct_cases, draw
from obs_lib.pipeline.oversampling import to_oversample


def interactions(routes: list[str]) -> pd.DataFrame:
    rows = [
        {"request_id": f"r{n}", "tags": json.dumps({"route": route}), "prompt": f"p{n % 3}", "response": f"a{n % 2}"}
        for n, route in enumerate(routes)
    ]
    return pd.DataFrame(rows).assign(contexts=None, expected_format=None, error=None, reference=None)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=60), st.integers(3, 80))
@example(["a", "a", "a", "a", "b", "c"], 3)
def test_the_sample_depends_on_ids_only_and_says_its_odds(routes: list[str], most: int) -> None:
    frame = interactions(routes)
    drawn = draw(frame, "route", most)
    again = draw(frame.sample(frac=1, random_state=7), "route", most)
    assert set(drawn["request_id"]) == set(again["request_id"])
    assert drawn["inclusion_probability"].between(0, 1, inclusive="right").all()
    route = frame["tags"].map(lambda text: json.loads(text)["route"])
    for name, size in route.value_counts().items():
        stratum = drawn[drawn["tags"].map(lambda text, name=name: json.loads(text)["route"] == name)]
        assert len(stratum) >= 1
        assert (
            abs((1 / stratum["inclusion_probability"]).sum() - size) < 1e-9
        )  # the sample stands for the whole stratum
    assert len(drawn) <= most


def test_more_segments_than_places_leave_the_bound_in_force() -> None:
    drawn = draw(interactions([f"r{n}" for n in range(40)]), "route", 7)
    assert len(drawn) == 7
    assert set(drawn["inclusion_probability"]) == {7 / 40}


def test_everything_is_scored_when_there_is_room() -> None:
    frame = interactions(["a"] * 5)
    assert list(draw(frame, "route", 5)["inclusion_probability"]) == [1.0] * 5


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


def test_a_reference_makes_a_case_of_its_own_and_its_absence_keeps_the_name_that_there_was_before() -> None:
    frame = interactions(["a"] * 4).assign(prompt="p", response="a", reference=[None, '["x"]', '["y"]', '["x"]'])
    cases, names = distinct_cases(frame)
    assert len(cases) == 3
    assert names.iloc[1] == names.iloc[3]
    assert names.iloc[0] == "fc523432c244b291e0284d904fedc9ba"


def suspect(n: int, *odd: int) -> pd.DataFrame:
    """Interactions of two routes; those in `odd` carry a safety flag."""
    frame = interactions(["a" if row % 3 else "b" for row in range(n)])
    flags = [json.dumps(["self_harm"]) if row in odd else "[]" for row in range(n)]
    return frame.assign(safety_flags=flags, finish_reason="stop", quality_score=None, output_tokens=10)


@given(st.integers(20, 120), st.integers(2, 60), st.floats(1, 20), st.integers(0, 2**120))
def test_over_sampling_keeps_odds_positive_and_the_number_exact(n: int, most: int, factor: float, bits: int) -> None:
    frame = suspect(n, *(row for row in range(n) if bits >> row & 1))
    drawn = draw(frame, "route", most, factor)
    again = draw(frame.sample(frac=1, random_state=7), "route", most, factor)
    assert len(drawn) == min(n, most)
    assert dict(zip(drawn["request_id"], drawn["inclusion_probability"], strict=True)) == dict(
        zip(again["request_id"], again["inclusion_probability"], strict=True)
    )
    assert drawn["inclusion_probability"].between(0, 1, inclusive="right").all()
    assert abs((1 / drawn["inclusion_probability"]).sum() - n) < 1e-6  # each one left out is stood for by one like it


def test_what_looks_suspicious_is_drawn_as_many_times_more_often() -> None:
    drawn = draw(suspect(3000, *range(0, 3000, 20)), "route", 300, 3.0)
    odd = drawn["safety_flags"] != "[]"
    ratio = drawn.loc[odd, "inclusion_probability"].mean() / drawn.loc[~odd, "inclusion_probability"].mean()
    assert 2.7 < ratio < 3.3
    plain = draw(suspect(3000, *range(0, 3000, 20)), "route", 300, 1.0)
    assert plain["inclusion_probability"].max() / plain["inclusion_probability"].min() < 1.1


def test_signals_are_told_by_the_log_alone_and_failures_are_none() -> None:
    frame = suspect(100, 0).assign(
        finish_reason=["stop", "length", "content_filter", *["stop"] * 97],
        quality_score=[0.9] * 50 + [0.1] * 5 + [0.9] * 45,
        output_tokens=[100 + n % 10 for n in range(98)] + [4000, 1],
    )
    frame.loc[1, "error"] = "timeout"
    chosen = to_oversample(frame, frame["tags"].map(lambda _: ""))
    assert chosen[[0, 2, 50, 54, 98, 99]].all()
    assert not chosen[[1, 3, 40]].any()
    assert not to_oversample(suspect(50), pd.Series([""] * 50)).any()
