"""Leave nothing of a table but its current version: no old file, no file of a killed writer, no text in its log.

Beside a running night this must not touch what that night is about to commit. A writer marks its day WRITING before its first
file and commits before it marks the day READY. So a file that was there before we looked who is writing, whose day nobody
was writing, and that the version opened after that does not know, is nobody's.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote

from pyarrow.fs import FileSelector, FileSystem

from obs_lib.lake.files import live_files
from obs_lib.lake.lake import Lake
from obs_lib.lake.maintenance import keep_no_statistics, stored_files, vacuum
from obs_lib.lake.table import Table
from obs_lib.records import Day, StepState

_LOG = "_delta_log"
_IN_DOUBT = dt.timedelta(hours=6)
"""How long one commit may take at most (a task's time limit); what a writer left before that is of a killed one."""
_BRIEF = dt.timedelta(minutes=10)
"""The same for tables that are written without marking a day: a row at a time."""


def purge(lake: Lake, table: Table, dead: Collection[Day] = ()) -> int:
    """Remove old versions and what their log tells; returns how many files went.

    dead : days whose unfinished writers are known to be gone. A reader that opened the table before and has not read its
    files yet fails, and reads the current version when it tries again.
    """
    if lake.open(table) is None:
        return 0
    keep_no_statistics(lake, table)
    # Files that the log says are removed: nobody can commit them any more.
    gone = vacuum(lake, table, 0, full=False)
    gone += _remove_unknown(lake, table, {str(day) for day in dead})
    _purge_log(lake, table)
    return gone


def _remove_unknown(lake: Lake, table: Table, dead: set[str]) -> int:
    """Files of killed writers. The order counts: files first, then who is writing, then what the current version knows."""
    files = stored_files(lake, table)
    writing = {str(record.day) for record in lake.records(step=table.step) if record.state is StepState.WRITING} - dead
    opened = lake.open(table)
    known = {unquote(path) for path in live_files(opened)["path"].to_pylist()} if opened is not None else set()
    now, store = dt.datetime.now(dt.UTC), lake.filesystem(table)
    gone = [
        path for path, _, written in files if path not in known and not _in_doubt(path, now - written, table, writing)
    ]
    for path in gone:
        store.delete_file(path)
    return len(gone)


def _in_doubt(path: str, age: dt.timedelta, table: Table, writing: set[str]) -> bool:
    """Whether a file that no version knows may still become part of one."""
    named = re.match(r"day=(\d{4}-\d\d-\d\d)/", path)
    if table.step is None:
        return age < _BRIEF
    return named is not None and named[1] in writing and age < _IN_DOUBT


def _purge_log(lake: Lake, table: Table) -> None:
    """A checkpoint of the current version in place of older ones, and entries without statistics.

    Entries are not deleted: a writer that is about to commit version N+1 must find it taken, or its work would be lost.
    """
    opened, store = lake.open(table), lake.filesystem(table)
    if opened is None:
        return
    opened.create_checkpoint()
    lake.sync_checkpoint(table, opened.version())
    newest = json.loads(_read(store, f"{_LOG}/_last_checkpoint"))["version"]
    for path in _log_files(store):
        name = re.match(r"(\d{20})\.(checkpoint.*\.parquet|json)$", path)
        if name and name[2] != "json" and int(name[1]) < newest:
            store.delete_file(f"{_LOG}/{path}")
        elif path.endswith((".json", ".tmp")):
            _scrub(store, f"{_LOG}/{path}")


def _log_files(store: FileSystem) -> list[str]:

    return [info.base_name for info in store.get_file_info(FileSelector(_LOG))]


def _scrub(store: FileSystem, path: str) -> None:
    """The same log entry without the smallest and largest values of its files."""
    raw = _read(store, path)
    if b"minValues" not in raw and b"maxValues" not in raw:
        return
    actions = [_without_statistics(json.loads(line)) for line in raw.splitlines() if line.strip()]
    clean = "".join(json.dumps(action, separators=(",", ":")) + "\n" for action in actions).encode()
    if store.type_name == "subtree":  # a local folder: in place at once or not at all
        with store.open_output_stream(f"{path}.scrubbed") as file:
            file.write(clean)
        store.move(f"{path}.scrubbed", path)
    else:  # an object appears when it is closed
        with store.open_output_stream(path) as file:
            file.write(clean)


def _without_statistics(action: dict[str, Any]) -> dict[str, Any]:
    for body in action.values():
        if isinstance(body, dict) and body.get("stats"):
            body["stats"] = json.dumps({"numRecords": json.loads(body["stats"]).get("numRecords")})
    return action


def _read(store: FileSystem, path: str) -> bytes:
    with store.open_input_file(path) as file:
        content: bytes = file.read()
    return content
