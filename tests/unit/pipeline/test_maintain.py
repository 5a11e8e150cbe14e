"""Maintenance: fewer files and no day older than asked for, while everything that is kept reads as before."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from obs_lib.errors import ConfigError
from obs_lib.lake.maintenance import days_held, sizes
from obs_lib.lake.retention import RetentionOptions
from obs_lib.lake.table import Table
from obs_lib.lake.tables import DRIFT, INTERACTIONS, METRICS, OPERATIONS, REPORTS, SCORES, TABLES
from obs_lib.pipeline.maintain import Maintained, maintain, tables_of
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import list_days
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import StepState
from obs_lib.samples.generate import write_samples
from obs_lib.settings.loading import parse_settings
from tests.rows import digest_of_table
from tests.unit.pipeline.lakes import DAYS, digests, pages, run, workspace

RUN = DAYS[:3]
LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)  # no longer just written; and the logs are years old
NOTHING_TO_ENCODE = {"scoring": {"evaluators": ["format"]}}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of sample logs, five interactions a route and day."""
    folder = tmp_path_factory.mktemp("few")
    write_samples(folder, DAYS[0], 3, per_route=5)
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, few: Path) -> Path:
    """A folder with a finished lake of three days."""
    folder = tmp_path_factory.mktemp("finished")
    ws = run(workspace(folder, few, **NOTHING_TO_ENCODE), RUN)
    for n in range(3):
        ws.lake.log("failure", f"{n}", "FAILED")
    return folder


def content(ws: Workspace, table: Table) -> str:
    return digest_of_table(ws.lake.rows(table, RUN), ("day", *table.key))


def copy(finished: Path, few: Path, folder: Path, **retention: int) -> Workspace:
    shutil.copytree(finished / "lake", folder / "lake")
    return workspace(
        folder,
        few,
        retention=retention,
        drift={"window_days": 2, "history_days": 2, "min_days": 2},
        **NOTHING_TO_ENCODE,
    )


@pytest.fixture
def ws(finished: Path, few: Path, tmp_path: Path) -> Workspace:
    """A copy of it that keeps rows for a month, and was folded under these settings."""
    ws = copy(finished, few, tmp_path, rows_days=30)
    fold(ws)
    return ws


def test_by_default_nothing_is_dropped_and_everything_reads_as_before(
    finished: Path, few: Path, tmp_path: Path
) -> None:
    ws = copy(finished, few, tmp_path)
    fold(ws)
    before = digests(ws), pages(ws), [content(ws, table) for table in TABLES if table.step]
    files = {one.table: one.files for one in sizes(ws.lake)}
    done = maintain(ws, now=LATER)
    assert {one.step for one in done} == {"join"}
    assert (digests(ws), pages(ws), [content(ws, table) for table in TABLES if table.step]) == before
    assert fold(ws) == []
    after = {one.table: one.files for one in sizes(ws.lake)}
    assert files["days"] >= 3 * 6
    assert (after.get("days", 0), after["days_settled"], after["operations"]) == (0, 1, 1)
    assert maintain(ws, now=LATER) == []


def test_old_rows_and_pages_go_and_the_numbers_stay_without_alarm(ws: Workspace, few: Path, tmp_path: Path) -> None:
    before = digests(ws)
    numbers = content(ws, METRICS)
    maintain(ws, now=LATER)
    assert {table.name for table in tables_of("rows") if days_held(ws.lake, table)} == set()
    assert pages(ws) == {}
    assert (digests(ws), content(ws, METRICS)) == (before, numbers)
    assert fold(ws) == []
    assert [reported.day for reported in list_days(ws)] == list(reversed(RUN))
    # Even other settings do not make the fold take up what it can no longer see.
    other = {"window_days": 2, "history_days": 2, "min_days": 2, "min_answers": 21}
    changed = workspace(
        tmp_path, few, retention={"rows_days": 30}, drift=other, alerts={"min_interactions": 1}, **NOTHING_TO_ENCODE
    )
    assert fold(changed) == []
    assert digests(changed) == before


def test_a_dropped_day_may_be_run_again_and_is_dropped_again(ws: Workspace, few: Path, tmp_path: Path) -> None:
    before = digests(ws)
    maintain(ws, now=LATER)
    run_day(ws, RUN[1])
    assert len(ws.lake.read_ready(INTERACTIONS, RUN[1])) == 10
    assert fold(ws) == []  # the same logs: the same numbers, so what was made of them stands
    assert digests(ws) == before
    just_now = maintain(ws, now=LATER - dt.timedelta(days=2))
    assert not [one for one in just_now if one.step == "drop"]  # its rows have just been written
    assert Maintained("drop", "interactions", 1) in maintain(ws, now=LATER)
    assert ws.lake.read(INTERACTIONS, RUN).empty


def test_a_day_that_is_being_written_is_left(ws: Workspace) -> None:
    ws.lake.commit(RUN[1], "collect", {}, inputs="another", state=StepState.WRITING)
    maintain(ws, now=LATER)
    assert list(days_held(ws.lake, INTERACTIONS)) == [RUN[1]]


def test_a_dry_run_tells_and_changes_nothing(ws: Workspace) -> None:
    def names() -> list[str]:
        return sorted(str(path) for path in Path(ws.lake.root).rglob("*") if path.name != "maintenance.lock")

    before = names()
    logged = next(one.files for one in sizes(ws.lake) if one.table == "operations")
    foretold = maintain(ws, now=LATER, dry_run=True)
    assert Maintained("drop", "interactions", 3) in foretold
    assert Maintained("drop", "pages", 3) in foretold
    assert Maintained("join", "operations", logged - 1) in foretold
    assert names() == before


def test_killed_between_two_drops_the_next_run_ends_it(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from obs_lib.pipeline import maintain as maintaining

    drop, left = maintaining.drop_days, [3]

    def killed(*args: object) -> bool:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return drop(*args)  # type: ignore[arg-type]

    before = digests(ws)
    with monkeypatch.context() as patch:
        patch.setattr(maintaining, "drop_days", killed)
        with pytest.raises(KeyboardInterrupt):
            maintain(ws, now=LATER)
    assert fold(ws) == []  # closed before the first row went
    maintain(ws, now=LATER)
    assert {table.name for table in tables_of("rows") if days_held(ws.lake, table)} == set()
    assert digests(ws) == before


def test_summaries_and_operations_go_by_settings_of_their_own(finished: Path, few: Path, tmp_path: Path) -> None:
    ws = copy(finished, few, tmp_path, rows_days=30, summaries_days=60, operations_days=7)
    fold(ws)
    maintain(ws, now=LATER)
    assert all(ws.lake.rows(table, None).num_rows == 0 for table in (METRICS, DRIFT, REPORTS, SCORES))
    kinds = ws.lake.rows(OPERATIONS, None)["kind"].to_pylist()
    assert kinds.count("failure") == 3  # they are two days old
    maintain(ws, now=LATER + dt.timedelta(days=8))
    assert ws.lake.rows(OPERATIONS, None).num_rows == 0
    assert list_days(ws) == []
    assert fold(ws) == []


BACKFILL = """
import sys, datetime as dt
from obs_lib.pipeline.night import run_day, fold
from obs_lib.pipeline.workspace import open_workspace
ws = open_workspace(sys.argv[1])
for turn in range(2):
    for name in sys.argv[2:]:
        run_day(ws, dt.date.fromisoformat(name))
    fold(ws)
"""


@pytest.mark.slow
def test_beside_a_running_backfill_both_end_well(finished: Path, few: Path, tmp_path: Path) -> None:
    """A second process runs nights while this one joins, settles and vacuums without a pause."""
    ws = workspace(tmp_path, few, retention={"settle_days": 2}, **NOTHING_TO_ENCODE)
    quiet = workspace(finished, few, **NOTHING_TO_ENCODE)
    command = [sys.executable, "-c", BACKFILL, str(tmp_path / "obs.yaml"), *map(str, RUN)]
    with (tmp_path / "stderr").open("w+") as stderr, subprocess.Popen(command, stderr=stderr) as other:
        turns = 0
        while other.poll() is None:
            maintain(ws)
            turns += 1
    assert (other.returncode, (tmp_path / "stderr").read_text()) == (0, "")
    assert turns > 3
    maintain(ws)
    assert digests(ws) == digests(quiet)
    assert pages(ws) == pages(quiet)


def test_settings_that_would_starve_the_baseline_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="a day cannot lose its numbers first"):
        RetentionOptions(summaries_days=60)
    with pytest.raises(ValidationError, match="vacuum_hours"):
        RetentionOptions(vacuum_hours=1)
    with pytest.raises(ConfigError, match=r"more than drift.window_days and schedule.look_back_days together \(9\)"):
        parse_settings({"retention": {"rows_days": 9}}, tmp_path / "obs.yaml")
