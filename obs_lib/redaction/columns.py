"""Redaction of whole tables before they are stored, and of rows that are about to be shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from obs_lib.lake.table import Table
from obs_lib.log_text import LOG_JSON, LOG_TEXT, SEGMENT, Holds
from obs_lib.redaction.redactor import Redactor, each_text

Mask = Callable[["pd.Series[Any]"], list[Any]]

_NAMES_OF_THINGS = frozenset({"id", "role"})  # keys inside messages and contexts whose values stay
_CUT = 200  # characters at which sources/validate.py cuts an excerpt


def redact_stored(table: Table, frame: pd.DataFrame, redactor: Redactor) -> pd.DataFrame:
    """Rows of a table that a source fills, as the lake may keep them; the frame itself where nothing is masked at ingest.

    Masked is every text whose column does not declare that it holds none of a log, also the texts inside JSON. Ids, tags
    and other names of things stay: rows are joined, sliced and erased by them.
    """
    if redactor.stored_rules is None:
        return frame
    return _masked(
        table, frame, {LOG_TEXT: partial(_stored_texts, redactor), LOG_JSON: partial(_stored_json, redactor)}
    )


def shown_rows(table: Table, frame: pd.DataFrame, redactor: Redactor) -> pd.DataFrame:
    """Rows of any table as they may be shown; `frame` may hold some of its columns, and others, which are masked.

    Segments stay apart: see `shown_segment`.
    """

    def json_texts(column: pd.Series[Any]) -> list[Any]:
        return [_shown_json(value, redactor) for value in column]

    def segments(column: pd.Series[Any]) -> list[Any]:
        names = {name: shown_segment(name, redactor) for name in column.unique()}
        return [names[name] for name in column]

    return _masked(table, frame, {LOG_TEXT: redactor.shown_column, LOG_JSON: json_texts, SEGMENT: segments})


def _masked(table: Table, frame: pd.DataFrame, by: Mapping[Holds, Mask]) -> pd.DataFrame:
    """The frame, not written to, with each column masked as what it holds asks for."""
    frame = frame.copy()
    for name in frame.columns:
        mask = by.get(table.holds(name))
        if mask is not None:
            frame[name] = _like(frame[name], mask(frame[name]))
    return frame


def shown_segment(name: str, redactor: Redactor) -> str:
    """The name of a segment as it may be shown. Two that read alike once masked stay two, by a piece of their digest."""
    shown = redactor.shown(name)
    return shown if shown == name else f"{shown} #{hashlib.sha256(name.encode()).hexdigest()[:4]}"


def _stored_texts(redactor: Redactor, column: pd.Series[Any]) -> list[Any]:
    # An excerpt cut in the middle of an address would keep half of it: the mark of a cut has that half dropped.
    cut = column.name == "excerpt"
    return redactor.stored_column(column.map(_marked, na_action="ignore") if cut else column)


def _stored_json(redactor: Redactor, values: Iterable[Any]) -> list[Any]:
    """JSON texts with the texts inside them masked, in one pass over all of them, so that a name model sees a batch."""
    values = list(values)
    parsed = [json.loads(value) if isinstance(value, str) else None for value in values]
    texts: dict[str, str] = {}

    def collect(text: str) -> str:
        texts[text] = text
        return text

    for value in parsed:
        each_text(value, collect, _NAMES_OF_THINGS)
    masked = dict(zip(texts, redactor.stored_column(texts), strict=True))
    return [
        _canonical(each_text(value, masked.__getitem__, _NAMES_OF_THINGS)) if isinstance(given, str) else given
        for given, value in zip(values, parsed, strict=True)
    ]


def _shown_json(value: Any, redactor: Redactor) -> Any:
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        return redactor.shown(value)
    return _canonical(redactor.shown_value(parsed))


def _canonical(value: Any) -> str:
    """As sources/validate.py writes it: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _marked(excerpt: str) -> str:
    return excerpt[: _CUT - 1] + "…" if len(excerpt) >= _CUT and not excerpt.endswith("…") else excerpt


def _like(column: pd.Series[Any], values: list[Any]) -> pd.Series[Any]:
    return pd.Series(values, index=column.index, dtype=column.dtype)
