"""What the Dags are: they import, they are cheap to parse, and they are wired as the night needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from obs_lib.catalogue.bundled import EVALUATORS as BUNDLED

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "torch", "transformers", "sentence_transformers", "numpy", "pandas", "pyarrow", "scipy", "deltalake", "altair",
    "fastapi", "airflow.api_fastapi.core_api", "airflow.models.dagrun",
}  # fmt: skip
"""Packages and modules that take a tenth of a second or more."""

STAGES = ("sources", "models", "evaluators", "summaries", "drift", "alerts", "reporting", "exports", "pipeline")

PARSE = """
import json, sys, time
import airflow.sdk, airflow.timetables.interval, airflow.plugins_manager
before = set(sys.modules)
start = time.process_time()
import night_watch.airflow.plugin
from night_watch.airflow import NightDoneSensor, NightWatchNotifier, night_watch_dags
dags = night_watch_dags()
print(json.dumps({"seconds": time.process_time() - start, "modules": sorted(set(sys.modules) - before)}))
"""


@pytest.fixture(scope="module")
def parsed(airflow_home: Path) -> dict[str, Any]:
    """What a fresh process imports for the Dags and the plugin, beyond Airflow itself."""
    library = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(ROOT)], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": library},
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def test_all_dags_import(dagbag: Any) -> None:
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {"obs_nightly", "obs_report", "obs_maintenance", "obs_watch"}


def test_parsing_imports_nothing_heavy(parsed: dict[str, Any]) -> None:
    loaded = set(parsed["modules"])
    assert sorted(HEAVY & loaded) == []
    of_stages = {name for name in loaded if name.startswith(tuple(f"obs_lib.{stage}." for stage in STAGES))}
    light = {"obs_lib.evaluators.judge", "obs_lib.evaluators.judge.rubric"}  # which scores judges give
    light |= {"obs_lib.sources.formats", "obs_lib.sources.formats.registry"}  # which formats there are, by name
    light |= {"obs_lib.alerts.channels", "obs_lib.alerts.channels.registry"}  # and which kinds of channels
    light |= {"obs_lib.exports", "obs_lib.exports.registry"}  # and of receivers
    assert {name for name in of_stages if not name.endswith("options")} <= light
    assert parsed["seconds"] < 3  # of CPU; 0.3 where nothing else runs


def test_the_dags_survive_serialisation(dagbag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dagbag.dags.values():
        again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
        assert sorted(again.task_dict) == sorted(dag.task_dict)
        assert type(again.timetable).__name__ == type(dag.timetable).__name__


def test_the_steps_stand_in_their_order(dagbag: Any) -> None:
    nightly, fold = dagbag.dags["obs_nightly"], dagbag.dags["obs_report"]
    chain = ["ingest", "plan", "evaluate", "shards_over", "collect", "summarise", "look_again", "run_again"]
    for earlier, later in pairwise(chain):
        assert later in nightly.get_task(earlier).downstream_task_ids
    assert nightly.get_task("tell_failure").upstream_task_ids == {"ingest", "plan", "collect", "summarise"}
    for earlier, later in pairwise(["compare", "alert", "render", "announce", "notify"]):
        assert fold.get_task(earlier).downstream_task_ids == {later}
    assert fold.max_active_runs == 1


def test_maintenance_runs_once_a_week_one_step_after_the_other(dagbag: Any) -> None:
    maintenance = dagbag.dags["obs_maintenance"]
    assert maintenance.get_task("drop_old").downstream_task_ids == {"join_files"}
    assert maintenance.get_task("join_files").downstream_task_ids == {"drop_versions"}
    assert (maintenance.max_active_runs, maintenance.catchup) == (1, False)


def test_model_tasks_need_no_pool_that_somebody_must_create(dagbag: Any) -> None:
    evaluate = dagbag.dags["obs_nightly"].get_task("evaluate")
    assert evaluate.partial_kwargs["pool"] == "default_pool"
    assert evaluate.partial_kwargs["max_active_tis_per_dag"] == 2


def test_the_form_offers_what_can_be_chosen(dagbag: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    params = dagbag.dags["obs_nightly"].params
    assert params["day"] is None
    assert params["evaluators"] is None  # as in the settings, which name none here: all but those that must be named
    offered = params.get_param("evaluators").schema
    assert offered["items"]["enum"] == offered["examples"] == list(BUNDLED)
    assert offered["examples"] == [
        "groundedness", "toxicity", "relevance", "refusal", "format", "context_relevance", "context_utilization",
        "repetition", "secret_leak", "personal_leak", "prompt_injection", "context_injection", "language_mismatch",
        "over_refusal", "abstention", "accuracy",
    ]  # fmt: skip
    named = ["refusal", "over_refusal"]  # it runs where it is named
    assert params.get_param("evaluators").resolve(named) == named
    assert params["max_scored"] == 20_000
    assert params["scores"] == "reuse"
    for name, wrong in (
        ("day", "yesterday"),
        ("evaluators", []),
        ("evaluators", ["mood"]),
        ("max_scored", 0),
        ("scores", "no"),
    ):
        with pytest.raises(ParamValidationError):
            params.get_param(name).resolve(wrong)


def test_the_form_offers_somebodys_evaluators_and_parsing_imports_none(airflow_home: Path, tmp_path: Path) -> None:
    (tmp_path / "mood.py").write_text("raise RuntimeError('imported')")
    settings = {
        "evaluators": {"own": {"mood": "mood:Mood"}},
        "alerts": {"objectives": {"mood_rate": 0.1, "toxicity": 0.2}},
    }
    (tmp_path / "obs.yaml").write_text(json.dumps(settings))
    names = PARSE + (
        "offered = dags[0].params.get_param('evaluators').schema['examples']\n"
        "print(json.dumps([offered, 'pandas' in sys.modules]))"
    )
    library = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", names, str(ROOT)], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": library, "OBS_CONFIG": str(tmp_path / "obs.yaml")},
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) == [[*BUNDLED, "mood"], False]
