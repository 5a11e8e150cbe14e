"""Airflow's connections as the library takes them: addresses for drivers, masked in logs, the environment behind them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import quote

import pytest

PASSWORD = "p@ss/geheim"  # what an address must escape
PLACE = {"host": "db", "login": "me", "password": PASSWORD, "schema": "logs", "port": 5433}
ADDRESS = f"me:{quote(PASSWORD, safe='')}@db:5433/logs"


@pytest.fixture
def wiring(dagbag: Any) -> Any:
    from night_watch.airflow import connections

    return connections


@pytest.mark.parametrize(
    ("given", "uri"),
    [
        (f"postgres://{ADDRESS}?sslmode=require", f"postgres://{ADDRESS}?sslmode=require"),
        (
            {
                "conn_type": "postgres",
                **PLACE,
                "extra": {"sslmode": "require", "cursor": "dictcursor", "keep": {"a": 1}},
            },
            f"postgres://{ADDRESS}?sslmode=require",
        ),
        (
            {"conn_type": "mysql", **PLACE, "extra": {"sqlalchemy_scheme": "mysql+pymysql", "charset": "utf8mb4"}},
            f"mysql+pymysql://{ADDRESS}?charset=utf8mb4",
        ),
        ({"conn_type": "postgres", **PLACE}, f"postgres://{ADDRESS}"),
    ],
)
def test_a_database_becomes_an_address_that_its_driver_takes(
    wiring: Any, monkeypatch: pytest.MonkeyPatch, given: Any, uri: str
) -> None:
    from sqlalchemy.engine import make_url

    monkeypatch.setenv("AIRFLOW_CONN_LOG_BASE", given if isinstance(given, str) else json.dumps(given))
    found = wiring.connection("log_base")
    assert found.uri == uri
    url = make_url(found.uri)
    assert (url.host, url.port, url.database, url.username, url.password) == ("db", 5433, "logs", "me", PASSWORD)
    assert PASSWORD not in repr(found)


def test_a_bucket_becomes_keys_and_an_endpoint(wiring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from obs_lib.connections import object_store_options, storage_options

    uri = f"aws://key:{quote(PASSWORD, safe='')}@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A5000&region_name=eu-central-1"
    monkeypatch.setenv("AIRFLOW_CONN_STORE", uri)
    found = wiring.connection("store")
    options = storage_options("s3", found)
    assert (options["key"], options["secret"]) == ("key", PASSWORD)
    assert options["client_kwargs"] == {"endpoint_url": "http://127.0.0.1:5000", "region_name": "eu-central-1"}
    assert object_store_options("s3", found) == {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": PASSWORD,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
        "AWS_REGION": "eu-central-1",
        "AWS_ALLOW_HTTP": "true",
    }


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("http://public:secretkey@localhost:3000", "http://localhost:3000"),
        ("https://public:secretkey@cloud.example.com", "https://cloud.example.com"),
        ("http://public:secretkey@cloud.example.com/https", "https://cloud.example.com"),
        ('{"conn_type": "http", "host": "https://cloud.example.com/lf"}', "https://cloud.example.com/lf"),
    ],
)
def test_an_http_connection_gives_the_whole_address(
    wiring: Any, monkeypatch: pytest.MonkeyPatch, given: str, host: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LANGFUSE", given)
    assert wiring.connection("langfuse").host == host


def test_logs_of_tasks_mask_the_password(wiring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.log import redact

    password = "once-only-Velo-7"
    monkeypatch.setenv("AIRFLOW_CONN_MASKED", json.dumps({"conn_type": "postgres", **PLACE, "password": password}))
    assert redact(f"it is {password}") == f"it is {password}"
    wiring.connection("masked")
    assert redact(f"it is {password}") == "it is ***"


def test_a_name_that_airflow_does_not_know_is_looked_up_in_the_environment(
    wiring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBS_CONNECTION_ONLY_HERE", f"postgresql://{ADDRESS}")
    assert wiring.connection("only-here").uri == f"postgresql://{ADDRESS}"


def test_a_name_that_nobody_knows_fails_the_task_at_once(house: Any) -> None:
    query = "SELECT :start, :end"
    house.settings(sources=[{"query": query, "connection": "nobody_knows"}])
    run = house.night(dt.date(2025, 6, 1))
    assert house.states(run)["ingest"] == ["failed"]


def test_it_fails_in_words_that_say_what_to_set(house: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from night_watch.airflow.tasks import workspace

    house.settings(sources=[{"query": "SELECT :start, :end", "connection": "nobody_knows"}])
    with (
        pytest.raises(AirflowFailException, match="OBS_CONNECTION_NOBODY_KNOWS"),
        workspace(str(house.home / "obs.yaml")) as ws,
    ):
        assert ws.sources
