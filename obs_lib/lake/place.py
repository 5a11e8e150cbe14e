"""Where the tables lie: a folder or a bucket, in which each is opened anew, and whose errors come as ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from pyarrow.fs import FileSystem, LocalFileSystem, SubTreeFileSystem

from obs_lib.errors import LakeError, LakeFull
from obs_lib.lake.bucket import bucket_files
from obs_lib.lake.table import Table

_T = TypeVar("_T")
_NO_ROOM = ("No space left", "os error 28", "File too large", "os error 27", "Disk quota", "os error 122")


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
        """The table as it stands now; None where nothing was ever written."""
        try:
            return self.explained(table, partial(DeltaTable, self.uri(table), storage_options=self.storage))
        except TableNotFoundError:
            return None

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

    def explained(self, table: Table, act: Callable[[], _T]) -> _T:
        """Call `act`; what it raises of Delta or the system comes as an error of ours, unless another try may help."""
        try:
            return act()
        except (CommitFailedError, TableNotFoundError):
            raise
        except (DeltaError, OSError) as error:
            where = self.uri(table)
            if any(sign in str(error) for sign in _NO_ROOM):
                fix = "free some space and run the step again"
                raise LakeFull("there is no room left to write", where=where, fix=fix) from error
            raise LakeError(f"the table cannot be read or written: {str(error)[:300]}", where=where) from error
