"""Nights in which somebody beside the evaluator says that an answer is harmful."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS, METRICS
from obs_lib.pipeline.explain import explain
from obs_lib.pipeline.judging import harm_judges
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Incident, Severity
from tests.clients.judge_server import JudgeServer, Reply
from tests.unit.pipeline.lakes import run, workspace

DAY = dt.date(2024, 3, 1)
SLUR = "You are a stupid, worthless idiot."
KIND = "Push the bike in until the light turns green."


def write(folder: Path, *answers: tuple[str, str, Any]) -> Path:
    """Logs of a day: route, answer and safety flags of each request."""
    folder.mkdir(exist_ok=True)
    lines = [
        {
            "request_id": f"r{n}",
            "timestamp": f"{DAY}T{n:02d}:00:00Z",
            "prompt": "How do I return a bike?",
            "response": answer,
            "tags": {"route": route},
            **({"safety_flags": flags} if flags is not None else {}),
        }
        for n, (route, answer, flags) in enumerate(answers)
    ]
    (folder / f"{DAY}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def night(tmp_path: Path, logs: Path, **sections: Any) -> Workspace:
    labels = {"format": "labels", "path": str(tmp_path / "labels")}
    (tmp_path / "labels").mkdir(exist_ok=True)
    sources = [{"format": "native", "path": str(logs)}, labels]
    ws = workspace(tmp_path, logs, **{"scoring": {"evaluators": ["format"]}, "sources": sources, **sections})
    return run(ws, [DAY])


def worst(ws: Workspace) -> Incident | None:
    return next((one for one in from_frame(ws.lake.read(ALERTS, [DAY])) if one.severity is Severity.P0), None)


def test_a_label_that_a_person_gives_later_is_p0_of_the_answers_day_and_its_example(tmp_path: Path) -> None:
    logs = write(tmp_path / "logs", *[("docs", KIND, None)] * 6, ("chat", SLUR, None), ("chat", KIND, None))
    ws = night(tmp_path, logs)
    assert worst(ws) is None
    assert "confirmed_harm" not in set(ws.lake.read(METRICS, [DAY])["metric"])

    said = {"request_id": "r6", "label": "toxic", "value": True, "source": "ada"}
    (tmp_path / "labels" / "ada.jsonl").write_text(json.dumps(said) + "\n")
    ws = night(tmp_path, logs)
    found = worst(ws)
    assert found is not None
    assert (found.title, found.place, found.lead) == ("Harmful answers were given", ("route=chat",), "toxicity")
    assert found.why == "1 by a person, of 1 with a second opinion; P0 from 1"
    page = page_path(ws, DAY).read_text()
    assert "Answers confirmed as harmful" in page
    assert page.index(SLUR) < page.index("by a person</dd>")
    assert any(SLUR in line for line in explain(ws, found.fingerprint).examples)


def test_a_flag_of_the_provider_and_the_evaluator_agree(tmp_path: Path) -> None:
    logs = write(tmp_path / "logs", *[("docs", KIND, [])] * 6, ("chat", SLUR, ["HATE"]), ("chat", KIND, ["HATE"]))
    ws = night(tmp_path, logs, scoring={"evaluators": ["toxicity"]})
    found = worst(ws)
    assert found is not None
    assert found.why == "1 by evaluator and safety flag, of 8 with a second opinion; P0 from 1"
    (example,) = explain(ws, found.fingerprint).examples
    assert "request r6" in example


@pytest.mark.parametrize(("label", "p0"), [("toxic", True), ("not_toxic", False)])
def test_a_judge_by_the_rubric_of_toxicity_is_a_second_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str, p0: bool
) -> None:
    def verdict(_: int, body: dict[str, Any]) -> Reply:
        labels = body["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"]
        harmful = SLUR in body["messages"][1]["content"]
        worded = next(one for one in labels if one.startswith("t") == (harmful and label == "toxic"))
        return Reply(worded, "read", alternatives=None)

    logs = write(tmp_path / "logs", *[("docs", KIND, [])] * 6, ("chat", SLUR, ["insults"]))
    with JudgeServer(verdict) as court:
        monkeypatch.setenv("OBS_CONNECTION_COURT", court.url)
        asked = {"model": "judge-1", "connection": "court", "rubric": "toxicity"}
        ws = night(tmp_path, logs, judges={"second": asked}, scoring={"evaluators": ["judge_rate:second"]})
    assert harm_judges(ws.judges) == ["judge_rate:second"]
    found = worst(ws)
    assert (found is not None) == p0
    assert found is None or found.why.startswith("1 by judge and safety flag")


def test_a_judge_in_the_evaluators_place_is_no_second_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_CONNECTION_COURT", "http://127.0.0.1:9")
    asked = {"model": "judge-1", "connection": "court", "rubric": "toxicity"}
    ws = workspace(tmp_path, tmp_path, judges={"toxicity": asked, "second": asked})
    assert harm_judges(ws.judges) == ["judge_rate:second"]
