"""Which nights are at work, and what those that were killed have left.

A process holds a lock on the day that it works on, and one on the folder into which it reads logs. The system frees a lock when
its process is gone, however it went. So what a lock is free of is nobody's, without a guess from its age. Between two tasks of
Airflow no process lives: what a plan left for the next one counts as left behind when nobody has touched it for `PATIENCE`.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from obs_lib.records import Day

PATIENCE = dt.timedelta(days=2)
"""How long a plan may wait for its next task, in a queue or for somebody to clear a red one."""

STAGING = "staging"
_READING = "reading-"
_LOCK = ".lock"
_WRITTEN = dt.timedelta(minutes=1)  # a page or a staged file is written in much less


@contextmanager
def at_work_on(files: Path, day: Day) -> Iterator[None]:
    """Say that somebody is at work on a day; several may be at once. files : the lake's folder of files.

    The last to leave takes the lock's file away.
    """
    path = _lock_of(files, day)
    try:
        with _held(path, fcntl.LOCK_SH):
            yield
    finally:
        _remove_free(path)


def is_at_work(files: Path, day: Day) -> bool:
    """Whether a living process is at work on a day."""
    return _is_held(_lock_of(files, day))


@contextmanager
def reading_folder(files: Path, day: Day) -> Iterator[Path]:
    """A folder for rows on their way into the lake, gone when they have arrived. Beside the lake, because a day may not fit
    into /tmp.
    """
    place = files / STAGING / str(day)
    with _turn(files):  # nobody must find the folder without its lock, nor take the day's, empty, away meanwhile
        place.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=_READING, dir=place)
        lock = _held(Path(folder.name) / _LOCK, fcntl.LOCK_EX)
        lock.__enter__()
    try:
        yield Path(folder.name)
    finally:
        folder.cleanup()
        lock.__exit__(None, None, None)


def remove_left_behind(files: Path, patience: dt.timedelta = PATIENCE) -> int:
    """Remove what killed nights have left in staging and among the pages; returns how many folders and files went."""
    root, gone = files / STAGING, 0
    if not root.is_dir():
        return 0
    now = dt.datetime.now(dt.UTC).timestamp()
    with _turn(files):
        for folder in [*root.glob(f"*/{_READING}*"), *_plans(root, now - patience.total_seconds())]:
            if not _is_held(
                folder / _LOCK if folder.name.startswith(_READING) else _lock_of(files, folder.parent.name)
            ):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        for path in [*root.glob("*/*/.*"), *(files / "pages").glob(".*")]:
            if path.name != _LOCK and _age(path, now) > _WRITTEN.total_seconds():
                path.unlink(missing_ok=True)
                gone += 1
        for day in root.glob("*/"):
            if not _is_held(_lock_of(files, day.name)):  # who is at work may be about to put something in
                with suppress(OSError):  # not empty
                    day.rmdir()
        for lock in root.glob(f"*{_LOCK}"):
            if lock != _turn_of(files):
                gone += _remove_free(lock)
    return gone


def _plans(root: Path, before: float) -> Iterator[Path]:
    for folder in root.glob("*/*/"):
        if not folder.name.startswith(_READING):
            newest = max((_written(path) for path in (folder, *folder.iterdir())), default=0.0)
            if newest < before:
                yield folder


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _age(path: Path, now: float) -> float:
    return now - (_written(path) or now)


def _lock_of(files: Path, day: object) -> Path:
    return files / STAGING / f"{day}{_LOCK}"


def _turn_of(files: Path) -> Path:
    return files / STAGING / f"turn{_LOCK}"


@contextmanager
def _turn(files: Path) -> Iterator[None]:
    """One at a time makes or removes folders."""
    with _held(_turn_of(files), fcntl.LOCK_EX):
        yield


@contextmanager
def _held(path: Path, kind: int) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("a+") as file:
            with suppress(OSError):  # a folder that knows no locks: nothing there counts as left behind
                fcntl.flock(file, kind)
                if not _is_still(file, path):  # removed by who held it before us: a lock on it tells nobody anything
                    continue
            yield
            return


def _is_held(path: Path) -> bool:
    """Whether a living process holds the lock; looking leaves no file behind."""
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _remove_free(path: Path) -> int:
    """Remove a lock's file unless somebody holds it; returns how many went. Only who holds a lock may remove its file: so
    nobody's lock loses its name, and who has waited for ours finds that the file is another one (`_held`).
    """
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_still(file, path):
                return 0
            path.unlink()
    except OSError:  # held, gone, or in a place that knows no locks
        return 0
    return 1


def _is_still(file: IO[str], path: Path) -> bool:
    """Whether an open file is the one that its path names."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
