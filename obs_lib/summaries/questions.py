"""Which questions of a session were asked before, in the same words or in others."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.models.vectors import text_hash
from obs_lib.summaries.arrays import UNKNOWN, Codes
from obs_lib.summaries.columns import Texts
from obs_lib.text import numbers

_NO_WORD = re.compile(r"[\W_]+")


def same_words(text: str) -> str:
    """The text by which two questions are the same: without case, spaces and punctuation.

    >>> same_words("Where is it?!") == same_words("where  is it"), same_words("...")
    (True, '')
    """
    return _NO_WORD.sub(" ", text.casefold()).strip()


def asked_again(questions: Texts, session: NDArray[np.intp]) -> Codes:
    """Of each turn, whether its session has asked the same before: 1, 0, or UNKNOWN for a turn without words.

    questions : of the turns, in order. session : number of each turn's session.
    """
    words = {"": 0}
    plain = [words.setdefault(same_words(text), len(words)) for text in questions.distinct]
    of_turn = np.array([*plain, 0])[questions.codes]  # code -1, no prompt, is the last
    again = pd.DataFrame({"session": session, "words": of_turn}).duplicated().to_numpy(dtype=bool)
    return np.where(of_turn == 0, UNKNOWN, again).astype(np.int8)


def rephrased(questions: Texts, session: NDArray[np.intp], vectors: Mapping[str, bytes], least: float) -> Codes:
    """Of each turn, whether it asks what the turn before it asked in other words: 1, 0, or UNKNOWN.

    UNKNOWN of a session's first turn, and where either question has no vector (float16 bytes by text hash). 1 from a cosine of
    `least` on; never of the same words, nor of other numbers: order 17 is not order 18.
    """
    codes = questions.codes
    found = np.full(len(codes), UNKNOWN, dtype=np.int8)
    pairs = np.flatnonzero((session[1:] == session[:-1]) & (codes[1:] >= 0) & (codes[:-1] >= 0)) + 1
    stored = {code: vectors.get(text_hash(questions.distinct[code])) for code in np.unique(codes[[pairs, pairs - 1]])}
    for at in pairs.tolist():
        one, other = (stored[codes[place]] for place in (at - 1, at))
        if one is None or other is None:
            continue
        before, now = (questions.distinct[codes[place]] for place in (at - 1, at))
        differs = same_words(before) != same_words(now) and numbers(before) == numbers(now)
        found[at] = differs and _cosine(one, other) >= least
    return found


def _cosine(one: bytes, other: bytes) -> float:
    a, b = (np.frombuffer(stored, "<f2").astype(np.float64) for stored in (one, other))
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0
