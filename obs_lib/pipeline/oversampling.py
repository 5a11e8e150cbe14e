"""Oversampling: which interactions are drawn more often for scoring, because they look as if something were wrong with them.

Most findings of a day are among these. Which they are is told by what the log says beside their texts: a guess made before
scoring, and nothing depends on its being right, because what is drawn more often counts less (`cases.draw`).
"""

from __future__ import annotations

import pandas as pd

COLUMNS = ("error", "finish_reason", "safety_flags", "quality_score", "output_tokens")
"""What is read of an interaction. No text: a day of millions is not read through to choose some thousands of it."""

_FINISH = ("length", "content_filter")
_LOWEST = 0.1  # part of the logged quality scores that counts as low
_HALF = 0.5
_EXTREME = 0.05  # part of a segment's answers that counts as very short, and as very long


def to_oversample(interactions: pd.DataFrame, segment: pd.Series) -> pd.Series:
    """True for each interaction with a safety flag, an answer cut or filtered, a logged quality score among the day's lowest
    tenth, or an answer among the shortest or longest twentieth of its segment.

    A failed request is never suspicious: there is no answer to score. `segment` is aligned with `interactions`, which has
    COLUMNS. The order of the rows changes nothing.
    """
    flagged = interactions["safety_flags"].notna() & (interactions["safety_flags"] != "[]")
    cut = interactions["finish_reason"].isin(_FINISH)
    quality = interactions["quality_score"].astype(float)
    few = quality <= quality.quantile(_LOWEST)
    # Where half of the day and more stands on the limit, it says nothing; what lies beyond it does.
    low = few if few.mean() < _HALF else quality < quality.quantile(_LOWEST)
    tokens = interactions["output_tokens"].astype(float)
    by_segment = tokens.groupby(segment)
    least, most = (by_segment.transform("quantile", q) for q in (_EXTREME, 1 - _EXTREME))
    odd = (tokens < least) | (tokens > most)
    return (flagged | cut | low | odd).fillna(False).astype(bool) & interactions["error"].isna()
