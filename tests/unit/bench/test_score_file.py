from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from obs_lib.bench import score_file as module
from obs_lib.bench.score_file import score_file
from obs_lib.errors import ConfigError, SourceError
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.workspace import Workspace
from tests.unit.bench.conftest import write

ROWS: list[Any] = [
    {"id": 7, "text": "I'm sorry, but I can't assist with that."},
    {"request_id": "r-1", "prompt": "Who?", "response": "Ada Lovelace wrote it.", "label": True},
    {
        "id": "m",
        "prompt": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}],
        "response": "ok",
    },
    "not json at all",
    {"id": "bad", "response": 5},
    {"id": "none"},
    {"id": "failed", "response": "half an", "error": "timeout"},
    {"text": "no name"},
    '{"id": "\\ud800", "text": "half a pair \\ud800"}',
]


def lines(path: Path) -> list[dict[str, Any]]:
    raw = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()]


def test_one_result_a_line_in_order(ws: Workspace, tmp_path: Path) -> None:
    counts = score_file(ws, write(tmp_path / "in.jsonl", ROWS), "refusal", str(tmp_path / "out.jsonl"))
    found = lines(tmp_path / "out.jsonl")
    assert [row["id"] for row in found] == [7, "r-1", "m", None, "bad", "none", "failed", None, "\ufffd"]
    assert [row["status"] for row in found] == [*["SCORED"] * 3, *["FAILED"] * 2, *["SKIPPED"] * 2, *["SCORED"] * 2]
    assert counts == {"SCORED": 5, "FAILED": 2, "SKIPPED": 2}
    assert all(list(row) == ["id", "evaluator", "status", "value", "note", "evidence"] for row in found)
    assert all((row["value"] is None) == (row["status"] != "SCORED") for row in found)
    assert found[0]["value"] > 0.5 > found[1]["value"]
    assert "cannot_help" in found[0]["evidence"]["phrases"]
    assert [found[3]["note"], found[4]["note"]] == ["line 4: not JSON", "line 5: response: not text"]


@pytest.mark.parametrize(
    "contexts",
    [
        ["Ada wrote the notes."],
        "Ada wrote the notes.",
        [{"id": 3, "text": "Ada wrote the notes.", "score": 0.5}],
        '[{"text": "Ada wrote the notes."}]',
    ],
)
def test_contexts_come_in_every_form(ws: Workspace, tmp_path: Path, contexts: Any) -> None:
    rows = [{"id": 1, "response": "Ada wrote the notes.", "contexts": contexts}]
    score_file(ws, write(tmp_path / "in.jsonl", rows), "groundedness", str(tmp_path / "out.jsonl"))
    (found,) = lines(tmp_path / "out.jsonl")
    assert (found["status"], found["value"] > 0.5) == ("SCORED", True)


def test_portions_gzip_and_repetition_change_nothing(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in.jsonl.gz", ROWS * 5)
    score_file(ws, source, "relevance", str(tmp_path / "whole.jsonl"))
    monkeypatch.setattr(module, "_ROWS", 4)
    score_file(ws, source, "relevance", str(tmp_path / "portions.jsonl.gz"))
    score_file(ws, source, "relevance", str(tmp_path / "again.jsonl.gz"))
    whole = lines(tmp_path / "whole.jsonl")
    assert whole == lines(tmp_path / "portions.jsonl.gz")
    assert (tmp_path / "portions.jsonl.gz").read_bytes() == (tmp_path / "again.jsonl.gz").read_bytes()
    shown = [{**row, "note": ""} for row in whole]  # a note may name its line
    assert shown == shown[: len(ROWS)] * 5


def test_equal_answers_are_encoded_once(ws: Workspace, tmp_path: Path) -> None:
    rows = [{"id": n, "text": "the same text"} for n in range(50)]
    score_file(ws, write(tmp_path / "in.jsonl", rows), "toxicity", str(tmp_path / "out.jsonl"))
    assert isinstance(ws.encoder, HashingEncoder)
    assert ws.encoder.encoded == ["the same text"]
    assert len({row["value"] for row in lines(tmp_path / "out.jsonl")}) == 1


def test_a_damaged_file_leaves_the_old_result_as_it_was(ws: Workspace, tmp_path: Path) -> None:
    whole = write(tmp_path / "in.jsonl.gz", [{"id": n, "text": f"text {n} " * 50} for n in range(500)])
    whole.write_bytes(whole.read_bytes()[:-100])
    out = tmp_path / "out.jsonl"
    out.write_text("before")
    with pytest.raises(SourceError, match=r"in\.jsonl\.gz: the file cannot be read"):
        score_file(ws, whole, "format", str(out))
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl.gz", "out.jsonl"]


def test_what_is_not_there_says_so(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.jsonl"):
        score_file(ws, tmp_path / "absent.jsonl", "format", "-")
    with pytest.raises(ConfigError, match="must be one of groundedness, toxicity"):
        score_file(ws, write(tmp_path / "in.jsonl", []), "nobody", "-")


def test_an_empty_file_gives_an_empty_file(ws: Workspace, tmp_path: Path) -> None:
    assert not score_file(ws, write(tmp_path / "in.jsonl", ["", " "]), "toxicity", str(tmp_path / "out.jsonl"))
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_memory_does_not_grow_with_the_file(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    def peak(n: int) -> int:
        source = write(tmp_path / f"{n}.jsonl.gz", [{"id": i, "text": f"{i} " + "word " * 400} for i in range(n)])
        tracemalloc.start()
        score_file(ws, source, "format", str(tmp_path / "out.jsonl"))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    monkeypatch.setattr(module, "_ROWS", 200)
    assert peak(2_400) < 1.3 * peak(600)
