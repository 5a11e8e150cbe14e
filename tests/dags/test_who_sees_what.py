"""Every route of the pages, asked by everybody: strangers, each role, and roles that one Dag alone lets in.

On real api-servers with both of Airflow's auth managers, below a path of a proxy's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from obs_lib.pipeline.acts import acts_of
from tests.dags.test_acts_page import DAY, NAME, PASSWORD, Server, lake, serving, simple_auth

pytestmark = [pytest.mark.slow, pytest.mark.server]

PREFIX = "/behind/a/proxy"
PAGES = "/night-watch"
ROOT = Path(__file__).resolve().parents[2]
BOTH = frozenset({"obs", "search"})
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in. reads, runs : the watches whose nightly Dag the role lets them read and run."""

    role: str
    reads: frozenset[str] = BOTH
    runs: frozenset[str] = NONE


SIMPLE = {
    "vi": Person("viewer"),
    "una": Person("user", runs=BOTH),
    "olga": Person("op", runs=BOTH),
    "ada": Person("admin", runs=BOTH),
}
FAB = {
    "pub": Person("Public", reads=NONE),
    "vi": Person("Viewer"),
    "una": Person("User", runs=BOTH),
    "olga": Person("Op", runs=BOTH),
    "ada": Person("Admin", runs=BOTH),
    "rita": Person("Readers", reads=frozenset({"search"})),
    "cal": Person("On call", reads=frozenset({"search"}), runs=frozenset({"search"})),
}
_MAKE_PEOPLE = f"""
import json, sys
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
with get_application_builder() as builder:
    security = builder.sm
    builder.add_permissions(update_perms=True)
    security.sync_roles()
    for name, role in json.loads(sys.argv[1]).items():
        security.add_user(name, name, name, name + "@example.org", security.add_role(role), password="{PASSWORD}")
    for dag in DagBag("{ROOT / "dags"}").dags.values():
        security.sync_perm_for_dag(dag.dag_id, dag.access_control)
"""


@dataclass(frozen=True)
class House:
    """An api-server, and who may do what on it."""

    server: Server
    people: dict[str, Person]

    def ask(self, method: str, path: str, name: str | None, form: dict[str, str] | None = None) -> tuple[int, str]:
        origin = "/".join(self.server.url.split("/")[:3])
        return self.server.send(method, PAGES + path, name, form, Origin=origin, Sec_Fetch_Site="same-origin")

    def leads(self, path: str, name: str | None) -> tuple[int, str]:
        """Status, and where it leads."""
        status, _, headers = self.server.answer("GET", PAGES + path, name)
        return status, headers.get("location", "")


@pytest.fixture(scope="module", params=["simple", "fab"])
def house(
    request: pytest.FixtureRequest, airflow_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    home = tmp_path_factory.mktemp(request.param)
    watches = home / "watches"
    watches.mkdir()
    (watches / "obs.yaml").write_text("lake: {root: ../obs}\nschedule: {start_date: 2025-01-01}\n")
    (watches / "search.yaml").write_text(
        "name: search\nlake: {root: ../search}\nschedule: {start_date: 2025-01-01, access: {Readers: read, On call: run}}\n"
    )
    ws = lake(watches / "obs.yaml")
    lake(watches / "search.yaml")
    people = SIMPLE if request.param == "simple" else FAB
    roles = {name: person.role for name, person in people.items()}
    environment = simple_auth(home, roles) if request.param == "simple" else fab_auth(home, roles)
    with serving(home, people, ws, environment, PREFIX) as server:
        yield House(server, people)


def fab_auth(home: Path, roles: dict[str, str]) -> dict[str, str]:
    """Environment of an api-server whose FAB auth manager knows these users, in a database of its own."""
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "OBS_CONFIG": str(home / "watches"),
    }
    command = [sys.executable, "-W", "ignore", "-c", _MAKE_PEOPLE, json.dumps(roles)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return environment


def expected(person: Person | None, watch: str) -> int:
    """Status of a page of a watch that is there."""
    if person is None:
        return 401
    return 200 if watch in person.reads else 403


def everybody(house: House) -> list[tuple[str | None, Person | None]]:
    return [(None, None), *house.people.items()]


@pytest.mark.parametrize("watch", sorted(BOTH))
def test_pages_of_a_watch(house: House, watch: str) -> None:
    for name, person in everybody(house):
        for path in ("", f"{DAY}", f"{DAY}.html"):
            status, text = house.ask("GET", f"/{watch}/{path}", name)
            assert status == expected(person, watch), (name, path)
            assert (str(DAY) in text and "Quiet" not in text) or status != 200 or path == ""
        status, text = house.ask("GET", f"/{watch}/{DAY}", name)
        may_run = person is not None and watch in person.runs
        assert ('name="token"' in text) == may_run, name


@pytest.mark.parametrize("watch", sorted(BOTH))
def test_acts(house: House, watch: str) -> None:
    for name, person in everybody(house):
        page = house.ask("GET", f"/{watch}/{DAY}", name)[1]
        token = re.search(r'name="token" value="([^"]+)"', page)
        form = {"token": token[1] if token else "1.a.b", "kind": "NOTE", "text": f"by {name}"}
        status, text = house.ask("POST", f"/{watch}/act/{DAY}/{NAME}", name, form)
        may_run = person is not None and watch in person.runs
        assert status == (401 if person is None else 303 if may_run else 403), (name, text)
    acts = acts_of(house.server.ws, [NAME], DAY).get(NAME, [])
    if watch == "obs":
        able = sorted(f"by {name}" for name, person in house.people.items() if "obs" in person.runs)
        assert sorted(str(act.text) for act in acts) == able


def test_the_list_of_watches(house: House) -> None:
    for name, person in everybody(house):
        status, text = house.ask("GET", "/", name)
        if person is None:
            assert status == 401
        elif not person.reads:
            assert status == 403
        elif len(person.reads) == 1:
            assert status == 303
        else:
            assert (status, re.findall('href="([^"]*)"', text)) == (200, ["obs/", "search/"])


def test_a_watch_that_is_not_there_tells_a_stranger_nothing(house: House) -> None:
    for path in ("/nobody/", f"/nobody/{DAY}", "/nobody", "/obs/2025-02-30"):
        for name, person in everybody(house):
            status, text = house.ask("GET", path, name)
            known = 401 if person is None else 403 if path.startswith("/obs") and "obs" not in person.reads else 404
            assert status == known, (name, path)
            assert person is not None or "nobody" not in text


@pytest.mark.parametrize("path", ["/run?dag_id=obs_nightly&run_id=x", "/run?dag_id=etl", "/obs", f"/{DAY}"])
def test_what_leads_elsewhere_leads_below_the_prefix(house: House, path: str) -> None:
    for name, person in everybody(house):
        status, where = house.leads(path, name)
        assert status == (401 if person is None else 303), name
        assert person is None or where.startswith(f"{PREFIX}{PAGES}/"), where


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/docs", "/redoc", "/obs/act/x", "/../plugins", "/obs/%2e%2e/obs.yaml"]
)
def test_there_is_nothing_else(house: House, path: str) -> None:
    for name, person in everybody(house):
        assert house.ask("GET", path, name)[0] in ((401, 404) if person is None else (403, 404, 405)), (name, path)
