"""What stands in one log file, each item as an `Entry`: found out by looking into it, whatever its name says.

Lines, where the first one is a JSON value by itself, or none is JSON (metrics); else JSON documents (`documents.py`); rows of
CSV and of Parquet. gzip and zstd are unpacked.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from obs_lib.records import Day
from obs_lib.sources.documents import documents, is_page, is_whole
from obs_lib.sources.entries import Entry

_PLAIN, _COLUMNS = (".jsonl", ".ndjson", ".json", ".prom", ".csv"), (".parquet",)
_PACKED = ("", ".gz", ".zst")
SUFFIXES = tuple(kind + packed for kind in _PLAIN for packed in _PACKED) + _COLUMNS
"""Names that end so are log files."""

_CHUNK = 1 << 20
_LOOKED_AT = 20  # lines, to tell a damaged first line from a document
_ROWS = 1_000  # of a Parquet file at once


def entries_of(stream: IO[bytes], label: str, day: Day | None, max_bytes: int) -> Iterator[Entry]:
    """Everything that stands in a file, in order; blank lines are left out but counted.

    Raises
    ------
    OSError, EOFError, ValueError : the file is damaged, or ends early.
    """
    name = label.lower()
    magic = stream.read(4)
    stream.seek(0)
    if magic == b"PAR1" or name.endswith(_COLUMNS):
        return _rows(stream, label, day)
    if name.removesuffix(".gz").removesuffix(".zst").endswith(".csv"):
        return _cells(_unpacked(stream, name, magic), label, day, max_bytes)
    return _text(lambda: _unpacked(stream, name, magic), label, day, max_bytes)


def as_json(row: dict[str, Any]) -> bytes:
    """A row of columns as JSON text: times in ISO 8601; what is absent (null, NaN) left out."""
    return json.dumps(
        {k: v for k, v in row.items() if v is not None and v == v}, ensure_ascii=False, default=_plain
    ).encode("utf-8", "replace")


def _unpacked(stream: IO[bytes], name: str, magic: bytes) -> IO[bytes]:
    """The stream from its start, unpacked."""
    stream.seek(0)
    if magic[:1] in (b"{", b"["):
        return stream  # some stores unpack what they hand out and leave the name
    if magic[:2] == b"\x1f\x8b" or name.endswith(".gz"):
        return cast(IO[bytes], io.BufferedReader(_Gzip(stream)))
    if magic == b"\x28\xb5\x2f\xfd" or name.endswith(".zst"):
        return cast(IO[bytes], io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")))
    return stream


class _Gzip(io.RawIOBase):
    """gzip whose damage is an OSError, as that of every other file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._inner = gzip.GzipFile(fileobj=stream, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._inner.readinto(buffer)
        except zlib.error as error:
            raise OSError(str(error)) from error


def _text(open_plain: Callable[[], IO[bytes]], label: str, day: Day | None, max_bytes: int) -> Iterator[Entry]:
    """Lines, or the documents of a text that has no lines of its own. A text of documents is held as a whole."""
    lines = _lines(open_plain(), label, day, max_bytes)
    first = next(lines, None)
    if first is None:
        return
    if _is_line(first):
        yield first
        yield from lines
        return
    text = open_plain().read().decode("utf-8", "replace").lstrip("\ufeff")
    if not _is_page(first) and _is_broken_line(text):
        yield from _lines(open_plain(), label, day, max_bytes)
        return
    for number, item in enumerate(documents(text), start=1):
        raw = item.encode()
        yield Entry(label, number, raw[:max_bytes], day, len(raw) > max_bytes)


def _is_line(first: Entry) -> bool:
    """Whether a text whose first line this is consists of lines."""
    head = first.raw.lstrip()
    if head[:1] == b"[" or _is_page(first):
        return False
    return head[:1] != b"{" or first.cut or is_whole(head)


def _is_page(first: Entry) -> bool:
    return is_page(first.raw.lstrip()[:200].decode("utf-8", "replace"))


def _is_broken_line(text: str) -> bool:
    """Whether a text that begins with an object and whose first line is no JSON is lines all the same: others are."""
    lines = text.lstrip().split("\n", _LOOKED_AT + 1)[1 : _LOOKED_AT + 1]
    return text.lstrip()[:1] == "{" and any(line[:1] == "{" and is_whole(line.encode()) for line in lines)


def _lines(stream: IO[bytes], label: str, day: Day | None, max_bytes: int) -> Iterator[Entry]:
    number = 0
    while raw := stream.readline(max_bytes + 1):
        number += 1
        cut = len(raw) > max_bytes and not raw.endswith(b"\n")
        rest = raw
        while cut and rest and not rest.endswith(b"\n"):
            rest = stream.readline(_CHUNK)
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        raw = raw.rstrip(b"\r\n")
        if raw.strip():
            yield Entry(label, number, raw, day, cut)


def _cells(stream: IO[bytes], label: str, day: Day | None, max_bytes: int) -> Iterator[Entry]:
    """Rows of CSV by the names of its first line; every cell is text, an empty one is left out."""
    csv.field_size_limit(max(max_bytes, csv.field_size_limit()))
    table = csv.DictReader(codecs.iterdecode(stream, "utf-8-sig", "replace"))
    try:
        for number, row in enumerate(table, start=1):
            raw = as_json({name: cell for name, cell in row.items() if name and cell not in (None, "")})
            yield Entry(label, number, raw[:max_bytes], day, len(raw) > max_bytes)
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _rows(stream: IO[bytes], label: str, day: Day | None) -> Iterator[Entry]:

    number = 0
    with pq.ParquetFile(stream) as file:
        for batch in file.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist(maps_as_pydicts="lossy"):
                number += 1
                yield Entry(label, number, as_json(row), day)


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return float(value) if hasattr(value, "__float__") else str(value)  # Decimal; UUID and the like
