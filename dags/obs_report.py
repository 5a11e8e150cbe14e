"""The right half of the night, a fold over the days: compare, alert, render, notify.

Each step asks the lake which days are stale and goes forward from the oldest. Events of `obs_nightly` only wake it up:
those that pile up while a run is waiting are served together.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetAlias, get_current_context, task
from airflow.sdk.exceptions import AirflowException

from obs_delivery import report_address, tell_failed_fold, ways
from obs_wiring import DEFAULT_ARGS, NIGHTS, OWNER_LINKS, SITE, workspace

DOC = f"""
### Comparison, alerts and reports of the LLM night watch
Runs after nights of `obs_nightly`, one run at a time, over every day whose inputs have changed, oldest first. Run it by
hand at any time: with nothing stale it does nothing.

**Who is told**: `delivery.routes` of the settings say so. What none takes goes to the Apprise URLs, separated by spaces, in the
environment variable `OBS_NOTIFY_URLS` of the workers and in the password of an Airflow connection named `obs_notify`. Days
that ended more than 48 hours ago page nobody. Each attempt stands in the lake's table `operations`; `notify` fails only where a
P0 or P1 reached nobody.

**Dags of your own** can follow the assets `obs_alert_p0` to `obs_alert_p3`: one event an incident that is news.

[All reports]({SITE}/)
"""

ALERTS = AssetAlias("obs_alerts")
"""Through it events are made of those alert assets alone that something is to be said of."""

ALERT_ASSETS = {
    severity: Asset(name=f"obs_alert_{severity.lower()}", uri=f"obs://alerts/{severity.lower()}")
    for severity in ("P0", "P1", "P2", "P3")
}


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


@task(multiple_outputs=False, outlets=[ALERTS])
def announce() -> list[dict[str, Any]]:
    """Make an event of the asset `obs_alert_p0` to `obs_alert_p3` of each incident that is news."""
    from obs_lib.pipeline.alert_events import claim_events as step

    with workspace() as ws:
        events = step(ws, report_address)
    made = get_current_context()["outlet_events"][ALERTS]
    for event in events:
        made.add(ALERT_ASSETS[event["severity"]], extra=event)
    return events


@task(multiple_outputs=False, inlets=[*ALERT_ASSETS.values()])  # named here, they exist before anything happens
def notify(announced: list[dict[str, Any]]) -> dict[str, Any]:
    """Send what is news to people and record each attempt. Fails where P0 or P1 did not arrive, so that it is tried again."""
    from obs_lib.pipeline.alert_events import confirm_events
    from obs_lib.pipeline.notify import notify as step

    with workspace() as ws:
        confirm_events(ws, announced)
        done = dict(step(ws, ways()))
    if done["undelivered"]:
        raise AirflowException(f"{done['undelivered']} urgent incident(s) have not arrived: {done}")
    return done


with DAG(
    "obs_report",
    description="Compares, alerts, renders and notifies for whatever days are stale",
    doc_md=DOC,
    schedule=[NIGHTS],
    catchup=False,
    max_active_runs=1,
    # A finished day's report is worth more than starting the next day of a long backfill.
    default_args=DEFAULT_ARGS | {"priority_weight": 100, "on_failure_callback": tell_failed_fold},
    tags=["llm-night-watch", "observability"],
    owner_links=OWNER_LINKS,
):
    announced = announce()
    compare() >> alert() >> render() >> announced
    notify(announced)
