"""The lake's maintenance, once a week: drop what is older than the settings keep, join small files, let old versions go.

Wiring only. Each step is safe beside running nights, and a killed one is simply run again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from airflow.sdk import DAG, task

from night_watch.airflow.tasks import workspace
from night_watch.airflow.watch import Watch

DOC = """
### Maintenance of the LLM night watch's lake
Drops days by the settings under `retention` (nothing unless they say so), joins small files, and removes what only old
versions need. Numbers and reports of what is kept do not change. Run it by hand at any time.

To erase a person, run `obs forget --user ID` where the lake can be reached.
"""


def maintenance_dag(watch: Watch) -> DAG:
    """The Dag `<name>_maintenance`."""
    config = str(watch.config)
    with DAG(
        f"{watch.name}_maintenance",
        description="Keeps the lake small: retention, fewer files, fewer old versions",
        doc_md=DOC,
        schedule="0 12 * * 0",  # Sundays at noon UTC, when no night is at work
        max_active_runs=1,
        **watch.dag_args,
    ) as dag:
        drop_old(config) >> join_files(config) >> drop_versions(config)
    return dag


@task(multiple_outputs=False)
def drop_old(config: str) -> list[dict[str, Any]]:
    """Drop rows, numbers and pages that are older than the settings keep them."""
    from obs_lib.pipeline.maintain import drop_old as step

    with workspace(config) as ws:
        return shown(step(ws, dt.datetime.now(dt.UTC)))


@task(multiple_outputs=False)
def join_files(config: str) -> list[dict[str, Any]]:
    """Join each day's small files, and the states of days that are over."""
    from obs_lib.pipeline.maintain import join_files as step

    with workspace(config) as ws:
        return shown(step(ws, dt.datetime.now(dt.UTC)))


@task(multiple_outputs=False)
def drop_versions(config: str) -> list[dict[str, Any]]:
    """Remove files that no recent version needs, and sum up the tables' logs."""
    from obs_lib.pipeline.maintain import drop_versions as step

    with workspace(config) as ws:
        return shown(step(ws))


def shown(done: list[Any]) -> list[dict[str, Any]]:
    """What a step did, as the task's result shows it."""
    return [asdict(maintained) for maintained in done]
