"""The log of a table in a local lake: its entries and checkpoints, and which of them are damaged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

LOG = "_delta_log"
HINT = "_last_checkpoint"
_NOTHING = json.dumps({"commitInfo": {"operation": "REPAIR"}}).encode() + b"\n"
_ENTRY = re.compile(r"\d{20}\.json\Z")
_CHECKPOINT = re.compile(r"\d{20}\.checkpoint\.parquet\Z")


def entry_path(table: Path, version: int) -> Path:
    """The entry of a version. table : the table's folder."""
    return table / LOG / f"{version:020}.json"


def added_files(entry: Path) -> list[str]:
    """The data files that an entry adds, from the table's folder."""
    actions = [json.loads(line) for line in entry.read_bytes().splitlines() if line.startswith(b'{"add"')]
    return [unquote(action["add"]["path"]) for action in actions]


def checkpoint_files(table: Path, version: int) -> list[Path]:
    """The checkpoint of a version and the file that says which is the newest; none where there is no checkpoint.

    Another process may have written the one, and not the other yet.
    """
    path, newest = table / LOG / f"{version:020}.checkpoint.parquet", table / LOG / HINT
    return [path, *([newest] if newest.exists() else [])] if path.exists() else []


def damaged_entries(table: Path) -> Iterator[tuple[Path, str]]:
    """Entries and checkpoints that cannot be read or are not there, in order of their names, and what is wrong with each."""
    there = sorted((table / LOG).glob("*"))
    numbers = {int(path.stem) for path in there if _ENTRY.match(path.name)}
    summed = [int(path.name.partition(".")[0]) for path in there if _CHECKPOINT.match(path.name)]
    missing = set(range(max(summed, default=-1) + 1, max(numbers, default=-1))) - numbers
    for path in sorted([*there, *(entry_path(table, number) for number in missing)]):
        problem = _problem(path) if path in there else "it is not there"
        if problem is not None:
            yield path, problem


def replace_damaged(path: Path, first: bytes) -> None:
    """Let the log go on without what a damaged file of it said: an entry that does nothing takes its place.

    first : what takes the place of the first entry, which says what table it is. A checkpoint is left out, since the entries
    that it sums up say the same. Where they are gone, the table stays closed.
    """
    if not _ENTRY.match(path.name):
        path.unlink()
        return
    new = path.with_name(f"{path.name}.repaired")
    new.write_bytes(_NOTHING if int(path.stem) else first)
    new.replace(path)


def _problem(path: Path) -> str | None:
    try:
        if _ENTRY.match(path.name):
            return _problem_of_entry(path.read_bytes())
        if _CHECKPOINT.match(path.name):
            pq.read_table(path)
        elif path.name == HINT:
            version = json.loads(path.read_bytes())["version"]
            if not checkpoint_files(path.parent.parent, version):
                return f"it names the checkpoint of version {version}, which is not there"
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        return " ".join(str(error).split())[:120] or type(error).__name__
    return None


def _problem_of_entry(content: bytes) -> str | None:
    lines = [line for line in content.splitlines() if line.strip()]
    if not lines:
        return "it is empty"
    for line in lines:
        if not isinstance(json.loads(line), dict):
            return "it holds no actions"
    return None
