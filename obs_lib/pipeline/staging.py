"""Files that shards leave for `collect`: a folder a plan, invisible to readers of the lake.

A plan is named by its content, so two runs of the same day with the same inputs share one folder and write equal files.
Every file is written beside its place and renamed into it: a killed shard leaves nothing that looks finished.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from obs_lib.errors import LakeFull


def write_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` at once or not at all. LakeFull when there is no room."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LakeFull("the file cannot be written", found=str(error), where=path, fix="free some space") from error


class Staging:
    """The folder of one plan."""

    def __init__(self, root: Path, day: object, plan_id: str) -> None:
        self.folder = root / "staging" / str(day) / plan_id

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Leave a frame under `name`."""
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        write_file(self.folder / f"{name}.parquet", buffer.getvalue())

    def read(self, name: str) -> pd.DataFrame | None:
        """The frame left under `name`; None when nobody left one or it cannot be read."""
        try:
            return pd.read_parquet(self.folder / f"{name}.parquet")
        except (OSError, ValueError):  # pyarrow's ArrowInvalid is a ValueError
            return None

    def clear(self) -> None:
        """Remove the plan and what its shards left."""
        shutil.rmtree(self.folder, ignore_errors=True)
