"""What Airflow calls the things of a watch: Dags, assets and pages, all after the watch's name."""

from __future__ import annotations

from airflow.sdk import Asset, AssetAlias
from airflow.sdk.configuration import conf

from obs_lib.settings.settings import DEFAULT_NAME

APP = "/night-watch"
"""Where the pages themselves are served; those of a watch one step below, under its name."""

UI = "/plugin/llm"
"""Where Airflow's UI shows them in a frame, followed by their own path."""

_NIGHTLY = "_nightly"


def base_url() -> str:
    """Airflow's own address as people's browsers see it; empty where it is not configured."""
    return str(conf.get("api", "base_url", fallback="") or "").rstrip("/")


def nightly_of(name: str) -> str:
    """Id of the nightly Dag of the watch of this name."""
    return name + _NIGHTLY


def name_of(dag_id: str) -> str | None:
    """Name of the watch whose nightly Dag this is; None for any other Dag."""
    return dag_id.removesuffix(_NIGHTLY) if dag_id.endswith(_NIGHTLY) else None


def nights_of(name: str) -> Asset:
    """One event each time a day of the lake changed or could not be made. The fold takes its work from the lake."""
    return Asset(name=f"{name}_nights", uri=f"obs://{_place(name)}lake/nights")


def alert_asset(name: str, severity: str) -> Asset:
    """One event an incident of this severity that is news."""
    return Asset(name=f"{name}_alert_{severity.lower()}", uri=f"obs://{_place(name)}alerts/{severity.lower()}")


def alerts_of(name: str) -> AssetAlias:
    """Through it events are made of those alert assets alone that something is to be said of."""
    return AssetAlias(f"{name}_alerts")


def _place(name: str) -> str:
    """What tells addresses of named watches apart; nothing for the one that was alone in releases before."""
    return "" if name == DEFAULT_NAME else f"{name}/"


def site_of(name: str) -> str:
    """Path of a watch's list of days in Airflow's UI; a day's report is one step below."""
    return f"{UI}{APP}/{name}"
