"""Airflow inside the test process: its own home, SQLite, the repository's Dags, the installed provider, no network."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.encoder import FEW_TEXTS

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Airflow's own deprecation warnings are not ours to mend."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.airflow)
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A prepared metadata database; every Airflow import of the tests happens after it."""
    assert "airflow" not in sys.modules, (
        "Airflow reads its settings when it is imported, so nothing may import it earlier"
    )
    home = tmp_path_factory.mktemp("airflow")
    (home / "obs.yaml").write_text("schedule: {start_date: 2025-01-01}\n")
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),  # stands back where an entry point announces the plugin
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "OBS_CONFIG": str(home / "obs.yaml"),
    }
    before = dict(os.environ)
    os.environ.update(settings)

    from airflow.utils.db import initdb

    initdb()
    yield home
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def dagbag(airflow_home: Path) -> Any:
    """The Dags of one watch, read once."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(ROOT / "dags")


@dataclass
class House:
    """A watch: a lake, its logs, and runs of the Dags over them.

    name : of the watch. config : its settings file; None for obs.yaml at home. dags : folder of the file that makes its Dags.
    """

    home: Path
    name: str = "obs"
    config: Path | None = None
    dags: Path = ROOT / "dags"

    @property
    def ws(self) -> Any:
        """A workspace over the lake as it stands now."""
        from obs_lib.pipeline.workspace import open_workspace

        return open_workspace(self._config)

    @property
    def _config(self) -> Path:
        return self.config or self.home / "obs.yaml"

    def settings(self, **sections: Any) -> None:
        """Write obs.yaml; JSON is YAML."""
        text = {
            "name": self.name,
            "lake": {"root": str(self.home / "lake")},
            "sources": [{"path": str(self.home / "logs")}],
            "scoring": {"shards": 2, "batch_size": 4},
            "models": FEW_TEXTS,
            **sections,
        }
        self._config.write_text(json.dumps(text))

    def write_logs(self, day: dt.date, count: int, note: str = "") -> None:
        """`count` interactions of one day in the native format."""
        folder = self.home / "logs"
        folder.mkdir(exist_ok=True)
        rows = [_interaction(day, number, note) for number in range(count)]
        packed = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)
        (folder / f"{day}.jsonl.gz").write_bytes(packed)

    def night(self, day: dt.date | None, **conf: Any) -> Any:
        """Run the nightly Dag inside this process; returns the run. `day` None: neither a date nor a parameter."""
        asked = {"day": str(day), **conf} if day else conf
        return self._test(f"{self.name}_nightly", logical_date=None, run_conf=asked or None)

    def night_by_date(self, day: dt.date) -> Any:
        """Run the nightly Dag with the data interval of `day`, as the scheduler would."""
        moment = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
        return self._test(f"{self.name}_nightly", logical_date=moment)

    def clear_and_run(self, run: Any) -> Any:
        """Clear every task instance of a run and run it again, as the button in the UI does."""
        from airflow.models import dagrun
        from airflow.models.taskinstance import clear_task_instances

        def cleared(*, dag: Any, session: Any, **_: object) -> Any:
            same = session.get(dagrun.DagRun, run.id)
            clear_task_instances(same.get_task_instances(session=session), session, dag_run_state="running")
            same.dag = dag
            session.commit()
            return same

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dagrun, "get_or_create_dagrun", cleared)
            return self._test(run.dag_id, logical_date=run.logical_date)

    @staticmethod
    def states(run: Any) -> dict[str, list[str]]:
        """State of every task instance of a run, by task, in map order."""
        found: dict[str, list[str]] = {}
        for one in sorted(run.get_task_instances(), key=lambda one: (one.task_id, one.map_index)):
            found.setdefault(one.task_id, []).append(str(one.state))
        return found

    def watch(self) -> Any:
        """Run the watch over nights inside this process; returns the run."""
        return self._test(f"{self.name}_watch", logical_date=None)

    def fold(self) -> Any:
        """Run the fold inside this process; returns the run."""
        return self._test(f"{self.name}_report", logical_date=None)

    def _test(self, dag_id: str, **how: Any) -> Any:
        """Read the Dag afresh, as a worker does: a task in this process leaves its run's parameters in the Dag."""
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

        bag = DagBag(self.dags)
        if self.dags != ROOT / "dags":  # Airflow itself writes down those of its configured folder alone
            DagBundlesManager().sync_bundles_to_db()
            sync_bag_to_db(bag, "dags-folder", None)
        dag = bag.get_dag(dag_id)
        for task in dag.tasks:  # retries would really sleep
            if task.is_mapped:
                task.partial_kwargs["retries"] = 0
            else:
                task.retries = 0
        return dag.test(**how)


@pytest.fixture
def house(dagbag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A fresh lake for one test."""
    house = House(tmp_path)
    house.settings()
    (tmp_path / "logs").mkdir()
    monkeypatch.setenv("OBS_CONFIG", str(tmp_path / "obs.yaml"))
    return house


def _interaction(day: dt.date, number: int, note: str) -> dict[str, Any]:
    moment = dt.datetime.combine(day, dt.time(number % 24, 0, number // 24), dt.UTC)
    return {
        "request_id": f"{day}-{number:04d}",
        "timestamp": moment.isoformat(),
        "prompt": f"How do I return bike number {number}?",
        "response": f"Ride bike {number} to any dock and push it in until the light turns green. {note}",
        "input_tokens": 9,
        "output_tokens": 20,
        "ttft_ms": 120.0,
        "total_latency_ms": 900.0,
        "finish_reason": "stop",
        "model_version": "m-1",
        "tags": {"route": "assistant"},
    }
