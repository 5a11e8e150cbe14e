"""Which of a day's interactions belong together by chance: those of one user, else of one session, else to one prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_LEVELS = ("user_id", "session_id", "prompt")
_MOST = 0.5  # part of the day's rows above which a name is that of a service or a template, not of who asks


def unit_of_chance(interactions: pd.DataFrame) -> NDArray[np.int64] | None:
    """Return a code for each interaction's cluster, 0 or more; None where no two interactions share one.

    Who asks decides what is asked and how: the day is a draw of users. Without users it is one of sessions, without those
    one of prompts, alike but for case and white space. A row of which nothing is known stands for itself.
    """
    codes, distinct = pd.factorize(who_asked(interactions, _LEVELS))
    alone = np.flatnonzero(codes < 0)
    codes[alone] = len(distinct) + np.arange(len(alone))
    return codes.astype(np.int64) if len(distinct) + len(alone) < len(codes) else None


def who_asked(interactions: pd.DataFrame, levels: Sequence[str]) -> pd.Series:
    """Return the name of each interaction's cluster by the first of some columns that tells; null where none does.

    What more than half of the day shares tells nothing.
    """
    names = pd.Series(None, index=range(len(interactions)), dtype=object)
    for level in levels:
        left = np.flatnonzero(names.isna())
        column = interactions[level].iloc[left].reset_index(drop=True)
        if level == "prompt":
            column = _alike(column)
        told = (column.map(column.value_counts()) <= _MOST * len(interactions)).to_numpy(dtype=bool)
        names.iloc[left[told]] = level + " " + column[told].astype(str)
    return names


def _alike(prompts: pd.Series) -> pd.Series:
    """Prompts without their case and white space; each distinct one is looked at once."""
    return prompts.map({text: " ".join(str(text).casefold().split()) for text in prompts.dropna().unique()})
