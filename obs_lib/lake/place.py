"""Where the tables lie: a folder or a bucket, in which each is opened anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from pyarrow.fs import FileSystem, LocalFileSystem, SubTreeFileSystem

from obs_lib.errors import LakeDamaged, LakeError
from obs_lib.lake.bucket import bucket_files
from obs_lib.lake.faults import explained
from obs_lib.lake.log import damaged_entries, entry_path
from obs_lib.lake.table import Table


@dataclass(frozen=True)
class Place:
    """The tables' root.

    storage : options of the object store; None for none. folder : the root as a path; None where it is a bucket.
    """

    root: str
    storage: dict[str, str] | None = field(repr=False)
    folder: Path | None

    def uri(self, table: Table) -> str:
        """Where the table lies."""
        return f"{self.root}/{table.name}"

    def opened(self, table: Table) -> DeltaTable | None:
        """The table as it stands now; None where nothing was ever written. LakeDamaged where its log is."""
        try:
            opened = explained(partial(DeltaTable, self.uri(table), storage_options=self.storage), self.uri(table))
        except TableNotFoundError:
            return None
        except LakeError:
            self._refuse_damaged_log(table)
            raise
        if self.folder is not None:
            self._refuse_empty_entry(table, entry_path(self.folder / table.name, opened.version()))
        return opened

    def filesystem(self, table: Table) -> FileSystem:
        """The table's folder, paths relative to it."""
        return self.native_files(table) or bucket_files(self.uri(table), self.storage)

    def native_files(self, table: Table) -> FileSystem | None:
        """Arrow's own access to a local lake; None for Delta's, which calls Python from Arrow's threads.

        Those threads can still be reading ahead when the process ends, and then abort it although all work is done.
        """
        if self.folder is None:
            return None
        return SubTreeFileSystem(str(self.folder / table.name), LocalFileSystem())

    def _refuse_empty_entry(self, table: Table, newest: Path) -> None:
        """Delta takes an entry without a word in it for a commit that changed nothing. None of ours is empty."""
        if newest.exists() and not newest.stat().st_size:
            raise _damaged_log(table, newest, "it is empty")

    def _refuse_damaged_log(self, table: Table) -> None:
        for path, problem in damaged_entries(self.folder / table.name) if self.folder is not None else ():
            raise _damaged_log(table, path, problem)


def _damaged_log(table: Table, path: Path, problem: str) -> LakeDamaged:
    return LakeDamaged(
        f"the log of the table {table.name} is damaged",
        table=table.name,
        found=problem,
        where=path,
        fix="`obs maintain --repair`, which says what must be run again",
    )
