"""Watches the nights: people are told of one that failed, is late, or never began.

A Dag, not Airflow's deadlines: those belong to a run, and a night of a paused or broken Dag has none. And what they call may
not read connections in Airflow 3.3, so that it reaches nobody.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowException

from obs_delivery import tell_late_nights
from obs_wiring import DEFAULT_ARGS, OWNER_LINKS, SETTINGS

DOC = f"""
### Watches the nights of the LLM night watch
Once an hour it looks whether each day has its report {SETTINGS.schedule.deadline_hours or "(never)"} hours after its night may
begin. Of one that has none people are told once, by `delivery.routes`. Where Airflow itself may be down, run `obs alerts watch`
from another scheduler.
"""


@task(multiple_outputs=False)
def tell() -> dict[str, Any]:
    """Tell people of nights without a report. Fails where that reached nobody, so that it is tried again."""
    done = tell_late_nights()
    if done["undelivered"]:
        raise AirflowException(f"a late night was told to nobody: {done}")
    return dict(done)


with DAG(
    "obs_watch",
    description="Tells people of nights that failed, are late or never began",
    doc_md=DOC,
    schedule="45 * * * *" if SETTINGS.schedule.deadline_hours else None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"execution_timeout": dt.timedelta(minutes=30)},
    tags=["llm-night-watch", "observability"],
    owner_links=OWNER_LINKS,
):
    tell()
