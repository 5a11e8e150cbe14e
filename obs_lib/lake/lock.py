"""Who is alone at a lake: of erasure, maintenance and migration one may run at a time."""

from __future__ import annotations

import datetime as dt
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from obs_lib.errors import LakeError
from obs_lib.lake.lake import Lake

LOCK = "maintenance.lock"
_LOOK_AGAIN = 0.5  # seconds between looks at a lock


@contextmanager
def alone(lake: Lake, name: str = LOCK, patience: dt.timedelta = dt.timedelta()) -> Iterator[None]:
    """Hold the lake's maintenance: of erasure, maintenance and migration one may run at a time.

    The system frees it if we are killed. LakeError when another holds it, and still does when `patience` is over.
    """
    lake.files.mkdir(parents=True, exist_ok=True)
    given_up = time.monotonic() + patience.total_seconds()
    with (lake.files / name).open("w") as file:
        while (problem := _locked(file)) is not None:
            if time.monotonic() >= given_up:
                raise LakeError(
                    "another erasure, maintenance or migration is running, or the folder knows no locks",
                    found=problem.strerror,
                    where=lake.files / name,
                    fix="run it again when the other has ended",
                ) from problem
            time.sleep(_LOOK_AGAIN)
        yield


def _locked(file: IO[str]) -> OSError | None:
    """Take the lock; why it cannot be had, None where it was."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error
    return None
