"""The plugin, for an Airflow that has this checkout on its path and not the wheel, which announces its plugin itself."""

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="llm_night_watch"):
    from night_watch.airflow.plugin import NightWatchPlugin  # noqa: F401 - Airflow finds it by being here
