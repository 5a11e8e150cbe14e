"""Which of a day's interactions belong together by chance: those of one user, else of one session, else to one prompt."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_LEVELS = ("user_id", "session_id", "prompt")
_MOST = 0.5  # part of the day's rows above which a name is that of a service or a template, not of who asks


def unit_of_chance(interactions: pd.DataFrame) -> NDArray[np.int64] | None:
    """Return a code for each interaction's cluster, 0 or more; None where no two interactions share one.

    Who asks decides what is asked and how: the day is a draw of users. Without users it is one of sessions, without those
    one of prompts, alike but for case and white space. What more than half of the day shares tells nothing; a row of which
    nothing is known stands for itself.
    """
    n = len(interactions)
    codes, used = np.full(n, -1, dtype=np.int64), 0
    for level in _LEVELS:
        left = np.flatnonzero(codes < 0)
        if not len(left):
            break
        of, distinct = interactions[level].iloc[left].factorize()
        if level == "prompt":
            alike, distinct = pd.factorize(
                np.array([" ".join(str(text).casefold().split()) for text in distinct], object)
            )
            of = np.append(alike, -1)[of]
        sizes = np.bincount(of[of >= 0], minlength=len(distinct))
        told = (of >= 0) & ~np.append(sizes > _MOST * n, True)[of]
        codes[left[told]] = of[told] + used
        used += len(distinct)
    alone = np.flatnonzero(codes < 0)
    codes[alone] = used + np.arange(len(alone))
    return codes if len(np.unique(codes)) < n else None
