"""What the tasks have in common: the lake, the day that a run means, and how the library's errors become Airflow's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from night_watch.airflow.connections import connection
from obs_lib.errors import ConfigError, LakeDamaged, SourceError

if TYPE_CHECKING:
    from obs_lib.pipeline.workspace import Workspace


@contextmanager
def workspace(config: str) -> Iterator[Workspace]:
    """The lake and settings of a watch. A deliberate error that no retry can mend fails the task at once.

    config : path of the settings file.
    """
    from obs_lib.pipeline.workspace import open_workspace

    try:
        ws = open_workspace(config, connection)
        try:
            yield ws
        except LakeDamaged as error:
            ws.lake.lose(error)  # the next try goes on without that day, or makes it again
            raise
    except (ConfigError, SourceError) as error:
        raise AirflowFailException(str(error)) from error


@contextmanager
def night(config: str) -> Iterator[tuple[Workspace, dt.date]]:
    """The workspace and the day of the run that calls it."""
    context = get_current_context()
    with workspace(config) as ws:
        first = ws.settings.schedule.start_date
        day = day_of(context["dag_run"], context["params"].get("day"))
        if day < first:
            raise AirflowFailException(
                f"{config}: schedule.start_date: must be no later than the first day asked for; found {first}, asked for {day}"
            )
        yield ws, day


def day_of(run: Any, asked: str | None) -> dt.date:
    """The day (UTC) that a run means: the one asked for, else the day of its data interval. Never guessed.

    AirflowFailException when the run names no day, or names two.
    """
    start = run.data_interval_start
    if asked and run.run_type in ("scheduled", "backfill"):
        raise AirflowFailException(
            f"a {run.run_type.value} run takes its day from its data interval; leave the parameter `day` empty, found {asked!r}"
        )
    if not asked and start is None:
        raise AirflowFailException(
            "this run does not say which day it means; trigger it with the parameter `day` (YYYY-MM-DD), "
            "or make a backfill of the days"
        )
    return dt.date.fromisoformat(asked) if asked else start.astimezone(dt.UTC).date()
