"""Two answers in both orders: what holds is a preference, what turns with the order is a tie. By function and by command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from tests.clients.judge_server import JudgeServer, Reply

KEY = "sk-test-THEKEYTHATMUSTNOTLEAK0123456789"


def _prefers_longer(number: int, body: dict[str, Any]) -> Reply:
    shown = body["messages"][1]["content"]
    first, second = (
        shown.partition(f"<<<{name}_answer ")[2].partition(">>>\n")[2].partition("\n<<<end")[0]
        for name in ("first", "second")
    )
    if "biased" in first + second:
        return Reply("first")  # whatever stands there
    if "broken" in first:
        return Reply(content="no JSON")
    return Reply("tie" if len(first) == len(second) else "first" if len(first) > len(second) else "second")


def lines(*pairs: tuple[str, str]) -> str:
    return "".join(json.dumps({"id": n, "prompt": "Why?", "a": a, "b": b}) + "\n" for n, (a, b) in enumerate(pairs))


def run(
    folder: Path, pairs: str, monkeypatch: pytest.MonkeyPatch, server: JudgeServer
) -> tuple[int, list[dict[str, Any]], str]:
    monkeypatch.setenv("OBS_CONNECTION_COURT", server.url.replace("://", f"://:{KEY}@"))
    (folder / "pairs.jsonl").write_text(pairs)
    judge = "{rubric: preference, model: m, connection: court, timeout_s: 5}"
    (folder / "obs.yaml").write_text(
        f"lake: {{root: lake}}\njudges: {{best: {judge}, plain: {{rubric: relevance, model: m, connection: court}}}}"
    )
    done = CliRunner().invoke(
        app, ["judge", "compare", str(folder / "pairs.jsonl"), "--judge", "best", "--config", str(folder / "obs.yaml")]
    )
    assert KEY not in done.output
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_pairs_are_asked_in_both_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = lines(("long answer", "short"), ("brief", "a longer answer"), ("same", "same"), ("biased", "b"))
    with JudgeServer(_prefers_longer) as server:
        code, results, messages = run(tmp_path, pairs, monkeypatch, server)
        assert code == 0
        assert "turns with the order in 25% (95% interval 5% to 70%) of 4 pair(s); of 1 that" in " ".join(
            messages.split()
        )
        assert "100% (95% interval 21% to 100%) go to the one shown first" in " ".join(messages.split())
        assert [(one["winner"], one["value"], one["consistent"]) for one in results] == [
            ("a", 1.0, True), ("b", 0.0, True), ("tie", 0.5, True), ("tie", 0.5, False),
        ]  # fmt: skip
        assert (results[3]["shown_first"], results[3]["shown_second"]) == ("a", "b")
        asked = len(server.requests)
        assert asked == 7  # the order makes no difference to two equal answers
        assert run(tmp_path, pairs, monkeypatch, server)[1] == results
        assert len(server.requests) == asked


def test_a_pair_that_fails_is_one_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with JudgeServer(_prefers_longer) as server:
        code, results, messages = run(
            tmp_path, lines(("broken", "x"), ("aa", "b")) + "[]\nno json\n", monkeypatch, server
        )
    assert code == 1
    assert [one["status"] for one in results] == ["FAILED", "SCORED", "FAILED", "FAILED"]
    assert "not the JSON" in results[0]["note"]
    assert "3 pair(s) failed" in messages
