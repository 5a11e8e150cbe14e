"""Nights in languages that nobody measured say so: no number, or how many of how many answers it leaves out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.lake.tables import INTERACTIONS, METRICS, SCORES
from obs_lib.languages import language_of
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.lakes import DAYS, digests, run, workspace

REFUSALS = (
    ("¿Cuál es mi saldo?", "Lo siento, no puedo ayudarte con eso (caso {})."),
    ("Wie hoch ist mein Saldo?", "Es tut mir leid, dabei kann ich Ihnen nicht helfen (Fall {})."),
    ("我的余额是多少？", "抱歉，我无法协助您完成这个请求（编号{}）。"),
)
ENGLISH = ("What is my balance?", "Your balance after the last payment is {} euros.")
DAY = DAYS[0]


def write(folder: Path, pairs: list[tuple[str, str]]) -> None:
    lines = (
        {
            "request_id": f"r{n}",
            "timestamp": f"{DAY}T10:{n:02}:00Z",
            "prompt": prompt,
            "response": response.format(n),
            "tags": {"route": "bank", "response_language": "of the log"},
        }
        for n, (prompt, response) in enumerate(pairs)
    )
    (folder / "logs").mkdir()
    (folder / "logs" / f"{DAY}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def night(folder: Path, pairs: list[tuple[str, str]], **sections: Any) -> Workspace:
    write(folder, pairs)
    ws = workspace(folder, folder / "logs", **{"scoring": {"evaluators": ["refusal", "language_mismatch"]}, **sections})
    return run(ws, [DAY])


def metric(ws: Workspace, name: str, segment: str = "all") -> dict[str, Any]:
    rows = ws.lake.read_ready(METRICS, DAY)
    (row,) = rows[(rows["metric"] == name) & (rows["segment"] == segment)].to_dict("records")
    return {str(key): value for key, value in row.items()}


def test_a_night_of_refusals_in_three_other_languages_has_no_rate(tmp_path: Path) -> None:
    ws = night(tmp_path, list(REFUSALS) * 10)
    rate = metric(ws, "refusal_rate")
    assert (rate["status"], rate["n"], rate["n_skipped"]) == ("NO_DATA", 0, 30)
    assert rate["note"] == "30 of 30 answers not judged: in German (10), Spanish (10), Chinese (10)"
    report = text(ws, DAY)
    said = "30 of 30 answers are in languages that evaluators were not measured on (German 10, Spanish 10, Chinese 10)"
    assert f"[Partly judged] Quiet night as far as it was judged: {said}." in " ".join(report.split())
    assert "answer in German; measured on English" in report
    mismatch = metric(ws, "language_mismatch_rate")
    assert (mismatch["value"], mismatch["n"]) == (0.0, 30)


def test_a_mixed_night_has_the_rate_of_what_could_be_judged(tmp_path: Path) -> None:
    ws = night(tmp_path, [*[ENGLISH] * 20, *REFUSALS, (ENGLISH[0], REFUSALS[1][1])])
    rate = metric(ws, "refusal_rate")
    assert (rate["value"], rate["n"], rate["n_skipped"]) == (0.0, 20, 4)
    assert rate["note"] == "4 of 24 answers not judged: in German (2), Spanish (1), Chinese (1)"
    assert metric(ws, "language_mismatch_rate")["value"] == pytest.approx(1 / 24)
    printed = CliRunner().invoke(
        app, ["metrics", str(DAY), "--config", str(tmp_path / "obs.yaml")], env={"COLUMNS": "200"}
    )
    assert "4 of 24 answers not judged" in printed.output
    assert "Languages of the answers" in text(ws, DAY)


def test_a_few_foreign_answers_are_no_headline(tmp_path: Path) -> None:
    ws = night(tmp_path, [*[ENGLISH] * 40, REFUSALS[0]])
    assert "as far as it was judged" not in text(ws, DAY)
    assert metric(ws, "refusal_rate")["note"] == "1 of 41 answers not judged: in Spanish (1)"


def test_languages_are_columns_of_every_interaction_and_slices_of_every_number(tmp_path: Path) -> None:
    pairs = [*[ENGLISH] * 6, *REFUSALS[1:2] * 4, ("Wie viel?", "51")]
    ws = night(tmp_path, pairs, segments=["response_language", "prompt_language", "route"])
    rows = ws.lake.read_ready(INTERACTIONS, DAY)
    for name in ("prompt", "response"):
        found = [None if pd.isna(code) else code for code in rows[f"{name}_language"]]
        assert found == [language_of(written) for written in rows[name]]
    assert rows["response_language"].isna().sum() == 1
    assert metric(ws, "requests", "response_language=en")["value"] == 6
    assert metric(ws, "requests", "response_language=de")["value"] == 4
    assert metric(ws, "requests", "prompt_language=de")["value"] >= 4
    assert metric(ws, "refusal_rate", "response_language=de")["status"] == "NO_DATA"
    segments = set(ws.lake.read_ready(METRICS, DAY)["segment"])
    assert "response_language=of the log" not in segments, "a tag gives way to what was found"
    assert "route=bank" in segments


def test_a_sample_is_drawn_by_language_where_that_is_the_first_slice(tmp_path: Path) -> None:
    ws = night(
        tmp_path,
        [*[ENGLISH] * 50, *REFUSALS[1:2] * 4],
        segments=["response_language"],
        scoring={"evaluators": ["format"], "max_scored": 10},
    )
    drawn = ws.lake.read_ready(SCORES, DAY).merge(ws.lake.read_ready(INTERACTIONS, DAY), on="request_id")
    assert (drawn["response_language"] == "de").sum() >= 2


def test_the_same_logs_give_the_same_digests(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    pairs = [*REFUSALS, ENGLISH]
    assert digests(night(first, pairs)) == digests(night(second, pairs))
