"""Files that shards leave for `collect`: a folder a plan, invisible to readers of the lake.

A plan is named by its content, so two runs of the same day with the same inputs share one folder and write equal files.
Every file is written beside its place and renamed into it: a killed shard leaves nothing that looks finished.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from obs_lib.errors import DayNotReady, LakeFull
from obs_lib.lake.durable import sync_path

NIGHT = dt.timedelta(hours=6)
"""A task's time limit: what was staged or marked before that is nobody's work."""


def write_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` at once or not at all, and on the disk. LakeFull when there is no room."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(name, 0o644)
            sync_path(Path(name))
            os.replace(name, path)
            sync_path(path.parent)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LakeFull("the file cannot be written", found=str(error), where=path, fix="free some space") from error


class Staging:
    """The folder of one plan.

    plan.json : the plan itself (`plan_file`), written when the frames of `plan` are there.
    Frames of `plan`: `drawn`, one row an interaction to score (request_id, inclusion_probability, case); `all_cases`, the
    distinct cases among them with their texts; `cases`, those without scores, with batch and shard; `kept`, earlier scores
    that are still right. Frames of a shard: `scores-N` and `vectors-N`.
    """

    def __init__(self, root: Path, day: object, plan_id: str) -> None:
        self.folder, self._day = root / "staging" / str(day) / plan_id, day

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Leave a frame under `name`."""
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        self.write_bytes(f"{name}.parquet", buffer.getvalue())

    def read(self, name: str) -> pd.DataFrame | None:
        """The frame left under `name`; None when nobody left one or it cannot be read."""
        try:
            return pd.read_parquet(self.folder / f"{name}.parquet")
        except (OSError, ValueError):  # pyarrow's ArrowInvalid is a ValueError
            return None

    def required(self, name: str) -> pd.DataFrame:
        """A frame that `plan` must have left. DayNotReady when it is not there."""
        frame = self.read(name)
        if frame is None:
            raise self.gone()
        return frame

    def required_cases(self, name: str) -> pd.DataFrame:
        """The same of cases, whose texts are text or None, never NaN, as evaluators expect them."""
        frame = self.required(name)
        return frame.astype(object).where(frame.notna(), None)

    def write_bytes(self, name: str, content: bytes) -> None:
        """Leave a file, at once or not at all."""
        write_file(self.folder / name, content)

    def read_bytes(self, name: str) -> bytes | None:
        """What a file holds; None when it cannot be read."""
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return None

    def gone(self) -> DayNotReady:
        """The error, to be raised, for a plan that is not here, or not any more."""
        return DayNotReady(
            "the plan of this day is gone", where=self.folder, fix=f"run `obs run {self._day}` from its plan on"
        )

    def clear(self) -> None:
        """Remove the plan and what its shards left."""
        shutil.rmtree(self.folder, ignore_errors=True)


def days_staged_lately(root: Path) -> set[str]:
    """Days for which a night has left files that may still be waited for. root : the folder in which Staging has its own."""
    folder, young = root / "staging", dt.datetime.now(dt.UTC) - NIGHT
    files = (path for path in folder.rglob("*.parquet") if path.stat().st_mtime > young.timestamp())
    return {path.relative_to(folder).parts[0] for path in files}
