"""A day that is too large to be put together in memory: its entries on disk, dealt by trace, so that each share fits.

Formats that put traces together hold entries as they come. Beyond a limit they are written to files by the trace that they
belong to; a trace is then whole in one of them, and one file after another is read as a day of its own.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from obs_lib.sources.entries import Entry

_SHARES = 256  # files; of a day of ten million spans each holds some hundred megabytes when it is read
_HELD = 64 << 20  # bytes of entries that are held before any is written

Split = Callable[[Entry], Iterable[tuple[str, Entry]]]
"""The parts of an entry by the traces that they belong to; one that belongs to none, or cannot be read, under ""."""


def shares(entries: Iterable[Entry], split: Split, held: int = _HELD) -> Iterator[Iterator[Entry]]:
    """The entries in shares, each of which holds whole traces; all in one where they are few. In each in reading order.

    What belongs to no trace is in the last one.
    """
    coming, kept, size = iter(entries), [], 0
    for entry in coming:
        kept.append(entry)
        size += len(entry.raw)
        if size > held:
            break
    else:
        yield iter(kept)
        return
    with tempfile.TemporaryDirectory(prefix="traces-") as folder:
        places = [Path(folder) / str(n) for n in range(_SHARES + 1)]  # the last one of what belongs to no trace
        files = [place.open("wb") for place in places]
        try:
            for source in (kept, coming):
                for entry in source:
                    for trace, part in split(entry):
                        share = zlib.crc32(trace.encode("utf-8", "surrogatepass")) % _SHARES if trace else _SHARES
                        files[share].write(_packed(part))
                kept.clear()
        finally:
            for file in files:
                file.close()
        for place in places:
            if place.stat().st_size:
                yield _read(place)


def _packed(entry: Entry) -> bytes:
    day = entry.day.isoformat() if entry.day else None
    head = json.dumps([entry.origin, entry.number, day, entry.cut, len(entry.raw)])
    return head.encode() + b"\n" + entry.raw


def _read(place: Path) -> Iterator[Entry]:
    with place.open("rb") as file:
        while head := file.readline():
            origin, number, day, cut, size = json.loads(head)
            yield Entry(origin, number, file.read(size), dt.date.fromisoformat(day) if day else None, cut)
