"""`obs score` and `obs bench evaluators` as processes: two outputs and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.test_commands import obs


def test_results_are_all_there_is_on_stdout(tmp_path: Path) -> None:
    rows = [{"id": "a", "response": "{}", "expected_format": "json"}, {"id": 2, "text": "[", "expected_format": "json"}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\nbroken\n")
    done = obs("score", "in.jsonl", "--evaluator", "format", "--out", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["id"], row["status"], row["value"]) for row in results] == [
        *(("a", "SCORED", 1.0), (2, "SCORED", 0.0), (None, "FAILED", None)),
    ]
    assert "3 lines: 2 SCORED, 1 FAILED" in done.stderr


def test_accuracy_reads_one_reference_or_several(tmp_path: Path) -> None:
    answer = {"text": "It is Paris."}
    rows = [answer | {"reference": given} for given in ("Paris", ["Rome", "Paris"], "Rome", None, 7)]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    done = obs("score", "in.jsonl", "--evaluator", "accuracy", "--out", "-", cwd=tmp_path)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["status"], row["value"]) for row in results] == [
        ("SCORED", 1.0), ("SCORED", 1.0), ("SCORED", 0.0), ("SKIPPED", None), ("FAILED", None),
    ]  # fmt: skip
    assert results[3]["note"] == "no reference"
    assert "reference: neither text, nor a call of a tool, nor a list of such" in results[4]["note"]


def test_errors_are_one_message_and_a_code(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n')
    for arguments, code, says in (
        (("score", "in.jsonl", "--evaluator", "nobody", "--out", "-"), 2, "there is no such evaluator"),
        (("score", "in.jsonl", "--evaluator", "[/b]", "--out", "-"), 2, "[/b]"),
        (("score", "gone.jsonl", "--evaluator", "format", "--out", "-"), 3, "gone.jsonl"),
        (("bench", "evaluators", "."), 3, "no labelled set to measure"),
        (("bench", "evaluators", ".", "--use", "toxicity"), 2, "TASK=NAME"),
    ):
        done = obs(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert says in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
