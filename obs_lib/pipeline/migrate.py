"""Bring a lake of an earlier release over to this one's names: by itself when a night begins, or when asked to.

A run that is killed anywhere leaves a lake that the next one finishes, and a second one has nothing to do. No model runs:
scores keep their values, and digests of what kept its names stay (docs/decisions/0015-migration.md).
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deltalake.exceptions import CommitFailedError, DeltaError

from obs_lib.errors import LakeConflict, LakeError
from obs_lib.lake.files import live_files
from obs_lib.lake.lake import Lake
from obs_lib.lake.lock import alone
from obs_lib.lake.table import DAY
from obs_lib.lake.tables import DAYS
from obs_lib.lake.version import SCHEMA_VERSION
from obs_lib.pipeline.schema_5.migration import Migrated, Migration
from obs_lib.pipeline.staging import NIGHT, days_staged_lately
from obs_lib.records import StepState

_PATIENCE = dt.timedelta(hours=3)  # for a migration that another process has begun
_OLD_LOCK = "upkeep.lock"

Tell = Callable[[str], None]


def up_to_date(lake: Lake, tell: Tell = lambda _: None) -> None:
    """Migrate the lake where an earlier release wrote it. Costs nothing where it did not, so every night begins with it."""
    migrate(lake, tell, patience=_PATIENCE)


def migrate(
    lake: Lake, tell: Tell = lambda _: None, *, force: bool = False, patience: dt.timedelta = dt.timedelta()
) -> list[Migrated]:
    """Bring the lake to this release's names; returns the tables that had others, none where it has them already.

    patience : how long to wait for another that is at it. LakeError when a night of the earlier release is at work (with
    `force` it counts as dead), and where a later release has written the lake.
    """
    if lake.version in (None, SCHEMA_VERSION):
        return []
    old = lake.of_any_version()
    with alone(old, patience=patience), alone(old, _OLD_LOCK), _explained(old):
        if old.version == SCHEMA_VERSION:
            return []
        if not force:
            _refuse_nights_at_work(old)
        shutil.rmtree(old.files / "staging", ignore_errors=True)  # plans of the earlier release cannot be collected
        done = Migration(old, tell).run()
        (old.files / _OLD_LOCK).unlink()
        return done


def _refuse_nights_at_work(lake: Lake) -> None:
    """A night that read its rows before would write them again, under the old names, after us."""
    opened = lake.open(DAYS)
    if opened is None:
        return
    files, young = live_files(opened), (dt.datetime.now(dt.UTC) - NIGHT).timestamp()
    written = zip(*(files[name].to_pylist() for name in (DAY, "step", "written")), strict=True)
    marked = {(day, step) for day, step, moment in written if moment / 1000 > young}
    writing = {str(r.day) for r in lake.records() if r.state is StepState.WRITING and (str(r.day), r.step) in marked}
    at_work = writing | days_staged_lately(lake.files)
    if at_work:
        raise LakeError(
            "a night of the earlier release is at work on these days, or was killed there",
            found=", ".join(sorted(at_work)),
            where=lake.root,
            fix="`obs maintain --migrate` when it has ended, with --force when it was killed",
        )


@contextmanager
def _explained(lake: Lake) -> Iterator[None]:
    try:
        yield
    except CommitFailedError as error:
        raise LakeConflict(
            "another process writes to this lake",
            where=lake.root,
            fix="end the earlier release's nights, then run it again",
        ) from error
    except (DeltaError, OSError) as error:
        raise LakeError(f"the lake cannot be brought over: {str(error)[:300]}", where=lake.root) from error
