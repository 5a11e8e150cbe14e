"""What is committed to a local lake lies on the disk before anybody is told of it.

Delta's writer hands its files to the system, which writes them down when it likes. After a loss of power a log entry could be
there with nothing in it, or a row of `days` that names rows which are not. A bucket answers when it has the object.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from obs_lib.lake.log import LOG, added_files, checkpoint_files, entry_path

_AT_ONCE = 8  # the disk writes several of them down in the time of one


def sync_commit(table: Path, version: int) -> None:
    """Everything that a commit added to a table: its data files, their folders, its log entry, and the checkpoint after it.

    table : the table's folder. OSError where the disk cannot take it.
    """
    entry = entry_path(table, version)
    added = [table / path for path in added_files(entry)]
    folders = {folder for path in added for folder in path.parents if folder.is_relative_to(table)}
    _sync(added)
    _sync([*folders, entry, *checkpoint_files(table, version)])
    # Last the names of what is new: that of the entry, and of the table itself.
    _sync([table / LOG, table, table.parent] if version == 0 else [table / LOG])


def sync_checkpoint(table: Path, version: int) -> None:
    """The checkpoint of a version, before entries go that it stands for."""
    _sync([*checkpoint_files(table, version), table / LOG])


def sync_path(path: Path) -> None:
    """A file's content, or the names in a folder."""
    _sync([path])


def _sync(paths: Iterable[Path]) -> None:
    paths = list(paths)
    if len(paths) > 1:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(_sync_one, paths))
        return
    for path in paths:
        _sync_one(path)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
