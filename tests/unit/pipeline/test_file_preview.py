"""A stranger's file, without settings: which format it is in, what of it would be read and what not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.pipeline.file_preview import preview_file
from tests.unit.sources.formats.test_exports import LOGS
from tests.unit.sources.formats.test_otlp import span, spans_line


@pytest.mark.parametrize("name", LOGS)
def test_every_export_is_known_by_what_is_in_it(name: str, tmp_path: Path) -> None:
    file = tmp_path / "stranger.json"
    file.write_text(json.dumps(LOGS[name], indent=2))
    told = preview_file(file)
    assert (told.format, told.certain) == (name, True)
    assert told.rows["interactions"] == 1
    assert list(told.days.values()) == [1]
    fields = {one.field: one.interactions for one in told.fields}
    assert {"request_id", "timestamp", "model_version", "response"} <= fields.keys()
    assert not {*told.missing, *told.no_place} & fields.keys()
    assert {*told.missing, *told.no_place, *fields} >= {"prompt", "contexts", "reasoning_tokens", "quality_score"}
    assert "quality_score" in told.no_place
    assert "reasoning_tokens" not in told.no_place
    assert told.fields[0].field == "request_id"


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    half = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 4,
        "acme.prompt": "Why?",
    }
    embedding = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e"}
    file = tmp_path / "traces.jsonl"
    spans = spans_line(span("chat", 1, attributes=half), span("embed", 2, attributes=embedding))
    file.write_bytes(spans + b"\n{broken ada@example.org\n")
    told = preview_file(file)
    assert (told.format, told.entries) == ("otlp", 2)
    assert [(one.dialect, one.unread) for one in told.half_read] == [("GenAI conventions", ["acme.prompt"])]
    assert [(one.what, one.count) for one in told.passed_over] == [("embeddings", 1)]
    (reject,) = told.rejects
    assert (reject.reason, reject.line) == ("not JSON", 2)
    assert "prompt" in told.missing
    shown = CliRunner().invoke(app, ["ingest", "--dry-run", str(file)]).output
    assert "acme.prompt" in shown


def test_a_file_of_no_known_format_is_said_to_be_a_guess(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("one,two\n1,2\n")
    told = preview_file(file)
    assert (told.format, told.certain, told.rows) == ("native", False, {})
    assert [one.reason for one in told.rejects] == ["request_id: missing"]


def test_the_command_looks_at_a_file_and_needs_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "2026-05-04.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in LOGS["azure_gateway"]))

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["ingest", *arguments])

    shown = run("--dry-run", str(file))
    assert shown.exit_code == 0, shown.output
    assert "format: azure_gateway" in shown.output
    assert "In no interaction: " in shown.output
    assert json.loads(run("--dry-run", "--json", str(file)).stdout)["rows"] == {"interactions": 1}
    refused = run(str(file))
    assert refused.exit_code == 2
    assert "add --dry-run" in refused.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name]
