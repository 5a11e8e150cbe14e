"""What Airflow calls when a night is late or a fold fails: people are told by the routes that incidents take."""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from obs_wiring import SETTINGS

_PATIENCE = SETTINGS.schedule.deadline_hours


def night_deadline() -> DeadlineAlert | None:
    """Of the Dag of nights: some hours after the night may begin. Airflow asks it of queued and of failed runs too."""
    if _PATIENCE is None:
        return None
    # A run's logical date is the beginning of its day.
    after = dt.timedelta(days=1, hours=SETTINGS.schedule.delay_hours + _PATIENCE)
    return DeadlineAlert(DeadlineReference.DAGRUN_LOGICAL_DATE, after, SyncCallback("obs_watch.tell_late"))


def fold_deadline() -> DeadlineAlert | None:
    """Of the Dag of reports, whose runs have no day: as many hours after it was asked for."""
    if _PATIENCE is None:
        return None
    after = dt.timedelta(hours=_PATIENCE)
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, after, SyncCallback("obs_watch.tell_late"))


def tell_late(**_: Any) -> dict[str, int]:
    """Tell people of nights that are past their deadline. Called by Airflow's executor."""
    return _tell(fold_failed=False)


def tell_failed_fold(_: Any) -> None:
    """Tell people of nights that wait for a fold of which a task has failed for good. Called where the task ran."""
    _tell(fold_failed=True)


def _tell(*, fold_failed: bool) -> dict[str, int]:
    from obs_channels import ways
    from obs_lib.pipeline.notify import tell
    from obs_lib.pipeline.watch import late_nights
    from obs_wiring import workspace

    with workspace() as ws:
        return tell(ws, late_nights(ws, fold_failed=fold_failed), ways())
