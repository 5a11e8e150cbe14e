"""From fields to rows: what a row of each table must be, and the reason why an entry goes into quarantine.

An entry is rejected whole, with the first rule that it breaks: not UTF-8, not JSON, not an object, an identifier or a time
missing, a time without offset, a field of the wrong type, a negative or non-finite number, a text that is too long, a
`request_id` that comes again later the same day (the last one written counts). Unknown fields are ignored. What is
merely implausible is repaired instead, by the rules of `repair.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from obs_lib.lake.table import Table
from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, LABELS, SPANS
from obs_lib.records import ERROR_KINDS, STAGES
from obs_lib.sources import tools, values
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.values import well_formed

CheckedRow = dict[str, Any]
"""A row that holds every rule: the columns of its table, without those that only the whole day can tell."""

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
COUNTS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
AMOUNTS = ("ttft_ms", "tpot_ms", "total_latency_ms", "prefill_ms", "decode_ms", "cost_usd")

_EXCERPT = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a text may be, and whether a time without an offset is UTC (else it is rejected)."""

    max_text_chars: int = 200_000
    naive_is_utc: bool = False


def check(table: Table, fields: Mapping[str, Any], limits: Limits) -> CheckedRow:
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


def excerpt(raw: bytes) -> str:
    """The start of a line, safe to show: at most 200 characters, without control and direction characters."""
    return _CONTROL.sub(" ", raw[: 4 * _EXCERPT].decode("utf-8", "replace"))[:_EXCERPT]


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Rejected("not UTF-8") from error
    except RecursionError as error:
        raise Rejected("not JSON: nested too deeply") from error
    except Rejected:
        raise
    except ValueError as error:
        raise Rejected("not JSON") from error
    if not isinstance(value, dict):
        raise Rejected("not an object")
    return value


def _not_finite(_: str) -> NoReturn:
    raise Rejected("non-finite number")


_DECODER = json.JSONDecoder(parse_constant=_not_finite)


def _interaction(fields: Mapping[str, Any], limits: Limits) -> CheckedRow:
    record: CheckedRow = {
        "request_id": values.needed("request_id", fields),
        "timestamp": values.moment("timestamp", fields, limits.naive_is_utc),
    }
    for name in TEXTS:
        record[name] = values.text(name, fields.get(name))
    for name in COUNTS:
        record[name] = values.count(name, fields.get(name))
    for name in AMOUNTS:
        record[name] = values.amount(name, fields.get(name))
    record["quality_score"] = values.number("quality_score", fields.get("quality_score"))
    record["prompt"], record["messages"] = values.prompt(fields.get("prompt"))
    record["contexts"] = values.listed("contexts", fields.get("contexts"), values.context)
    record["tools"] = tools.json_of(tools.offered(fields.get("tools")))
    record["tool_calls"] = tools.json_of(tools.called(fields.get("tool_calls"), record["response"]))
    record["reference"] = values.references(fields.get("reference"))
    record["safety_flags"] = values.words("safety_flags", fields.get("safety_flags"))
    record["tags"] = values.tags(fields.get("tags"))
    record["finish_reason"] = finish_reason(record["finish_reason"])
    record["error_kind"] = _kind(record["error_kind"], record["error"])
    return record


def _kind(named: str | None, error: str | None) -> str | None:
    """The kind that the log names, else what its word or the message means; None where nothing failed."""
    return named if named in ERROR_KINDS else error_kind(named, None, error)


def _span(fields: Mapping[str, Any], limits: Limits) -> CheckedRow:
    stage = values.text("stage", fields.get("stage"))
    return {
        "trace_id": values.needed("trace_id", fields),
        "span_id": values.needed("span_id", fields),
        "parent_id": values.text("parent_id", fields.get("parent_id")),
        "request_id": values.text("request_id", fields.get("request_id")),
        "stage": stage if stage in STAGES else "other",
        "name": values.text("name", fields.get("name")) or "",
        "start": values.moment("start", fields, limits.naive_is_utc),
        "duration_ms": values.amount("duration_ms", fields.get("duration_ms")),
        "error": values.text("error", fields.get("error")),
    }


def _label(fields: Mapping[str, Any], _: Limits) -> CheckedRow:
    inclusion = values.number("inclusion_probability", fields.get("inclusion_probability"))
    if inclusion is not None and not 0 < inclusion <= 1:
        raise Rejected("inclusion_probability: not a probability in (0, 1]")
    return {
        "request_id": values.needed("request_id", fields),
        "name": values.needed("name", fields),
        "source": values.needed("source", fields),
        "value": values.number("value", fields.get("value")),
        "text": values.text("text", fields.get("text")),
        "inclusion_probability": inclusion,
    }


def _gpu_sample(fields: Mapping[str, Any], limits: Limits) -> CheckedRow:
    record: CheckedRow = {"at": values.moment("at", fields, limits.naive_is_utc)}
    for name in ("host", "gpu"):
        record[name] = values.needed(name, fields)
    for name in ("name", "sm_source"):
        record[name] = values.text(name, fields.get(name))
    for name in ("index", "memory_used", "memory_total", "ecc_corrected", "ecc_uncorrected"):
        record[name] = values.count(name, fields.get(name))
    for name in ("power_w", "power_limit_w", "temperature_c", "sm_clock_mhz", "memory_clock_mhz"):
        record[name] = values.number(name, fields.get(name))
    record["sm_utilization"] = values.amount("sm_utilization", fields.get("sm_utilization"))
    if (record["sm_utilization"] or 0) > 1:
        raise Rejected("sm_utilization: not a share in [0, 1]")
    record["throttle"] = values.words("throttle", fields.get("throttle"))
    record["processes"] = values.listed("processes", fields.get("processes"), values.process)
    return record


_CHECKS: dict[Table, Callable[[Mapping[str, Any], Limits], CheckedRow]] = {
    INTERACTIONS: _interaction,
    SPANS: _span,
    LABELS: _label,
    GPU_SAMPLES: _gpu_sample,
}
