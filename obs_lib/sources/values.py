"""What a single field of a log may be: text, a number, a moment, a list. Each gives the value or raises `Rejected`."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from obs_lib.sources.entries import Rejected

_LARGEST = 1e16  # sums of a day, and their squares, stay finite; as milliseconds it is 300,000 years
_MOST = 2**53  # beyond it a count no longer survives a float column


def parse_moment(text: str, naive_is_utc: bool = False) -> dt.datetime | None:
    """An ISO 8601 moment in UTC; None when it is none, or has no offset and that does not mean UTC.

    >>> parse_moment("2023-06-01T01:30:00+02:00")
    datetime.datetime(2023, 5, 31, 23, 30, tzinfo=datetime.timezone.utc)
    >>> parse_moment("2023-06-01T01:30:00") is None
    True
    """
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=dt.UTC) if naive_is_utc else None
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def well_formed(text: str) -> str:
    """The text with lone surrogates replaced: JSON may escape half of a pair, but no table can store it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def canonical(value: object) -> str:
    """JSON text that equal values share: sorted keys, no spaces; `Rejected` for a number that JSON cannot hold."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise Rejected("non-finite number") from error


def needed(name: str, fields: Mapping[str, Any]) -> str:
    """A text that must be there and not be empty."""
    value = text(name, fields.get(name))
    if not value:
        raise Rejected(f"{name}: missing")
    return value


def moment(name: str, fields: Mapping[str, Any], naive_is_utc: bool) -> dt.datetime:
    """A moment in UTC that must be there; formats that log numbers have made one already."""
    value = fields.get(name)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value
    stamp = text(name, value)
    if not stamp:
        raise Rejected(f"{name}: missing")
    at = parse_moment(stamp, naive_is_utc)
    if at is None:
        raise Rejected(f"{name}: not ISO 8601 with an offset")
    return at


def text(name: str, value: Any) -> str | None:
    """A text, or None."""
    if value is None or type(value) is str:
        return value
    raise Rejected(f"{name}: not text")


def number(name: str, value: Any) -> float | None:
    """A finite number, or None."""
    if value is None:
        return None
    if type(value) not in (int, float):
        raise Rejected(f"{name}: not a number")
    try:
        as_float = float(value)
    except OverflowError as error:
        raise Rejected(f"{name}: number too large") from error
    if not math.isfinite(as_float):
        raise Rejected(f"{name}: non-finite number")
    if abs(as_float) > _LARGEST:
        raise Rejected(f"{name}: number too large")
    return as_float


def amount(name: str, value: Any) -> float | None:
    """A finite number of 0 or more, or None."""
    given = number(name, value)
    if given is not None and given < 0:
        raise Rejected(f"{name}: negative")
    return given


def count(name: str, value: Any) -> int | None:
    """A whole number of 0 or more, or None."""
    given = amount(name, value)
    if given is None:
        return None
    if given != int(given) or given >= _MOST:
        raise Rejected(f"{name}: not a whole number under 2^53")
    return int(given)


def prompt(value: Any) -> tuple[str | None, str | None]:
    """What the user asked, and the whole conversation as JSON where the log holds one."""
    if value is None or type(value) is str:
        return value, None
    if not isinstance(value, list):
        raise Rejected("prompt: neither text nor a list of messages")
    messages = [_message(item) for item in value]
    asked = [message["content"] for message in messages if message["role"] == "user"]
    return (asked[-1] if asked else None), canonical(messages)


def _message(item: Any) -> dict[str, str | None]:
    if not isinstance(item, dict) or type(item.get("role")) is not str:
        raise Rejected("prompt: a message without a role")
    return {"role": item["role"], "content": text("prompt: content", item.get("content"))}


def context(item: Any) -> dict[str, Any]:
    """One retrieved text as {id, text, score}."""
    if not isinstance(item, dict) or type(item.get("text")) is not str:
        raise Rejected("contexts: an item without text")
    name = item.get("id")
    if name is not None and type(name) not in (str, int):
        raise Rejected("contexts: id is not text")
    score = item.get("score")
    number("contexts: score", score)
    return {"id": None if name is None else str(name), "text": item["text"], "score": score}


def words(name: str, value: Any) -> str | None:
    """Canonical JSON of a list of texts, or None."""
    if isinstance(value, list) and not all(type(item) is str for item in value):
        raise Rejected(f"{name}: not a list of text")
    return listed(name, value, lambda item: item)


def references(value: Any) -> str | None:
    """Canonical JSON of the texts that are right answers, given as one text or a list; None without one that is not blank.

    A right call of a tool may stand as an object, and several that belong together as a list of objects: they become JSON text.

    >>> references("Paris"), references(["4", " "]), references([])
    ('["Paris"]', '["4"]', None)
    >>> json.loads(str(references({"name": "add", "arguments": {"a": 1}})))
    ['{"arguments":{"a":1},"name":"add"}']
    """
    given = [value] if type(value) is str or _names_calls(value) else value
    if given is not None and not (
        isinstance(given, list) and all(type(one) is str or _names_calls(one) for one in given)
    ):
        raise Rejected("reference: neither text, nor a call of a tool, nor a list of such")
    kept = [item if isinstance(item, str) else canonical(item) for item in given or ()]
    kept = [item for item in kept if item.strip()]
    return canonical(kept) if kept else None


def _names_calls(value: Any) -> bool:
    calls = value if isinstance(value, list) else [value]
    return bool(calls) and all(isinstance(call, dict) and {"name", "arguments"} == call.keys() for call in calls)


def listed(name: str, value: Any, one: Callable[[Any], Any]) -> str | None:
    """Canonical JSON of a list whose items `one` checks, or None."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise Rejected(f"{name}: not a list")
    return canonical([one(item) for item in value])


def tags(value: Any) -> str | None:
    """Canonical JSON of an object of scalars without its nulls, or None."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Rejected("tags: not an object")
    kept = {name: item for name, item in value.items() if item is not None}
    if any(type(item) not in (str, int, float, bool) for item in kept.values()):
        raise Rejected("tags: a value that is neither text, number nor true/false")
    return canonical(kept)


def process(item: Any) -> dict[str, Any]:
    """One process on a GPU as {pid, memory}."""
    if not isinstance(item, dict):
        raise Rejected("processes: an item that is no object")
    return {name: count(f"processes: {name}", item.get(name)) for name in ("pid", "memory")}
