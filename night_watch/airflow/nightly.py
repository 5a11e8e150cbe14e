"""The left half of the night, pure by day: read the logs, score them, sum them up.

Wiring only. Each task is handed the path of its watch's settings file and calls one function of `obs_lib.pipeline`, which is
imported inside the task.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from night_watch.airflow.form import night_form
from night_watch.airflow.links import ReportLink
from night_watch.airflow.names import nightly_of, nights_of
from night_watch.airflow.tasks import night
from night_watch.airflow.timetable import NightTimetable
from night_watch.airflow.watch import Watch

if TYPE_CHECKING:
    from obs_lib.pipeline.workspace import Workspace

DOC = """
### One night of the LLM night watch
Reads one calendar day (UTC) of logs, scores it and sums it up. The day is the run's data interval, or the parameter
`day` of a run started by hand. Days do not know each other: run any of them again, late, in any order and several at once.

* **A day without logs** goes through as NO_DATA: no shards, but a summary and a report.
* **A lost shard** of `evaluate` stays red here; its interactions become FAILED scores and the night goes on. Clear the
  red instance with its downstream tasks to score them after all.
* **Late logs**: a scheduled night ends by looking at the last {look_back_days} days and runs those
  again whose logs have changed.

Comparison, alerts and reports follow in `{name}_report`. [All reports]({site}/)
"""


def nightly_dag(watch: Watch) -> DAG:
    """The Dag `<name>_nightly`. The watch is the one whose settings were read last."""
    schedule, config = watch.settings.schedule, str(watch.config)
    last = schedule.end_date
    with DAG(
        nightly_of(watch.name),
        description="Reads, scores and sums up one day of LLM logs",
        doc_md=DOC.format(look_back_days=schedule.look_back_days, name=watch.name, site=watch.site),
        schedule=NightTimetable(dt.timedelta(hours=schedule.delay_hours)),
        # No start_date: Airflow lets runs before it succeed without one task. `night` refuses such days with a message.
        end_date=dt.datetime.combine(last, dt.time(), dt.UTC) if last else None,
        max_active_runs=8,
        params=night_form(watch.settings),
        **watch.dag_args,
    ) as dag:
        read, planned = ingest(config), plan(config)
        shards = (
            _with_models(watch, evaluate, score_elsewhere)
            .override(**_loading_models(watch))
            .partial(config=config)
            .expand(shard=planned)
        )
        # Done whatever became of the shards: lost ones, or none at all. The scheduler passes it without starting a process.
        shards_over = EmptyOperator(task_id="shards_over", trigger_rule=TriggerRule.ALL_DONE)
        collected = collect(config, planned["plan"])
        summed = summarise.override(outlets=[nights_of(watch.name)])(config)
        looked = look_again(config)
        first = [read]
        if schedule.models_queue or schedule.models_python or schedule.models_pod_template:
            first.append(_with_models(watch, name_models, name_elsewhere)(config))
        first >> planned
        planned >> shards >> shards_over >> collected >> summed >> looked
        run_again.expand(late=looked)
        [*first, planned, collected, summed] >> tell_failure.override(outlets=[nights_of(watch.name)])(config)

        summed.operator.operator_extra_links = (ReportLink(),)
    return dag


def _with_models(watch: Watch, here: Any, elsewhere: Callable[..., Any]) -> Any:
    """The task `here` as it runs where models are; `elsewhere` is the same for a Python of its own."""
    schedule = watch.settings.schedule
    if schedule.models_python:
        there = task.external_python(python=str(schedule.models_python), expect_airflow=False, multiple_outputs=False)
        here = there(elsewhere).override(task_id=here.function.__name__)
    given: dict[str, Any] = {"queue": schedule.models_queue} if schedule.models_queue else {}
    if schedule.models_pod_template:
        given["executor_config"] = {"pod_template_file": schedule.models_pod_template}
    return here.override(**given)


def _loading_models(watch: Watch) -> dict[str, Any]:
    """Arguments of the task that loads them: it is heavy."""
    schedule = watch.settings.schedule
    return {
        "pool": schedule.pool,
        "pool_slots": schedule.pool_slots,
        "max_active_tis_per_dag": schedule.max_active_models,
        "map_index_template": "shard {{ task.op_kwargs['shard']['number'] + 1 }} of {{ task.op_kwargs['shard']['of'] }}",
    }


@task(multiple_outputs=False)
def ingest(config: str) -> dict[str, Any]:
    """Read the day from every log source into `interactions`, and what cannot be read into `quarantine`."""
    from obs_lib.pipeline.ingest import ingest as step

    with night(config) as (ws, day):
        return step(ws, day)


@task(multiple_outputs=False)
def name_models(config: str) -> dict[str, str]:
    """Write down what the encoder is called where models run: workers without models plan and collect by that."""
    from obs_lib.pipeline.encoder_names import write_encoder_names

    with night(config) as (ws, _):
        return write_encoder_names(ws.lake.files, ws.settings.models)


@task
def plan(config: str) -> list[dict[str, Any]]:
    """Draw what is scored, cut it into batches, and deal them to shards: one mapped `evaluate` each, none for nothing."""
    from obs_lib.pipeline.plan import plan as step
    from obs_lib.settings.scoring import ScoringOptions

    context = get_current_context()
    asked = context["params"]
    with night(config) as (ws, day):
        named = tuple(asked["evaluators"]) if asked["evaluators"] else None
        chosen = {"evaluators": named, "reuse": asked["scores"] == "reuse"}
        if asked["max_scored"] is not None:
            chosen["max_scored"] = asked["max_scored"]
        planned = step(ws, day, ScoringOptions.model_validate(ws.settings.scoring.model_dump() | chosen))
    # `evaluate` maps over the return value, which therefore is the list of shards; `collect` needs the name of the plan.
    context["ti"].xcom_push(key="plan", value=planned.id)
    context["ti"].xcom_push(key="planned", value=planned.as_json())
    return [{"day": str(day), "plan": planned.id, "number": n, "of": planned.shards} for n in range(planned.shards)]


@task(multiple_outputs=False)
def evaluate(config: str, shard: dict[str, Any]) -> dict[str, Any]:
    """Score one shard with the models and leave the result for `collect`. The only task that loads models."""
    from obs_lib.pipeline.evaluate import evaluate as step

    with night(config) as (ws, day):
        return step(ws, day, shard["plan"], shard["number"])


def score_elsewhere(config: str, shard: dict[str, Any]) -> dict[str, Any]:
    """The same in a Python without Airflow. Only the text of this function is brought there."""
    from night_watch.elsewhere import evaluate

    return evaluate(config, shard)


def name_elsewhere(config: str) -> dict[str, str]:
    """What `name_models` does, in a Python without Airflow. Only the text of this function is brought there."""
    from night_watch.elsewhere import name_models

    return name_models(config)


@task(multiple_outputs=False)
def collect(config: str, plan_id: str) -> dict[str, Any]:
    """Commit the scores and vectors that the shards left; what a lost shard owed becomes FAILED scores."""
    from obs_lib.pipeline.collect import collect as step

    with night(config) as (ws, day):
        return step(ws, day, plan_id)


@task(multiple_outputs=False)
def summarise(config: str) -> dict[str, Any]:
    """The day's metrics, and the sketches that later days compare themselves with. Tells the fold."""
    from obs_lib.pipeline.summarise import summarise as step

    with night(config) as (ws, day):
        done = step(ws, day)
        _tell(ws, {"day": str(day)})
        return done


@task(multiple_outputs=False, trigger_rule=TriggerRule.ONE_FAILED)
def tell_failure(config: str) -> dict[str, Any]:
    """Tell the fold of a night that failed, so that its report and alert say so. Skipped when all went well."""
    with night(config) as (ws, day):
        told = {"day": str(day), "failed": True}
        _tell(ws, told)
        return told


def _tell(ws: Workspace, extra: dict[str, Any]) -> None:
    """Say in the event of the watch's asset what it is about."""
    nights = nights_of(ws.settings.name)
    get_current_context()["outlet_events"][nights].extra = extra


@task
def look_again(config: str) -> list[dict[str, Any]]:
    """Find days shortly before this one whose logs changed since they were read, or that wait for verdicts of a batch.

    Skipped in backfills and runs by hand.
    """
    from obs_lib.pipeline.ingest import late_days

    context = get_current_context()
    if context["dag_run"].run_type != "scheduled":
        raise AirflowSkipException("only scheduled nights look again, so that a backfill runs exactly its own days")
    with night(config) as (ws, day):
        late = late_days(ws, day)
    return [{"day": str(one), "run_id": f"late__{one}__seen_by_{day}"} for one in late]


@task(map_index_template="{{ late_day }}")
def run_again(late: dict[str, str]) -> None:
    """Start a run for a day whose logs or verdicts came late; one that was started before is run again."""
    # What TriggerDagRunOperator does. Importing that would cost half a second of every parse, for Airflow's ORM.
    from airflow.sdk.exceptions import DagRunTriggerException

    context = get_current_context()
    context["late_day"] = late["day"]
    raise DagRunTriggerException(
        trigger_dag_id=context["dag"].dag_id,
        dag_run_id=late["run_id"],
        conf={"day": late["day"]},
        note="Logs or verdicts of this day came, or changed, after it was read",
        reset_dag_run=True,
        skip_when_already_exists=False,
        wait_for_completion=False,
        allowed_states=[],
        failed_states=[],
        poke_interval=60,
        deferrable=False,
    )
