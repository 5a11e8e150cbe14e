from __future__ import annotations

import numpy as np
import pandas as pd

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.summaries.clusters import unit_of_chance


def rows(**columns: list[str | None]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    nothing: dict[str, list[str | None]] = {name: [None] * n for name in ("user_id", "session_id", "prompt")}
    assert set(nothing) <= set(INTERACTIONS.names)
    return pd.DataFrame(nothing | columns)


def groups(frame: pd.DataFrame) -> list[int] | None:
    codes = unit_of_chance(frame)
    return None if codes is None else pd.factorize(codes)[0].tolist()


def test_answers_of_one_user_belong_together() -> None:
    assert groups(rows(user_id=["a", "b", "a", "c", "b"])) == [0, 1, 0, 2, 1]


def test_where_there_is_no_user_the_session_tells_and_then_the_prompt() -> None:
    frame = rows(
        user_id=["a", None, None, None, None, "a"],
        session_id=["x", "y", "y", None, None, None],
        prompt=["p", "q", "r", "Same  question", "same question", "p"],
    )
    assert groups(frame) == [0, 1, 1, 2, 2, 0]


def test_a_name_that_most_share_is_a_services_and_tells_nothing() -> None:
    assert groups(rows(user_id=["api"] * 4 + ["a"], session_id=["x", "x", "y", "z", "w"])) == [0, 0, 1, 2, 3]
    assert groups(rows(prompt=["a template"] * 6)) is None


def test_rows_that_share_nothing_are_independent() -> None:
    assert groups(rows(user_id=["a", "b", None], prompt=[None, None, "p"])) is None
    assert groups(rows(user_id=[])) is None


def test_users_of_many_answers_make_intervals_wider() -> None:
    from tests.nights import Service, _summary

    rng = np.random.default_rng(1)
    day = pd.Timestamp("2024-03-01").date()
    alone, alike = (
        _summary(day, Service(users=users, icc=0.3 if users > 1 else 0.0), rng).metric("refusal_rate", "all")
        for users in (1, 20)
    )
    assert alone is not None
    assert alike is not None
    assert alike.effective_n < 0.5 * alone.effective_n
