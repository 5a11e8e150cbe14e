"""What both Dags share: their settings, the day a run means, and how the library's errors become Airflow's.

Read by every parse and every task, so nothing heavy is imported here: `obs_lib.settings.settings` needs pydantic and yaml only.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.sdk import Asset, get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from obs_lib.errors import ConfigError, LakeDamaged, SourceError
from obs_lib.settings.loading import CONFIG_VARIABLE, load_settings

if TYPE_CHECKING:
    from obs_lib.connections import Connection
    from obs_lib.pipeline.workspace import Workspace

CONFIG = Path(os.environ.get(CONFIG_VARIABLE) or Path(__file__).resolve().parent.parent / "obs.yaml")
"""The settings file: $OBS_CONFIG, else obs.yaml beside the Dags folder."""

SETTINGS = load_settings(CONFIG, names=False)  # tasks check them; here that would import evaluators

NIGHTLY = "obs_nightly"
NIGHTS = Asset(name="obs_nights", uri="obs://lake/nights")
"""One event each time a day of the lake changed or could not be made. The fold takes its work from the lake, not from it."""

SITE = "/plugin/llm/night-watch"
"""Where the pages of plugins/obs_plugin.py stand in Airflow's UI; a day's report is one step below."""

BASE_URL = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
"""Airflow's own address as people's browsers see it; empty where it is not configured."""

OWNER = "llm-night-watch"
OWNER_LINKS = {OWNER: BASE_URL + SITE} if BASE_URL else {}  # Airflow takes whole addresses only

DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": dt.timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": dt.timedelta(minutes=15),
    "execution_timeout": dt.timedelta(hours=6),
}


@contextmanager
def workspace() -> Iterator[Workspace]:
    """The lake and settings of this deployment. A deliberate error that no retry can mend fails the task at once."""
    from obs_lib.pipeline.workspace import open_workspace

    try:
        ws = open_workspace(CONFIG, connection)
        try:
            yield ws
        except LakeDamaged as error:
            ws.lake.lose(error)  # the next try goes on without that day, or makes it again
            raise
    except (ConfigError, SourceError) as error:
        raise AirflowFailException(str(error)) from error


def connection(name: str) -> Connection:
    """The credentials behind a name that obs.yaml uses: an Airflow connection, else $OBS_CONNECTION_<NAME> of the worker.

    They stay in this process: nothing of them passes through XCom, and logs mask them.
    """
    from airflow.sdk import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret

    from obs_lib.connections import Connection
    from obs_lib.settings.environment import environment_connection

    try:
        found = AirflowConnection.get(name)
    except AirflowNotFoundException:
        return environment_connection(name)
    mask_secret(found.password)
    return Connection(_uri(found), _host(found), found.login, found.password, found.extra_dejson)


_OF_HOOKS = frozenset(
    ("sqlalchemy_scheme", "sqlalchemy_query", "cursor", "iam", "aws_conn_id", "azure_conn_id", "redshift")
)
"""Extras by which Airflow's own hooks are told what to do; no driver knows them."""


def _uri(found: Any) -> str:
    """An address that SQLAlchemy takes: after `?` stand only the extras that are for the driver, each by its name.

    Airflow's own puts all of them into one parameter `__extra__` as soon as one is no text.
    """
    address = found.get_uri().partition("?")[0]
    extra = dict(found.extra_dejson)
    if extra.get("sqlalchemy_scheme"):
        address = str(extra["sqlalchemy_scheme"]) + "://" + address.partition("://")[2]
    known = {
        name: str(value)
        for name, value in extra.items()
        if name not in _OF_HOOKS and isinstance(value, str | int | float) and not name.startswith("extra__")
    }
    return f"{address}?{urlencode(known)}" if known else address


def _host(found: Any) -> str | None:
    """The address without credentials; of a connection of type HTTP whole, by the rule of Airflow's HTTP hook."""
    host: str | None = found.host
    if not host or "://" in host or found.conn_type not in ("http", "https"):
        return host or None
    scheme = found.schema or found.conn_type
    return f"{scheme}://{host}:{found.port}" if found.port else f"{scheme}://{host}"


@contextmanager
def night() -> Iterator[tuple[Workspace, dt.date]]:
    """The workspace and the day of the run that calls it."""
    context = get_current_context()
    day = day_of(context["dag_run"], context["params"].get("day"), SETTINGS.schedule.start_date)
    with workspace() as ws:
        yield ws, day


def day_of(run: Any, asked: str | None, first: dt.date) -> dt.date:
    """The day (UTC) that a run means: the one asked for, else the day of its data interval. Never guessed.

    AirflowFailException when the run names no day, names two, or names one before `first`.
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
    day = dt.date.fromisoformat(asked) if asked else start.astimezone(dt.UTC).date()
    if day < first:
        raise AirflowFailException(
            f"{CONFIG}: schedule.start_date: must be no later than the first day asked for; found {first}, asked for {day}"
        )
    return day
