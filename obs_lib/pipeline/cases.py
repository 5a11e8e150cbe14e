"""Which interactions are scored, and as which distinct cases.

Interactions that look alike to every evaluator are one case, scored once. Drawing is by hash of the request id, so the
same logs give the same sample whatever their order.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.pipeline.oversampling import to_oversample
from obs_lib.records import CASE_COLUMNS, SESSION

Floats = NDArray[np.float64]

_LEAST = 2  # interactions of a stratum without which its spread is not known

_ALWAYS_NAMED = 5  # columns that name a case also where they are null


def draw(interactions: pd.DataFrame, tag: str | None, most: int, oversample: float = 1.0) -> pd.DataFrame:
    """The interactions to score, with their inclusion probability in a new column `inclusion_probability`, in (0, 1].

    All of them (probability 1) when there are at most `most`. Otherwise strata are the values of `tag`, and within each,
    where `oversample` is more than 1, what looks suspicious (`oversampling.COLUMNS` are needed then) and the rest. A
    stratum gets two and a share of the other places in proportion to its size, a suspicious one `oversample` times as much,
    and keeps the rows whose hashed request ids are smallest. Where there is not one place for each, suspicion makes no
    strata, and then the tag none either.
    """
    if len(interactions) <= most:
        return interactions.assign(inclusion_probability=1.0)
    segment = interactions["tags"].map(lambda text: _tag(text, tag))
    oversampled = to_oversample(interactions, segment) if oversample > 1 else segment.map(lambda _: False)
    stratum = segment.str.cat(oversampled.map({True: "+", False: "-"}))
    if stratum.nunique() > most:
        stratum = segment + "-"
    if stratum.nunique() > most:
        stratum = stratum.map(lambda _: "-")
    sizes = stratum.value_counts().sort_index()
    factors = np.where(sizes.index.str.endswith("+"), oversample, 1.0)
    quota = stratum.map(dict(zip(sizes.index, allocate(np.asarray(sizes, np.int64), factors, most), strict=True)))
    order = interactions["request_id"].map(lambda name: int(hashlib.sha256(str(name).encode()).hexdigest()[:12], 16))
    rank = order.groupby(stratum).rank(method="first")
    return interactions.assign(inclusion_probability=quota / stratum.map(sizes))[rank <= quota]


def allocate(sizes: NDArray[np.int64], factors: Floats, most: int) -> NDArray[np.int64]:
    """The allocation: how many of each stratum are drawn, at most `most` in all. The least number, then by size and factor.

    >>> allocate(np.array([900, 100, 2]), np.array([1.0, 3.0, 1.0]), 120)
    array([88, 30,  2])
    """
    quota = np.minimum(sizes, min(_LEAST, max(1, most // len(sizes))))
    while True:
        room = factors * (sizes - quota)
        left = most - int(quota.sum())
        more = np.minimum(np.floor(left * room / max(room.sum(), 1e-9)).astype(np.int64), sizes - quota)
        if not more.any():  # what rounding leaves, fewer places than strata, goes to the largest
            order = np.lexsort((np.arange(len(sizes)), -room))[:left]
            quota[order] += quota[order] < sizes[order]
            return quota
        quota = quota + more


def case_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """What evaluators read of these rows: CASE_COLUMNS and, where some of them judge sessions, `session`."""
    return (*CASE_COLUMNS, SESSION) if SESSION in frame else CASE_COLUMNS


def distinct_cases(drawn: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The distinct cases, and each drawn interaction's case.

    Returns a frame of columns `case` and `case_columns(drawn)` (text or None), longest texts last and equal lengths by hash,
    with a fresh index; and a series of case names aligned with `drawn`.
    """
    columns = {name: [_text(value) for value in drawn[name]] for name in case_columns(drawn)}
    names = [_name(row) for row in zip(*columns.values(), strict=True)]
    # object, not str: a text that is not there stays None for the evaluators, never NaN
    frame = pd.DataFrame({"case": names, **columns}, dtype=object).drop_duplicates("case")
    length = sum(frame[name].map(lambda text: len(text or "")) for name in ("prompt", "response", "contexts"))
    frame = frame.assign(length=length).sort_values(["length", "case"]).drop(columns="length").reset_index(drop=True)
    return frame, pd.Series(names, index=drawn.index, dtype=object)


def _name(row: tuple[str | None, ...]) -> str:
    """A hash of the columns. One that came later takes part only where it is not null, so that cases without it keep their
    names, and with them their scores and the judges' verdicts that can be forgotten by them.
    """
    row = (*row[:_ALWAYS_NAMED], *(text for text in row[_ALWAYS_NAMED:] if text is not None))
    return hashlib.sha256(json.dumps(row, ensure_ascii=True).encode()).hexdigest()[:32]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tag(text: object, tag: str | None) -> str:
    return "" if tag is None or not isinstance(text, str) else str(json.loads(text).get(tag, ""))
