"""A damaged file of one day: the fold goes on without that day, says so, and takes it in again when it has been mended."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.errors import LakeError
from obs_lib.lake.tables import DRIFT, METRICS
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.maintain import drop_old
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import list_days
from obs_lib.pipeline.verify import repair, verify
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.unit.pipeline.lakes import DAYS, digests, pages, run, workspace

FEW = {"scoring": {"evaluators": ["format"]}, "drift": {"window_days": 3}}
NIGHTS = DAYS[:4]
BAD = NIGHTS[1]


@pytest.fixture(scope="module")
def whole(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A finished lake of four days, which nobody damages."""
    return run(workspace(tmp_path_factory.mktemp("whole"), logs, **FEW), NIGHTS)


@pytest.fixture
def ws(whole: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it."""
    shutil.copytree(whole.lake.files.parents[1], tmp_path / "copy")
    return open_workspace(tmp_path / "copy" / "obs.yaml")


def folder(ws: Workspace, table: str) -> Path:
    return Path(ws.lake.root) / table


def damage(ws: Workspace, table: str) -> Path:
    """The bad day's file of a table, with half of it gone."""
    live = {path.name for path in folder(ws, table).rglob("*.parquet")}
    file = max((folder(ws, table) / f"day={BAD}").rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    assert file.name in live
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


def anew(ws: Workspace) -> Workspace:
    return open_workspace(ws.lake.files.parents[1] / "obs.yaml")


@pytest.mark.parametrize("table", ["metrics", "sketches", "drift", "anchors", "reports"])
def test_one_damaged_file_stops_no_other_day(whole: Workspace, ws: Workspace, table: str) -> None:
    damage(ws, table)
    with (ws.lake.files.parents[1] / "obs.yaml").open("a") as settings:
        settings.write("report: {trend_days: 14}\nalerts: {max_age_hours: 49}\n")  # everything is stale
    other = anew(ws)
    run_day(other, NIGHTS[3])
    fold(other)
    lost = {(record.day, record.step) for record in history(other).lost}
    if table in ("metrics", "sketches", "anchors"):
        step = "anchor" if table == "anchors" else "summarise"
        assert lost == {(BAD, step)}
    else:  # of the fold, which makes it again
        assert lost == set()
    assert [reported.day for reported in list_days(other)] == NIGHTS[::-1]


def test_a_bad_baseline_day_is_left_out_and_comes_back(whole: Workspace, ws: Workspace) -> None:
    damage(ws, "metrics")
    (ws.lake.files.parents[1] / "obs.yaml").write_text(
        (ws.lake.files.parents[1] / "obs.yaml").read_text().replace("window_days: 3", "window_days: 4")
    )
    other = anew(ws)
    fold(other)
    used = {day for days in other.lake.read(DRIFT, [NIGHTS[3]])["baseline_days"] for day, _ in json.loads(days)}
    assert used == {str(NIGHTS[0]), str(NIGHTS[2])}
    (record,) = history(other).lost
    assert f"obs run {BAD} --afresh" in record.note
    run_day(other, BAD)
    fold(other)
    assert history(other).lost == []
    used = {day for days in other.lake.read(DRIFT, [NIGHTS[3]])["baseline_days"] for day, _ in json.loads(days)}
    assert used == {str(day) for day in NIGHTS[:3]}


@pytest.mark.parametrize("table", ["interactions", "scores", "embeddings", "metrics", "days"])
def test_a_damaged_day_is_mended_by_running_it_again(whole: Workspace, ws: Workspace, table: str) -> None:
    damage(ws, table)
    other = anew(ws)
    run_day(other, BAD)
    fold(other)
    assert digests(other) == digests(whole)
    assert pages(other) == pages(whole)
    assert verify(other) == []


def test_whatever_stands_is_replaced_when_asked(whole: Workspace, ws: Workspace) -> None:
    files = {path for path in Path(ws.lake.root).glob(f"*/day={BAD}/**/*.parquet") if path.parts[-3] != "days"}
    run_day(ws, BAD, afresh=True)
    fold(ws)
    assert digests(ws) == digests(whole)
    assert pages(ws) == pages(whole)
    written = {
        path.relative_to(ws.lake.root).parts[0]
        for path in Path(ws.lake.root).glob(f"*/day={BAD}/**/*.parquet")
        if path not in files
    }
    assert {"interactions", "scores", "metrics", "sketches", "drift", "reports"} <= written


def test_everything_is_read_and_each_damage_comes_with_its_repair(whole: Workspace, ws: Workspace) -> None:
    assert verify(whole) == []
    damage(ws, "embeddings")
    (folder(ws, "drift") / f"day={BAD}").rename(folder(ws, "drift") / "elsewhere")
    (ws.lake.files / "pages" / f"{BAD}.html").write_text("another")
    entry = max((folder(ws, "scores") / "_delta_log").glob("*.json"))
    entry.write_bytes(b"")
    again = f"obs run {BAD} --afresh"
    found = verify(anew(ws))
    assert [(one.table, one.day, one.repair) for one in found] == [
        ("drift", str(BAD), again),
        ("embeddings", str(BAD), again),
        ("pages", str(BAD), again),
        ("scores", "", "obs maintain --repair"),
    ]


def test_a_commit_that_the_disk_lost_is_found_and_made_again(whole: Workspace, ws: Workspace) -> None:
    """The last commit of every table is empty, as after a loss of power."""
    for log in Path(ws.lake.root).glob("*/_delta_log"):
        if log.parent.name != "erasures":
            max(log.glob("*.json")).write_bytes(b"")
    with pytest.raises(LakeError, match="obs maintain --repair"):
        anew(ws).lake.read_ready(METRICS, NIGHTS[3])
    result = CliRunner().invoke(app, ["maintain", "--verify", "--config", str(ws.lake.files.parents[1] / "obs.yaml")])
    assert result.exit_code == 4
    assert repair(anew(ws)) != []
    left = verify(anew(ws))
    assert left != []
    assert {one.day for one in left} == {str(NIGHTS[3])}
    other = anew(ws)
    for day in {one.day for one in left}:
        run_day(other, NIGHTS[[str(night) for night in NIGHTS].index(day)], afresh=True)
    fold(other)
    assert verify(other) == []
    assert digests(other) == digests(whole)
    assert pages(other) == pages(whole)


@pytest.mark.parametrize("version", [0, 2])
@pytest.mark.parametrize("table", ["metrics", "days"])
def test_a_log_is_mended_wherever_it_is_damaged(whole: Workspace, ws: Workspace, table: str, version: int) -> None:
    (folder(ws, table) / "_delta_log" / f"{version:020}.json").unlink()
    assert repair(anew(ws)) != []
    other = anew(ws)
    for day in sorted({one.day for one in verify(other)}):
        run_day(other, dt.date.fromisoformat(day), afresh=True)
    for day in NIGHTS:
        run_day(other, day)
    fold(other)
    assert digests(other) == digests(whole)
    assert pages(other) == pages(whole)


def test_rows_that_maintenance_dropped_are_missing_by_right(ws: Workspace) -> None:
    settings = ws.lake.files.parents[1] / "obs.yaml"
    settings.write_text(
        settings.read_text() + "retention: {rows_days: 40, gpu_days: 30}\nschedule: {look_back_days: 1}\n"
    )
    other = anew(ws)
    assert drop_old(other, dt.datetime.now(dt.UTC) + dt.timedelta(days=2)) != []
    assert verify(other) == []


def test_a_step_that_failed_once_and_then_did_not_is_no_failure(ws: Workspace) -> None:
    with pytest.raises(LakeError), ws.step(BAD, "plan"):
        raise LakeError("once")
    assert history(ws).failures(BAD) == [("plan", "once")]
    with ws.step(BAD, "plan"):
        pass
    assert history(ws).failures(BAD) == []
