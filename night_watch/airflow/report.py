"""The right half of the night, a fold over the days: compare, alert, render, notify.

Each step asks the lake which days are stale and goes forward from the oldest. Events of the nightly Dag only wake it up:
those that pile up while a run is waiting are served together.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.exceptions import AirflowException

from night_watch.airflow.delivery import TellFailedFold, report_address, ways
from night_watch.airflow.names import alert_asset, alerts_of, nights_of
from night_watch.airflow.tasks import workspace
from night_watch.airflow.watch import Watch

SEVERITIES = ("P0", "P1", "P2", "P3")

DOC = """
### Comparison, alerts and reports of the LLM night watch
Runs after nights of `{name}_nightly`, one run at a time, over every day whose inputs have changed, oldest first. Run it by
hand at any time: with nothing stale it does nothing.

**Who is told**: `delivery.routes` of the settings say so. What none takes goes to the Apprise URLs, separated by spaces, in the
environment variable `OBS_NOTIFY_URLS` of the workers and in the password of an Airflow connection named `{name}_notify`. Days
that ended more than 48 hours ago page nobody. Each attempt stands in the lake's table `operations`; `notify` fails only where a
P0 or P1 reached nobody.

**Dags of your own** can follow the assets `{name}_alert_p0` to `{name}_alert_p3`: one event an incident that is news.

[All reports]({site}/)
"""


def report_dag(watch: Watch) -> DAG:
    """The Dag `<name>_report`."""
    config = str(watch.config)
    # A finished day's report is worth more than starting the next day of a long backfill.
    fold = {"priority_weight": 100, "on_failure_callback": TellFailedFold(config)}
    with DAG(
        f"{watch.name}_report",
        description="Compares, alerts, renders and notifies for whatever days are stale",
        doc_md=DOC.format(name=watch.name, site=watch.site),
        schedule=[nights_of(watch.name)],
        max_active_runs=1,
        **watch.dag_args | {"default_args": watch.default_args | fold},
    ) as dag:
        announced = announce.override(outlets=[alerts_of(watch.name)])(config)
        alerted = alert(config)
        compare(config) >> alerted >> render(config) >> announced
        if watch.settings.exports:
            # Beside the reports: what other systems do not take fails this task and, as a leaf, the run's own state, but no
            # report and no message. The next run waits for it, so it has an hour; what remains goes the next time.
            beside = {"on_failure_callback": None, "execution_timeout": dt.timedelta(hours=1), "retries": 0}
            alerted >> export.override(**beside)(config)
        # Named as inlets, the assets exist before anything happens.
        notify.override(inlets=[alert_asset(watch.name, severity) for severity in SEVERITIES])(config, announced)
    return dag


@task(multiple_outputs=False)
def compare(config: str) -> dict[str, Any]:
    """Hold each stale day against its baseline: drift and changes."""
    from obs_lib.pipeline.compare import compare as step

    with workspace(config) as ws:
        return {"days": step(ws)}


@task(multiple_outputs=False)
def alert(config: str) -> dict[str, Any]:
    """Open, carry on and close incidents, P0 to P3."""
    from obs_lib.pipeline.alert import alert as step

    with workspace(config) as ws:
        return {"days": step(ws)}


@task(multiple_outputs=False)
def render(config: str) -> dict[str, Any]:
    """Write the report of each stale day."""
    from obs_lib.pipeline.render import render as step

    with workspace(config) as ws:
        return {"days": step(ws)}


@task(multiple_outputs=False)
def export(config: str) -> dict[str, Any]:
    """Send scores and numbers to the receivers of `exports`. Fails where one did not take them, so that it is seen."""
    from obs_lib.pipeline.export import export as step
    from obs_lib.pipeline.export import exported_text, failed_text

    with workspace(config) as ws:
        done = step(ws)
    if failed := "; ".join(failed_text(done)):
        raise AirflowException(failed)
    return {"exported": exported_text(done)}


@task(multiple_outputs=False)
def announce(config: str) -> list[dict[str, Any]]:
    """Make an event of the asset `<name>_alert_p0` to `<name>_alert_p3` of each incident that is news."""
    from obs_lib.pipeline.alert_events import claim_events as step

    with workspace(config) as ws:
        name = ws.settings.name
        events = step(ws, partial(report_address, name))
    made = get_current_context()["outlet_events"][alerts_of(name)]
    for event in events:
        made.add(alert_asset(name, event["severity"]), extra=event)
    return events


@task(multiple_outputs=False)
def notify(config: str, announced: list[dict[str, Any]]) -> dict[str, Any]:
    """Send what is news to people and record each attempt. Fails where P0 or P1 did not arrive, so that it is tried again."""
    from obs_lib.pipeline.alert_events import confirm_events
    from obs_lib.pipeline.notify import notify as step

    with workspace(config) as ws:
        confirm_events(ws, announced)
        done = dict(step(ws, ways(ws, config)))
    if done["undelivered"]:
        raise AirflowException(f"{done['undelivered']} urgent incident(s) have not arrived: {done}")
    return done
