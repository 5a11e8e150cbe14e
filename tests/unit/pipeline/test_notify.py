"""Pages go to people once, from the lake, through real channels; a broken one fails nothing and is tried again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from obs_lib.alerts.delivery_options import DeliveryOptions
from obs_lib.alerts.storage import to_frame
from obs_lib.connections import Connection
from obs_lib.lake.tables import ALERTS, OPERATIONS
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.deliveries import DELIVERY
from obs_lib.pipeline.notify import notify
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Incident, IncidentState, Severity
from tests.receivers import Receiver

DAY = dt.date(2024, 3, 1)
SOON = dt.datetime(2024, 3, 2, 3, tzinfo=dt.UTC)


def incident(ws: Workspace, severity: str = "P1", news: bool = True) -> None:
    known = Incident(
        day=DAY,
        fingerprint="f" * 32,
        kind="change",
        severity=Severity(severity),
        state=IncidentState.NEW,
        place=("route=<b>x</b>",),
        lead="refusal",
        title="The model refuses more",
        score=0.9,
        why="Refusal rate alone is P1 from 0.15",
        notify=news,
        first_day=DAY,
        last_day=DAY,
    )
    ws.lake.commit(DAY, "alert", {ALERTS: to_frame([known])}, inputs=severity)


def attempts(ws: Workspace) -> list[str]:
    today = dt.datetime.now(dt.UTC).date()
    log = ws.lake.read(OPERATIONS, [today - dt.timedelta(days=1), today])
    return list(log.loc[log["kind"] == DELIVERY, "outcome"])


def test_a_page_is_sent_once_and_again_when_it_gets_worse(make_workspace: Any, endpoint: Any) -> None:
    ws, (port, received, _) = make_workspace(), endpoint
    url = f"json://127.0.0.1:{port}/hook"
    incident(ws)
    assert notify(ws, Ways([url], lambda day: f"http://here/{day}"), now=SOON)["sent"] == 1
    assert notify(ws, Ways([url]), now=SOON)["sent"] == 0
    incident(ws, "P0")
    assert notify(ws, Ways([url]), now=SOON)["sent"] == 1
    assert [message["title"][:2] for message in received] == ["P1", "P0"]
    assert "http://here/2024-03-01" in received[0]["message"]
    assert sorted(attempts(ws)) == ["CLAIMED", "CLAIMED", "SENT", "SENT"]


def test_two_watches_that_say_the_same_are_told_apart(make_workspace: Any, receiver: Receiver) -> None:
    watches = [named(make_workspace(name), name) for name in ("obs", "search")]
    for kind in ("webhook", "alertmanager"):
        for ws in watches:
            incident(ws)
            options = {"kind": kind, "connection": "there"}
            delivery = DeliveryOptions(channels={kind: options}, routes=[{"channels": [kind]}])
            told = replace(
                ws,
                settings=ws.settings.model_copy(update={"delivery": delivery}),
                connections=lambda _: Connection.from_uri(f"http://:geheim@127.0.0.1:{receiver.port}/"),
            )
            assert notify(told, Ways(), now=SOON)["sent"] == 1
    plain, prefixed = (post.json for post in receiver.posts[:2])
    assert prefixed["key"] == f"search-{plain['key']}"
    assert prefixed["title"] == f"search: {plain['title']}"
    assert (plain.get("watch"), prefixed["watch"]) == (None, "search")
    labels = [post.json[0]["labels"] for post in receiver.posts[2:]]
    assert labels[1] == {**labels[0], "watch": "search"}
    assert [ws.settings.named_report.title for ws in watches] == ["LLM night watch", "LLM night watch: search"]


def named(ws: Workspace, name: str) -> Workspace:
    return replace(ws, settings=ws.settings.model_copy(update={"name": name}))


def test_a_mail_arrives(make_workspace: Any, mailbox: Any) -> None:
    ws, (port, received) = make_workspace(), mailbox
    incident(ws)
    assert notify(
        ws, Ways([f"mailto://127.0.0.1:{port}?from=watch@example.org&to=on@example.org&mode=insecure"]), now=SOON
    )["sent"]
    assert "The model refuses more" in received[0].as_string()


def test_a_broken_channel_is_recorded_and_tried_again(make_workspace: Any, endpoint: Any) -> None:
    ws, (port, received, answer) = make_workspace(), endpoint
    incident(ws)
    answer["status"] = 500
    urls = [f"json://127.0.0.1:{port}/hook", "nonsense"]
    told = notify(ws, Ways(urls), now=SOON)
    assert told["sent"] == 0
    assert told["failed"] >= 1
    answer["status"] = 200
    assert notify(ws, Ways(urls), now=SOON)["sent"] == 1
    assert attempts(ws).count("SENT") == 1
    assert len(received) == 2


@pytest.mark.parametrize(("hours", "sent"), [(47, 1), (49, 0)])
def test_old_days_page_nobody(make_workspace: Any, endpoint: Any, hours: int, sent: int) -> None:
    ws, (port, received, _) = make_workspace(), endpoint
    incident(ws)
    end = dt.datetime(2024, 3, 2, tzinfo=dt.UTC)
    told = notify(ws, Ways([f"json://127.0.0.1:{port}/"]), now=end + dt.timedelta(hours=hours))
    assert (told["sent"], told["too_old"], len(received)) == (sent, 1 - sent, sent)


def test_what_does_not_page_is_not_sent(make_workspace: Any, endpoint: Any) -> None:
    ws, (port, received, _) = make_workspace(), endpoint
    incident(ws, "P3", news=False)
    assert notify(ws, Ways([f"json://127.0.0.1:{port}/"]), now=SOON)["sent"] == 0
    assert received == []
    assert set(notify(ws, Ways(), now=SOON).values()) == {0}
