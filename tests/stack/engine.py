"""docker-compose.yml as it is shipped, built and started from a copy of the checkout."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from obs_lib.errors import ObsError
from obs_lib.http import ONCE, HttpClient

IMAGES = ("python:3.11-slim-bookworm", "postgres:17-bookworm", "redis:7.2-bookworm")
"""What docker-compose.yml and Dockerfile start from."""
STANDINS = Path(__file__).parent / "standins" / "make.sh"
LIMIT_S = 1500


def missing() -> str | None:
    """What this machine lacks and how to have it; None where the stack can be built and started."""
    for words, what in ((["info"], "a Docker engine"), (["compose", "version"], "Docker Compose")):
        if shutil.which("docker") is None or subprocess.run(["docker", *words], capture_output=True).returncode:
            return f"needs {what}: https://docs.docker.com/engine/install, or the packages docker.io and docker-compose"
    return None


def prepare_images() -> None:
    """Pull the images that the files name; where no registry answers, make stand-ins of Debian's packages."""
    for image in IMAGES:
        if any(
            not subprocess.run(["docker", *do, image], capture_output=True).returncode for do in (["inspect"], ["pull"])
        ):
            continue
        wheels = [folder for folder in os.environ.get("UV_FIND_LINKS", "").split(",") if Path(folder).is_dir()]
        subprocess.run(["sh", str(STANDINS), *wheels[:1]], check=True)


class Stack:
    """A folder like a fresh checkout with its .env, and the services that run from it.

    folder : the copy. port : of the user interface, on loopback.
    """

    def __init__(self, checkout: Path, folder: Path, port: int) -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, check=True, capture_output=True, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / name, folder / name)
        subprocess.run([sys.executable, "tools/compose_env.py"], cwd=folder, check=True)
        env = folder / ".env"
        env.write_text(env.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
        self.secrets = dict(line.split("=", 1) for line in env.read_text().splitlines())

    def compose(self, *words: str) -> str:
        """What `docker compose` says; its errors go where this process's go."""
        command = ["docker", "compose", "--project-name", "llm-night-watch-test", *words]
        return subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True).stdout

    def build(self) -> None:
        """The image, from an index of torch's builds that TORCH_INDEX may name."""
        index = os.environ.get("TORCH_INDEX")
        self.compose("build", *(["--build-arg", f"TORCH_INDEX={index}"] if index else []))

    def up(self) -> None:
        """Start everything and wait until the watch's Dags are known."""
        self.compose("up", "--detach")
        self.wait(lambda: {"obs_nightly", "obs_report"} <= {dag["dag_id"] for dag in self.get("dags")["dags"]})

    def wait(self, done: Callable[[], bool]) -> None:
        """Until `done` holds; a server that does not answer is not ready."""
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                if done():
                    return
            except (ObsError, AssertionError):
                pass
            assert time.monotonic() < end, self.compose("ps", "--all")
            time.sleep(2)

    def get(self, path: str) -> Any:
        """JSON of Airflow's API."""
        return json.loads(self._asked("GET", f"/api/v2/{path}"))

    def page(self, day: dt.date) -> bytes:
        """The report of a day as people read it."""
        return self._asked("GET", f"/night-watch/obs/{day}")

    def backfill(self, first: dt.date, last: dt.date) -> None:
        """Ask for the nights from first to last as the UI does."""
        body = {"dag_id": "obs_nightly", "from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z"}
        self._asked("POST", "/api/v2/backfills", body | {"max_active_runs": 2})

    def states(self, dag: str) -> dict[str, str]:
        """State of each run by the day or the moment that it is of."""
        runs = self.get(f"dags/{dag}/dagRuns?limit=100")["dag_runs"]
        return {(run["logical_date"] or run["run_after"])[:10]: run["state"] for run in runs}

    def tasks(self) -> list[dict[str, Any]]:
        """The tasks of all nights as Airflow's API tells them."""
        return list(self.get("dags/obs_nightly/dagRuns/~/taskInstances?limit=100")["task_instances"])

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        who = {"username": self.secrets["AIRFLOW_ADMIN_USER"], "password": self.secrets["AIRFLOW_ADMIN_PASSWORD"]}
        token = json.loads(self._exchanged("POST", "/auth/token", who, {}))["access_token"]
        return self._exchanged(method, path, body, {"Authorization": f"Bearer {token}"})

    def _exchanged(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> bytes:
        with HttpClient(self.url, headers, timeout_s=60, retry=ONCE, proxies=False) as client:
            reply = client.request(method, path, body=body)
        assert 200 <= reply.status < 300, (method, path, reply.status, reply.body[:500])
        return reply.body
