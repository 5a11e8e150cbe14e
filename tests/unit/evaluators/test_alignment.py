from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.alignment import NOTHING, align, content_mask

ROWS = st.integers(1, 30)


def unit(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = rng.standard_normal((n, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


@given(ROWS, st.lists(ROWS, min_size=1, max_size=4), st.integers(0, 99))
def test_cosines_are_cosines_whatever_the_order_of_the_passages(n: int, sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    states, passages = unit(rng, n), [unit(rng, size) for size in sizes]
    found = align(states, np.ones(n, dtype=bool), passages)
    assert all(-1.001 <= value <= 1.001 for value in found[:-1])
    assert found.weakest <= found.token + 1e-6
    assert found.weakest_clause <= found.clause + 1e-6
    assert align(states, np.ones(n, dtype=bool), passages[::-1])[:-1] == found[:-1]
    more = align(states, np.ones(n, dtype=bool), [*passages, states])
    assert (more.token, more.sentence) == pytest.approx((1.0, 1.0), abs=2e-3)
    assert more.token >= found.token


def test_without_a_passage_nothing_is_aligned() -> None:
    states = unit(np.random.default_rng(0), 3)
    assert align(states, np.ones(3, dtype=bool), []) == NOTHING
    assert align(states, np.ones(3, dtype=bool), [states[:0]]) == NOTHING


def test_function_words_and_marks_carry_no_content() -> None:
    text = "the Elbe, and"
    assert list(content_mask(text, np.array([[0, 3], [4, 8], [8, 9], [10, 13]]))) == [False, True, False, False]
    assert content_mask("the and", np.array([[0, 3], [4, 7]])).all()
