"""Which interactions are scored, and as which distinct cases.

Interactions that look alike to every evaluator are one case, scored once. Drawing is by hash of the request id, so the
same logs give the same sample whatever their order.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

CASE_COLUMNS = ("prompt", "response", "contexts", "expected_format", "error")
"""What evaluators may read of an interaction."""


def draw(interactions: pd.DataFrame, tag: str | None, most: int) -> pd.DataFrame:
    """The interactions to score, with their inclusion probability in a new column `inclusion`, in (0, 1].

    All of them (probability 1) when there are at most `most`. Otherwise strata are the values of `tag`; each gets one and a
    share of the rest in proportion to its size, and keeps the rows whose hashed request ids are smallest. With more
    values than `most` there are no strata.
    """
    if len(interactions) <= most:
        return interactions.assign(inclusion=1.0)
    stratum = interactions["tags"].map(lambda text: _tag(text, tag))
    order = interactions["request_id"].map(lambda name: int(hashlib.sha256(str(name).encode()).hexdigest()[:12], 16))
    if (strata := stratum.nunique()) > most:
        stratum, strata = stratum.map(lambda _: ""), 1
    sizes = stratum.groupby(stratum).transform("size").astype(float)
    # One for each, and the rest in proportion to what each has beside that one: never more than `most` in all.
    quota = 1 + np.floor((most - strata) * (sizes - 1) / (len(interactions) - strata))
    rank = order.groupby(stratum).rank(method="first")
    return interactions.assign(inclusion=quota / sizes)[rank <= quota]


def distinct_cases(drawn: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The distinct cases, and each drawn interaction's case.

    Returns a frame of columns `case` and CASE_COLUMNS (text or None), longest texts last and equal lengths by hash, with
    a fresh index; and a series of case names aligned with `drawn`.
    """
    import pandas as pd

    columns = {name: [_text(value) for value in drawn[name]] for name in CASE_COLUMNS}
    names = [_name(row) for row in zip(*columns.values(), strict=True)]
    # object, not str: a text that is not there stays None for the evaluators, never NaN
    frame = pd.DataFrame({"case": names, **columns}, dtype=object).drop_duplicates("case")
    length = sum(frame[name].map(lambda text: len(text or "")) for name in ("prompt", "response", "contexts"))
    frame = frame.assign(length=length).sort_values(["length", "case"]).drop(columns="length").reset_index(drop=True)
    return frame, pd.Series(names, index=drawn.index, dtype=object)


def _name(row: tuple[str | None, ...]) -> str:
    return hashlib.sha256(json.dumps(row, ensure_ascii=True).encode()).hexdigest()[:32]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tag(text: object, tag: str | None) -> str:
    return "" if tag is None or not isinstance(text, str) else str(json.loads(text).get(tag, ""))
