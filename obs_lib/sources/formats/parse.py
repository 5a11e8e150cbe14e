"""From bytes or text of a log to plain values that every table can hold, and small values as the numbers they mean."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import Any, NoReturn

from obs_lib.sources.entries import Rejected
from obs_lib.sources.values import well_formed

DEEPEST = 64
"""Levels of JSON that are read. A limit of our own: Python's depends on how deep the caller itself stands."""

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def object_of(raw: bytes) -> dict[str, Any]:
    """The JSON object; `Rejected` where there is none. Half a surrogate pair, which no table can store, is replaced."""
    try:
        value = _value(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Rejected("not UTF-8") from error
    if not isinstance(value, dict):
        raise Rejected("not an object")
    return value


def embedded(value: Any) -> Any:
    """The value of a text that is itself a JSON object or array; anything else unchanged. APIs and attributes nest so.

    >>> embedded('[{"role": "user"}]'), embedded("17"), embedded("{not json")
    ([{'role': 'user'}], '17', '{not json')
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return _value(value)
    except Rejected:
        return value


def mapping(value: Any) -> dict[str, Any]:
    """The value where it is an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float | None:
    """A finite number, also where it is written as text; None for anything else.

    >>> number("0.0001"), number(3), number(True), number("1e999"), number("x")
    (0.0001, 3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if math.isfinite(parsed) else None


def moment(value: Any) -> dt.datetime | None:
    """A moment in UTC, from ISO 8601 (UTC where it names no offset, as these APIs do) or seconds since 1970; else None.

    >>> moment("2024-05-01T00:30:00.5+02:00").isoformat(), moment(0.25).isoformat(), moment("soon")
    ('2024-04-30T22:30:00.500000+00:00', '1970-01-01T00:00:00.250000+00:00', None)
    """
    try:
        if isinstance(value, str) and "-" in value[1:]:
            at = dt.datetime.fromisoformat(value.strip())
            return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
        seconds = number(value)
        return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def milliseconds(start: dt.datetime | None, end: dt.datetime | None) -> float | None:
    """From start to end in ms; None where either is unknown. Negative where clocks disagree: other rules judge that."""
    return None if start is None or end is None else (end - start) / dt.timedelta(milliseconds=1)


def _value(text: str) -> Any:
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise Rejected("nested too deeply") from error
    except Rejected:
        raise
    except ValueError as error:
        raise Rejected("not JSON") from error
    if text.count("{") + text.count("[") > DEEPEST and _deeper(value, DEEPEST):
        raise Rejected("nested too deeply")
    return _well_formed_tree(value) if _ESCAPED_SURROGATE.search(text) else value


def _deeper(value: Any, levels: int) -> bool:
    inside = [value]
    for _ in range(levels + 1):
        inside = [
            item
            for outer in inside
            for item in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(item, (dict, list))
        ]
        if not inside:
            return False
    return True


def _not_finite(_: str) -> NoReturn:
    raise Rejected("non-finite number")


_DECODER = json.JSONDecoder(parse_constant=_not_finite)


def _well_formed_tree(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [_well_formed_tree(item) for item in value]
    if isinstance(value, dict):
        return {well_formed(name): _well_formed_tree(item) for name, item in value.items()}
    return value
