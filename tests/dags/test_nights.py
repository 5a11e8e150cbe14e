"""Whole nights inside this process: every task instance's state, and what the lake holds afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

pytestmark = pytest.mark.slow

DAY = dt.date(2025, 3, 10)
QUIET = {"look_again": ["skipped"], "run_again": ["skipped"], "tell_failure": ["skipped"]}


def lake(house: Any, table: str, day: dt.date = DAY) -> Any:
    """Rows of a day."""
    from obs_lib.lake import tables

    return house.ws.lake.read(getattr(tables, table), [day])


def owed(interactions: int) -> int:
    """Scores of so many distinct interactions without a reference."""
    from obs_lib.catalogue.evaluators import scores

    return interactions * sum(not score.occasional for score in scores())


def test_a_normal_day(house: Any) -> None:
    house.write_logs(DAY, 10)
    run = house.night_by_date(DAY)
    assert house.states(run) == {
        "ingest": ["success"],
        "plan": ["success"],
        "evaluate": ["success", "success"],
        "shards_over": ["success"],
        "collect": ["success"],
        "summarise": ["success"],
        **QUIET,
    }
    assert run.state == "success"
    assert len(lake(house, "INTERACTIONS")) == 10
    scores = lake(house, "SCORES")
    assert len(scores) == owed(10)
    assert "FAILED" not in set(scores["status"])
    assert len(lake(house, "METRICS")) > 20
    assert lake(house, "REPORTS").empty  # the fold's work

    fold = house.fold()
    assert house.states(fold) == {name: ["success"] for name in ("compare", "alert", "render", "announce", "notify")}
    assert list(lake(house, "REPORTS")["format"]) == ["html"]

    again = house.fold()  # nothing is stale any more
    assert again.get_task_instance("render").xcom_pull("render")["days"] == []


def test_a_day_without_logs(house: Any) -> None:
    run = house.night(DAY)
    assert house.states(run) == {
        "ingest": ["success"],
        "plan": ["success"],
        "evaluate": ["skipped"],
        "shards_over": ["success"],
        "collect": ["success"],
        "summarise": ["success"],
        **QUIET,
    }
    assert run.state == "success"
    assert house.ws.lake.record(DAY, "summarise").state == "NO_DATA"
    assert house.states(house.fold())["render"] == ["success"]
    assert len(lake(house, "REPORTS")) == 1


def die(monkeypatch: pytest.MonkeyPatch, shards: set[int]) -> None:
    """Let these shards run out of memory."""
    import obs_lib.pipeline.evaluate as step

    real = step.evaluate

    def evaluate(ws: Any, day: dt.date, plan_id: str, shard: int) -> dict[str, object]:
        if shard in shards:
            raise MemoryError
        return real(ws, day, plan_id, shard)

    monkeypatch.setattr(step, "evaluate", evaluate)


@pytest.mark.parametrize(("dead", "evaluated"), [({1}, ["success", "failed"]), ({0, 1}, ["failed", "failed"])])
def test_dead_shards_do_not_stop_the_night(
    house: Any, monkeypatch: pytest.MonkeyPatch, dead: set[int], evaluated: list[str]
) -> None:
    house.write_logs(DAY, 10)
    with monkeypatch.context() as patch:
        die(patch, dead)
        run = house.night(DAY)
    seen = house.states(run)
    assert seen["evaluate"] == evaluated
    assert seen["shards_over"] == seen["collect"] == seen["summarise"] == ["success"]
    assert run.state == "success"
    scores = lake(house, "SCORES")
    assert len(scores) == owed(10)
    assert set(scores.loc[scores["note"].str.contains("lost"), "status"]) == {"FAILED"}
    assert (scores["status"] == "FAILED").all() == (len(dead) == 2)
    assert house.states(house.fold())["notify"] == ["success"]

    healed = house.night(DAY)  # the same day again, with nothing dying
    assert healed.state == "success"
    assert "FAILED" not in set(lake(house, "SCORES")["status"])


def test_a_failed_plan_stops_the_night_and_wakes_the_fold(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import obs_lib.pipeline.plan as step

    house.write_logs(DAY, 4)

    def plan(*_: object) -> dict[str, object]:
        raise OSError("no space left on device")

    monkeypatch.setattr(step, "plan", plan)
    run = house.night(DAY)
    assert house.states(run) == {
        "ingest": ["success"],
        "plan": ["failed"],
        "evaluate": ["upstream_failed"],
        "shards_over": ["success"],
        "collect": ["upstream_failed"],
        "summarise": ["upstream_failed"],
        "look_again": ["upstream_failed"],
        "run_again": ["upstream_failed"],
        "tell_failure": ["success"],
    }
    assert run.state == "failed"
    assert lake(house, "SCORES").empty


def test_logs_that_cannot_be_read_fail_the_night_and_still_get_a_report(house: Any) -> None:
    (house.home / "logs" / f"{DAY}.jsonl.gz").write_bytes(b"this is not gzip")
    run = house.night(DAY)
    seen = house.states(run)
    assert seen["ingest"] == ["failed"]
    assert seen["tell_failure"] == ["success"]
    assert run.state == "failed"
    assert house.ws.lake.record(DAY, "ingest").state == "FAILED"
    assert house.fold().state == "success"
    assert len(lake(house, "REPORTS")) == 1


def test_a_run_again_with_fewer_shards(house: Any) -> None:
    house.write_logs(DAY, 10)
    run = house.night(DAY, scores="afresh")
    assert house.states(run)["evaluate"] == ["success", "success"]
    before = house.ws.lake.record(DAY, "collect").digests

    house.settings(scoring={"shards": 1, "batch_size": 4})
    again = house.clear_and_run(run)
    assert again.run_id == run.run_id
    assert house.states(again)["evaluate"] == ["success", "removed"]
    assert again.state == "success"
    assert house.ws.lake.record(DAY, "collect").digests == before


@pytest.mark.parametrize(("day", "state"), [(dt.date(2024, 12, 31), "failed"), (dt.date(2025, 1, 1), "success")])
def test_days_before_the_start_are_refused_and_never_an_empty_success(house: Any, day: dt.date, state: str) -> None:
    house.settings(schedule={"start_date": "2025-01-01"})
    run = house.night_by_date(day)
    assert run.state == state
    assert house.states(run)["ingest"] == [state]
    assert len(run.get_task_instances()) == 9
    assert (house.ws.lake.record(day, "ingest") is None) == (state == "failed")


def test_a_run_that_names_no_day_is_refused(house: Any) -> None:
    run = house.night(None)
    assert run.state == "failed"
    assert house.states(run)["ingest"] == ["failed"]
    assert house.ws.lake.records() == []


def test_a_scheduled_night_looks_again_and_runs_late_days_again(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.models import dagrun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    yesterday = DAY - dt.timedelta(days=1)
    house.write_logs(yesterday, 2)
    house.night(yesterday)
    house.write_logs(yesterday, 3)  # one line came late
    create = dagrun.get_or_create_dagrun

    def scheduled(*, session: Any, **how: Any) -> Any:
        run = create(session=session, **how)
        run.run_type = "scheduled"
        session.commit()
        return run

    monkeypatch.setattr(dagrun, "get_or_create_dagrun", scheduled)
    run = house.night_by_date(DAY)
    assert run.state == "success"
    seen = house.states(run)
    assert (seen["look_again"], seen["run_again"]) == (["success"], ["success"])
    with create_session() as session:
        started = session.scalars(select(dagrun.DagRun).where(dagrun.DagRun.run_id.startswith("late__"))).all()
    assert [(one.run_id, one.conf, str(one.state)) for one in started] == [
        (f"late__{yesterday}__seen_by_{DAY}", {"day": str(yesterday)}, "queued")
    ]


def test_a_backfilled_night_does_not_look_again(house: Any) -> None:
    house.night(DAY - dt.timedelta(days=1))
    house.write_logs(DAY - dt.timedelta(days=1), 3)
    assert house.states(house.night_by_date(DAY))["look_again"] == ["skipped"]


def test_the_channels_come_from_the_environment_and_a_connection(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from night_watch.airflow.delivery import channel_urls

    monkeypatch.setenv("OBS_NOTIFY_URLS", "json://one json://two")
    assert channel_urls("obs") == ["json://one", "json://two"]
    monkeypatch.setenv("AIRFLOW_CONN_OBS_NOTIFY", '{"conn_type": "generic", "password": "json://three"}')
    assert channel_urls("obs") == ["json://one", "json://two", "json://three"]
