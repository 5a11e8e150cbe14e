"""Readings of GPUs: DCGM exporter samples as Prometheus text."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from obs_lib.lake.tables import GPU_SAMPLES
from obs_lib.records import Day, clock_reasons
from obs_lib.sources.entries import Entry, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.base import Format
from obs_lib.sources.formats.gpu import MOST, moment, name_of, text_of

_MIB = 2**20
_LONGEST = 4_000  # characters of a metric's name with its labels
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_MILLISECONDS = re.compile(rb"\s(\d{12,14})\s*$")
_SCRAPED = re.compile(r"#\s*scraped_at\b\s*(.*)", re.DOTALL)
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
_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)
_EARLIEST = 946_684_800_000  # milliseconds to the year 2000: a time in seconds lies before


class DcgmFormat(Format):
    """DCGM exporter samples, a line each, with their time in milliseconds or under `# scraped_at <ISO 8601>`.

    Samples of one time, host and GPU (or MIG instance) are one row, wherever they stand: scrapes come metric by metric.
    All other metrics are passed over. Blank values (NaN, and DCGM's own) are null.
    """

    describe = "GPU samples of a DCGM exporter: Prometheus text"
    tables = frozenset({GPU_SAMPLES})

    def days(self, raw: bytes) -> set[Day]:
        """The day of the line's own time. Lines without one belong with the comment above them, so they say none."""
        time = None if raw.lstrip().startswith(b"#") else _MILLISECONDS.search(raw)
        try:
            at = _at(int(time[1])) if time else None
        except Rejected:
            return set()
        return {at.date()} if at else set()

    def read(self, entries: Iterable[Entry]) -> Iterator[Row | RejectedEntry]:
        """A row for each time, host and GPU, in the order in which they first stand there."""
        rows: dict[tuple[dt.datetime, str, str], _Row] = {}
        scraped: dict[str, dt.datetime | None] = {}
        for entry in entries:
            try:
                text = text_of(entry)
                if text.startswith("#"):
                    comment = _SCRAPED.match(text)
                    if comment:
                        scraped[entry.origin] = None  # what follows an unreadable time has none
                        scraped[entry.origin] = moment("scraped_at", comment[1].strip())
                    continue
                sample = _sample(text)
                if sample is not None:
                    _add(rows, entry, sample, scraped.get(entry.origin))
            except Rejected as error:
                yield RejectedEntry(entry, str(error))
        for (at, host, gpu), row in rows.items():
            yield Row(GPU_SAMPLES, row.entry, {"at": at, "host": host, "gpu": gpu} | row.fields(), at)


class _Sample(NamedTuple):
    name: str
    labels: Mapping[str, str]
    value: float
    at: dt.datetime | None  # None where the line says no time


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
            "throttle": None if mask is None else clock_reasons(int(mask)),
            **{name: None if (n := of(metric)) is None else int(n) for name, metric in _ERRORS.items()},
            "processes": None,
        }


def _add(
    rows: dict[tuple[dt.datetime, str, str], _Row], entry: Entry, sample: _Sample, scraped: dt.datetime | None
) -> None:
    labels, at = sample.labels, sample.at or scraped
    if at is None:
        raise Rejected("no time: neither milliseconds behind the value nor a `# scraped_at` above")
    gpu = name_of("UUID", labels.get("UUID"))
    host = name_of("Hostname", labels.get("Hostname") or labels.get("instance", "").rpartition(":")[0])
    if not gpu or not host:
        raise Rejected("no UUID and Hostname among its labels")
    name_of("modelName", labels.get("modelName"))
    if labels.get("GPU_I_ID"):
        gpu = name_of("GPU_I_ID", f"{gpu}/{labels['GPU_I_ID']}") or gpu
    value = _value(sample.name, sample.value)
    rows.setdefault((at, host, gpu), _Row(entry, labels)).values[sample.name] = value


def _sample(text: str) -> _Sample | None:
    """The sample on a line; None for one of a metric that is not read."""
    name = _NAME.match(text)
    if name is not None and name[0] not in _READ:
        return None
    head, brace, tail = text.rpartition("}")
    words = tail.split()
    if not brace or len(head) > _LONGEST or len(words) not in (1, 2) or "_" in tail:
        raise Rejected("not Prometheus text")
    try:
        metric, labels = _series(head + brace)
        value, milliseconds = float(words[0]), int(words[1]) if len(words) == 2 else None
    except (ValueError, IndexError) as error:
        raise Rejected("not Prometheus text") from error
    if metric in _READ:
        return _Sample(metric, labels, value, _at(milliseconds))
    if text.startswith("{"):  # where a name in quotes may stand
        return None
    raise Rejected("not Prometheus text")


@lru_cache(maxsize=1024)  # a day has few series, and many samples of each
def _series(text: str) -> tuple[str, Mapping[str, str]]:
    """What stands before a value: the metric's name and its labels."""
    from prometheus_client.parser import text_string_to_metric_families

    (sample,) = (sample for family in text_string_to_metric_families(f"{text} 0") for sample in family.samples)
    return sample.name, sample.labels


def _value(metric: str, value: float) -> float | None:
    if math.isnan(value) or value >= _BLANK_FLOAT or (_BLANK_INTEGER <= value < _BLANK_INTEGER + 16):
        return None
    if value < 0 and metric != _PLAIN["temperature_c"]:
        raise Rejected(f"{metric}: negative")
    if not value <= _HIGHEST.get(metric, MOST) or value == -math.inf:
        raise Rejected(f"{metric}: out of range")
    if metric in _WHOLE and value != int(value):
        raise Rejected(f"{metric}: not a whole number")
    return value


def _first(values: Iterable[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)


def _at(milliseconds: int | None) -> dt.datetime | None:
    """The moment; Rejected for one before 2000, which is a time in seconds, or beyond all calendars."""
    if milliseconds is None:
        return None
    try:
        if milliseconds >= _EARLIEST:
            return _EPOCH + dt.timedelta(milliseconds=milliseconds)
    except OverflowError:
        pass
    raise Rejected("the time behind the value is not in milliseconds")
