"""The interactions behind a number, as lines that every reader of lines takes back."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.alerts.storage import to_frame
from obs_lib.bench.labelled import LabelledSet, read_set, tasks
from obs_lib.bench.lines import read_lines
from obs_lib.cli.app import app
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import ALERTS, INTERACTIONS, LABELS, QUARANTINE
from obs_lib.pipeline.dataset import Choice, metric_named
from obs_lib.pipeline.dataset_lines import dataset
from obs_lib.pipeline.ingest import ingest
from obs_lib.pipeline.night import run_day
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Signal
from tests.unit.pipeline.lakes import workspace
from tests.unit.pipeline.test_acts import INCIDENT

DAYS = (dt.date(2024, 3, 1), dt.date(2024, 3, 2))
SETTINGS = {"scoring": {"evaluators": ["format"]}, "segments": ["route"]}


def line(day: dt.date, n: int) -> dict[str, Any]:
    """Of ten answers three are no JSON; the later the request, the slower."""
    return {
        "request_id": f"r{n}",
        "timestamp": f"{day}T10:{n:02d}:00Z",
        "user_id": "ada@example.org",
        "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Ask bo@example.org {n}"}],
        "contexts": [{"id": "c1", "text": "Write to bo@example.org", "score": 0.5}],
        "response": f"[{n}" if n < 3 else f"[{n}]",
        "expected_format": "json",
        "total_latency_ms": 100.0 * n,
        "tags": {"route": "docs" if n < 8 else "code"},
    }


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("dataset")
    (folder / "logs").mkdir()
    for day in DAYS:
        (folder / "logs" / f"{day}.jsonl").write_text("".join(json.dumps(line(day, n)) + "\n" for n in range(10)))
    ws = workspace(folder, folder / "logs", **SETTINGS)
    for day in DAYS:
        run_day(ws, day)
    return ws


def choice(name: str | None = "format_compliance", **changes: Any) -> Choice:
    metric = metric_named(name) if name else None
    return replace(Choice(DAYS, metric, (), "worst", 4), **changes)


def test_the_worst_by_a_score_say_why_and_name_nobody(ws: Workspace) -> None:
    lines = list(dataset(ws, choice(n=50)))
    assert lines == list(dataset(ws, choice(n=50)))
    # Three answers are wrong, on both days the same: each case is there once.
    assert sorted(one["response"] for one in lines) == ["[0", "[1", "[2"]
    first = lines[0]
    assert (first["metric"], first["evaluator"], first["score"]) == ("format_compliance", "format", 0.0)
    assert first["reason"] or first["evidence"]
    assert (first["label"], first["value"], first["inclusion_probability"]) == ("valid_format", None, None)
    assert "ada@" not in json.dumps(lines)
    assert "bo@" not in json.dumps(lines)
    assert first["prompt"][0] == {"role": "system", "content": "Be brief."}
    assert first["contexts"][0]["score"] == 0.5


def test_the_worst_by_a_number_are_those_with_the_largest(ws: Workspace) -> None:
    lines = list(dataset(ws, choice("latency_p95", days=DAYS[:1], n=3)))
    assert [(one["request_id"], one["score"]) for one in lines] == [("r9", 900.0), ("r8", 800.0), ("r7", 700.0)]
    assert "label" not in lines[0]
    with pytest.raises(ConfigError, match="no single interactions"):
        list(dataset(ws, choice("throughput")))
    with pytest.raises(ConfigError, match="nothing says which are the worst"):
        list(dataset(ws, choice(None)))


def test_drawn_ones_know_with_which_probability(ws: Workspace) -> None:
    lines = list(dataset(ws, choice(how="drawn", n=5)))
    assert [one["inclusion_probability"] for one in lines] == [0.25] * 5
    more = list(dataset(ws, choice(how="drawn", n=9)))
    names = [(one["day"], one["request_id"]) for one in more]
    assert names[:5] == [(one["day"], one["request_id"]) for one in lines]  # more begin as fewer do
    assert len(set(names)) == 9


def test_strata_are_ranges_of_a_score_or_else_segments(ws: Workspace) -> None:
    lines = list(dataset(ws, choice(how="stratified", n=8)))
    assert {one["score"] for one in lines} == {0.0, 1.0}
    by_segment = list(dataset(ws, choice(None, how="stratified", n=8)))
    routes = [one["tags"]["route"] for one in by_segment]
    assert sorted(routes) == ["code"] * 4 + ["docs"] * 4  # as many of each, though `code` is a fifth of the traffic
    assert {one["inclusion_probability"] for one in by_segment} == {4 / 4, 4 / 16}


def test_a_segment_alone_is_enough_to_draw_from(ws: Workspace) -> None:
    lines = list(dataset(ws, choice(None, how="drawn", segments=("route=code",), n=50)))
    assert len(lines) == 4
    assert {one["tags"]["route"] for one in lines} == {"code"}
    with pytest.raises(ConfigError, match="no interactions stand there"):
        list(dataset(ws, choice(None, how="drawn", segments=("route=none",))))


def test_lines_come_back_as_logs_as_labels_and_in_the_bench(ws: Workspace, tmp_path: Path) -> None:
    lines = list(dataset(ws, choice(how="drawn", days=DAYS[:1], n=6)))
    lines += list(dataset(ws, choice(days=DAYS[:1], n=1)))
    for one in lines[:4]:
        one["value"] = one["score"] > 0.5
    for name in ("logs", "labels"):
        (tmp_path / name).mkdir()
    text = "".join(json.dumps(one) + "\n" for one in lines)
    (tmp_path / "labels" / "given.jsonl").write_text(text)
    (tmp_path / "logs" / "suite.jsonl").write_text(text)
    sources = [{"format": "native", "path": "logs"}, {"format": "labels", "path": "labels"}]
    again = workspace(
        tmp_path / "lake", tmp_path, sources=[one | {"path": str(tmp_path / one["path"])} for one in sources]
    )
    ingest(again, DAYS[0])
    read = again.lake.read_ready(INTERACTIONS, DAYS[0]).set_index("request_id")
    assert set(read.index) == {one["request_id"] for one in lines}
    assert json.loads(read.loc[lines[0]["request_id"], "messages"]) == lines[0]["prompt"]
    assert len(again.lake.read_ready(LABELS, DAYS[0])) == 4
    wrong = again.lake.read_ready(QUARANTINE, DAYS[0])["reason"]
    assert not [reason for reason in wrong if "value" in reason]  # what is not labelled yet is no error

    (tmp_path / "format_suite.jsonl").write_text(text)
    labelled = read_set(tmp_path / "format_suite.jsonl", tasks()["format"], "suite")
    assert isinstance(labelled, LabelledSet)
    assert labelled.labels == [one["value"] for one in lines[:4]]
    assert labelled.unlabelled == len(lines) - 4
    assert not any(one.problem for one in read_lines(tmp_path / "format_suite.jsonl"))


def test_an_incident_brings_its_days_its_metric_and_its_place(ws: Workspace, tmp_path: Path) -> None:
    evidence = (Signal("token_kl", segment="route=docs"), Signal("format_compliance", segment="route=docs"))
    incident = replace(INCIDENT, day=DAYS[1], first_day=DAYS[0], last_day=DAYS[1], evidence=evidence)
    ws.lake.commit(DAYS[1], "alert", {ALERTS: to_frame([incident])}, inputs="test")
    config = ws.lake.files.parent.parent / "obs.yaml"
    out = tmp_path / "set.jsonl"
    arguments = ["dataset", "--incident", incident.fingerprint[:8], "--out", str(out), "--config", str(config)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    lines = [json.loads(one) for one in out.read_text().splitlines()]
    assert {one["tags"]["route"] for one in lines} == {"docs"}
    assert {one["metric"] for one in lines} == {"format_compliance"}
    assert CliRunner().invoke(app, arguments).exit_code == 2  # nothing is written over
