"""Watches the nights: people are told of one that failed, is late, or never began.

A Dag, not Airflow's deadlines: those belong to a run, and a night of a paused or broken Dag has none. And what they call may
not read connections in Airflow 3.3, so that it reaches nobody.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowException

from night_watch.airflow.delivery import tell_late_nights
from night_watch.airflow.watch import Watch

DOC = """
### Watches the nights of the LLM night watch
Once an hour it looks whether each day has its report {deadline} hours after its night may
begin. Of one that has none people are told once, by `delivery.routes`. Where Airflow itself may be down, run `obs alerts watch`
from another scheduler.
"""


def lateness_dag(watch: Watch) -> DAG:
    """The Dag `<name>_watch`."""
    deadline = watch.settings.schedule.deadline_hours
    half_an_hour = {"execution_timeout": dt.timedelta(minutes=30)}
    with DAG(
        f"{watch.name}_watch",
        description="Tells people of nights that failed, are late or never began",
        doc_md=DOC.format(deadline=deadline or "(never)"),
        schedule="45 * * * *" if deadline else None,
        max_active_runs=1,
        **watch.dag_args | {"default_args": watch.default_args | half_an_hour},
    ) as dag:
        tell(str(watch.config))
    return dag


@task(multiple_outputs=False)
def tell(config: str) -> dict[str, Any]:
    """Tell people of nights without a report. Fails where that reached nobody, so that it is tried again."""
    done = tell_late_nights(config)
    if done["undelivered"]:
        raise AirflowException(f"a late night was told to nobody: {done}")
    return dict(done)
