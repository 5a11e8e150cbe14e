"""Redaction of whole tables before they are stored, and of rows that are about to be shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pandas as pd

from obs_lib.redaction.redactor import Redactor, each_text

# Columns with free text, by table. Ids and tags are names for things, and rows are joined and sliced by them: they stay.
_TEXTS = {
    "interactions": ("prompt", "response", "error"),
    "spans": ("name", "error"),
    "labels": ("text",),
    "quarantine": ("reason", "excerpt"),
}
_JSON = {"interactions": ("messages", "contexts", "reference")}
_NAMES_OF_THINGS = frozenset({"id", "role"})
_CUT = 200  # characters at which sources/validate.py cuts an excerpt

_SHOWN = ["title", "note", "reason", "excerpt", "error"]
_SHOWN_JSON = ["evidence"]


def redact_stored(table: str, frame: pd.DataFrame, redactor: Redactor) -> pd.DataFrame:
    """Rows of any table that a source fills, as the lake may keep them; the frame itself where nothing is masked at ingest.

    Of interactions prompt, response, error, and the texts inside messages, contexts and references; ids and tags stay.
    """
    if redactor.stored_rules is None or table not in _TEXTS:
        return frame
    frame = frame.copy()
    for name in _TEXTS[table]:
        if name in frame:
            # An excerpt cut in the middle of an address would keep half of it: the mark of a cut has that half dropped.
            values = frame[name].map(_marked, na_action="ignore") if name == "excerpt" else frame[name]
            frame[name] = _like(frame[name], redactor.stored_column(values))
    for name in _JSON.get(table, ()):
        if name in frame:
            frame[name] = _like(frame[name], _json_column(list(frame[name]), redactor))
    return frame


def shown_rows(frame: pd.DataFrame, redactor: Redactor) -> pd.DataFrame:
    """Rows of any table with their free text as it may be shown: titles, notes, evidence, and the names of segments."""
    frame = frame.copy()
    for name in frame.columns.intersection(_SHOWN):
        frame[name] = _like(frame[name], redactor.shown_column(frame[name]))
    for name in frame.columns.intersection(_SHOWN_JSON):
        frame[name] = _like(frame[name], [_shown_json(value, redactor) for value in frame[name]])
    if "segment" in frame:
        names = {name: shown_segment(name, redactor) for name in frame["segment"].unique()}
        frame["segment"] = _like(frame["segment"], [names[name] for name in frame["segment"]])
    return frame


def shown_segment(name: str, redactor: Redactor) -> str:
    """The name of a segment as it may be shown. Two that read alike once masked stay two, by a piece of their digest."""
    shown = redactor.shown(name)
    return shown if shown == name else f"{shown} #{hashlib.sha256(name.encode()).hexdigest()[:4]}"


def _json_column(values: list[Any], redactor: Redactor) -> list[Any]:
    """JSON texts with the texts inside them masked, in one pass over all of them, so that a name model sees a batch."""
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
