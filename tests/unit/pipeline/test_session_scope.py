"""Judges of whole sessions: one verdict a session that has ended, on all that was said in it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.lake.tables import METRICS, SCORES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.session_texts import session_texts
from obs_lib.pipeline.workspace import Workspace
from tests.clients.judge_server import JudgeServer, Reply
from tests.unit.pipeline.lakes import digests, workspace

DAY = dt.date(2024, 3, 1)
RUBRIC = """
name: solved
version: 1
title: Solved conversations
reads: [session]
direction: higher_is_better
labels: {yes_it_is: 1.0, no_it_is_not: 0.0}
instructions: Decide whether the assistant solved what the user came for.
"""
FRAME = ["request_id", "timestamp", "session_id", "messages", "prompt", "response"]


def line(name: str, session: str | None, at: str, prompt: Any, response: str | None, **more: Any) -> dict[str, Any]:
    asked = {"request_id": name, "session_id": session, "timestamp": f"{DAY}T{at}Z", "prompt": prompt}
    return asked | {"response": response, "finish_reason": "stop", "user_id": f"of-{session}"} | more


GIVEN = [{"role": "user", "content": "Weather?"}, {"role": "tool", "content": "sunny"}]
LINES = [
    line("a2", "a", "10:05:00", "And now?", "Now it works."),
    line("a1", "a", "10:00:00", "My printer is dumb.", "Restart it."),
    line("b1", "b", "11:00:00", "Weather?", "I look.", tool_calls=[{"name": "weather", "arguments": {}}]),
    line("b2", "b", "11:00:05", GIVEN, "Sunny."),
    line("c1", "c", "23:55:00", "Still there?", "Yes."),
    line("d1", None, "12:00:00", "Alone?", "Yes."),
]


def _verdict(_: int, body: dict[str, Any]) -> Reply:
    shown = body["messages"][1]["content"]
    return Reply("yes_it_is" if "works" in shown else "no_it_is_not", "So.", alternatives=None)


@pytest.fixture
def court(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    with JudgeServer(_verdict) as server:
        monkeypatch.setenv("OBS_CONNECTION_COURT", server.url)
        yield server


@pytest.fixture
def ws(court: JudgeServer, tmp_path: Path) -> Workspace:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / f"{DAY}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in LINES))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "solved.yaml").write_text(RUBRIC)
    judge = {"rubric": "solved.yaml", "model": "judge-1", "connection": "court", "timeout_s": 5}
    made = workspace(
        tmp_path / "one", logs, judges={"solved": judge}, scoring={"evaluators": ["judge:solved", "format"]}
    )
    made.__dict__["encoder"] = HashingEncoder()
    return made


def test_a_judge_reads_each_ended_session_once_and_whole(ws: Workspace, court: JudgeServer) -> None:
    run_day(ws, DAY)
    rows = ws.lake.read_ready(SCORES, DAY)
    judged = rows[rows["evaluator"] == "judge:solved"].set_index("request_id")
    assert judged["status"].to_dict() == {
        "a1": "SKIPPED",
        "a2": "SCORED",
        "b1": "SKIPPED",
        "b2": "SCORED",
        "c1": "SKIPPED",
        "d1": "SKIPPED",
    }
    assert judged["note"]["c1"] == "not the last answer of a session that has ended"
    assert (judged["value"]["a2"], judged["value"]["b2"]) == (1.0, 0.0)
    assert len(court.requests) == 2
    shown = next(text for text in map(_shown, court.requests) if "printer" in text)
    spoken = "user: My printer is dumb.\n\nassistant: Restart it.\n\nuser: And now?\n\nassistant: Now it works."
    assert spoken in shown
    metrics = ws.lake.read_ready(METRICS, DAY).set_index(["segment", "metric"])
    assert metrics.loc[("all", "judge:solved"), ["value", "n"]].tolist() == [0.5, 2]


def test_scored_again_or_after_an_erasure_it_is_as_if_it_had_been_so_from_the_start(
    ws: Workspace, court: JudgeServer
) -> None:
    run_day(ws, DAY)
    before = digests(ws)
    run_day(ws, DAY)
    assert digests(ws) == before
    assert len(court.requests) == 2, "what was answered once is not asked again"
    fold(ws)
    forget(ws, "user", "of-a")
    left = ws.lake.read_ready(SCORES, DAY)
    assert set(left["request_id"]) == {"b1", "b2", "c1", "d1"}
    for file in (ws.lake.files / "judges").iterdir():
        assert b"printer" not in file.read_bytes()


def test_without_sessions_it_is_left_out(ws: Workspace, court: JudgeServer, tmp_path: Path) -> None:
    (tmp_path / "logs" / f"{DAY}.jsonl").write_text(
        "".join(json.dumps(one | {"session_id": None}) + "\n" for one in LINES)
    )
    run_day(ws, DAY)
    assert set(ws.lake.read_ready(SCORES, DAY)["evaluator"]) == {"format"}
    assert court.requests == []


def _shown(body: Any) -> str:
    return str(body["messages"][1]["content"])


@given(st.permutations(range(4)), st.integers(0, 23), st.integers(0, 59))
def test_the_order_is_that_of_time_and_midnight_is_no_end(order: list[int], hour: int, minute: int) -> None:
    first = pd.Timestamp(f"{DAY}T{hour:02d}:{minute:02d}:00Z")
    moments = [first + pd.Timedelta(seconds=n) for n in range(4)]
    rows = pd.DataFrame([(f"r{n}", moments[n], "s", None, f"p{n}", f"a{n}") for n in order], columns=FRAME)
    texts = session_texts(rows.sort_values("request_id", ignore_index=True), 30)
    if hour == 23 and minute >= 30:
        assert texts == {}
        return
    spoken = [part["content"] for part in json.loads(texts["r3"])]
    assert (list(texts), spoken) == (["r3"], ["p0", "a0", "p1", "a1", "p2", "a2", "p3", "a3"])
