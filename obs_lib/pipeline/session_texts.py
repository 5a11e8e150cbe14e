"""Whole sessions as one text, for evaluators that judge a session: it stands at the last interaction of each that has ended.

A session is that of docs/decisions/0019-sessions-and-tools.md: a day's interactions with one `session_id`. What may go on
after midnight is not judged, by the same rule by which it has not ended.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import SESSION, Day, Evaluator
from obs_lib.sources.values import canonical
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.sessions import ended
from obs_lib.summaries.turns import firsts, lasts, steps_of

_PLACED = ["request_id", "timestamp", "session_id"]
COLUMNS = [*_PLACED, "messages", "prompt", "response"]
"""Of a day's interactions, what a session's text is made of."""


def read_by(evaluators: Collection[Evaluator]) -> bool:
    """Whether any of them judges sessions."""
    return any(SESSION in evaluator.needs for evaluator in evaluators)


def with_sessions(ws: Workspace, day: Day, drawn: pd.DataFrame) -> pd.DataFrame:
    """The drawn interactions with a column `session`; texts of sessions whose last answer was not drawn are not read."""
    placed = ws.lake.read(INTERACTIONS, [day], ["day", *_PLACED]).sort_values("request_id", ignore_index=True)
    last = _last_of_each(placed)
    chosen = sorted(set(last[last["request_id"].isin(set(drawn["request_id"]))]["session_id"]))
    rows = ws.lake.read(INTERACTIONS, [day], ["day", *COLUMNS], where={"session_id": chosen})
    return placed_in(drawn, rows, ws.settings.summaries.session_idle_minutes)


def placed_in(drawn: pd.DataFrame, rows: pd.DataFrame, idle_minutes: float) -> pd.DataFrame:
    """The same, of rows that hold every session whole. rows : of COLUMNS."""
    rows = rows.sort_values("request_id", ignore_index=True)
    texts = session_texts(rows, idle_minutes)
    placed = drawn.copy()
    placed[SESSION] = pd.Series([texts.get(name) for name in drawn["request_id"]], index=drawn.index, dtype=object)
    return placed


def session_texts(rows: pd.DataFrame, idle_minutes: float) -> dict[str, str]:
    """JSON lists of {role, content}, by the request id of the last interaction of each session that has ended.

    A turn is what the person asked and the last answer to it; what went between the model and its tools is left out.
    """
    steps = steps_of(rows, Texts(rows["session_id"]))
    if not len(steps):
        return {}
    asked = rows["prompt"].to_numpy(dtype=object)[steps.row[firsts(steps.turn)]]
    said = rows["response"].to_numpy(dtype=object)[steps.row[lasts(steps.turn)]]
    of_turn = steps.session[firsts(steps.turn)]
    last = steps.row[lasts(steps.session)]
    over = ended(rows["timestamp"], last, idle_minutes)
    found = {}
    for begin, end, row, is_over in zip(firsts(of_turn), lasts(of_turn), last, over, strict=True):
        if is_over:
            turns = zip(asked[begin : end + 1], said[begin : end + 1], strict=True)
            found[str(rows["request_id"].iloc[row])] = canonical([part for turn in turns for part in _turn(*turn)])
    return found


def _turn(asked: object, said: object) -> list[dict[str, str]]:
    spoken = (("user", asked), ("assistant", said))
    return [{"role": role, "content": text} for role, text in spoken if isinstance(text, str) and text]


def _last_of_each(placed: pd.DataFrame) -> pd.DataFrame:
    steps = steps_of(placed.assign(messages=None), Texts(placed["session_id"]))
    last: NDArray[np.intp] = steps.row[lasts(steps.session)]
    return placed.iloc[last]
