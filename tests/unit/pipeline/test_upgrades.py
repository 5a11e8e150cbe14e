"""Lakes of the first three schemas, made by the code of their time, come over; a lake of a later one is left alone.

`data/lakes_of_schema_1_to_3.tar.xz` holds three nights of each, with `recipe.py`, which made them: nights without an incident
and a line of `operations`. A lake of schema 4 has more that happened to it (`test_migrate.py`).
"""

from __future__ import annotations

import datetime as dt
import shutil
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.errors import LakeError
from obs_lib.lake.tables import DAYS, INTERACTIONS, METRICS, OPERATIONS, SCORES
from obs_lib.lake.version import SCHEMA_VERSION, set_version
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.day_list import lake_days
from obs_lib.pipeline.migrate import migrate
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.verify import verify
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.unit.pipeline.lakes import files_saying

ARCHIVE = Path(__file__).parent / "data" / "lakes_of_schema_1_to_3.tar.xz"
NIGHTS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(3)]
LATER = SCHEMA_VERSION + 1


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lakes")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(params=[1, 2, 3])
def old(unpacked: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Workspace:
    return copied(unpacked / str(request.param), tmp_path / "lake")


def copied(folder: Path, to: Path) -> Workspace:
    shutil.copytree(folder, to)
    ws = open_workspace(to / "obs.yaml")
    ws.__dict__["encoder"] = HashingEncoder()
    return ws


def test_it_comes_over_whole_and_nights_go_on(old: Workspace) -> None:
    with pytest.raises(LakeError, match=r"found 'schema version 4 or before'; `obs maintain --migrate`"):
        old.lake.records()
    before = {
        table: old.lake.of_any_version().rows(table, None, [*table.key]).num_rows for table in (INTERACTIONS, METRICS)
    }
    values = sorted(old.lake.of_any_version().rows(SCORES, None, ["value"])["value"].to_pylist(), key=repr)

    assert migrate(old.lake)
    assert migrate(old.lake) == []
    assert verify(old) == [], "a night without an incident is no night whose incidents are lost"
    assert {table: old.lake.rows(table, None).num_rows for table in before} == before
    assert sorted(old.lake.rows(SCORES, None)["value"].to_pylist(), key=repr) == values
    assert [(day.day, day.state, day.interactions) for day in lake_days(old)] == [
        (day, "READY", 8) for day in reversed(NIGHTS)
    ]
    assert "2024" in text(old, NIGHTS[1])
    assert "a message of then" in set(old.lake.rows(OPERATIONS, None)["subject"].to_pylist())

    run_day(old, NIGHTS[2])
    fold(old)
    assert fold(old) == []
    assert verify(old) == []


COMMANDS = [
    ["days"],
    ["metrics", "2024-03-02"],
    ["alerts", "2024-03-02"],
    ["report", "2024-03-02"],
    ["run", "2024-03-02"],
    ["backfill", "2024-03-01", "2024-03-02"],
    ["forget", "--user", "u"],
    ["maintain"],
    ["maintain", "--verify"],
    ["maintain", "--migrate"],
]


@pytest.fixture(scope="module")
def of_later(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A lake that a later release has taken over."""
    ws = copied(unpacked / "3", tmp_path_factory.mktemp("later") / "lake")
    migrate(ws.lake)
    days = ws.lake.open(DAYS)
    assert days is not None
    set_version(days, LATER)
    return ws


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_roll_back_says_what_it_cannot_read_and_touches_nothing(of_later: Workspace, command: list[str]) -> None:
    root = Path(of_later.lake.root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"}
    done = CliRunner().invoke(app, [*command, "--config", str(root.parent / "obs.yaml")])
    assert isinstance(done.exception, LakeError), done.output  # which `main` prints, and ends with its exit code
    for part in ("written by a later release", f"found 'schema version {LATER}'", "run that release or a later one"):
        assert part in str(done.exception)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"} == before


def test_the_archive_names_no_place_of_its_making(unpacked: Path) -> None:
    assert files_saying(unpacked, "/tmp/", "/home/") == set()
