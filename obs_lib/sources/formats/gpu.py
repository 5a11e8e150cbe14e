"""Readings of GPUs: the JSON lines of `obs gpu-sample`."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, NoReturn

from obs_lib.lake.tables import GPU_SAMPLES
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Rejected, Row
from obs_lib.sources.formats.base import EntryFormat

MOST = 2**53  # beyond it a count no longer survives a float column
_LONGEST = 200  # characters of a name
_SOURCES = ("gpm", "nvml")
_NAMED_MOMENT = re.compile(rb'"at"\s*:\s*"(\d{4}-\d\d-\d\d)T[0-9:.]+(Z|\+00:00)?')
_DAY = dt.timedelta(days=1)


class GpuFormat(EntryFormat):
    """JSON lines of `obs gpu-sample`, one reading each: the columns of GPU_SAMPLES by name; unknown ones are passed over."""

    describe = "GPU samples of `obs gpu-sample`"
    tables = frozenset({GPU_SAMPLES})

    def days(self, raw: bytes) -> set[Day]:
        """The day of `at`; with another offset than UTC the days around it too."""
        named = _NAMED_MOMENT.search(raw)
        try:
            day = dt.date.fromisoformat(named[1].decode()) if named else None
            return set() if named is None or day is None else {day} if named[2] else {day - _DAY, day, day + _DAY}
        except (ValueError, OverflowError):
            return set()

    def rows(self, entry: Entry) -> list[Row]:
        """One sample."""
        fields = _sample_line(entry)
        return [Row(GPU_SAMPLES, entry, fields, fields["at"])]


def _sample_line(entry: Entry) -> dict[str, Any]:
    given = _object(entry)
    row: dict[str, Any] = {"at": moment("at", given.get("at"))}
    for name in ("host", "gpu"):
        row[name] = name_of(name, given.get(name))
        if not row[name]:
            raise Rejected(f"{name}: missing")
    row["name"] = name_of("name", given.get("name"))
    for name in ("index", "memory_used", "memory_total", "ecc_corrected", "ecc_uncorrected"):
        row[name] = _count(name, given.get(name))
    for name in ("power_w", "power_limit_w", "sm_clock_mhz", "memory_clock_mhz", "temperature_c", "sm_utilization"):
        row[name] = _number(name, given.get(name), least=-MOST if name == "temperature_c" else 0)
    share, source = row["sm_utilization"], given.get("sm_source")
    if share is not None and (share > 1 or source not in _SOURCES):
        raise Rejected(f"sm_utilization: not a share measured by {' or '.join(_SOURCES)}")
    row["sm_source"] = None if share is None else source
    row["throttle"] = _listed("throttle", given.get("throttle"), name_of)
    row["processes"] = _listed("processes", given.get("processes"), _process)
    return {name: row[name] for name in GPU_SAMPLES.names}


def _object(entry: Entry) -> dict[str, Any]:
    text = text_of(entry)
    try:
        given = json.loads(text, parse_constant=_not_finite)
    except Rejected:
        raise
    except (ValueError, RecursionError) as error:
        raise Rejected("not JSON") from error
    if not isinstance(given, dict):
        raise Rejected("not an object")
    return given


def _not_finite(_: str) -> NoReturn:
    raise Rejected("non-finite number")


def moment(name: str, value: Any) -> dt.datetime:
    """An ISO 8601 moment, in UTC; Rejected where it is none or has no offset."""
    try:
        at = dt.datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return at.astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Rejected(f"{name}: not ISO 8601 with an offset")


def name_of(name: str, value: Any) -> str | None:
    """A short text that the table can hold, or None; Rejected for anything else."""
    if value is None:
        return None
    if type(value) is not str or len(value) > _LONGEST or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise Rejected(f"{name}: not a text of at most {_LONGEST} characters")
    return value


def _number(name: str, value: Any, least: float = 0) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not least <= value < MOST:
        raise Rejected(f"{name}: not a number in its range")
    return float(value)


def _count(name: str, value: Any) -> int | None:
    number = _number(name, value)
    if number is not None and number != int(number):
        raise Rejected(f"{name}: not a whole number")
    return None if number is None else int(number)


def _process(name: str, value: Any) -> dict[str, int | None]:
    if not isinstance(value, dict) or value.get("pid") is None:
        raise Rejected(f"{name}: an item without pid")
    return {"pid": _count(name, value["pid"]), "memory": _count(name, value.get("memory"))}


def _listed(name: str, value: Any, check: Any) -> list[Any] | None:
    if value is None:
        return None
    if not isinstance(value, list) or None in value:
        raise Rejected(f"{name}: not a list")
    return [check(name, item) for item in value]


def text_of(entry: Entry) -> str:
    """The entry as text; Rejected where it was cut or is no UTF-8."""
    if entry.cut:
        raise Rejected("line too long")
    try:
        return entry.raw.decode().strip()
    except UnicodeDecodeError as error:
        raise Rejected("not UTF-8") from error
