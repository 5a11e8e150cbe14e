"""Makes the Dags of watches from their settings files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from airflow.sdk import DAG, get_parsing_context

from night_watch.airflow.lateness import lateness_dag
from night_watch.airflow.maintenance import maintenance_dag
from night_watch.airflow.nightly import nightly_dag
from night_watch.airflow.report import report_dag
from night_watch.airflow.watch import Watch, settings_files
from obs_lib.errors import ConfigError
from obs_lib.settings.loading import watch_name

_MAKERS = (nightly_dag, report_dag, lateness_dag, maintenance_dag)


def night_watch_dags(config: str | os.PathLike[str] | None = None) -> list[DAG]:
    """The Dags of a watch, or of each watch of a folder; Airflow finds them without their being kept.

    In a task only those of the watch that it belongs to are made, so that another's settings cannot stop it.

    config : a settings file or a folder of them; a relative path starts at the folder of the file that calls. None for
        $OBS_CONFIG, else obs.yaml beside the Dags folder. ConfigError where one of them is wrong, or two bear one name.
    """
    if config is not None:
        config = Path(sys._getframe(1).f_code.co_filename).resolve().parent / Path(config).expanduser()
    dags: list[DAG] = []
    seen: dict[str, Path] = {}
    for file in _wanted(settings_files(config)):
        watch = Watch.read(file)
        if watch.name in seen:
            raise ConfigError(
                "two watches bear one name", found=watch.name, where=f"{file}: name, as {seen[watch.name]}"
            )
        seen[watch.name] = file
        dags += [make(watch) for make in _MAKERS]
    return dags


def _wanted(files: list[Path]) -> list[Path]:
    """Those of which Dags are asked for: in a task, one."""
    asked = get_parsing_context().dag_id
    if asked is None or len(files) == 1:
        return files
    return [file for file in files if _named(file) == asked.rpartition("_")[0]]


def _named(file: Path) -> str | None:
    try:
        return watch_name(file)
    except ConfigError:
        return None
