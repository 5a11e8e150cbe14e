from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.models.tokens import Tokens, joined


@given(st.integers(1, 200), st.integers(4, 40), st.data())
def test_windows_that_overlap_give_each_token_once_in_order(n: int, size: int, data: st.DataObject) -> None:
    stride = data.draw(st.integers(1, size - 1))
    spans = np.array([[3 * i, 3 * i + 2] for i in range(n)], dtype=np.int32)
    starts = [0]
    while starts[-1] + size < n:
        starts.append(starts[-1] + size - stride)
    windows = [
        Tokens(spans[start : start + size], np.full((len(spans[start : start + size]), 1), number, np.float16))
        for number, start in enumerate(starts)
    ]
    whole = joined(windows)
    assert (whole.spans == spans).all()
    assert (np.diff(whole.states[:, 0]) >= 0).all()  # from one window after the other
    for number, start in enumerate(starts):
        own = np.flatnonzero(whole.states[:, 0] == number)
        assert ((own >= start) & (own < start + size)).all()
