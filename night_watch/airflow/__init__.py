"""The night watch as an Airflow provider. A Dag file of one's own makes a watch's Dags:

    from night_watch.airflow import night_watch_dags

    night_watch_dags("obs.yaml")

Public: `night_watch_dags`, `NightDoneSensor`, `NightWatchNotifier`. Each is imported when it is first asked for: what is here
every Airflow process imports.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from night_watch.airflow.decision import IncidentDecision
    from night_watch.airflow.factory import night_watch_dags
    from night_watch.airflow.notifier import NightWatchNotifier
    from night_watch.airflow.sensor import NightDoneSensor

__all__ = ["IncidentDecision", "NightDoneSensor", "NightWatchNotifier", "night_watch_dags"]

_HOMES = {
    "IncidentDecision": "decision",
    "NightDoneSensor": "sensor",
    "NightWatchNotifier": "notifier",
    "night_watch_dags": "factory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
