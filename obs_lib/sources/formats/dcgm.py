"""Readings of GPUs: DCGM exporter samples as Prometheus text."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from obs_lib.records import Day, clock_reasons
from obs_lib.sources.entries import Entry, Found, Reject
from obs_lib.sources.formats.gpu import MOST, Unreadable, as_json, moment, name_of, text_of
from obs_lib.tables import GPU_SAMPLES

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

_MIB = 2**20
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
            except Unreadable as error:
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
            "throttle": None if mask is None else as_json(clock_reasons(int(mask))),
            **{name: None if (n := of(metric)) is None else int(n) for name, metric in _ERRORS.items()},
            "processes": None,
        }


def _add(
    rows: dict[tuple[dt.datetime, str, str], _Row], entry: Entry, sample: Sample, scraped: dt.datetime | None
) -> None:
    labels = sample.labels
    at = scraped if sample.timestamp is None else _at(float(sample.timestamp))
    if at is None:
        raise Unreadable("no time: neither milliseconds behind the value nor a `# scraped_at` above")
    gpu = name_of("UUID", labels.get("UUID"))
    host = name_of("Hostname", labels.get("Hostname") or labels.get("instance", "").rpartition(":")[0])
    if not gpu or not host:
        raise Unreadable("no UUID and Hostname among its labels")
    name_of("modelName", labels.get("modelName"))
    if labels.get("GPU_I_ID"):
        gpu = name_of("GPU_I_ID", f"{gpu}/{labels['GPU_I_ID']}") or gpu
    value = _value(sample.name, float(sample.value))
    rows.setdefault((at, host, gpu), _Row(entry, labels)).values[sample.name] = value


def _sample(text: str) -> Sample | None:
    """The sample on a line; None for one of a metric that is not read."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        if len(samples) > 1:
            raise Unreadable("not one sample of Prometheus text")
        if not samples or samples[0].name not in _READ:
            return None
        float(samples[0].value)
        float(samples[0].timestamp or 0)
    except (ValueError, IndexError, OverflowError) as error:
        raise Unreadable("not Prometheus text") from error
    return samples[0]


def _value(metric: str, value: float) -> float | None:
    if math.isnan(value) or value >= _BLANK_FLOAT or (_BLANK_INTEGER <= value < _BLANK_INTEGER + 16):
        return None
    if value < 0 and metric != _PLAIN["temperature_c"]:
        raise Unreadable(f"{metric}: negative")
    if not value <= _HIGHEST.get(metric, MOST) or value == -math.inf:
        raise Unreadable(f"{metric}: out of range")
    if metric in _WHOLE and value != int(value):
        raise Unreadable(f"{metric}: not a whole number")
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
