"""What stands in one log file: lines, rows of Parquet, or the items of a JSON array, each as an `Entry`."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from obs_lib.records import Day
from obs_lib.sources.entries import Entry

_LINES, _ARRAYS, _COLUMNS = (".jsonl", ".ndjson", ".prom"), (".json",), (".parquet",)
_PACKED = ("", ".gz", ".zst")
SUFFIXES = tuple(kind + packed for kind in (*_LINES, *_ARRAYS) for packed in _PACKED) + _COLUMNS
"""Names that end so are log files."""

_CHUNK = 1 << 20
_ROWS = 1_000  # of a Parquet file at once


def entries_of(stream: IO[bytes], label: str, day: Day | None, max_bytes: int) -> Iterator[Entry]:
    """Everything that stands in a file, in order; blank lines are left out but counted.

    Raises
    ------
    OSError, EOFError, ValueError : the file is damaged, or ends early.
    """
    name = label.lower()
    if name.endswith(_COLUMNS):
        return _rows(stream, label, day)
    plain = _unpacked(stream, name)
    kind = name.removesuffix(".gz").removesuffix(".zst")
    if kind.endswith(_ARRAYS):
        return _items(plain, label, day, max_bytes)
    return _lines(plain, label, day, max_bytes)


def as_json(row: dict[str, Any]) -> bytes:
    """A row of columns as JSON text: times in ISO 8601; what is absent (null, NaN) left out."""
    return json.dumps(
        {k: v for k, v in row.items() if v is not None and v == v}, ensure_ascii=False, default=_plain
    ).encode("utf-8", "replace")


def _unpacked(stream: IO[bytes], name: str) -> IO[bytes]:
    if name.endswith(".gz"):
        return cast(IO[bytes], io.BufferedReader(_Gzip(stream)))
    if name.endswith(".zst"):
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


def _items(stream: IO[bytes], label: str, day: Day | None, max_bytes: int) -> Iterator[Entry]:
    """The items of one JSON array; a file that holds anything else is taken as lines.

    The text is held as a whole, its items one at a time.
    """
    text = stream.read().decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not text.startswith("["):
        yield from _lines(io.BytesIO(text.encode()), label, day, max_bytes)
        return
    decoder, at, number = json.JSONDecoder(), 1, 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text) or text[at] == "]":
            return
        number += 1
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):  # what follows cannot be told apart any more
            yield Entry(label, number, text[at : at + max_bytes].encode(), day)
            return
        yield Entry(label, number, text[at : min(end, at + max_bytes)].encode(), day, end - at > max_bytes)
        at = end


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
