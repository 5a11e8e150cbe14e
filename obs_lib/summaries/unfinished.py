"""Answers that are empty, and those that break off where no log says how they ended."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_READ = 2000
"""Characters at an answer's end that are looked at for a sentence; fences are counted in all of it."""
_FENCE = "```"
_NO_PROSE = re.compile(r"^\s*(?:[-*+•>|#<{\[}]|\(?\w{1,2}[.)]|\S{1,30}:\s|.*[|=;{}<>\\]|.*https?://)")
"""A line of a list, a quotation, a table, a heading, data, code or mathematics: these end as they like."""
_SENTENCE = re.compile(r"(?:\w\w[.!?…]|[。！？])[\"'”’)\]*]*(?:\s|$)")
_OPEN = re.compile(
    r"(?:[,(]|\b(?:a|an|the|and|or|but|of|to|at|for|with|from|into|because|if|when|which|their|its|your|our|was|were))\Z",
    re.IGNORECASE,
)
"""What no sentence ends with."""
_LEAST_WORDS = 4  # of the last line; a shorter one may be a signature, a title or a name
_LONG = 40  # words of an answer from which a missing full stop is no informal manner


def empty(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each row has neither a text nor a call of a tool (`response` and `tool_calls` as in tables.INTERACTIONS)."""
    called = frame["tool_calls"].fillna("[]") != "[]"
    return ((frame["response"].fillna("").str.strip() == "") & ~called).to_numpy(dtype=bool)


def breaks_off(text: str) -> bool:
    r"""Whether a text without space around it ends inside a code fence, or in the middle of a sentence.

    In the middle: its last line is prose and ends with a comma or a word that no sentence ends with; or, in an answer of some
    length, it goes on after a whole sentence without an end of its own.

    >>> breaks_off("It is closed. To open it, press the"), breaks_off("```py\nx = 1"), breaks_off("See you soon.\nKind regards")
    (True, True, False)
    """
    if text.count(_FENCE) % 2:
        return True
    last = text[-_READ:].rsplit("\n", 1)[-1]
    if _NO_PROSE.match(last) or len(last.split()) < _LEAST_WORDS:
        return False
    if _OPEN.search(last):
        return True
    ends = [match.end() for match in _SENTENCE.finditer(last)]
    return bool(ends) and ends[-1] < len(last) and last[-1].isalpha() and len(text.split()) >= _LONG
