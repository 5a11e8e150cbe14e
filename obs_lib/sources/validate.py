"""From lines to columns: what a line must be, and the reason why one goes into quarantine.

A line is rejected whole, with the first rule that it breaks: not UTF-8, not JSON, not an object, `request_id` or
`timestamp` missing, a timestamp without offset, a field of the wrong type, a negative or non-finite number, a text that is
too long, a `request_id` that comes again later the same day (the last one written counts). Unknown fields are ignored.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

from obs_lib.sources.files import Line, parse_moment

Record = dict[str, Any]
"""One checked interaction: the columns of `tables.INTERACTIONS` without `error_logged`."""

TEXTS = (
    "user_id",
    "session_id",
    "model_version",
    "prompt_id",
    "response",
    "expected_format",
    "finish_reason",
    "error",
)
COUNTS = ("input_tokens", "output_tokens")
AMOUNTS = ("ttft_ms", "tpot_ms", "total_latency_ms", "prefill_ms", "decode_ms", "cost_usd")

_MOST = 2**53  # beyond it a count no longer survives a float column
_EXCERPT = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Rejected(ValueError):
    """A line breaks a rule; the message is the reason that quarantine shows."""


def check_line(line: Line, max_text_chars: int) -> Record:
    """The line as a record; `Rejected` with the first rule that it breaks."""
    if line.cut:
        raise Rejected("line too long")
    found = _parse(line.raw)
    record: Record = {"request_id": _id(found), "timestamp": _moment(found)}
    for name in TEXTS:
        record[name] = _text(name, found.get(name))
    for name in COUNTS:
        record[name] = _count(name, found.get(name))
    for name in AMOUNTS:
        record[name] = _amount(name, found.get(name))
    record["quality_score"] = _number("quality_score", found.get("quality_score"))
    record["prompt"], record["messages"] = _prompt(found.get("prompt"))
    record["contexts"] = _listed("contexts", found.get("contexts"), _context)
    record["safety_flags"] = _listed("safety_flags", found.get("safety_flags"), _flag)
    record["tags"] = _tags(found.get("tags"))
    for name, value in record.items():
        if isinstance(value, str) and len(value) > max_text_chars:
            raise Rejected(f"{name}: text too long")
    return record


def excerpt(raw: bytes) -> str:
    """The start of a line, safe to show: at most 200 characters, without control and direction characters."""
    return _CONTROL.sub(" ", raw[: 4 * _EXCERPT].decode("utf-8", "replace"))[:_EXCERPT]


def canonical(value: object) -> str:
    """JSON text that equal values share: sorted keys, no spaces; `Rejected` for a number that JSON cannot hold."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise Rejected("non-finite number") from error


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_not_finite)
    except UnicodeDecodeError as error:
        raise Rejected("not UTF-8") from error
    except RecursionError as error:
        raise Rejected("not JSON: nested too deeply") from error
    except Rejected:
        raise
    except ValueError as error:
        raise Rejected("not JSON") from error
    if not isinstance(found, dict):
        raise Rejected("not an object")
    return _well_formed(found) if _ESCAPED_SURROGATE.search(raw) else found


def _not_finite(_: str) -> NoReturn:
    raise Rejected("non-finite number")


def _well_formed(value: Any) -> Any:
    """The value with lone surrogates replaced: JSON may escape half of a pair, but no table can store it."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_well_formed(item) for item in value]
    if isinstance(value, dict):
        return {_well_formed(name): _well_formed(item) for name, item in value.items()}
    return value


def _id(found: dict[str, Any]) -> str:
    value = _text("request_id", found.get("request_id"))
    if not value:
        raise Rejected("request_id: missing")
    return value


def _moment(found: dict[str, Any]) -> Any:
    value = _text("timestamp", found.get("timestamp"))
    if not value:
        raise Rejected("timestamp: missing")
    moment = parse_moment(value)
    if moment is None:
        raise Rejected("timestamp: not ISO 8601 with an offset")
    return moment


def _text(name: str, value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    raise Rejected(f"{name}: not text")


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float):
        raise Rejected(f"{name}: not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise Rejected(f"{name}: number too large") from error
    if not math.isfinite(number):
        raise Rejected(f"{name}: non-finite number")
    return number


def _amount(name: str, value: Any) -> float | None:
    number = _number(name, value)
    if number is not None and number < 0:
        raise Rejected(f"{name}: negative")
    return number


def _count(name: str, value: Any) -> int | None:
    number = _amount(name, value)
    if number is None:
        return None
    if number != int(number) or number >= _MOST:
        raise Rejected(f"{name}: not a whole number under 2^53")
    return int(number)


def _prompt(value: Any) -> tuple[str | None, str | None]:
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
    return {"role": item["role"], "content": _text("prompt: content", item.get("content"))}


def _context(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or type(item.get("text")) is not str:
        raise Rejected("contexts: an item without text")
    name = item.get("id")
    if name is not None and type(name) not in (str, int):
        raise Rejected("contexts: id is not text")
    score = item.get("score")
    _number("contexts: score", score)
    return {"id": None if name is None else str(name), "text": item["text"], "score": score}


def _flag(item: Any) -> str:
    if type(item) is not str:
        raise Rejected("safety_flags: not a list of text")
    return item


def _listed(name: str, value: Any, check: Callable[[Any], Any]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise Rejected(f"{name}: not a list")
    return canonical([check(item) for item in value])


def _tags(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Rejected("tags: not an object")
    kept = {name: item for name, item in value.items() if item is not None}
    if any(type(item) not in (str, int, float, bool) for item in kept.values()):
        raise Rejected("tags: a value that is neither text, number nor true/false")
    return canonical(kept)
