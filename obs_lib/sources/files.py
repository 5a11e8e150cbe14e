"""Which files can hold a day, and their lines, read with bounded memory.

A file is dated when its name begins with YYYY-MM-DD, or else when its folder's name is a date; any other file is undated
and may hold every day. Names only say where to look: a line belongs to the UTC day of its own timestamp.
"""

from __future__ import annotations

import datetime as dt
import glob
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, cast

from obs_lib.errors import SourceError
from obs_lib.records import Day

_SUFFIXES = (".jsonl", ".jsonl.gz")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_STAMP = re.compile(rb'"timestamp"\s*:\s*"([^"\\]{10,40})"')
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of a source. `label` is its path from the source's root; `day` is None where the name says no date."""

    path: Path
    label: str
    day: Day | None


class Line(NamedTuple):
    """One line of a file. `number` counts from 1. `cut` says that only the head was kept, because it was too long."""

    number: int
    raw: bytes
    cut: bool


def find_files(path: str) -> list[LogFile]:
    """Every log file under a folder, file or glob, in reading order: undated first, then by date and name.

    SourceError when the folder or file is not there, or may not be listed; a glob without a match gives no files.
    """
    root, paths = _expand(path)
    try:
        files = [_log_file(item, root) for item in paths if item.name.endswith(_SUFFIXES) and item.is_file()]
    except OSError as error:
        raise _unreadable(path, error) from error
    return sorted(files, key=lambda file: (file.day or dt.date.min, file.label))


def candidates(files: list[LogFile], day: Day, look_around_days: int) -> list[LogFile]:
    """The files in which interactions of `day` can stand."""
    around = dt.timedelta(days=look_around_days)
    return [file for file in files if file.day is None or abs(file.day - day) <= around]


def lines(file: LogFile, max_bytes: int) -> Iterator[Line]:
    """The lines of a file without their ends; blank lines are left out but counted.

    SourceError when the file may not be read, or is a gzip file that ends early or is damaged.
    """
    try:
        with _open(file.path) as stream:
            yield from _split(stream, max_bytes)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file.path, error) from error


def days_named(raw: bytes) -> set[Day]:
    """The UTC days of all timestamps that a line holds, without parsing it; empty where none can be read."""
    days: set[Day] = set()
    for stamp in _STAMP.findall(raw):
        moment = parse_moment(stamp.decode("latin-1"))
        if moment is not None:
            days.add(moment.date())
    return days


def parse_moment(text: str) -> dt.datetime | None:
    """An ISO 8601 moment in UTC; None when it is none, or has no offset.

    >>> parse_moment("2023-06-01T01:30:00+02:00")
    datetime.datetime(2023, 5, 31, 23, 30, tzinfo=datetime.timezone.utc)
    >>> parse_moment("2023-06-01T01:30:00") is None
    True
    """
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.astimezone(dt.UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _expand(path: str) -> tuple[Path, list[Path]]:
    """The folder that labels start from, and everything that may be a log file."""
    root = Path(path).expanduser()
    try:
        if root.is_dir():
            return root, [*root.iterdir(), *root.glob("[0-9]*-*-*/*")]
        if root.is_file():
            return root.parent, [root]
    except OSError as error:
        raise _unreadable(path, error) from error
    if glob.has_magic(str(root)):
        fixed = Path(*root.parts[: next(n for n, part in enumerate(root.parts) if glob.has_magic(part))])
        return fixed, [Path(item) for item in glob.glob(str(root), recursive=True)]
    raise SourceError(
        "the log folder does not exist", where=path, fix="create it, or set sources[].path to where the logs are"
    )


def _log_file(path: Path, root: Path) -> LogFile:
    label = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
    return LogFile(path, label, _date_at_start(path.name) or _date_at_start(path.parent.name))


def _date_at_start(name: str) -> Day | None:
    found = _DATE.match(name)
    try:
        return dt.date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def _open(path: Path) -> IO[bytes]:
    if path.name.endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _split(stream: IO[bytes], max_bytes: int) -> Iterator[Line]:
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
            yield Line(number, raw, cut)


def _unreadable(path: object, error: Exception) -> SourceError:
    return SourceError(
        "the log file cannot be read",
        found=f"{type(error).__name__}: {error}"[:200],
        where=path,
        fix="repair, replace or remove it, or give this user the right to read it, then run the day again",
    )
