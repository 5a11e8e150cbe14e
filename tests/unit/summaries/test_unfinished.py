"""Empty answers, and answers that break off where no log says how they ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from obs_lib.summaries.arrays import UNKNOWN, read_arrays
from obs_lib.summaries.behind import DayRows, reads_texts, value_of_each
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.unfinished import breaks_off

Maker = Callable[..., pd.DataFrame]
WHOLE = "The library opens at nine and closes at six. " * 6


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1)",
        "First:\n```sql\nselect 1\n```\nThen:\n```sql\nselect",
        "To open the tank, turn the valve to the left and",
        "We looked at the prices of three shops,",
        WHOLE + "On Sundays it stays closed for",
        WHOLE + "On Sundays nobody works there exce",
    ],
)
def test_what_breaks_off(text: str) -> None:
    assert breaks_off(text)


@pytest.mark.parametrize(
    "text",
    [
        "No.",
        "Lima",
        "(A). A great deal",
        "330 metres",
        WHOLE.strip(),
        WHOLE + "Kind regards,\nTom of the library",
        WHOLE + "See:\n- the desk on the left for\n- the stairs",
        WHOLE + "Run:\n```\nx = 1\n```",
        "it was nice. we had a good time",
        '{"a": [1, 2,',
        "| a | b |\n|---|---|\n| 1 | of the",
        "f(x) = 2x and",
        "我们明天九点见。",
    ],
)
def test_what_does_not(text: str) -> None:
    assert not breaks_off(text)


def test_what_is_empty_and_what_is_only_not_logged(interactions: Maker) -> None:
    rows = read_arrays(
        interactions(
            {"prompt": "Hi", "response": " \n"},
            {"prompt": "Hi", "response": None},
            {"prompt": "Hi", "response": None, "tool_calls": '[{"name": "add"}]'},
            {"prompt": "Hi", "response": "Hello."},
            {"prompt": "Hi", "response": None, "error": "timeout", "error_logged": True},
            {"prompt": None, "response": None},
        ),
        SummaryOptions(),
    )
    assert rows.empty.tolist() == [1, 1, 0, 0, UNKNOWN, UNKNOWN]


def test_a_text_is_looked_at_only_where_no_log_says_how_it_ended(interactions: Maker) -> None:
    frame = interactions(
        {"response": "It opens at nine and"},
        {"response": "It opens at nine."},
        {"response": "It opens at nine and", "finish_reason": "stop"},
        {"response": None},
    )
    assert read_arrays(frame, SummaryOptions()).cut.tolist() == [1, 0, UNKNOWN, UNKNOWN]


def test_the_answers_behind_are_found_in_texts(interactions: Maker) -> None:
    assert reads_texts("cut_answer_rate")
    assert reads_texts("empty_answer_rate")
    assert not reads_texts("finish_length_rate")
    frame = interactions({"prompt": "p", "response": ""}, {"prompt": "p", "response": "See you,"})
    day = DayRows(frame, pd.DataFrame(), {}, pd.DataFrame())
    assert value_of_each("empty_answer_rate", day, SummaryOptions()).tolist() == [1.0, 0.0]
    short = frame.drop(columns=["response", "tool_calls"])
    assert np.isnan(value_of_each("empty_answer_rate", replace(day, interactions=short), SummaryOptions())).all()
