"""Who may see which watch's pages."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


class Rights:
    """An auth manager by which a user may do with Dags what is said here."""

    def __init__(self, allowed: dict[str, set[str]]) -> None:
        self._allowed = allowed

    def is_authorized_dag(self, *, method: str, details: Any, **_: Any) -> bool:
        return method in self._allowed.get(details.id, set())


@pytest.fixture
def client(dagbag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks the pages as somebody who may read `chat` and no more, of an Airflow with two watches."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi.testclient import TestClient

    from night_watch.airflow import access, pages

    for name in ("chat", "search"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nlake: {{root: {name}}}\n")
    monkeypatch.setenv("OBS_CONFIG", str(tmp_path))
    monkeypatch.setattr(access, "get_auth_manager", lambda: Rights({"chat_nightly": {"GET"}}))
    app = pages.build()
    app.dependency_overrides[get_user] = lambda: SimpleNamespace(get_id=lambda: "vi", get_name=lambda: "vi")
    return TestClient(app, follow_redirects=False)


def test_the_only_watch_that_somebody_may_read_is_shown_at_once(client: Any) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat/")
    assert client.get("/chat/").status_code == 200


@pytest.mark.parametrize("path", ["/search/", "/search/2025-03-10", "/search/2025-03-10.html"])
def test_a_watch_that_somebody_may_not_read_is_forbidden(client: Any, path: str) -> None:
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("name", ["chat", "search"])
def test_who_may_not_run_the_watch_acts_on_nothing(client: Any, name: str) -> None:
    assert client.post(f"/{name}/act/2025-03-10/{'0' * 32}", data={"kind": "CLOSED"}).status_code == 403


def test_a_link_of_a_time_before_names_leads_to_the_watch_without_one(client: Any) -> None:
    answer = client.get("/2025-03-10")
    assert (answer.status_code, answer.headers["location"]) == (303, "/obs/2025-03-10")
    assert client.get("/chat").headers["location"] == "/chat/"
    assert client.get("/..evil").status_code == 404


def test_a_run_leads_to_its_watch_and_any_other_to_the_list(client: Any) -> None:
    assert client.get("/run", params={"dag_id": "chat_nightly", "run_id": "x"}).headers["location"] == "/chat/"
    assert client.get("/run", params={"dag_id": "etl", "run_id": "x"}).headers["location"] == "/"
