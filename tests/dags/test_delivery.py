"""What Airflow adds to delivery: notifiers on both sides, events of alert assets, the watch over nights."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.receivers import Receiver
from tests.unit.alerts.test_channels import MESSAGE

TODAY = dt.datetime.now(dt.UTC).date()
YESTERDAY = TODAY - dt.timedelta(days=1)
FROM_FIRST_DAY = {"start_date": "2025-01-01"}

TEAM = """
from airflow.sdk import BaseNotifier
class Team(BaseNotifier):
    template_fields = ("text",)
    said = []
    def __init__(self, text="{{ message.title }} / {{ message.key }}"):
        super().__init__()
        self.text = text
    def notify(self, context):
        if "refuse" in self.text:
            raise ConnectionRefusedError
        Team.said.append(self.text)
team = Team()
"""


@pytest.fixture
def team(house: Any) -> Any:
    """A notifier of somebody's in a module beside the settings."""
    from obs_lib.extensions import Extension, load

    name = f"team_{abs(hash(str(house.home)))}"
    (house.home / f"{name}.py").write_text(TEAM)
    cls: Any = load(Extension("team", f"{name}:Team", "test", str(house.home)))
    cls.module = name
    return cls


def routed(team: Any) -> dict[str, Any]:
    channel = {"kind": "notifier", "notifier": f"{team.module}:team"}
    return {"channels": {"team": channel}, "routes": [{"channels": ["team"]}]}


def test_text_of_a_log_is_no_template_however_often_a_notifier_is_used(house: Any, team: Any) -> None:
    from dataclasses import replace

    from night_watch.airflow.delivery import NotifierChannel
    from obs_lib.alerts.channels.channel import send

    for given in (team(), team):
        channel = NotifierChannel("team", given)
        for word in ("{{ 6 * 7 }}", "{% raw %}", "{{ message.body }}"):
            assert send(channel, replace(MESSAGE, title=word), 30).status == "SENT"
            assert team.said.pop() == f"{word} / {MESSAGE.key}"


def test_a_notifier_that_cannot_connect_has_failed_and_any_other_error_is_unknown(house: Any, team: Any) -> None:
    from night_watch.airflow.delivery import NotifierChannel
    from obs_lib.alerts.channels.channel import send

    assert send(NotifierChannel("team", team("refuse")), MESSAGE, 30).status == "FAILED"
    assert send(NotifierChannel("team", team("{{ 1 / 0 }}")), MESSAGE, 30).status == "UNKNOWN"


@pytest.mark.slow
def test_a_failed_night_is_told_by_a_notifier_and_makes_an_event_of_its_severity_once(house: Any, team: Any) -> None:
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    def events() -> list[tuple[str, dict[str, Any]]]:
        query = select(AssetModel.name, AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        with create_session() as session:
            return [tuple(row) for row in session.execute(query.where(AssetModel.name.like("obs_alert_%")))]

    house.settings(delivery=routed(team), schedule=FROM_FIRST_DAY)
    (house.home / "logs" / f"{YESTERDAY}.jsonl.gz").write_bytes(b"this is not gzip")
    house.night(YESTERDAY)
    known = len(events())
    for _ in range(2):
        assert house.fold().state == "success"
    assert [text.split(":")[0] for text in team.said] == [f"LLM night watch {YESTERDAY}"]
    ((name, extra),) = events()[known:]
    assert name == "obs_alert_p2"
    assert extra["incidents"][0]["lead"] == "step:ingest"


@pytest.mark.slow
def test_a_fold_whose_urgent_message_reached_nobody_is_tried_again(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import obs_lib.pipeline.notify as step

    monkeypatch.setattr(step, "notify", lambda *_, **__: {"undelivered": 1})
    run = house.fold()
    assert house.states(run)["notify"] == ["failed"]


@pytest.mark.slow
def test_people_hear_once_of_a_night_that_never_began(
    house: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBS_NOTIFY_URLS", f"json://127.0.0.1:{receiver.port}/")
    house.settings(schedule={"start_date": str(YESTERDAY), "delay_hours": 0, "deadline_hours": 0.001})
    receiver.status = 500
    assert house.watch().state == "failed"  # told to nobody: it is tried again
    receiver.status = 200
    for _ in range(2):
        assert house.watch().state == "success"
    assert len(receiver.posts) == 2
    assert f"The night of {YESTERDAY} never began" in receiver.posts[1].json["title"]


@pytest.mark.slow
def test_people_hear_at_once_of_nights_that_wait_for_a_fold_that_failed(
    house: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    import obs_lib.pipeline.compare as step

    monkeypatch.setenv("OBS_NOTIFY_URLS", f"json://127.0.0.1:{receiver.port}/")
    house.settings(schedule={"start_date": str(YESTERDAY), "deadline_hours": 72})
    house.night(YESTERDAY)
    monkeypatch.setattr(step, "compare", lambda _: 1 / 0)
    assert house.fold().state == "failed"
    (post,) = receiver.posts
    assert f"The night of {YESTERDAY} has been summed up and waits" in post.json["title"]


def test_a_dag_of_peoples_own_tells_by_the_routes_once(
    house: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from night_watch.airflow import NightWatchNotifier

    monkeypatch.setenv("OBS_CONNECTION_HOOK", f"http://:geheim@127.0.0.1:{receiver.port}/")
    delivery = {
        "channels": {"hook": {"kind": "webhook", "connection": "hook"}},
        "routes": [{"channels": ["hook"], "segments": ["route=docs"]}],
        "rules": [{"families": ["dag:*"], "owner": "data"}],
    }
    house.settings(delivery=delivery, schedule=FROM_FIRST_DAY)
    context = {"dag_run": {"dag_id": "mine", "run_id": "r1"}, "ti": {"task_id": "load"}}
    for _ in range(2):
        NightWatchNotifier(title="{{ dag_run.dag_id }} failed", text="ask ada@example.org", segment="route=docs")(
            dict(context)
        )
    (post,) = receiver.posts
    assert post.json["title"].startswith("P1 new: mine failed")
    assert "ask" in post.json["text"]
    assert "ada" not in post.json["text"]
    (incident,) = post.json["incidents"]
    assert (incident["lead"], incident["owner"], incident["place"]) == ("dag:mine", "data", ["route=docs"])

    with pytest.raises(RuntimeError, match="reached nobody"):
        NightWatchNotifier(title="elsewhere", segment="route=chat")(dict(context))
