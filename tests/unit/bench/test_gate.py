"""A gate over a small lake: the same answers pass, worse ones fail, and nothing passes unseen."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.bench.gate import Check, Verdict, gate
from obs_lib.cli.app import app
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import INTERACTIONS
from obs_lib.pipeline.dataset import Choice, metric_named
from obs_lib.pipeline.dataset_lines import dataset
from obs_lib.pipeline.night import run_day
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.lakes import workspace

DAYS = tuple(dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(3))
SETTINGS = {"scoring": {"evaluators": ["format"]}, "segments": ["route"]}


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three days of 40 answers that should be JSON, of which 2 are not."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "logs").mkdir()
    for day in DAYS:
        rows = [
            {
                "request_id": f"{day}-{n}",
                "timestamp": f"{day}T10:{n:02d}:00Z",
                "prompt": f"Give me list {n}",
                "response": f"[{n}" if n % 20 == 0 else f"[{n}]",
                "expected_format": "json",
                "tags": {"route": "docs"},
            }
            for n in range(40)
        ]
        (folder / "logs" / f"{day}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ws = workspace(folder, folder / "logs", **SETTINGS)
    for day in DAYS:
        run_day(ws, day)
    return ws


@pytest.fixture
def lines(ws: Workspace) -> list[dict[str, Any]]:
    """Forty of the logged answers, as `obs dataset` writes them."""
    chosen = Choice(DAYS, metric_named("format_compliance"), (), "drawn", 40)
    return list(dataset(ws, chosen))


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def checks(ws: Workspace, path: Path) -> dict[str, Check]:
    return {check.against: check for check in gate(ws, path, DAYS).checks}


def broken(lines: list[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    """The first n that were right are no longer."""
    right = [one for one in lines if one["score"] == 1][:n]
    return [one | {"response": "[" if one in right else one["response"]} for one in lines]


def test_the_logged_answers_pass_and_are_compared_with_themselves(
    ws: Workspace, lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    found = gate(ws, write(tmp_path / "suite.jsonl", lines), DAYS)
    assert found.passed
    assert {check.against for check in found.checks} == {"objective", "same requests"}
    same = next(check for check in found.checks if check.against == "same requests")
    assert (same.value, same.p_value, same.n) == (same.reference, 1.0, 40)


def test_worse_answers_to_the_same_requests_fail(ws: Workspace, lines: list[dict[str, Any]], tmp_path: Path) -> None:
    found = checks(ws, write(tmp_path / "suite.jsonl", broken(lines, 12)))
    assert found["same requests"].verdict is Verdict.FAIL
    assert found["same requests"].p_value == pytest.approx(0.5**12)
    assert found["objective"].verdict is Verdict.FAIL
    assert found["objective"].reference == 0.95
    # One answer of forty that fell is nothing that chance would not do.
    assert gate(ws, write(tmp_path / "less.jsonl", broken(lines, 1)), DAYS).passed


def test_a_small_change_beyond_chance_is_told_and_does_not_fail(
    ws: Workspace, lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    strict = ws.settings.drift.model_copy(update={"min_changes": {"format_compliance": 0.5}})
    lenient = Workspace(ws.settings.model_copy(update={"drift": strict}), ws.lake)
    same = checks(lenient, write(tmp_path / "suite.jsonl", broken(lines, 12)))["same requests"]
    assert (same.verdict, same.note) == (Verdict.PASS, "worse, by less than counts")


def test_answers_to_other_requests_are_held_against_the_days(ws: Workspace, tmp_path: Path) -> None:
    good = [{"request_id": f"new-{n}", "response": "[1]", "expected_format": "json", "prompt": "x"} for n in range(40)]
    bad = [one | {"response": "[" if n < 20 else "[1]"} for n, one in enumerate(good)]
    assert checks(ws, write(tmp_path / "good.jsonl", good))["days"].verdict is Verdict.PASS
    found = checks(ws, write(tmp_path / "bad.jsonl", bad))["days"]
    assert (found.verdict, found.reference, found.value) == (Verdict.FAIL, pytest.approx(0.95), 0.5)
    one_day = gate(ws, tmp_path / "bad.jsonl", DAYS[:1]).checks
    assert next(check for check in one_day if check.against == "days").verdict is Verdict.UNKNOWN


def test_what_cannot_be_scored_fails_and_nothing_to_check_is_an_error(ws: Workspace, tmp_path: Path) -> None:
    suite = tmp_path / "suite.jsonl"
    good = [{"request_id": f"n{n}", "response": "[1]", "expected_format": "json"} for n in range(9)]
    write(suite, good)
    suite.write_text(suite.read_text() + "no json\n")
    found = gate(ws, suite, DAYS)
    assert not found.passed
    assert found.faults == ("1 of 10 lines cannot be read, such as line 10: not JSON",)
    with pytest.raises(ConfigError, match="nothing can be checked"):
        gate(ws, write(suite, [{"request_id": "a", "response": "free text"}]), DAYS)


def test_a_process_ends_with_what_the_gate_says(ws: Workspace, lines: list[dict[str, Any]], tmp_path: Path) -> None:
    config = str(ws.lake.files.parent.parent / "obs.yaml")

    def run(suite: Path, *more: str) -> Any:
        span = f"{DAYS[0]}..{DAYS[-1]}"
        return CliRunner().invoke(app, ["gate", str(suite), "--against", span, "--config", config, *more])

    good, bad = write(tmp_path / "good.jsonl", lines), write(tmp_path / "bad.jsonl", broken(lines, 12))
    before = ws.lake.read(INTERACTIONS, DAYS)
    assert run(good).exit_code == 0
    failed = run(bad)
    assert failed.exit_code == 1
    assert "format_compliance" in failed.stdout
    told = json.loads(run(bad, "--json").stdout)
    assert not told["passed"]
    assert {check["verdict"] for check in told["checks"]} == {"FAIL"}
    # `main` ends with the error's own code.
    assert run(good, "--evaluator", "nobody").exception.exit_code == 2
    assert run(tmp_path / "gone.jsonl").exception.exit_code == 3
    assert ws.lake.read(INTERACTIONS, DAYS).equals(before)
