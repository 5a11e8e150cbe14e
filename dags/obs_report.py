"""The right half of the night, a fold over the days: compare, alert, render, notify.

Each step asks the lake which days are stale and goes forward from the oldest. Events of `obs_nightly` only wake it up:
those that pile up while a run is waiting are served together.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from airflow.sdk import DAG, task

from obs_wiring import BASE_URL, DEFAULT_ARGS, NIGHTS, OWNER_LINKS, SITE, workspace

DOC = f"""
### Comparison, alerts and reports of the LLM night watch
Runs after nights of `obs_nightly`, one run at a time, over every day whose inputs have changed, oldest first. Run it by
hand at any time: with nothing stale it does nothing.

**Where pages go**: Apprise URLs, separated by spaces, in the environment variable `OBS_NOTIFY_URLS` of the workers, in
the password of an Airflow connection named `obs_notify`, or both. Days that ended more than 48 hours ago page nobody.
A broken channel fails nothing; each attempt stands in the lake's table `operations`.

[All reports]({SITE}/)
"""

CONNECTION = "obs_notify"


@task(multiple_outputs=False)
def compare() -> dict[str, Any]:
    """Hold each stale day against its baseline: drift and changes."""
    from obs_lib.pipeline.compare import compare as step

    with workspace() as ws:
        return {"days": step(ws)}


@task(multiple_outputs=False)
def alert() -> dict[str, Any]:
    """Open, carry on and close incidents, P0 to P3."""
    from obs_lib.pipeline.alert import alert as step

    with workspace() as ws:
        return {"days": step(ws)}


@task(multiple_outputs=False)
def render() -> dict[str, Any]:
    """Write the report of each stale day."""
    from obs_lib.pipeline.render import render as step

    with workspace() as ws:
        return {"days": step(ws)}


@task(multiple_outputs=False)
def notify() -> dict[str, Any]:
    """Send what pages to people and record each attempt."""
    from obs_lib.pipeline.notify import notify as step

    with workspace() as ws:
        return dict(step(ws, channel_urls(), link=report_address))


def channel_urls() -> list[str]:
    """Apprise URLs from the environment and the Airflow connection. They never leave this process; logs mask them."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret

    from obs_lib.settings.environment import notify_urls

    urls = list(notify_urls())
    with suppress(AirflowNotFoundException):  # the connection is optional
        urls += (Connection.get(CONNECTION).password or "").split()
    for url in urls:
        mask_secret(url)
    return urls


def report_address(day: object) -> str:
    """Address of a day's report for messages, as seen from outside."""
    return f"{BASE_URL or 'http://localhost:8080'}{SITE}/{day}"


with DAG(
    "obs_report",
    description="Compares, alerts, renders and notifies for whatever days are stale",
    doc_md=DOC,
    schedule=[NIGHTS],
    catchup=False,
    max_active_runs=1,
    # A finished day's report is worth more than starting the next day of a long backfill.
    default_args=DEFAULT_ARGS | {"priority_weight": 100},
    tags=["llm-night-watch", "observability"],
    owner_links=OWNER_LINKS,
):
    compare() >> alert() >> render() >> notify()
