"""What people are asked to label."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.summaries.label_draw import draw_for_labels


def scored(n: int, seed: int = 0, inclusion_probability: float = 1.0) -> pd.DataFrame:
    value = np.random.default_rng(seed).beta(0.2, 0.8, n)
    return pd.DataFrame(
        {"request_id": [f"r{at}" for at in range(n)], "value": value, "inclusion_probability": inclusion_probability}
    )


@given(st.integers(1, 300), st.integers(1, 400), st.integers(0, 5))
def test_as_many_as_asked_with_probabilities_that_add_up(n: int, most: int, seed: int) -> None:
    frame = scored(n, seed, 0.5)
    drawn = draw_for_labels(frame, most)
    assert len(drawn) == min(n, most)
    assert drawn["request_id"].is_unique
    assert drawn["inclusion_probability"].between(0, 0.5, inclusive="right").all()
    assert (1 / drawn["inclusion_probability"]).sum() == pytest.approx(2 * n)  # every stratum stands for all of itself


def test_the_order_of_the_rows_changes_nothing() -> None:
    frame = scored(400)
    pd.testing.assert_frame_equal(draw_for_labels(frame, 60), draw_for_labels(frame.sample(frac=1, random_state=1), 60))


def test_doubtful_verdicts_are_asked_more_often_and_no_label_weighs_too_much() -> None:
    frame = scored(5000)
    drawn = draw_for_labels(frame, 300)
    doubtful = drawn["value"].between(0.3, 0.7)
    assert (
        drawn.loc[doubtful, "inclusion_probability"].mean()
        > 2 * drawn.loc[drawn["value"] < 0.02, "inclusion_probability"].mean()
    )
    assert (1 / drawn["inclusion_probability"]).max() < 2.2 * 5000 / 300


def test_the_first_part_of_the_file_is_a_sample_too() -> None:
    """Whoever stops half way has labelled a random half: strata come in no order."""
    drawn = draw_for_labels(scored(5000), 400)
    first, last = drawn["value"][:200], drawn["value"][200:]
    assert abs(first.mean() - last.mean()) < 4 * drawn["value"].std() / np.sqrt(100)


def test_a_label_is_drawn_by_another_chance_than_a_score() -> None:
    import hashlib

    frame = scored(2000)
    by_hash = frame["request_id"].map(lambda name: int(hashlib.sha256(name.encode()).hexdigest()[:12], 16))
    kept = frame[by_hash.rank() <= 1000]
    drawn = draw_for_labels(kept, 100)
    ranks = by_hash.rank()[frame["request_id"].isin(drawn["request_id"])]
    assert 350 < ranks.mean() < 650  # of 1 to 1000: not the smallest again
