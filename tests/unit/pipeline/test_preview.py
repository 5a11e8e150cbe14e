"""What reading a day comes to, told before anything is written."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.errors import SourceError
from obs_lib.lake.tables import INTERACTIONS, LABELS, QUARANTINE
from obs_lib.pipeline.erasures import Erasures
from obs_lib.pipeline.forget import _record
from obs_lib.pipeline.preview import Preview, ingest_and_preview, preview
from tests.unit.pipeline.lakes import workspace

DAY = dt.date(2024, 3, 1)
MAIL = "ada@example.org"


def line(name: str, **fields: Any) -> str:
    return json.dumps({"request_id": name, "timestamp": f"{DAY}T10:00:00Z", "user_id": f"u-{name}"} | fields)


LINES = [
    line("a", total_latency_ms=500.0, ttft_ms=900.0),
    line("b", response="first"),
    line("b", response="second"),
    line("c", input_tokens=10**12, total_latency_ms=500.0, ttft_ms=900.0),
    "{broken " + MAIL,
    line("d", total_latency_ms=-1),
    line("e", total_latency_ms=-2),
    line("f", timestamp="2024-03-02T10:00:00Z"),
]


@pytest.fixture
def logs_here(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / f"{DAY}.jsonl").write_text("\n".join(LINES) + "\n")
    (tmp_path / "labels.jsonl").write_text(json.dumps({"request_id": "a", "label": "good", "value": True}) + "\n")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make(folder: Path, logs: Path, **sections: Any) -> Any:
    sources = [{"path": str(logs)}, {"format": "labels", "path": str(logs.parent / "labels.jsonl")}]
    return workspace(folder, logs, sources=sources, **sections)


def check(found: Preview) -> None:
    assert found.rows["interactions"] == 3
    assert found.rows["labels"] == 1
    assert [(one.reason, one.count, one.file, one.line) for one in found.rejects] == [
        ("total_latency_ms: negative", 2, f"1:{DAY}.jsonl", 6),
        ("not JSON", 1, f"1:{DAY}.jsonl", 5),
    ]
    assert found.duplicates == 1
    assert found.repairs == {"first token after the end": 2, "impossible token count": 1}
    assert [(one.number, one.format, one.entries) for one in found.sources] == [(1, "native", 7), (2, "labels", 1)]


def test_a_look_changes_nothing_and_tells_what_the_step_then_does(tmp_path: Path, logs_here: Path) -> None:
    ws = make(tmp_path / "one", logs_here)
    before = files(tmp_path)
    found = preview(ws, DAY)
    check(found)
    assert files(tmp_path) == before
    assert not Path(ws.lake.root).exists()
    assert found.lake == "never read"
    assert MAIL not in found.rejects[1].excerpt
    assert "[email]" in found.rejects[1].excerpt

    done = ingest_and_preview(ws, DAY)
    check(done)
    assert done == found
    assert len(ws.lake.read_ready(INTERACTIONS, DAY)) == found.rows["interactions"]
    assert len(ws.lake.read_ready(LABELS, DAY)) == found.rows["labels"]
    rejected = sum(one.count for one in found.rejects) + found.duplicates
    assert len(ws.lake.read_ready(QUARANTINE, DAY)) == rejected
    lake = files(Path(ws.lake.root))
    assert preview(ws, DAY).lake == "unchanged"
    assert files(Path(ws.lake.root)) == lake


def test_files_that_are_not_read_and_calls_without_texts_are_named(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "notes.txt").write_text("no log")
    values = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "acme.prompt": "Is it open?"}
    at = int(dt.datetime.combine(DAY, dt.time(12), dt.UTC).timestamp()) * 10**9
    span = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "name": "chat",
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + 10**9),
        "attributes": [
            *({"key": name, "value": {"stringValue": value}} for name, value in values.items()),
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "4"}},
        ],
    }
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    (logs / "traces.json").write_text(json.dumps(document, indent=2))
    ws = workspace(tmp_path / "one", logs, sources=[{"format": "otlp", "path": str(logs)}])
    seen = preview(ws, DAY)
    assert seen.rows["interactions"] == 1
    assert seen.unread_files == ["notes.txt"]
    assert [(half.dialect, half.count, half.unread) for half in seen.half_read] == [
        ("GenAI conventions", 1, ["acme.prompt"])
    ]


def test_what_the_lake_would_change_is_named_by_table(tmp_path: Path, logs_here: Path) -> None:
    ws = make(tmp_path / "one", logs_here)
    ingest_and_preview(ws, DAY)
    file = next(logs_here.glob("*"))
    file.write_text(file.read_text() + line("g") + "\n")
    again = make(tmp_path / "one", logs_here)
    assert (preview(again, DAY).lake, preview(again, DAY).changes) == ("would change", ["interactions"])
    text = file.read_text().replace('"d"', '"dd"')  # inside a rejected line
    file.write_text(text)
    assert preview(make(tmp_path / "one", logs_here), DAY).changes == ["interactions", "quarantine"]


def test_who_is_erased_is_left_out_and_counted(tmp_path: Path, logs_here: Path) -> None:
    ws = make(tmp_path / "one", logs_here)
    _record(ws, Erasures(), Erasures().with_ids([("user", "u-a"), ("request", "a"), ("user", "u-d")]))
    found = preview(ws, DAY)
    assert found.rows["interactions"] == 2
    assert found.rows["labels"] == 0
    assert found.erased == 3  # an interaction, its label and a rejected line
    assert found.repairs == {"first token after the end": 1, "impossible token count": 1}
    assert ingest_and_preview(ws, DAY) == found
    assert len(ws.lake.read_ready(INTERACTIONS, DAY)) == 2


def test_an_unreadable_source_is_an_error_and_leaves_no_trace(tmp_path: Path, logs_here: Path) -> None:
    ws = workspace(tmp_path / "one", tmp_path / "gone")
    with pytest.raises(SourceError):
        preview(ws, DAY)
    assert not Path(ws.lake.root).exists()


def test_the_command_prints_tables_or_json(tmp_path: Path, logs_here: Path) -> None:
    make(tmp_path / "one", logs_here)
    config = ["--config", str(tmp_path / "one" / "obs.yaml")]
    told = CliRunner().invoke(app, ["ingest", str(DAY), "--dry-run", *config])
    assert told.exit_code == 0, told.output
    assert f"{DAY}: the lake's rows of this day: never read" in told.stdout
    assert "rejected: 3; repetitions of a request: 1; left out as erased: 0" in told.stdout
    assert "total_latency_ms: negative" in told.stdout
    assert "first token after the end" in told.stdout
    assert MAIL not in told.stdout
    done = CliRunner().invoke(app, ["ingest", str(DAY), "--json", *config])
    assert json.loads(done.stdout)["rows"]["interactions"] == 3
    again = json.loads(CliRunner().invoke(app, ["ingest", str(DAY), "--dry-run", "--json", *config]).stdout)
    assert again["lake"] == "unchanged"
