"""Readings of GPUs: the lines of `obs gpu-sample`, and DCGM exporter samples as Prometheus text."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from obs_lib.records import Day, clock_reasons
from obs_lib.sources.entries import Entry, Found, Reject
from obs_lib.tables import GPU_SAMPLES

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

_MIB = 2**20
_MOST = 2**53  # beyond it a count no longer survives a float column
_LONGEST = 200  # characters of a name
_SOURCES = ("gpm", "nvml")
_NAMED_MOMENT = re.compile(rb'"at"\s*:\s*"(\d{4}-\d\d-\d\d)T[0-9:.]+(Z|\+00:00)?')
_MILLISECONDS = re.compile(rb"\s(\d{12,14})\s*$")
_SCRAPED = re.compile(r"#\s*scraped_at\b\s*(.*)", re.DOTALL)
_DAY = dt.timedelta(days=1)


class _Unreadable(ValueError):
    """Why an entry cannot be read."""


# ------------------------------------------------------------------------------------------------------ obs gpu-sample


class GpuFormat:
    """JSON lines of `obs gpu-sample`, one reading each: the columns of GPU_SAMPLES by name; unknown ones are passed over."""

    def days(self, raw: bytes) -> set[Day]:
        """The day of `at`; with another offset than UTC the days around it too."""
        named = _NAMED_MOMENT.search(raw)
        day = _day(named[1].decode()) if named else None
        if named is None or day is None:
            return set()
        return {day} if named[2] else {day - _DAY, day, day + _DAY}

    def read(self, entries: Iterable[Entry]) -> Iterator[Found | Reject]:
        """One row an entry."""
        for entry in entries:
            try:
                fields = _sample_line(entry)
            except _Unreadable as error:
                yield Reject(entry, str(error))
            else:
                yield Found(GPU_SAMPLES, entry, fields, fields["at"])


def _sample_line(entry: Entry) -> dict[str, Any]:
    given = _object(entry)
    row: dict[str, Any] = {"at": _moment("at", given.get("at"))}
    for name in ("host", "gpu"):
        row[name] = _name(name, given.get(name))
        if not row[name]:
            raise _Unreadable(f"{name}: missing")
    row["name"] = _name("name", given.get("name"))
    for name in ("index", "memory_used", "memory_total", "ecc_corrected", "ecc_uncorrected"):
        row[name] = _count(name, given.get(name))
    for name in ("power_w", "power_limit_w", "sm_clock_mhz", "memory_clock_mhz", "temperature_c", "sm_utilization"):
        row[name] = _number(name, given.get(name), least=-_MOST if name == "temperature_c" else 0)
    share, source = row["sm_utilization"], given.get("sm_source")
    if share is not None and (share > 1 or source not in _SOURCES):
        raise _Unreadable(f"sm_utilization: not a share measured by {' or '.join(_SOURCES)}")
    row["sm_source"] = None if share is None else source
    row["throttle"] = _listed("throttle", given.get("throttle"), _name)
    row["processes"] = _listed("processes", given.get("processes"), _process)
    return {name: row[name] for name, _ in GPU_SAMPLES.columns}


def _object(entry: Entry) -> dict[str, Any]:
    if entry.cut:
        raise _Unreadable("line too long")
    try:
        given = json.loads(entry.raw.decode(), parse_constant=_not_finite)
    except UnicodeDecodeError as error:
        raise _Unreadable("not UTF-8") from error
    except _Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise _Unreadable("not JSON") from error
    if not isinstance(given, dict):
        raise _Unreadable("not an object")
    return given


def _not_finite(_: str) -> NoReturn:
    raise _Unreadable("non-finite number")


def _moment(name: str, value: Any) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise _Unreadable(f"{name}: not ISO 8601 with an offset")


def _name(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is not str or len(value) > _LONGEST or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise _Unreadable(f"{name}: not a text of at most {_LONGEST} characters")
    return value


def _number(name: str, value: Any, least: float = 0) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not least <= value < _MOST:
        raise _Unreadable(f"{name}: not a number in its range")
    return float(value)


def _count(name: str, value: Any) -> int | None:
    number = _number(name, value)
    if number is not None and number != int(number):
        raise _Unreadable(f"{name}: not a whole number")
    return None if number is None else int(number)


def _process(name: str, value: Any) -> dict[str, int | None]:
    if not isinstance(value, dict) or value.get("pid") is None:
        raise _Unreadable(f"{name}: an item without pid")
    return {"pid": _count(name, value["pid"]), "memory": _count(name, value.get("memory"))}


def _listed(name: str, value: Any, check: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, list) or None in value:
        raise _Unreadable(f"{name}: not a list")
    return _json([check(name, item) for item in value])


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# ---------------------------------------------------------------------------------------------------------------- DCGM

_SHARE, _PERCENT = "DCGM_FI_PROF_SM_ACTIVE", "DCGM_FI_DEV_GPU_UTIL"
_USED, _FREE, _RESERVED = "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE", "DCGM_FI_DEV_FB_RESERVED"  # MiB
_REASONS = ("DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS")  # the new name, the old one
_LIMITS = ("DCGM_FI_DEV_ENFORCED_POWER_LIMIT", "DCGM_FI_DEV_POWER_MGMT_LIMIT")
_PLAIN = {
    "power_w": "DCGM_FI_DEV_POWER_USAGE",
    "temperature_c": "DCGM_FI_DEV_GPU_TEMP",
    "sm_clock_mhz": "DCGM_FI_DEV_SM_CLOCK",
    "memory_clock_mhz": "DCGM_FI_DEV_MEM_CLOCK",
}
_ERRORS = {
    "ecc_corrected": "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL",
    "ecc_uncorrected": "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
}
_WHOLE = frozenset({*_REASONS, *_ERRORS.values()})
_HIGHEST = {_SHARE: 1.0, _PERCENT: 100.0}
_READ = frozenset({_SHARE, _PERCENT, _USED, _FREE, _RESERVED, *_REASONS, *_LIMITS, *_PLAIN.values(), *_ERRORS.values()})
_BLANK_INTEGER, _BLANK_FLOAT = (
    0x7FFFFFF0,
    140737488355328.0,
)  # dcgm_structs.h: from here on a value is a reason for none
_EARLIEST = 946_684_800.0  # the year 2000: a time in seconds instead of milliseconds lies before


class DcgmFormat:
    """DCGM exporter samples, a line each, with their time in milliseconds or under `# scraped_at <ISO 8601>`.

    Samples of one time, host and GPU (or MIG instance) are one row, wherever they stand: scrapes come metric by metric.
    All other metrics are passed over. Blank values (NaN, and DCGM's own) are null.
    """

    def days(self, raw: bytes) -> set[Day]:
        """The day of the line's own time. Lines without one belong with the comment above them, so they say none."""
        found = _MILLISECONDS.search(raw)
        moment = None if found is None or raw.lstrip().startswith(b"#") else _at(int(found[1]) / 1000)
        return set() if moment is None else {moment.date()}

    def read(self, entries: Iterable[Entry]) -> Iterator[Found | Reject]:
        """A row for each time, host and GPU, in the order in which they first stand there."""
        rows: dict[tuple[dt.datetime, str, str], _Row] = {}
        scraped: dict[str, dt.datetime | None] = {}
        for entry in entries:
            try:
                text = _text(entry)
                if text.startswith("#"):
                    comment = _SCRAPED.match(text)
                    if comment:
                        scraped[entry.origin] = None  # what follows an unreadable time has none
                        scraped[entry.origin] = _moment("scraped_at", comment[1].strip())
                    continue
                sample = _sample(text)
                if sample is not None:
                    _add(rows, entry, sample, scraped.get(entry.origin))
            except _Unreadable as error:
                yield Reject(entry, str(error))
        for (at, host, gpu), row in rows.items():
            yield Found(GPU_SAMPLES, row.entry, {"at": at, "host": host, "gpu": gpu} | row.fields(), at)


@dataclass(slots=True)
class _Row:
    """What a scrape says of one GPU."""

    entry: Entry
    labels: Mapping[str, str]
    values: dict[str, float | None] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """The columns of GPU_SAMPLES but its key."""
        of = self.values.get
        active, busy = of(_SHARE), of(_PERCENT)
        used, free, reserved = of(_USED), of(_FREE), of(_RESERVED) or 0.0
        mask = _first(of(name) for name in _REASONS)
        index = self.labels.get("gpu", "")
        return {
            "index": int(index) if index.isascii() and index.isdigit() and len(index) < 6 else None,
            "name": self.labels.get("modelName"),
            "sm_utilization": active if active is not None else busy if busy is None else busy / 100,
            "sm_source": "dcgm_prof" if active is not None else None if busy is None else "dcgm",
            "memory_used": None if used is None else round(used * _MIB),
            "memory_total": None if used is None or free is None else round((used + free + reserved) * _MIB),
            "power_limit_w": _first(of(name) for name in _LIMITS),
            **{name: of(metric) for name, metric in _PLAIN.items()},
            "throttle": None if mask is None else _json(clock_reasons(int(mask))),
            **{name: None if (n := of(metric)) is None else int(n) for name, metric in _ERRORS.items()},
            "processes": None,
        }


def _add(
    rows: dict[tuple[dt.datetime, str, str], _Row], entry: Entry, sample: Sample, scraped: dt.datetime | None
) -> None:
    labels = sample.labels
    at = scraped if sample.timestamp is None else _at(float(sample.timestamp))
    if at is None:
        raise _Unreadable("no time: neither milliseconds behind the value nor a `# scraped_at` above")
    gpu = _name("UUID", labels.get("UUID"))
    host = _name("Hostname", labels.get("Hostname") or labels.get("instance", "").rpartition(":")[0])
    if not gpu or not host:
        raise _Unreadable("no UUID and Hostname among its labels")
    _name("modelName", labels.get("modelName"))
    if labels.get("GPU_I_ID"):
        gpu = _name("GPU_I_ID", f"{gpu}/{labels['GPU_I_ID']}") or gpu
    value = _value(sample.name, float(sample.value))
    rows.setdefault((at, host, gpu), _Row(entry, labels)).values[sample.name] = value


def _text(entry: Entry) -> str:
    if entry.cut:
        raise _Unreadable("line too long")
    try:
        return entry.raw.decode().strip()
    except UnicodeDecodeError as error:
        raise _Unreadable("not UTF-8") from error


def _sample(text: str) -> Sample | None:
    """The sample on a line; None for one of a metric that is not read."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        if len(samples) > 1:
            raise _Unreadable("not one sample of Prometheus text")
        if not samples or samples[0].name not in _READ:
            return None
        float(samples[0].value)
        float(samples[0].timestamp or 0)
    except (ValueError, IndexError, OverflowError) as error:
        raise _Unreadable("not Prometheus text") from error
    return samples[0]


def _value(metric: str, value: float) -> float | None:
    if math.isnan(value) or value >= _BLANK_FLOAT or (_BLANK_INTEGER <= value < _BLANK_INTEGER + 16):
        return None
    if value < 0 and metric != _PLAIN["temperature_c"]:
        raise _Unreadable(f"{metric}: negative")
    if not value <= _HIGHEST.get(metric, _MOST) or value == -math.inf:
        raise _Unreadable(f"{metric}: out of range")
    if metric in _WHOLE and value != int(value):
        raise _Unreadable(f"{metric}: not a whole number")
    return value


def _first(values: Iterable[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)


def _at(seconds: float) -> dt.datetime | None:
    """The moment, to the millisecond that the text gives."""
    try:
        if seconds >= _EARLIEST:
            return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=round(seconds * 1000))
    except (OverflowError, ValueError):
        pass
    return None


def _day(text: str) -> Day | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
