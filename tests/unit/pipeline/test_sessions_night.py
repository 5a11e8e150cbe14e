"""Nights over logs with sessions and tools: days in any order, a session over midnight, and what people see."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_lib.errors import ConfigError
from obs_lib.lake.tables import INTERACTIONS, METRICS
from obs_lib.pipeline.dataset import Choice, metric_named
from obs_lib.pipeline.dataset_lines import dataset
from obs_lib.pipeline.ingest import ingest
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import page, text
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.lakes import digests, workspace

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(4)]
SETTINGS = {"scoring": {"evaluators": ["format"]}, "segments": ["route"]}
WEATHER = {"name": "weather", "parameters": {"type": "object", "required": ["city"]}}


def line(session: str, at: str, **fields: Any) -> dict[str, Any]:
    name = {"request_id": f"{session}-{at}", "session_id": session, "timestamp": at, "tags": {"route": "docs"}}
    return name | {"prompt": f"What of {session}?", "response": "This.", "error": None} | fields


def day_lines(day: dt.date) -> list[dict[str, Any]]:
    """A session that asks twice, one that calls a tool, and one that goes on after midnight."""
    asked = [{"role": "user", "content": "Weather?"}]
    given = [*asked, {"role": "assistant", "content": "I look."}, {"role": "tool", "content": "sunny"}]
    spans = [
        {"name": "execute_tool weather", "stage": "tool", "start_ms": 1, "duration_ms": 5, "error": "timeout"},
        {"name": "execute_tool weather", "stage": "tool", "start_ms": 9, "duration_ms": 5},
    ]
    call = {"name": "weather", "arguments": {"city": "Bern"}}
    return [
        line(f"twice-{day}", f"{day}T10:00:00Z"),
        line(f"twice-{day}", f"{day}T10:01:00Z"),
        line(f"tool-{day}", f"{day}T11:00:00Z", prompt=asked, tools=[WEATHER], tool_calls=[call], spans=spans),
        line(f"tool-{day}", f"{day}T11:01:00Z", prompt=given, tools=[WEATHER], tool_calls=[call | {"arguments": {}}]),
        line("late", f"{day}T00:10:00Z", response=None),
        line("late", f"{day}T23:50:00Z", response=None),
    ]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions")
    for day in DAYS:
        (folder / f"{day}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in day_lines(day)))
    return folder


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory, logs: Path) -> Workspace:
    ws = workspace(tmp_path_factory.mktemp("lake"), logs, **SETTINGS)
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    return ws


def of(ws: Workspace, day: dt.date) -> dict[str, float]:
    rows = ws.lake.read_ready(METRICS, day)
    rows = rows[rows["status"] == "OK"]
    return {f"{row.metric} {row.segment}": row.value for row in rows.itertuples()}


def test_a_session_over_midnight_is_one_on_each_day(ordered: Workspace) -> None:
    for day in DAYS:
        found = of(ordered, day)
        assert found["session_count all"] == 3
        # That of `late` is open at midnight, so its silence is no end; refusals are not looked for here.
        assert found["session_abandoned_rate:unanswered all"] == 0
        assert found["session_repeat_rate all"] == 1.0


def test_calls_are_measured_with_their_tools(ordered: Workspace) -> None:
    found = of(ordered, DAYS[0])
    assert found["tool_calls all"] == found["tool_calls tool=weather"] == 2
    assert found["tool_schema_error_rate tool=weather"] == 0.5
    assert found["tool_failure_rate tool=weather"] == 0.5
    assert found["tool_recovery_rate tool=weather"] == 1.0
    assert found["task_steps all"] == 2.0
    stored = ordered.lake.read_ready(INTERACTIONS, DAYS[0])
    assert json.loads(stored["tools"].dropna().iloc[0]) == [WEATHER]


def test_the_report_shows_both(ordered: Workspace) -> None:
    shown = text(ordered, DAYS[-1])
    assert "Sessions abandoned" in shown or "Turns a session" in shown
    assert "Calls by tool" in shown
    rendered = page(ordered, DAYS[-1])
    assert rendered is not None
    assert b"weather" in rendered
    assert b"tool=weather" not in rendered  # a tool is no route: it has no table of its own


def test_the_interactions_behind_sessions_and_calls_are_found(ordered: Workspace) -> None:
    def names(metric: str, *segments: str) -> list[str]:
        choice = Choice((DAYS[0],), metric_named(metric), segments, "worst", 50)
        return [one["request_id"] for one in dataset(ordered, choice)]

    day = DAYS[0]
    twice, late = (
        [f"{session}-{at}" for at in times]
        for session, times in (
            (f"twice-{day}", (f"{day}T10:00:00Z", f"{day}T10:01:00Z")),
            ("late", (f"{day}T00:10:00Z", f"{day}T23:50:00Z")),
        )
    )
    # Whole sessions, in the order of their turns.
    assert names("session_repeat_rate") in (twice + late, late + twice)
    assert names("tool_schema_error_rate") == [f"tool-{day}-{day}T11:01:00Z"]
    assert names("tool_failure_rate") == [f"tool-{day}-{day}T11:00:00Z"]
    assert names("tool_schema_error_rate", "tool=weather") == names("tool_schema_error_rate")
    with pytest.raises(ConfigError, match="no interactions stand behind"):
        names("tool_schema_error_rate", "tool=clock")
    with pytest.raises(ConfigError, match="no single interactions"):
        names("task_steps")


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.permutations(DAYS), st.booleans())
def test_days_in_any_order_give_the_same(
    ordered: Workspace, logs: Path, tmp_path_factory: pytest.TempPathFactory, order: list[dt.date], again: bool
) -> None:
    ws = workspace(tmp_path_factory.mktemp("again"), logs, **SETTINGS)
    for day in order:
        run_day(ws, day)
    if again:
        run_day(ws, order[0])
    fold(ws)
    assert digests(ws) == digests(ordered)


def test_a_late_turn_changes_its_own_day_alone(ordered: Workspace, logs: Path, tmp_path: Path) -> None:
    more = tmp_path / "logs"
    more.mkdir()
    for file in logs.iterdir():
        (more / file.name).write_bytes(file.read_bytes())
    late = line("late", f"{DAYS[1]}T00:20:00Z")
    with (more / f"{DAYS[1]}.jsonl").open("a") as end:
        end.write(json.dumps(late) + "\n")
    ws = workspace(tmp_path / "lake", more, **SETTINGS)
    for day in DAYS:
        ingest(ws, day)
    kept = {name: digest for name, digest in digests(ordered).items() if name[1] == "ingest"}
    changed = {name for name, digest in digests(ws).items() if digest != kept[name]}
    assert changed == {(str(DAYS[1]), "ingest")}
