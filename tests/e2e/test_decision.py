"""Airflow asks somebody what to do about an incident, and the answer is an act on it: scheduler, REST and all."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_lib.http import HttpClient
from obs_lib.pipeline.acts import Act, acts_of
from obs_lib.pipeline.workspace import Workspace
from tests.dags.test_acts_page import DAY, NAME, lake

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.airflow]

ROOT = Path(__file__).resolve().parents[2]
ENDED_S = 5
LIMIT_S = 180
OWN_DAG = f"""
import datetime as dt
from airflow.sdk import DAG
from night_watch.airflow import IncidentDecision

with DAG("own", schedule=None):
    IncidentDecision(task_id="ask", incident="{NAME[:8]}")
    IncidentDecision(task_id="ask_nobody", incident="{NAME[:8]}", response_timeout=dt.timedelta(seconds=5))
"""


@pytest.fixture(scope="module")
def airflow() -> Iterator[tuple[Any, Workspace]]:
    """A running Airflow with somebody's own Dag, and the lake with the incident."""
    sys.path.insert(0, str(ROOT / "tools"))
    from embedded_airflow import EmbeddedAirflow

    class WithOwnDag(EmbeddedAirflow):
        def _environment(self, database: str) -> dict[str, str]:
            return super()._environment(database) | {"AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags")}

    home = Path(tempfile.mkdtemp(prefix="obs-"))
    (home / "dags").mkdir()
    (home / "dags" / "own.py").write_text(OWN_DAG)
    (home / "obs.yaml").write_text("lake: {root: lake}\n")
    server = WithOwnDag(home, home / "obs.yaml", port=0)
    try:
        ws = lake(home / "obs.yaml")
        server.start()
        server.wait_ready(("own",))
        yield server, ws
    finally:
        server.stop()
        shutil.rmtree(home)
        sys.path.remove(str(ROOT / "tools"))


def until(look: Any) -> Any:
    """What `look` finds, once it finds something."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(1)
    raise AssertionError("it took too long")


def test_the_answer_of_a_person_is_stored_and_nobody_s_is_not(airflow: tuple[Any, Workspace]) -> None:
    server, ws = airflow
    run = server.post("/api/v2/dags/own/dagRuns", {"logical_date": None})["dag_run_id"]
    path = f"/api/v2/dags/own/dagRuns/{run}"

    def waits() -> Any:
        asked = server.get(f"{path}/hitlDetails")["hitl_details"]
        # The question is there a moment before the task has stopped to wait for its answer.
        wanted = ("ask", "awaiting_input")
        found = ((one["task_instance"]["task_id"], one["task_instance"]["state"]) == wanted and one for one in asked)
        return next(filter(None, found), None)

    asked = until(waits)
    assert asked["subject"].startswith(f"P1 of {DAY}: ")
    assert asked["body"] == f"[The report of {DAY}]({server.url}/plugin/llm/night-watch/obs/{DAY}#incident-{NAME[:8]})"
    # Faster than people: an answer within the second that the task's process ends in is taken by Airflow 3.3 for its failure.
    time.sleep(ENDED_S)
    answer = {"chosen_options": ["This is the new normal"], "params_input": {"note": "the new model"}}
    with HttpClient(server.url, {"Authorization": f"Bearer {server.token()}"}, timeout_s=30, proxies=False) as client:
        reply = client.request("PATCH", f"{path}/taskInstances/ask/-1/hitlDetails", body=answer)
    assert reply.status == 200, reply.body

    done = until(lambda: (state := server.get(path)["state"]) in ("success", "failed") and state)
    assert done == "success"
    (act,) = acts_of(ws, [NAME], DAY)[NAME]
    assert isinstance(act, Act)
    assert (act.kind, act.by, act.text) == ("ACCEPTED", "admin", "the new model")
