"""Nights whose logs give right answers: accuracy where there are any, masked and forgotten as answers are."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from obs_lib.lake.tables import ALERTS, INTERACTIONS, METRICS, QUARANTINE, SCORES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.lakes import DAYS, files_saying, run, workspace

RIGHT = {"response": "It is Paris.", "reference": ["Paris", "the city of Paris"]}
WRONG = {"response": "It is <b>Lyon</b>.", "reference": "Paris & <i>only</i> Paris"}


def write(folder: Path, day: dt.date, *rows: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    lines = (
        {
            "request_id": f"{day}-{n}",
            "timestamp": f"{day}T10:00:00Z",
            "prompt": "What is the capital?",
            "user_id": "bob",
            **row,
        }
        for n, row in enumerate(rows)
    )
    (folder / f"{day}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def night(folder: Path, days: list[dt.date] = DAYS[:1], **sections: Any) -> Workspace:
    sections = {"scoring": {"evaluators": ["format", "accuracy"]}, **sections}
    ws = workspace(folder, folder / "logs", **sections)
    ws.__dict__["encoder"] = HashingEncoder()  # only drift reads vectors here
    return run(ws, days)


def metric(ws: Workspace, day: dt.date) -> dict[str, Any] | None:
    rows = ws.lake.read_ready(METRICS, day)
    accuracy = rows[(rows["metric"] == "accuracy") & (rows["segment"] == "all")].to_dict("records")
    return accuracy[0] if accuracy else None


def test_a_day_with_references_has_an_accuracy_and_another_one_says_nothing_of_it(tmp_path: Path) -> None:
    write(tmp_path / "logs", DAYS[0], {"response": "It is Paris."}, {"response": "Rome"})
    write(
        tmp_path / "logs", DAYS[1], *[RIGHT] * 3, WRONG, {"response": "Rome"}, {"error": "timed out", "reference": "x"}
    )
    ws = night(tmp_path, DAYS[:2])
    assert metric(ws, DAYS[0]) is None
    assert set(ws.lake.read_ready(SCORES, DAYS[0])["evaluator"]) == {"format"}
    assert "Accuracy" not in text(ws, DAYS[0])

    stored = ws.lake.read_ready(INTERACTIONS, DAYS[1])["reference"].tolist()
    assert stored[0] == '["Paris","the city of Paris"]'
    assert stored[3] == '["Paris & <i>only</i> Paris"]'
    assert not isinstance(stored[4], str)
    row = metric(ws, DAYS[1])
    assert row is not None
    assert (row["value"], row["n"], row["n_skipped"]) == (0.75, 4, 2)
    assert row["low"] < 0.75 < row["high"]
    page, html = text(ws, DAYS[1]), page_path(ws, DAYS[1]).read_text()
    assert "Accuracy against references" in page
    assert "inclusion match" in page  # of the worst example
    assert "<i>only</i>" not in html
    assert "&lt;i&gt;only&lt;/i&gt;" in html
    assert "Agreement of the answer with the best of the references" in html


def test_a_low_accuracy_is_the_bad_side_for_objectives_and_incidents(tmp_path: Path) -> None:
    for day, wrong in zip(DAYS, (1, 1, 1, 1, 25), strict=True):
        write(tmp_path / "logs", day, *[WRONG] * wrong, *[RIGHT] * (30 - wrong))
    ws = night(tmp_path, DAYS, alerts={"objectives": {"accuracy": 0.9}})
    rows = {day: metric(ws, day) for day in DAYS}
    assert [round(row["value"], 3) for row in rows.values() if row] == [0.967] * 4 + [0.167]
    alerts = ws.lake.read_ready(ALERTS, DAYS[4])
    (fallen,) = alerts[alerts["lead"] == "accuracy"].to_dict("records")
    assert (fallen["kind"], fallen["title"].startswith("Answers are wrong more often")) == ("change", True)
    signals = [signal for signal in json.loads(fallen["evidence"]) if signal["metric"] == "accuracy"]
    assert {signal.get("objective") for signal in signals} == {None, 0.9}  # the objective's breach is part of it
    assert ws.lake.read_ready(ALERTS, DAYS[3]).empty
    assert "≥ 0.9" in text(ws, DAYS[4])


def test_references_are_masked_and_forgotten_as_answers_are(tmp_path: Path) -> None:
    row = {"response": "Ask ada@example.org", "reference": ["ada@example.org", "zyxomma"], "user_id": "ada"}
    write(tmp_path / "logs", DAYS[0], row, RIGHT)
    ws = night(tmp_path, redaction={"personal": "ingest"})
    assert not files_saying(tmp_path / "lake", "ada@example.org")
    assert json.loads(ws.lake.read_ready(INTERACTIONS, DAYS[0])["reference"].iloc[0]) == ["[email]", "zyxomma"]
    accuracy = metric(ws, DAYS[0])
    assert accuracy is not None
    assert accuracy["value"] == 1.0  # both sides are masked alike
    assert files_saying(tmp_path / "lake", "zyxomma")
    forget(ws, "user", "ada")
    assert not files_saying(tmp_path / "lake", "zyxomma")


def test_a_right_call_may_stand_as_it_is_and_is_counted_as_a_call(tmp_path: Path) -> None:
    call = {"name": "add", "arguments": {"a": 1, "b": 2}}
    rows = [{"tool_calls": [call], "reference": given} for given in (call, [call], json.dumps(call))]
    wrong = {"tool_calls": [{"name": "sub", "arguments": {"a": 1, "b": 2}}], "reference": call}
    write(tmp_path / "logs", DAYS[0], *rows, wrong)
    ws = night(tmp_path)
    metrics = ws.lake.read_ready(METRICS, DAYS[0])
    right = metrics[(metrics["metric"] == "tool_call_accuracy") & (metrics["segment"] == "all")].iloc[0]
    assert (right["value"], right["n"]) == (0.75, 4)
    accuracy = metric(ws, DAYS[0])
    assert accuracy is not None
    assert accuracy["status"] == "NO_DATA"  # there are no words to compare


@pytest.mark.parametrize("reference", [7, {"text": "Paris"}, ["Paris", 7], ["x" * 300_000]])
def test_a_reference_that_is_none_puts_its_line_into_quarantine(tmp_path: Path, reference: Any) -> None:
    write(tmp_path / "logs", DAYS[0], RIGHT, {"response": "Rome", "reference": reference})
    ws = night(tmp_path)
    (reason,) = ws.lake.read_ready(QUARANTINE, DAYS[0])["reason"]
    assert reason in ("reference: neither text, nor a call of a tool, nor a list of such", "reference: text too long")
    assert len(ws.lake.read_ready(INTERACTIONS, DAYS[0])) == 1


def test_where_nothing_else_is_asked_for_accuracy_says_that_there_is_no_reference(tmp_path: Path) -> None:
    write(tmp_path / "logs", DAYS[0], {"response": "Rome"})
    ws = night(tmp_path, scoring={"evaluators": ["accuracy"]})
    row = metric(ws, DAYS[0])
    assert row is not None
    assert (row["status"], row["note"]) == ("NO_DATA", "skipped: no reference")
