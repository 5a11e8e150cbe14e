"""A day whose logs are bad says so: in an incident with its reasons, and in the report's coverage."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import text
from tests.unit.pipeline.lakes import workspace

DAY = dt.date(2024, 3, 1)


def line(name: str, **fields: object) -> str:
    return json.dumps({"request_id": name, "timestamp": f"{DAY}T10:00:00Z", "response": "{}"} | fields)


@pytest.mark.parametrize(
    ("bad", "evidence"),
    [
        ([line(f"r{n}") for n in range(10)], None),  # repetitions: each of these requests is there
        (
            [line(f"x{n}", total_latency_ms=-1) for n in range(2)] + ["{", ""],
            "total_latency_ms: negative (2), not JSON (1)",
        ),
        ([line("x", total_latency_ms=-1)], None),  # 1 of 31 is below alerts.reject_share
    ],
)
def test_rejects_beyond_the_share_are_an_incident_with_reasons(
    tmp_path: Path, bad: list[str], evidence: str | None
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    good = [line(f"r{n}", expected_format="json") for n in range(30)]
    (logs / f"{DAY}.jsonl").write_text("\n".join([*good, *bad]) + "\n")
    ws = workspace(tmp_path / "one", logs, scoring={"evaluators": ["format"]})
    run_day(ws, DAY)
    fold(ws)
    alerts = ws.lake.read_ready(ALERTS, DAY)
    found = alerts[alerts["title"] == "Log lines rejected"]
    assert len(found) == (evidence is not None)
    if evidence is not None:
        (fact,) = json.loads(found["evidence"].iloc[0])
        assert (fact["note"], fact["n"], fact["value"]) == (evidence, 33, pytest.approx(3 / 33))
        assert evidence in text(ws, DAY)


def test_repaired_values_stand_in_the_report(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    wrong = {"total_latency_ms": 500.0, "ttft_ms": 900.0}
    (logs / f"{DAY}.jsonl").write_text("\n".join([line("a", **wrong), line("b", **wrong), line("c")]) + "\n")
    ws = workspace(tmp_path / "one", logs, scoring={"evaluators": ["format"]})
    run_day(ws, DAY)
    fold(ws)
    told = text(ws, DAY)
    assert "Mended values" in told
    (said,) = (one for one in told.splitlines() if one.startswith("first token after the end"))
    assert said.split()[5] == "2"
    assert "ttft_ms beyond total_latency_ms" in said
