"""Late logs: only what is new is scored, the fold goes forward, and what changed stands beside the report, not in it."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.lake.tables import METRICS, OPERATIONS, REPORTS
from obs_lib.pipeline import pages as served
from obs_lib.pipeline.ingest import ingest, late_days
from obs_lib.pipeline.night import fold, run_day, run_late_days
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.revisions import KIND, SUMMARY, last_revisions
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.unit.pipeline.lakes import DAYS, digests, pages, workspace

DAY, NEXT = DAYS[1], DAYS[2]


@pytest.fixture
def late_logs(tmp_path: Path, logs: Path) -> Path:
    """Logs of three days that can be added to."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for day in DAYS[:3]:
        shutil.copy(next(logs.glob(f"{day}*")), folder)
    return folder


def come_late(folder: Path, day: dt.date, n: int = 1) -> None:
    """Rows of the day, in the file of the day after."""
    lines = gzip.decompress(next(folder.glob(f"{day}*")).read_bytes()).splitlines()
    with gzip.open(next(folder.glob(f"{day + dt.timedelta(days=1)}*")), "at", encoding="utf-8") as end:
        for at in range(n):
            row = json.loads(lines[at])
            row |= {"request_id": f"late-{at}", "response": f"Nobody has said this before {at}."}
            end.write(json.dumps(row | {"total_latency_ms": 60_000.0, "ttft_ms": 100.0}) + "\n")


def rows(ws: Workspace) -> list[dict[str, Any]]:
    log = ws.lake.rows(OPERATIONS, None).to_pandas()
    return list(log[log["kind"] == KIND].sort_values("at").to_dict("records"))


@pytest.mark.slow
def test_what_came_late_changes_its_day_alone_and_is_told(late_logs: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", late_logs, scoring={"evaluators": ["format"]})
    for day in DAYS[:2]:
        run_day(ws, day)
    fold(ws)
    assert rows(ws) == []
    come_late(late_logs, DAY, 2)
    run_day(ws, NEXT)
    assert run_late_days(ws, NEXT) == [DAY]
    assert fold(ws) == [str(DAY), str(NEXT)]
    (row,) = rows(ws)
    detail = json.loads(row["detail"])
    assert (row["subject"], detail["revision"], detail["why"]) == (str(DAY), 2, ["logs"])
    assert detail["interactions"] == [24, 26]
    slow = next(one for one in detail["metrics"] if one[:2] == ["latency_mean", "all"])
    measured = ws.lake.read_ready(METRICS, DAY).set_index(["segment", "metric"])["value"]
    assert slow[3] == pytest.approx(measured[("all", "latency_mean")], rel=1e-8)
    assert slow[2] < slow[3]
    assert "late-" not in row["detail"]
    assert "Nobody has said" not in row["detail"]

    run_day(ws, DAY), run_day(ws, NEXT)
    assert (fold(ws), len(rows(ws))) == ([], 1)
    at_once = workspace(tmp_path / "two", late_logs, scoring={"evaluators": ["format"]})
    for day in DAYS[:3]:
        run_day(at_once, day)
    fold(at_once)
    assert pages(ws) == pages(at_once)
    assert digests(ws) == digests(at_once)
    assert rows(at_once) == []


def test_only_what_is_new_is_scored(late_logs: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", late_logs)
    run_day(ws, DAY)
    come_late(late_logs, DAY, 3)
    assert late_days(ws, NEXT) == [DAY]
    ingest(ws, DAY)
    planned = plan(ws, DAY)
    assert planned.to_score == 3
    assert planned.cases > 20


def test_what_changed_stands_beside_the_report(late_logs: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", late_logs, scoring={"evaluators": ["format"]})
    config = tmp_path / "one" / "obs.yaml"
    run_day(ws, DAY)
    fold(ws)
    first = CliRunner().invoke(app, ["report", str(DAY), "--config", str(config)]).output
    assert "Revision" not in first
    assert served.shown_page(ws, DAY) == page_path(ws, DAY).read_bytes()
    assert [reported.revision for reported in served.list_days(ws)] == [1]
    come_late(late_logs, DAY)
    run_day(ws, DAY)
    fold(ws)
    output = CliRunner().invoke(app, ["report", str(DAY), "--config", str(config)]).output
    at = last_revisions(ws, [DAY])[DAY].at
    assert f"\nRevision 2 of {at:%Y-%m-%d %H:%M} UTC: what changed since the last one\n---" in output
    assert "  - Because of: the day's logs" in output
    assert "  - Interactions: 25, before 24" in output
    page, shown = page_path(ws, DAY).read_bytes(), served.shown_page(ws, DAY)
    assert shown is not None
    assert b"Interactions: 25, before 24" in shown
    assert b"Interactions: 25, before 24" not in page
    assert served.page(ws, DAY) == page
    assert [reported.revision for reported in served.list_days(ws)] == [2]
    assert "<small>Revision 2</small>" in served.index(ws)
    come_late(late_logs, DAY, 2)
    run_day(ws, DAY)
    fold(ws)
    assert [json.loads(row["detail"])["revision"] for row in rows(ws)] == [2, 3]
    assert last_revisions(ws, [DAY, NEXT]).keys() == {DAY}


def test_another_title_is_no_revision_and_another_objective_is(late_logs: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", late_logs, scoring={"evaluators": ["format"]})
    config = tmp_path / "one" / "obs.yaml"
    run_day(ws, DAY)
    fold(ws)
    written = config.read_text()
    config.write_text(written + "report: {title: Another}\n")
    assert fold(open_workspace(config)) == [str(DAY)]
    assert rows(ws) == []
    config.write_text(written + "alerts: {objectives: {latency_p50: 1.0}, min_interactions: 1}\n")
    assert fold(open_workspace(config)) == [str(DAY)]
    (row,) = rows(ws)
    detail = json.loads(row["detail"])
    assert detail["why"] == ["settings"]
    assert "latency" in json.dumps(detail["appeared"]).lower()
    assert "metrics" not in detail or detail["metrics"] == []


def test_a_rendering_that_was_killed_tells_once(
    late_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = workspace(tmp_path / "one", late_logs, scoring={"evaluators": ["format"]})
    run_day(ws, DAY)
    fold(ws)
    come_late(late_logs, DAY)
    run_day(ws, DAY)
    commit = type(ws.lake).commit

    def killed(self: Any, day: dt.date, step: str, *given: Any, **named: Any) -> Any:
        if step == "render":
            raise KeyboardInterrupt
        return commit(self, day, step, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(type(ws.lake), "commit", killed)
        with pytest.raises(KeyboardInterrupt):
            fold(ws)
    assert fold(ws) == [str(DAY)]
    assert len(rows(ws)) == 1


def test_a_lake_of_an_earlier_release_has_no_summary_to_compare_with(late_logs: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", late_logs, scoring={"evaluators": ["format"]})
    run_day(ws, DAY)
    fold(ws)
    report = ws.lake.read_ready(REPORTS, DAY)
    verdict = json.loads(report.loc[0, "provenance"])
    del verdict[SUMMARY]
    ws.lake.commit(DAY, "render", {REPORTS: report.assign(provenance=json.dumps(verdict))}, inputs="older")
    come_late(late_logs, DAY)
    run_day(ws, DAY)
    assert fold(ws) == [str(DAY)]
    assert rows(ws) == []
    assert "Revision" not in served.text(ws, DAY)
