"""Entries of files, here or at any fsspec URL: which files can hold a day, and what stands in them, with bounded memory.

A file is dated when its name begins with YYYY-MM-DD, or else when its folder's name is a date (also as `day=YYYY-MM-DD`); any
other file is undated and may hold every day. Names only say where to look: a row belongs to the UTC day of its own time.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fsspec.core import url_to_fs

from obs_lib.errors import SourceError
from obs_lib.records import Day
from obs_lib.sources.content import SUFFIXES, entries_of
from obs_lib.sources.entries import Entry

_DATE = re.compile(r"(?:\A|=)(\d{4}-\d{2}-\d{2})")
_BUFFER = 1 << 20
_MAGIC = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of a source. `label` is its path from the source's root; `day` is None where the name says no date."""

    path: str
    label: str
    day: Day | None


class FileEntries:
    """The entries of a folder, a file or a glob. Cheap to construct; lists its files once.

    options : storage options for fsspec, such as credentials; none for local files.
    """

    def __init__(
        self, path: str, look_around_days: int, max_line_bytes: int, options: Mapping[str, Any] | None = None
    ) -> None:
        self.path, self.max_line_bytes, self._options = path, max_line_bytes, dict(options or {})
        self._around = dt.timedelta(days=look_around_days)

    def every(self) -> Iterator[Entry]:
        """All entries, whatever their day. SourceError as of `entries`."""
        for file in self.files:
            yield from self._read(file)

    def entries(self, day: Day) -> Iterator[Entry]:
        """All entries in which rows of the day can stand: undated files first, then by date and name.

        SourceError when a file may not be read, or is damaged or ends early: half a day is worse than none.
        """
        for file in self.files:
            if file.day is None or abs(file.day - day) <= self._around:
                yield from self._read(file)

    def days(self) -> list[Day]:
        """The days that names of files say."""
        return sorted({file.day for file in self.files if file.day is not None})

    def undated(self) -> Iterator[Entry]:
        """The entries of files whose names say no date."""
        for file in self.files:
            if file.day is None:
                yield from self._read(file)

    @cached_property
    def files(self) -> list[LogFile]:
        """Every log file, in reading order. SourceError when the folder or file is not there or may not be listed."""
        try:
            root, paths = self._expand()
        except self._faults as error:
            raise _unreadable(self.path, error) from error
        chosen = [path for path in paths if self._is_named or path.lower().endswith(SUFFIXES)]
        files = [_log_file(path, root) for path in chosen]
        return sorted(files, key=lambda file: (file.day or dt.date.min, file.label))

    @property
    def unread(self) -> list[str]:
        """Labels of the files that are there and are not read, because their names say that they are no logs."""
        root, paths = self._expand()
        read = {file.path for file in self.files}
        labels = [_log_file(path, root).label for path in paths if path not in read]
        return sorted(label for label in labels if not _last(label).startswith((".", "_")))

    @property
    def _is_named(self) -> bool:
        """Whether the path names one file, or the ending of files, so that any of them is meant."""
        name = _last(self.path)
        ending = name.rpartition(".")[2] if "." in name else ""
        fs, root = self._fs
        return fs.isfile(root) or bool(_MAGIC.search(name) and ending and not _MAGIC.search(ending))

    @cached_property
    def _fs(self) -> Any:

        return url_to_fs(os.path.expanduser(self.path), **self._options)

    @property
    def _faults(self) -> tuple[type[Exception], ...]:
        """What says that files cannot be read. Every store but the disk brings errors of its own, which share no class."""
        return (OSError, EOFError, ValueError, ImportError) if self._here else (Exception,)

    @property
    def _here(self) -> bool:
        return "://" not in self.path or self.path.startswith("file://")

    def _expand(self) -> tuple[str, list[str]]:
        """The folder that labels start from, and everything in it that may be a log file: two levels, or what a glob says."""
        fs, root = self._fs
        fs.invalidate_cache()  # fsspec shares what it once listed with everybody in the process
        if _MAGIC.search(root):
            parts = root.split("/")
            fixed = "/".join(parts[: next(n for n, part in enumerate(parts) if _MAGIC.search(part))])
            fs.ls(fixed)  # a glob finds nothing, without a word, where nobody may look
            return fixed, [path for path in fs.glob(root) if fs.isfile(path)]
        if fs.isfile(root):
            return root.rpartition("/")[0], [root]
        if not fs.isdir(root):
            with suppress(FileNotFoundError):
                fs.info(root)  # tells it where it is there, but closed to us
            raise SourceError(
                "the log folder does not exist",
                where=self.path,
                fix="create it, or set sources[].path to where the logs are",
            )
        items = fs.ls(root, detail=True)
        for folder in [item["name"] for item in items if item["type"] == "directory" and _date(_last(item["name"]))]:
            items += fs.ls(folder, detail=True)
        return root, [item["name"] for item in items if item["type"] == "file" or fs.isfile(item["name"])]

    def _read(self, file: LogFile) -> Iterator[Entry]:
        fs, _ = self._fs
        try:
            with fs.open(file.path, "rb") as opened:
                # A bucket's file has no readline that stops at a length.
                stream = opened if self._here else io.BufferedReader(opened, _BUFFER)
                yield from entries_of(stream, file.label, file.day, self.max_line_bytes)
        except self._faults as error:
            raise _unreadable(file.path, error) from error


def _log_file(path: str, root: str) -> LogFile:
    label = os.fsencode(path.removeprefix(root).lstrip("/")).decode("utf-8", "replace")
    folder, _, name = path.rpartition("/")
    return LogFile(path, label, _date(name) or _date(_last(folder)))


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _date(name: str) -> Day | None:
    date = _DATE.search(name)
    try:
        return dt.date.fromisoformat(date[1]) if date else None
    except ValueError:
        return None


def _unreadable(path: object, error: Exception) -> SourceError:
    if isinstance(error, SourceError):
        return error
    return SourceError(
        "the log file cannot be read",
        found=f"{type(error).__name__}: {error}"[:200],
        where=path,
        fix="repair, replace or remove it, or give this user the right to read it, then run the day again",
    )
