"""Scores and numbers leave once, again where they changed, and over themselves; a receiver that fails stops nothing."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_lib.connections import Connection, Connections, none_known
from obs_lib.errors import ConfigError, LakeDamaged
from obs_lib.exports.metrics import registry_of
from obs_lib.lake.tables import OPERATIONS, SCORES
from obs_lib.pipeline.export import Exported, export, export_day
from obs_lib.pipeline.exported import numbers_of, score_id, scores_of
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.logs import interactions
from tests.score_servers import PUBLIC, SECRET, Collector, Langfuse, Phoenix, serving

pytestmark = pytest.mark.server
DAYS = [dt.date(2024, 3, 1), dt.date(2024, 3, 2)]
EVALUATORS = ["repetition", "secret_leak", "personal_leak"]  # none reads a model
PERSON = "ada.lovelace@analytical-engines.co.uk"


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[Any, str]]]:
    """Each double with the address that reaches it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    collector, langfuse, phoenix = Collector(), Langfuse(), Phoenix()
    with serving(collector) as one, serving(langfuse) as two, serving(phoenix) as three:
        yield {
            "otlp": (collector, one),
            "langfuse": (langfuse, two.replace("://", f"://{PUBLIC}:{SECRET}@")),
            "phoenix": (phoenix, three),
        }


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs of spans and the lake of their two nights."""
    folder = tmp_path_factory.mktemp("nights")
    (folder / "logs").mkdir()
    for day in DAYS:
        write_logs(folder / "logs", day)
    ws = opened(folder, {})
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    return folder


@pytest.fixture
def make(nights: Path, tmp_path: Path, servers: dict[str, tuple[Any, str]]) -> Callable[..., Workspace]:
    """Make a workspace over a copy of the nights; keyword arguments are sections of the settings."""
    shutil.copytree(nights, tmp_path, dirs_exist_ok=True)
    known = {name: Connection.from_uri(uri) for name, (_, uri) in servers.items()}
    return partial(opened, tmp_path, connections=known.__getitem__)


def opened(folder: Path, exports: dict[str, Any], connections: Connections = none_known, **more: Any) -> Workspace:
    settings = {
        "lake": {"root": "lake"},
        "sources": [{"format": "native", "path": "logs"}],
        "scoring": {"evaluators": EVALUATORS},
        "exports": exports,
        **more,
    }
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return open_workspace(folder / "obs.yaml", connections)


def write_logs(folder: Path, day: dt.date, **more: Any) -> None:
    rows = interactions(day, per_route=6)
    rows[0] |= {"response": f"Write to {PERSON}, who knows.", "error": None, **more}
    (folder / f"{day}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def options(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "connection": kind, **more}


def scored(ws: Workspace, day: dt.date) -> int:
    return len(ws.lake.read(SCORES, [day], where={"status": ["SCORED"]}))


def test_each_receiver_gets_every_score_once_and_nothing_while_nothing_changes(
    make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]]
) -> None:
    ws = make({kind: options(kind) for kind in servers})
    n = {day: scored(ws, day) for day in DAYS}
    assert min(n.values()) > 20
    assert export(ws) == [Exported(kind, day, "SENT", n[day]) for kind in servers for day in DAYS[::-1]]
    collector, langfuse, phoenix = (double for double, _ in servers.values())
    assert len(collector.events) == len(langfuse.scores) == len(phoenix.annotations) == sum(n.values())
    assert {name for _, name, _ in phoenix.annotations} == set(EVALUATORS)
    assert export(ws) == []
    assert len(collector.events) == sum(n.values())


def test_a_backfill_that_changes_a_day_sends_that_day_again_over_itself(
    make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]], tmp_path: Path
) -> None:
    ws = make({"langfuse": options("langfuse")})
    export(ws)
    langfuse = servers["langfuse"][0]
    before = dict(langfuse.scores)
    write_logs(tmp_path / "logs", DAYS[0], response="loop " * 400)
    run_day(ws, DAYS[0])
    fold(ws)
    assert [(one.day, one.outcome) for one in export(ws)] == [(DAYS[0], "SENT")]
    assert langfuse.scores.keys() == before.keys()
    changed = {key[0]: one["value"] for key, one in langfuse.scores.items() if one != before[key]}
    rows = ws.lake.read(SCORES, [DAYS[0]], where={"evaluator": ["repetition"]})
    (row,) = rows[rows["request_id"] == interactions(DAYS[0], 6)[0]["request_id"]].to_dict("records")
    assert changed[score_id(DAYS[0], row["request_id"], "repetition", row["version"])] == row["value"]


def test_a_score_says_whether_it_passes_by_the_cut_of_its_metric(make: Callable[..., Workspace]) -> None:
    ws = make({})
    leaks = {
        one.request_id: one for one in scores_of(ws, DAYS[0], explanations=False) if one.evaluator == "personal_leak"
    }
    first, *others = interactions(DAYS[0], 6)
    one = leaks[first["request_id"]]
    assert (one.value, one.label, one.explanation) == (1.0, "fail", None)
    assert one.at == dt.datetime.fromisoformat(first["timestamp"])
    assert one.trace_id == first["trace_id"]
    assert {leaks[row["request_id"]].label for row in others if row["request_id"] in leaks} == {"pass"}


def test_no_text_of_a_log_leaves_but_masked_evidence_where_it_is_asked_for(
    make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]]
) -> None:
    ws = make({"langfuse": options("langfuse"), "otlp": options("otlp", explanations=True)})
    export(ws)
    langfuse, collector = servers["langfuse"][0], servers["otlp"][0]
    assert not any("comment" in one for one in langfuse.scores.values())
    explained = [event["attributes"].get("gen_ai.evaluation.explanation") for event in collector.events]
    assert any(explained)
    assert PERSON not in json.dumps(collector.events)
    assert max(len(text) for text in explained if text) <= 500


def test_a_receiver_that_fails_stops_no_other_is_recorded_and_tried_again(
    make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]], tmp_path: Path
) -> None:
    collector = servers["otlp"][0]
    collector.status = 403
    ws = make(
        {
            "otlp": options("otlp"),
            "gone": {"kind": "prometheus", "path": "nowhere/night.prom"},
            "langfuse": options("langfuse"),
        }
    )
    done = export(ws)
    assert [(one.to, one.outcome) for one in done] == [
        ("otlp", "FAILED"), ("otlp", "FAILED"), ("gone", "FAILED"), ("langfuse", "SENT"), ("langfuse", "SENT"),
    ]  # fmt: skip
    assert "status 403" in done[0].detail
    today = dt.datetime.now(dt.UTC).date()
    log = ws.lake.read(OPERATIONS, [today - dt.timedelta(days=1), today], where={"kind": ["export"]})
    assert list(log["outcome"]) == ["FAILED", "FAILED", "FAILED", "SENT", "SENT"]
    assert fold(ws) == []  # no report rests on it
    collector.status = 200
    assert [(one.to, one.day) for one in export(ws) if one.outcome == "SENT"] == [("otlp", day) for day in DAYS[::-1]]


def test_a_day_whose_rows_cannot_be_read_stops_no_other(
    make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]]
) -> None:
    ws = make({"langfuse": options("langfuse")})
    ws.lake.lose(LakeDamaged("a file is gone", table="interactions", day=DAYS[1]))
    assert [(one.day, one.outcome) for one in export(ws)] == [(DAYS[0], "SENT")]
    (failed,) = export_day(ws, DAYS[1])
    assert (failed.outcome, failed.away) == ("FAILED", False)
    assert "cannot be read" in failed.detail
    assert [(one.day, one.outcome) for one in export(ws)] == []


def test_a_day_that_is_written_while_it_is_sent_is_not_taken_for_sent(
    make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = make({"langfuse": options("langfuse")})

    def slow(*given: Any, **named: Any) -> Any:
        yield from scores_of(*given, **named)
        ws.lake.lose(LakeDamaged("a file is gone", table="scores", day=DAYS[1]))

    monkeypatch.setattr("obs_lib.pipeline.export.scores_of", slow)
    first = export(ws)[0]
    assert (first.day, first.outcome) == (DAYS[1], "FAILED")
    assert "written anew while it was sent" in first.detail
    assert ws.lake.record(DAYS[1], "export_langfuse") is None


def test_numbers_are_those_of_the_newest_night_and_stand_in_the_file_again_when_it_is_gone(
    make: Callable[..., Workspace], tmp_path: Path
) -> None:
    ws = make({"prom": {"kind": "prometheus", "path": "night.prom"}}, name="chat")
    path = tmp_path / "night.prom"
    for _ in range(2):
        ((one,),) = [export(ws)]
        assert (one.day, one.n) == (DAYS[1], path.read_text().count('watch="chat"'))
        assert 'night_watch_day_timestamp_seconds{watch="chat"} 1.7093376e+09' in path.read_text()
        path.unlink()
    ws.lake.fail(
        DAYS[1] + dt.timedelta(days=1), "ingest", ValueError("no logs")
    )  # a night that failed has none to show
    assert [one.day for one in (*export(ws), *export_day(ws, DAYS[1]))] == [DAYS[1], DAYS[1]]
    numbers = numbers_of(ws, DAYS[1])
    requests = next(one for one in numbers.metrics if (one.metric, one.segment) == ("requests", "all"))
    assert numbers.units["requests"] == "count"
    registry, n = registry_of(numbers, segments=True)
    assert n > one.n
    labels = {"watch": "chat", "metric": "requests", "segment": "all", "unit": "count"}
    assert registry.get_sample_value("night_watch_metric", labels) == requests.value == 12


def test_old_days_are_sent_by_hand_alone(make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]]) -> None:
    ws = make({"langfuse": options("langfuse", max_age_days=0), "otlp": options("otlp", max_age_days=0)})
    assert [one.day for one in export(ws)] == [DAYS[1], DAYS[1]]
    assert [(one.to, one.day) for one in export_day(ws, DAYS[0], "langfuse")] == [("langfuse", DAYS[0])]
    assert len(servers["langfuse"][0].scores) == scored(ws, DAYS[0]) + scored(ws, DAYS[1])
    assert [one.to for one in export_day(ws, DAYS[1])] == ["langfuse", "otlp"]  # though both have it


def test_a_name_or_day_that_is_not_there_is_an_error(make: Callable[..., Workspace]) -> None:
    ws = make({"prom": {"kind": "prometheus", "path": "night.prom"}})
    with pytest.raises(ConfigError, match=r"no such receiver; must be one of prom; found 'nobody'"):
        export_day(ws, DAYS[0], "nobody")
    with pytest.raises(ConfigError, match=r"no summary yet; found '2024-03-09'; run `obs run 2024-03-09`"):
        export_day(ws, dt.date(2024, 3, 9))
    with pytest.raises(ConfigError, match="a receiver in `exports`"):
        export_day(make({}), DAYS[0])


def test_the_digests_of_a_night_are_the_same_with_receivers_and_without(
    make: Callable[..., Workspace], servers: dict[str, tuple[Any, str]]
) -> None:
    ws = make({})

    def digests() -> dict[tuple[str, str], Any]:
        records = [one for one in ws.lake.records() if not one.step.startswith("export_")]
        return {(str(one.day), one.step): (one.inputs, one.digests) for one in records}

    before = digests()
    ws = make({kind: options(kind) for kind in servers})
    export(ws)
    assert fold(ws) == []
    assert digests() == before
