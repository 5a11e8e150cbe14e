"""A watch is a settings file. An Airflow may hold any number.

Read by every parse, so nothing heavy is imported here: `obs_lib.settings.settings` needs pydantic and yaml only.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow.sdk.configuration import conf

from night_watch.airflow.names import base_url, site_of
from obs_lib.errors import ConfigError
from obs_lib.settings.loading import CONFIG_VARIABLE, DEFAULT_FILE, load_settings, watch_name
from obs_lib.settings.settings import DEFAULT_NAME, Settings


def settings_files(given: str | os.PathLike[str] | None = None) -> list[Path]:
    """The settings file, or those of a folder, by name; each is a watch. The folders in it are not looked into.

    given : a file or a folder; None for $OBS_CONFIG, else obs.yaml beside the Dags folder. ConfigError for an empty folder.
    """
    beside_dags = Path(str(conf.get("core", "dags_folder"))).parent / DEFAULT_FILE
    path = Path(given or os.environ.get(CONFIG_VARIABLE) or beside_dags)
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml") and file.is_file())
    if not files:
        raise ConfigError("the folder holds no settings file", rule="files that end in .yaml or .yml", where=path)
    return files


def one_settings_file(given: str | os.PathLike[str] | None = None) -> Path:
    """The same where one watch is meant. ConfigError where there are several to choose from."""
    files = settings_files(given)
    if len(files) > 1:
        raise ConfigError(
            "there are several watches to choose from",
            rule="named by `config`, the path of a settings file",
            found=[file.name for file in files[:20]],
            where=files[0].parent,
        )
    return files[0]


@dataclass(frozen=True)
class Watch:
    """One watch.

    config : its settings file. settings : what stood there when this was made, for the shape of the Dags; tasks read their own.
    """

    config: Path
    settings: Settings

    @classmethod
    def read(cls, config: Path) -> Watch:
        """The watch of a settings file. From here on this process knows the evaluators that it names."""
        return cls(config, load_settings(config, names=False))  # tasks check names; here that would import evaluators

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def site(self) -> str:
        return site_of(self.name)

    @property
    def default_args(self) -> dict[str, Any]:
        """Of every task."""
        schedule = self.settings.schedule
        given = {
            "owner": schedule.owner,
            "retries": 2,
            "retry_delay": dt.timedelta(seconds=30),
            "retry_exponential_backoff": True,
            "max_retry_delay": dt.timedelta(minutes=15),
            "execution_timeout": dt.timedelta(hours=6),
        }
        return given | ({"queue": schedule.queue} if schedule.queue else {})

    @property
    def dag_args(self) -> dict[str, Any]:
        """Of every Dag."""
        schedule, base = self.settings.schedule, base_url()
        return {
            "catchup": False,
            "default_args": self.default_args,
            "tags": ["llm-night-watch", "observability", *([self.name] if self.name != DEFAULT_NAME else [])],
            "owner_links": {schedule.owner: base + self.site} if base else {},  # Airflow takes whole addresses only
            "access_control": {role: _PERMISSIONS[may] for role, may in schedule.access.items()} or None,
        }


_PERMISSIONS: dict[str, dict[str, set[str]]] = {
    "read": {"DAGs": {"can_read"}, "DAG Runs": {"can_read"}},
    "run": {"DAGs": {"can_read", "can_edit"}, "DAG Runs": {"can_read", "can_create"}},
}


def names_and_files() -> dict[str, Path]:
    """Settings file by name of its watch, of this process's own environment. One that is no YAML is left out."""
    found: dict[str, Path] = {}
    for file in settings_files():
        try:
            found.setdefault(watch_name(file), file)
        except ConfigError:
            continue  # its Dag file says what is wrong
    return found
