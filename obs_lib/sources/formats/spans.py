"""Logs of spans in other clothes than OTLP's: each entry is turned into spans, and the traces are then read as OTLP's are.

What a span is (a call, a retrieval, a tool) and what it says is found out by the same rules; only how it is written differs.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Item, PassedOver, Rejected
from obs_lib.sources.formats.base import reason_of
from obs_lib.sources.formats.otlp.collected import Collected
from obs_lib.sources.formats.otlp.encoding import Record, Span
from obs_lib.sources.formats.otlp.evaluations import annotation
from obs_lib.sources.formats.otlp.format import FIELDS, OtlpFormat
from obs_lib.sources.formats.parse import mapping, moment, number, object_of

__all__ = [
    "FIELDS",
    "Record",
    "Span",
    "SpanFormat",
    "annotation",
    "each",
    "events_of",
    "flat",
    "nanoseconds",
    "plain_id",
    "span_of",
]

_STAMP = re.compile(rb'"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^"\\]{0,24})"')
_HEX = re.compile(r"[0-9a-fA-F]+")
_GRACE = dt.timedelta(minutes=15)
_LONG = 1e11  # more than three thousand years in seconds, and three in milliseconds
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EARLIEST, _LATEST = dt.datetime(1971, 1, 1, tzinfo=dt.UTC), dt.datetime(9000, 1, 1, tzinfo=dt.UTC)


class SpanFormat(OtlpFormat):
    """A format whose entries hold spans. All entries of one read are put together in memory."""

    @abstractmethod
    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterable[Span | Record | Rejected]:
        """The spans of an entry, verdicts on spans (`evaluations.annotation`), and why any of them is none.

        Raises `Rejected` where the entry is none of the format's.
        """

    def days(self, raw: bytes) -> set[Day]:
        """Days of every moment in ISO 8601 that the entry names, and of the quarter of an hour around it."""
        days: set[Day] = set()
        for stamp in set(_STAMP.findall(raw)):
            at = moment(stamp.decode("latin-1"))
            if at is not None and _EARLIEST < at < _LATEST:
                days |= {(at - _GRACE).date(), at.date(), (at + _GRACE).date()}
        return days

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Interactions, spans and labels, trace by trace; then what was rejected."""
        collected = Collected()
        verdicts: list[Record] = []
        for entry in entries:
            try:
                if entry.cut:
                    raise Rejected("line too long")
                spans = list(self.spans(entry, object_of(entry.raw)))
                for span in spans:
                    if isinstance(span, Rejected):
                        collected.reject(entry, str(span))
                    elif isinstance(span, Record):
                        verdicts.append(span)
                    else:
                        collected.add_span(span)
                if not spans:
                    yield PassedOver(entry, "trace without spans")
            except Rejected as problem:
                collected.reject(entry, str(problem))
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - one entry must not spoil the rest
                collected.reject(entry, reason_of(error))
        collected.annotate(verdicts)
        yield from self.rows_of(collected)


def nanoseconds(value: Any) -> int:
    """Nanoseconds since 1970 of a moment in ISO 8601, or in seconds, milliseconds ...; 0 where nothing can be read.

    >>> nanoseconds("2026-01-01T00:00:00Z") == nanoseconds(1767225600) == nanoseconds(1767225600000)
    True
    """
    count = number(value)
    while count is not None and count >= _LONG:  # a unit that is a thousand times finer
        count /= 1000
    at = moment(value if count is None else count)
    return 0 if at is None or not _EARLIEST < at < _LATEST else (at - _EPOCH) // dt.timedelta(microseconds=1) * 1000


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested attributes as the flat names that the conventions have; lists of objects by their index.

    >>> flat({"llm": {"model_name": "m", "input_messages": [{"message.role": "user"}]}})
    {'llm.model_name': 'm', 'llm.input_messages.0.message.role': 'user'}
    """
    named: dict[str, Any] = {}
    for name, inner in value.items():
        full = f"{prefix}{name}"
        if isinstance(inner, dict) and not full.endswith(("metadata", "usage_details", "cost_details")):
            named |= flat(inner, f"{full}.")
        elif full.startswith("gen_ai."):
            named[full] = inner  # these conventions have lists of objects as they are
        elif isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            named |= flat({str(n): item for n, item in enumerate(inner)}, f"{full}.")
        else:
            named[full] = inner
    return {name: inner for name, inner in named.items() if inner is not None}


def each(spans: Any, make: Callable[[dict[str, Any]], Span]) -> Iterator[Span | Rejected]:
    """The spans of a trace; one that cannot be read spoils no other. Raises `Rejected` where there is no list of them."""
    if not isinstance(spans, list):
        raise Rejected("spans: not a list")
    for item in spans:
        try:
            yield make(item) if isinstance(item, dict) else Rejected("span: not an object")
        except Rejected as problem:
            yield problem


def span_of(entry: Entry, fields: Mapping[str, Any]) -> Span:
    """A span from fields in Span's own names; `Rejected` where an id or the start is missing."""
    for name in ("trace_id", "span_id", "start"):
        if not fields.get(name):
            raise Rejected(f"{name}: missing")
    given: dict[str, Any] = {
        "parent_id": "",
        "name": "",
        "end": 0,
        "attributes": {},
        "events": (),
        "failed": False,
        "message": "",
        "resource": {},
    }
    return Span(entry=entry, **(given | dict(fields)))


def events_of(
    entry: Entry, of: tuple[str, str], events: Any, moments: Sequence[str] = ("timestamp",)
) -> tuple[Record, ...]:
    """The events of a span (its trace's id and its own) as its SDK prints them: {name, timestamp, attributes}.

    moments : what else the time may be called, the first that is there counts.
    """
    return tuple(
        Record(entry, *of, str(event.get("name", "")), at(event, moments), mapping(event.get("attributes")))
        for event in (events if isinstance(events, list) else ())
        if isinstance(event, dict)
    )


def at(item: Mapping[str, Any], names: Sequence[str]) -> int:
    """Nanoseconds since 1970 under the first of the names that holds something; 0 for none."""
    return next((nanoseconds(item[name]) for name in names if item.get(name) not in (None, "")), 0)


def plain_id(value: Any) -> str:
    """An id as text, without the 0x that printed ones have; hex in lower case, base64 as it is; "" for none.

    >>> plain_id("0x00AB"), plain_id("q6G+/w=="), plain_id(None)
    ('00ab', 'q6G+/w==', '')
    """
    plain = value.removeprefix("0x") if isinstance(value, str) else ""
    return plain.lower() if _HEX.fullmatch(plain) else plain
