"""Lines appended to one file a UTC day, whole or not at all, through full disks and killed processes."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from obs_lib.errors import ConfigError, ObsError
from obs_lib.records import Day

KEEP = 50_000
"""Lines kept while the disk is full: about 25 MB, nearly nine hours of eight GPUs every five seconds."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class DailyFiles:
    """Appends to `FOLDER/YYYY-MM-DD.<host>.jsonl`.

    A line is written whole or taken back, so only a process that is killed within a write leaves half a line; the next
    one ends it, so that it cannot spoil its own first line. While nothing can be written, the last `keep` lines wait.
    """

    def __init__(self, folder: Path, host: str, tell: Callable[[str], None], keep: int = KEEP) -> None:
        self._folder, self._host, self._tell = folder, _UNSAFE.sub("_", host), tell
        self._waiting: deque[tuple[Day, bytes]] = deque()
        self._keep, self._lost = keep, 0
        self._error: OSError | None = None  # why nothing can be written; None while all is well
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigError("files cannot be written here", where=folder, fix="give this user the right to")

    def path(self, day: Day) -> Path:
        """Where the lines of a day stand."""
        return self._folder / f"{day}.{self._host}.jsonl"

    def write(self, day: Day, lines: list[bytes]) -> None:
        """Append the lines, each ended by a newline, after those that still wait.

        Says once when it cannot, and once when it can again.
        """
        self._waiting.extend((day, line) for line in lines)
        try:
            self._write()
        except OSError as error:
            if self._error is None:
                self._tell(f"rows cannot be written ({error.strerror}): keeping the last {self._keep:,}")
            self._error = error
        else:
            if self._error is not None:
                self._tell(f"rows can be written again; {self._lost:,} were lost")
            self._error, self._lost = None, 0
        while len(self._waiting) > self._keep:
            self._waiting.popleft()
            self._lost += 1

    def close(self) -> None:
        """Try once more what still waits; ObsError where it has to be lost."""
        try:
            self._write()
        except OSError as error:
            raise ObsError(
                f"{len(self._waiting) + self._lost} rows could not be written and are lost",
                found=error.strerror,
                where=self._folder,
                fix="free some space",
            ) from error

    def _write(self) -> None:
        for day, lines in groupby(list(self._waiting), itemgetter(0)):
            file = os.open(self.path(day), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                _end_torn_line(file)
                for _, line in lines:
                    _append(file, line)
                    self._waiting.popleft()
            finally:
                os.close(file)


def _end_torn_line(file: int) -> None:
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        _append(file, b"\n")


def _append(file: int, data: bytes) -> None:
    size = os.fstat(file).st_size
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError:
        os.ftruncate(file, size)
        raise
