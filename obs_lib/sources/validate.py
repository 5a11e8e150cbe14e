"""From fields to rows: what a row of each table must be, and the reason why an entry goes into quarantine.

An entry is rejected whole, with the first rule that it breaks: not UTF-8, not JSON, not an object, an identifier or a time
missing, a time without offset, a field of the wrong type, a negative or non-finite number, a text that is too long, a
`request_id` that comes again later the same day (the last one written counts). Unknown fields are ignored. What is
merely implausible is mended instead, by the rules of `repair.py`.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from obs_lib.records import ERROR_KINDS, STAGES
from obs_lib.sources.entries import Entry
from obs_lib.sources.formats.error_kinds import error_kind
from obs_lib.sources.formats.finish import finish_reason
from obs_lib.tables import GPU_SAMPLES, INTERACTIONS, LABELS, SPANS, Table

Record = dict[str, Any]
"""One checked row: the columns of its table, without those that only the whole day can tell."""

TEXTS = (
    "user_id",
    "session_id",
    "trace_id",
    "model_version",
    "provider",
    "prompt_id",
    "prompt_version",
    "response",
    "expected_format",
    "finish_reason",
    "error",
    "error_kind",
)
COUNTS = ("input_tokens", "cached_input_tokens", "output_tokens")
AMOUNTS = ("ttft_ms", "tpot_ms", "total_latency_ms", "prefill_ms", "decode_ms", "cost_usd")

_MOST = 2**53  # beyond it a count no longer survives a float column
_EXCERPT = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")


class Rejected(ValueError):
    """A row breaks a rule; the message is the reason that quarantine shows."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a text may be, and whether a time without an offset is UTC (else it is rejected)."""

    max_text_chars: int = 200_000
    naive_is_utc: bool = False


def check(table: Table, fields: Mapping[str, Any], limits: Limits) -> Record:
    """The fields of one row of `table` as a record; `Rejected` with the first rule that they break."""
    record = _CHECKS[table](fields, limits)
    for name, value in record.items():
        if isinstance(value, str):
            if len(value) > limits.max_text_chars:
                raise Rejected(f"{name}: text too long")
            if not value.isascii():
                record[name] = well_formed(value)
    return record


def parse_object(entry: Entry) -> dict[str, Any]:
    """The entry's JSON object; `Rejected` when it is none."""
    if entry.cut:
        raise Rejected("line too long")
    return _parse(entry.raw)


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
        found = _DECODER.decode(raw.decode("utf-8"))
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
    return found


def _not_finite(_: str) -> NoReturn:
    raise Rejected("non-finite number")


_DECODER = json.JSONDecoder(parse_constant=_not_finite)


def _interaction(found: Mapping[str, Any], limits: Limits) -> Record:
    record: Record = {
        "request_id": _needed("request_id", found),
        "timestamp": _moment("timestamp", found, limits),
    }
    for name in TEXTS:
        record[name] = _text(name, found.get(name))
    for name in COUNTS:
        record[name] = _count(name, found.get(name))
    for name in AMOUNTS:
        record[name] = _amount(name, found.get(name))
    record["quality_score"] = _number("quality_score", found.get("quality_score"))
    record["prompt"], record["messages"] = _prompt(found.get("prompt"))
    record["contexts"] = _listed("contexts", found.get("contexts"), _context)
    record["safety_flags"] = _words("safety_flags", found.get("safety_flags"))
    record["tags"] = _tags(found.get("tags"))
    record["finish_reason"] = finish_reason(record["finish_reason"])
    record["error_kind"] = _kind(record["error_kind"], record["error"])
    return record


def _kind(named: str | None, error: str | None) -> str | None:
    """The kind that the log names, else what its word or the message means; None where nothing failed."""
    return named if named in ERROR_KINDS else error_kind(named, None, error)


def _span(found: Mapping[str, Any], limits: Limits) -> Record:
    stage = _text("stage", found.get("stage"))
    return {
        "trace_id": _needed("trace_id", found),
        "span_id": _needed("span_id", found),
        "parent_id": _text("parent_id", found.get("parent_id")),
        "request_id": _text("request_id", found.get("request_id")),
        "stage": stage if stage in STAGES else "other",
        "name": _text("name", found.get("name")) or "",
        "start": _moment("start", found, limits),
        "duration_ms": _amount("duration_ms", found.get("duration_ms")),
        "error": _text("error", found.get("error")),
    }


def _label(found: Mapping[str, Any], _: Limits) -> Record:
    inclusion = _number("inclusion", found.get("inclusion"))
    if inclusion is not None and not 0 < inclusion <= 1:
        raise Rejected("inclusion: not a probability in (0, 1]")
    return {
        "request_id": _needed("request_id", found),
        "name": _needed("name", found),
        "source": _needed("source", found),
        "value": _number("value", found.get("value")),
        "text": _text("text", found.get("text")),
        "inclusion": inclusion,
    }


def _gpu_sample(found: Mapping[str, Any], limits: Limits) -> Record:
    record: Record = {"at": _moment("at", found, limits)}
    for name in ("host", "gpu"):
        record[name] = _needed(name, found)
    for name in ("name", "sm_source"):
        record[name] = _text(name, found.get(name))
    for name in ("index", "memory_used", "memory_total", "ecc_corrected", "ecc_uncorrected"):
        record[name] = _count(name, found.get(name))
    for name in ("power_w", "power_limit_w", "temperature_c", "sm_clock_mhz", "memory_clock_mhz"):
        record[name] = _number(name, found.get(name))
    record["sm_utilization"] = _amount("sm_utilization", found.get("sm_utilization"))
    if (record["sm_utilization"] or 0) > 1:
        raise Rejected("sm_utilization: not a share in [0, 1]")
    record["throttle"] = _words("throttle", found.get("throttle"))
    record["processes"] = _listed("processes", found.get("processes"), _process)
    return record


_CHECKS: dict[Table, Callable[[Mapping[str, Any], Limits], Record]] = {
    INTERACTIONS: _interaction,
    SPANS: _span,
    LABELS: _label,
    GPU_SAMPLES: _gpu_sample,
}


def _process(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Rejected("processes: an item that is no object")
    return {name: _count(f"processes: {name}", item.get(name)) for name in ("pid", "memory")}


def _needed(name: str, found: Mapping[str, Any]) -> str:
    value = _text(name, found.get(name))
    if not value:
        raise Rejected(f"{name}: missing")
    return value


def _moment(name: str, found: Mapping[str, Any], limits: Limits) -> dt.datetime:
    value = found.get(name)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:  # formats that log numbers have made it already
        return value
    text = _text(name, value)
    if not text:
        raise Rejected(f"{name}: missing")
    moment = parse_moment(text, limits.naive_is_utc)
    if moment is None:
        raise Rejected(f"{name}: not ISO 8601 with an offset")
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


def _words(name: str, value: Any) -> str | None:
    if isinstance(value, list) and not all(type(item) is str for item in value):
        raise Rejected(f"{name}: not a list of text")
    return _listed(name, value, lambda item: item)


def _listed(name: str, value: Any, one: Callable[[Any], Any]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise Rejected(f"{name}: not a list")
    return canonical([one(item) for item in value])


def _tags(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Rejected("tags: not an object")
    kept = {name: item for name, item in value.items() if item is not None}
    if any(type(item) not in (str, int, float, bool) for item in kept.values()):
        raise Rejected("tags: a value that is neither text, number nor true/false")
    return canonical(kept)
