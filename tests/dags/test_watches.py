"""Several watches in one Airflow: what is named after each, and that none reaches into another's lake."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import ROOT, House

DAY = dt.date(2025, 3, 10)
DAG_FILE = 'from night_watch.airflow import night_watch_dags\n\nnight_watch_dags("../settings")\n'
KINDS = ("nightly", "report", "watch", "maintenance")

PARSE = """
import json, sys, time
import airflow.sdk, airflow.timetables.interval, airflow.plugins_manager
from airflow.sdk import DAG, Asset, Param, task
from night_watch.airflow import night_watch_dags
start = time.process_time()
dags = night_watch_dags(sys.argv[1])
print(json.dumps({"seconds": time.process_time() - start, "dags": len(dags), "torch": "torch" in sys.modules}))
"""


@pytest.fixture
def houses(dagbag: Any, tmp_path: Path) -> dict[str, House]:
    """Two watches whose settings lie in one folder, and a Dag file of one line for both."""
    dags, settings = tmp_path / "dags", tmp_path / "settings"
    for folder in (dags, settings):
        folder.mkdir()
    (dags / "mine.py").write_text(DAG_FILE)
    made = {}
    for name in ("chat", "search"):
        made[name] = House(tmp_path / name, name, settings / f"{name}.yaml", dags)
        (tmp_path / name / "logs").mkdir(parents=True)
        made[name].settings()
    return made


def bag(house: House) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(house.dags)


def settled(house: House) -> dict[str, Any]:
    """What each step of each day wrote, by its digests."""
    return {f"{one.day} {one.step}": dict(one.digests) for one in house.ws.lake.records()}


@pytest.mark.slow
def test_two_watches_run_their_nights_and_fold_into_their_own_lakes(houses: dict[str, House]) -> None:
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    chat, search = houses["chat"], houses["search"]
    chat.write_logs(DAY, 6)
    search.write_logs(DAY, 3, "Found it.")

    assert chat.night_by_date(DAY).state == "success"
    assert chat.fold().state == "success"
    of_chat = settled(chat)
    assert of_chat[f"{DAY} render"]
    assert settled(search) == {}

    assert search.night_by_date(DAY).state == "success"
    assert search.fold().state == "success"
    assert settled(chat) == of_chat
    assert {name: len(house.ws.lake.read(_table("INTERACTIONS"), [DAY])) for name, house in houses.items()} == {
        "chat": 6,
        "search": 3,
    }
    texts = set(search.ws.lake.read(_table("INTERACTIONS"), [DAY])["response"])
    assert all("Found it." in text for text in texts)

    query = select(AssetModel.name, AssetEvent.source_dag_id).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
    with create_session() as session:
        events = {
            tuple(row) for row in session.execute(query.where(AssetModel.name.in_(["chat_nights", "search_nights"])))
        }
    assert events == {("chat_nights", "chat_nightly"), ("search_nights", "search_nightly")}


def _table(name: str) -> Any:
    from obs_lib.lake import tables

    return getattr(tables, name)


def test_everything_is_named_after_its_watch_and_has_its_settings(houses: dict[str, House]) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    houses["search"].settings(
        schedule={
            "owner": "search team", "queue": "small", "models_queue": "gpu", "pool": "search", "delay_hours": 5,
            "access": {"Searchers": "read", "Search on call": "run"}, "models_python": "/opt/models/bin/python",
            "models_pod_template": "/opt/airflow/models.yaml",
        },
    )  # fmt: skip
    found = bag(houses["chat"])
    assert found.import_errors == {}
    assert set(found.dags) == {f"{name}_{kind}" for name in houses for kind in KINDS}
    chat, search = found.dags["chat_nightly"], found.dags["search_nightly"]
    assert {task.owner for task in search.tasks} == {"search team"}
    assert {task.owner for task in chat.tasks} == {"llm-night-watch"}
    assert search.get_task("ingest").queue == search.get_task("summarise").queue == "small"
    assert chat.get_task("ingest").queue == "default"
    models = search.get_task("evaluate").partial_kwargs
    assert (models["pool"], models["queue"]) == ("search", "gpu")
    assert chat.get_task("evaluate").partial_kwargs["pool"] == "default_pool"
    assert models["executor_config"] == {"pod_template_file": "/opt/airflow/models.yaml"}
    assert models["python"] == "/opt/models/bin/python"
    assert not chat.get_task("evaluate").partial_kwargs.get("executor_config")
    naming = search.get_task("name_models")
    assert (naming.python, naming.executor_config) == (models["python"], models["executor_config"])
    assert (naming.queue, naming.downstream_task_ids) == ("gpu", {"plan", "tell_failure"})
    assert "name_models" not in chat.task_dict  # all of its workers have models
    assert search.access_control["Searchers"] == {"DAGs": {"can_read"}, "DAG Runs": {"can_read"}}
    assert "can_create" in search.access_control["Search on call"]["DAG Runs"]
    assert chat.access_control is None
    assert (chat.timetable.summary, search.timetable.summary) == ("each day, 2 h later", "each day, 5 h later")
    assert [asset.name for asset in search.get_task("summarise").outlets] == ["search_nights"]
    assert [asset.uri for asset in search.get_task("summarise").outlets] == ["obs://search/lake/nights"]

    again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(search))))
    assert again.access_control == search.access_control


def test_a_watch_without_a_name_keeps_the_ids_that_it_had(dagbag: Any) -> None:
    assert set(dagbag.dags) == {f"obs_{kind}" for kind in KINDS}
    (nights,) = dagbag.dags["obs_nightly"].get_task("summarise").outlets
    assert (nights.name, nights.uri) == ("obs_nights", "obs://lake/nights")
    alerts = dagbag.dags["obs_report"].get_task("notify").inlets
    assert (alerts[0].name, alerts[0].uri) == ("obs_alert_p0", "obs://alerts/p0")


def test_a_mistake_in_ones_settings_stops_no_task_of_another(
    houses: dict[str, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    houses["search"].settings(schedule={"owner": ""})
    (error,) = bag(houses["chat"]).import_errors.values()
    assert "search.yaml: schedule.owner" in error
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "chat_report")  # as in a task of it
    found = bag(houses["chat"])
    assert (found.import_errors, set(found.dags)) == ({}, {f"chat_{kind}" for kind in KINDS})


def test_two_watches_of_one_name_are_refused(houses: dict[str, House]) -> None:
    twin = houses["search"].config
    assert twin is not None
    twin.write_text(twin.read_text().replace('"search"', '"chat"'))
    (error,) = bag(houses["chat"]).import_errors.values()
    assert "two watches bear one name" in error
    assert "chat.yaml" in error


def test_ten_watches_are_parsed_within_a_second(airflow_home: Path, tmp_path: Path) -> None:
    for number in range(10):
        settings = {"name": f"watch{number}", "schedule": {"owner": f"team {number}"}}
        (tmp_path / f"{number}.yaml").write_text(json.dumps(settings))
    library = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(tmp_path)], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": library},
    )  # fmt: skip
    parsed = json.loads(done.stdout.splitlines()[-1])
    assert (parsed["dags"], parsed["torch"]) == (40, False)
    assert parsed["seconds"] < 1  # of CPU, the provider's own import included; see docs/airflow.md


def test_no_folder_of_settings_is_taken_for_none(airflow_home: Path, tmp_path: Path) -> None:
    from night_watch.airflow import night_watch_dags
    from obs_lib.errors import ConfigError

    with pytest.raises(ConfigError, match="holds no settings file"):
        night_watch_dags(tmp_path)


def test_the_wheel_announces_itself_as_a_provider_with_a_plugin(airflow_home: Path) -> None:
    from airflow.plugins_manager import _get_plugins
    from airflow.providers_manager import ProvidersManager

    provider = ProvidersManager().providers["llm-night-watch"]
    assert provider.data["name"] == "LLM night watch"
    assert "night_watch.airflow.notifier.NightWatchNotifier" in ProvidersManager().notification
    plugins, errors = _get_plugins()
    assert errors == {}
    assert "llm_night_watch" in {plugin.name for plugin in plugins}
