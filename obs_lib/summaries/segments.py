"""The slices of a day: everything, and each value of each configured tag or language, and each topic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.records import ALL
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.topics import TOPIC

LANGUAGES = ("prompt_language", "response_language")
"""What interactions can be sliced by beside their tags: columns of their own, each under its name."""
SLICED = ("tags", *LANGUAGES)
"""The columns that say in which slices an interaction lies."""
_LONGEST = 100  # characters of a segment's name; tags come from logs and may hold anything


class Segments:
    """Which segments each interaction belongs to; tags are parsed once for each distinct text.

    Parameters
    ----------
    tags : column of JSON objects, missing where there are none; `sliced_by` adds the languages.
    names : the tags to slice by.
    most : the largest that many segments are kept besides `all`; of equally large ones the first by name.
    """

    def __init__(self, tags: pd.Series, names: Sequence[str], most: int) -> None:
        self.size = len(tags)
        texts = Texts(tags)
        self._codes = texts.codes  # -1, no tags, finds the last of _of_text
        self._of_text = [*(list(_labels(text, names)) for text in texts.distinct), []]
        rows = [*texts.counts(np.arange(self.size)), 0]
        sizes: dict[str, int] = {}
        for labels, count in zip(self._of_text, rows, strict=True):
            for label in labels:
                sizes[label] = sizes.get(label, 0) + int(count)
        self.labels = sorted(sorted(sizes, key=lambda label: (-sizes[label], label))[:most])

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.intp]]]:
        """Each segment's name and the positions of its rows, `all` first."""
        yield ALL, np.arange(self.size)
        for label in self.labels:
            inside = np.array([label in labels for labels in self._of_text], dtype=bool)
            yield label, np.flatnonzero(inside[self._codes])

    def cells(self) -> Iterator[tuple[tuple[str, ...], NDArray[np.intp]]]:
        """A partition of the rows: each set of segments that some rows share, and the positions of those rows."""
        kept = set(self.labels)
        keys = [(ALL, *sorted(kept.intersection(labels))) for labels in self._of_text]
        for key in sorted(set(keys)):
            inside = np.array([other == key for other in keys], dtype=bool)
            yield key, np.flatnonzero(inside[self._codes])

    def route(self, row: int) -> str:
        """Names of the row's segments besides `all`, for a reader."""
        return ", ".join(self._of_text[self._codes[row]])


def sliced_by(rows: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """The column `tags` with languages and topics among `names` as further tags; where one is undetermined there is none.

    rows : interactions, with the columns SLICED; without a column `topic` none has one. A tag of the log that bears the name
    of one gives way to it.
    """
    tags: pd.Series = rows["tags"]
    for name in (*LANGUAGES, TOPIC):
        if name in names and name in rows:
            pairs = list(zip(_texts(tags), _texts(rows[name]), strict=True))
            known = {pair: _with(*pair, name) for pair in set(pairs)}
            tags = pd.Series([known[pair] for pair in pairs], index=rows.index, dtype="str", name="tags")
    return tags


def _texts(column: pd.Series) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in column]


def _with(tags: str | None, value: str | None, name: str) -> str:
    others = {tag: other for tag, other in json.loads(tags or "{}").items() if tag != name}
    return json.dumps(others if value is None else {**others, name: value}, sort_keys=True)


def _labels(text: str, names: Sequence[str]) -> Iterator[str]:
    try:
        tags = json.loads(text)
    except ValueError:
        return
    if not isinstance(tags, dict):
        return
    for name in dict.fromkeys(names):
        value = tags.get(name)
        if isinstance(value, str):
            yield f"{name}={value}"[:_LONGEST]
        elif isinstance(value, bool | int | float):
            yield f"{name}={json.dumps(value)}"[:_LONGEST]
