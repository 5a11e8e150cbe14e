"""The embedded Airflow from start to stop: three days through the scheduler, reports over HTTP, nothing left running."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.encoder import FEW_TEXTS
from tests.receivers import Receiver

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.airflow]

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 270
DAYS = 3


@pytest.fixture(scope="module")
def embedded() -> Iterator[Any]:
    """tools/embedded_airflow.py: tools are no package."""
    sys.path.insert(0, str(ROOT / "tools"))
    import embedded_airflow

    yield embedded_airflow
    sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def airflow(embedded: Any) -> Iterator[Any]:
    """A running Airflow over three days of example logs."""
    from obs_lib.samples.generate import FIRST_DAY, write_samples

    last_day = FIRST_DAY + dt.timedelta(days=DAYS - 1)
    # Not below pytest's own folder: each start of pytest closes that to PostgreSQL, which runs as another user under root.
    home = Path(tempfile.mkdtemp(prefix="obs-"))
    write_samples(home / "logs", FIRST_DAY, DAYS, per_route=12)
    dates = {"start_date": str(FIRST_DAY), "end_date": str(last_day)}
    (home / "obs.yaml").write_text(json.dumps({"scoring": {"shards": 1}, "schedule": dates, "models": FEW_TEXTS}))
    server = embedded.EmbeddedAirflow(home, home / "obs.yaml", port=0)
    try:
        server.start()
        server.wait_ready()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


def read(airflow: Any, path: str, token: str | None) -> tuple[int, str, Any]:
    """Status, text and headers of a page, signed in or not."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(airflow.url + path, headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def wait_for(airflow: Any, dag: str, done: Any) -> list[dict[str, Any]]:
    """The Dag's runs, once `done` holds of them."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        airflow.check()
        runs = airflow.runs(dag)
        if done(runs):
            return runs
        time.sleep(1)
    raise AssertionError(f"{dag} took too long: {[run['state'] for run in airflow.runs(dag)]}")


def test_three_days_through_airflow(airflow: Any, embedded: Any) -> None:
    from obs_lib.samples.generate import FIRST_DAY

    days = [FIRST_DAY + dt.timedelta(days=n) for n in range(DAYS)]
    airflow.backfill(days[0], days[-1])
    ended = {"success", "failed"}
    nights = wait_for(
        airflow, "obs_nightly", lambda runs: len(runs) >= DAYS and all(run["state"] in ended for run in runs)
    )
    assert [run["state"] for run in nights] == ["success"] * DAYS
    assert [run["data_interval_start"][:10] for run in nights] == [str(day) for day in days]
    assert {run["run_type"] for run in nights} == {"backfill"}

    token = airflow.token()
    newest = f"/night-watch/obs/{days[-1]}"
    folds = wait_for(
        airflow,
        "obs_report",
        lambda runs: runs and all(run["state"] in ended for run in runs) and read(airflow, newest, token)[0] == 200,
    )
    assert {run["state"] for run in folds} == {"success"}

    for day in days:
        status, page, headers = read(airflow, f"/night-watch/obs/{day}", token)
        assert status == 200
        assert str(day) in page
        assert "<script" not in page
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    status, index, headers = read(airflow, "/night-watch/", token)
    assert status == 200
    for day in days:
        assert f'href="{day}.html"' in index
        assert read(airflow, f"/night-watch/obs/{day}.html", token)[0] == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]

    run_id = urllib.request.quote(nights[0]["dag_run_id"])
    status, page, _ = read(airflow, f"/night-watch/run?dag_id=obs_nightly&run_id={run_id}", token)
    assert (status, page) == (200, read(airflow, f"/night-watch/obs/{days[0]}", token)[1])
    assert read(airflow, f"/night-watch/{days[0]}", token)[1] == page  # as links of earlier releases say it


@pytest.mark.parametrize(
    "path",
    [
        "/night-watch/",
        "/night-watch/2025-03-03",
        "/night-watch/obs/",
        "/night-watch/obs/2025-03-03",
        "/night-watch/run?dag_id=obs_nightly&run_id=x",
    ],
)
def test_strangers_see_nothing(airflow: Any, path: str) -> None:
    for token in (None, "no.such.token"):
        status, page, _ = read(airflow, path, token)
        assert status in (401, 403)
        assert "2025-03-03" not in page


@pytest.mark.parametrize(
    "day", ["2025-02-30", "20250303", "2025-W10-1", "1741000000", "..%2f..%2fobs.yaml", "<script>"]
)
def test_only_a_day_names_a_page(airflow: Any, day: str) -> None:
    status, page, headers = read(airflow, f"/night-watch/obs/{urllib.request.quote(day, safe='%')}", airflow.token())
    assert status == 404
    assert "<script" not in page
    assert "default-src 'none'" in headers.get("Content-Security-Policy", "default-src 'none'")


def asked(airflow: Any, method: str, path: str, body: dict[str, Any]) -> None:
    """Something of Airflow's API, asked as the demo's user."""
    headers = {"Authorization": f"Bearer {airflow.token()}", "Content-Type": "application/json"}
    request = urllib.request.Request(airflow.url + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        assert answer.status in (200, 201)


def test_the_scheduler_tells_of_a_night_that_never_began(airflow: Any, receiver: Receiver) -> None:
    """Its Dag is paused, as after a deployment: there is no run that could have a deadline."""
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    asked(airflow, "PATCH", "/api/v2/dags/obs_nightly", {"is_paused": True})
    hook = {"connection_id": "hook", "conn_type": "http", "host": "127.0.0.1", "port": receiver.port}
    asked(airflow, "POST", "/api/v2/connections", {**hook, "password": "shared"})
    settings = json.loads(airflow.config.read_text())
    settings["schedule"] = {"start_date": str(yesterday), "delay_hours": 0, "deadline_hours": 0.001}
    settings["delivery"] = {
        "channels": {"hook": {"kind": "webhook", "connection": "hook"}},
        "routes": [{"severities": ["P1"], "channels": ["hook"]}],
    }
    airflow.config.write_text(json.dumps(settings))
    for number in (1, 2):  # the second look tells nobody again
        asked(airflow, "POST", "/api/v2/dags/obs_watch/dagRuns", {"logical_date": None})
        runs = wait_for(
            airflow,
            "obs_watch",
            # Its schedule may have begun one more.
            lambda runs, n=number: len(runs) >= n and all(run["state"] in ("success", "failed") for run in runs),
        )
        assert {run["state"] for run in runs} == {"success"}
    (post,) = receiver.posts
    assert post.json["title"].startswith(f"P1 new: The night of {yesterday} never began")
    assert [incident["lead"] for incident in post.json["incidents"]] == ["night"]
    assert post.headers["X-Obs-Signature"].startswith("sha256=")


def test_stopping_leaves_no_process(airflow: Any) -> None:
    """The last test of this file: nothing runs after it."""
    home = str(airflow.home)
    children = psutil.Process().children(recursive=True)
    assert children
    airflow.stop()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert [one.pid for one in psutil.process_iter(["cmdline"]) if home in " ".join(one.info["cmdline"] or [])] == []
