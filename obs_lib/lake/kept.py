"""Tables that are kept open, because opening one reads its log, which takes longer than reading a day.

Before each use it is looked whether their log has moved on: what another process has committed is seen as if the table had been
opened anew.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from pyarrow.fs import FileInfo, FileSystem, FileType

from obs_lib.lake.place import Place
from obs_lib.lake.table import Table

_Entry = tuple[int, int, int]
"""Of a table's log: version, when it was written in ns, bytes."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table that was opened, its folder, and the newest entry of its log."""

    handle: DeltaTable
    files: FileSystem
    entry: _Entry | None


class KeptTables:
    """The tables of one place that each thread has opened: another's next call must not move on what this one is reading."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._threads = threading.local()

    def current(self, table: Table) -> DeltaTable | None:
        """The table as it stands now, moved on by the thread's next call; None where nothing was ever written."""
        kept = self._kept.pop(table, None)
        if kept is not None and self._moved_on(table, kept):
            return kept.handle
        opened = self._place.opened(table)
        return None if opened is None else self.keep(table, opened)

    def keep(self, table: Table, handle: DeltaTable) -> DeltaTable:
        """Keep a table that stands at its newest version."""
        files = self._place.filesystem(table)
        self._kept[table] = _Kept(handle, files, _entries(files, handle.version())[0])
        return handle

    def forget(self, table: Table) -> None:
        """Open the table anew at its next use."""
        self._kept.pop(table, None)

    @property
    def _kept(self) -> dict[Table, _Kept]:
        kept: dict[Table, _Kept] = self._threads.__dict__.setdefault("kept", {})
        return kept

    def _moved_on(self, table: Table, kept: _Kept) -> bool:
        """Bring a kept table to its newest version; False where it has to be opened anew."""
        entry, newer = _entries(kept.files, kept.handle.version())
        if entry is None or entry != kept.entry:
            return False
        if newer is None:
            self._kept[table] = kept
            return True
        if not newer[2]:  # an empty entry, which `opened` refuses
            return False
        try:
            kept.handle.update_incremental()
        except (DeltaError, OSError):
            return False
        self.keep(table, kept.handle)
        return True


def _entries(files: FileSystem, version: int) -> list[_Entry | None]:
    """The log's entry of a version and that of the next one; None for one that is not there.

    Versions are numbered without gaps. So a table whose newest entry is still the same file and has no follower stands as it
    stood; an entry that is another file, or gone, is of a log that was cleaned, or of a table made anew under the name.
    """
    names = [f"_delta_log/{number:020}.json" for number in (version, version + 1)]
    return [_entry(number, info) for number, info in enumerate(files.get_file_info(names), version)]


def _entry(version: int, info: FileInfo) -> _Entry | None:
    return (version, info.mtime_ns, info.size) if info.type is FileType.File else None
