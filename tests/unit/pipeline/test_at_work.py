"""What a killed night leaves: nothing unmasked where masking is asked for, and nothing at all once another has begun."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from obs_lib.errors import LakeError
from obs_lib.pipeline.at_work import (
    PATIENCE,
    at_work_on,
    is_at_work,
    reading_folder,
    remove_left_behind,
)
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.ingest import ingest
from obs_lib.pipeline.maintain import drop_versions
from obs_lib.pipeline.night import run_day
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.staging import write_file
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.lakes import ANSWER, DAYS, MARK, PERSON, add_person, files_saying, workspace

FEW = {"scoring": {"evaluators": ["format"]}}
# A night as `obs ingest` runs it, which stands still as soon as everything that it has read lies on the disk.
NIGHT = """
import sys, time
from obs_lib.cli import app
from obs_lib.sources import reading
finish = reading._DayRows.finish
def then_wait(self):
    rows = finish(self)
    for each in rows.values():
        list(each.batches())
    print("read", flush=True)
    time.sleep(600)
    return rows
reading._DayRows.finish = then_wait
sys.argv = ["obs", "ingest", sys.argv[1], "--config", sys.argv[2]]
app.main()
"""


@pytest.fixture
def with_person(logs: Path, tmp_path: Path) -> Path:
    return add_person(logs, tmp_path / "logs")


@contextmanager
def night(ws: Workspace, day: dt.date) -> Iterator[subprocess.Popen[str]]:
    """A process that has read the day and not stored it yet."""
    config = ws.lake.files.parents[1] / "obs.yaml"
    command = [sys.executable, "-c", textwrap.dedent(NIGHT), str(day), str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "read"
            yield process
        finally:
            process.kill()


def left(ws: Workspace) -> set[str]:
    """Files that a night has left, without locks."""
    staging = ws.lake.files / "staging"
    files = (path for path in staging.rglob("*") if path.is_file())
    return {str(path.relative_to(staging)) for path in files if not path.name.endswith(".lock")}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_a_night_leaves_nothing(with_person: Path, tmp_path: Path, number: int) -> None:
    ws = workspace(tmp_path / "one", with_person, **FEW)
    with night(ws, DAYS[0]) as process:
        assert left(ws) != set()
        process.send_signal(number)
        assert process.wait(60) != 0
    assert left(ws) == set()


def test_what_is_masked_at_ingest_never_touches_the_disk(with_person: Path, tmp_path: Path) -> None:
    row = f'"request_id": "twice", "timestamp": "{DAYS[0]}T01:00:00Z", "prompt": "I am {PERSON}"'
    lines = [f'{{{row}, "response": "{n}"}}' for n in range(2)] + [f'{{"prompt": "no JSON, says {PERSON}"']
    (with_person / f"{DAYS[0]}-more.jsonl").write_text("\n".join(lines))
    ws = workspace(tmp_path / "one", with_person, **FEW, redaction={"personal": "ingest"})
    with night(ws, DAYS[0]):
        spooled = "".join(_values(path) for path in (ws.lake.files / "staging").rglob("*.arrow"))
    assert spooled.count("I am [email]") >= 2
    assert "says [" in spooled
    # Left is the user's id, by which rows are joined and erased.
    assert PERSON not in spooled.replace(f"'user_id': '{PERSON}'", "")


def _values(path: Path) -> str:
    """All values of an Arrow stream, whose buffers are packed."""
    with pa.ipc.open_stream(str(path)) as stream:
        return repr(stream.read_all().to_pylist())


def test_what_a_killed_night_left_goes_with_the_next(with_person: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", with_person, **FEW)
    with night(ws, DAYS[0]) as process:
        remove_left_behind(ws.lake.files)
        assert left(ws) != set()  # it lives
        process.kill()
        process.wait()
    assert left(ws) != set()
    ingest(ws, DAYS[1])
    assert left(ws) == set()


def test_what_a_killed_night_left_goes_with_maintenance(with_person: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", with_person, **FEW)
    with night(ws, DAYS[0]):
        pass
    done = {(one.step, one.table) for one in drop_versions(ws)}
    assert ("remove", "staging") in done
    assert left(ws) == set()


def test_a_plan_waits_for_its_next_task_and_not_for_ever(with_person: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", with_person, **FEW)
    ingest(ws, DAYS[0])
    planned = plan(ws, DAYS[0])
    folder = ws.lake.files / "staging" / str(DAYS[0]) / planned.id
    assert remove_left_behind(ws.lake.files) == 0
    _age(folder, PATIENCE * 2)
    with at_work_on(ws.lake.files, DAYS[0]):
        remove_left_behind(ws.lake.files)
    assert folder.is_dir()
    remove_left_behind(ws.lake.files)
    assert not folder.exists()


def _age(folder: Path, by: dt.timedelta) -> None:
    then = time.time() - by.total_seconds()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))


def test_a_night_that_is_run_again_leaves_no_plan(with_person: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", with_person, **FEW)
    for _ in range(2):
        run_day(ws, DAYS[0])
        assert left(ws) == set()


def test_half_a_page_of_a_killed_writer_goes(with_person: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", with_person, **FEW)
    ingest(ws, DAYS[0])
    half, page = ws.lake.files / "pages" / ".half", ws.lake.files / "pages" / "2024-03-01.html"
    write_file(half, b"half")
    write_file(page, b"page")
    remove_left_behind(ws.lake.files)
    assert half.exists()
    os.utime(half, (time.time() - 100,) * 2)
    remove_left_behind(ws.lake.files)
    assert not half.exists()
    assert page.exists()


def test_an_erasure_waits_for_a_living_night_whatever_is_said(with_person: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "one", with_person, **FEW)
    run_day(ws, DAYS[0])
    with night(ws, DAYS[0]) as process:
        with pytest.raises(LakeError, match=rf"a night is at work on these days.*{DAYS[0]}"):
            forget(ws, "user", PERSON, force=True)
        process.kill()
        process.wait()
    forget(ws, "user", PERSON)
    assert files_saying(Path(ws.lake.root), PERSON, MARK, ANSWER) == set()


def locks(files: Path) -> set[str]:
    return {path.name for path in (files / "staging").glob("*.lock")} - {"turn.lock"}


def test_a_days_lock_leaves_no_file(tmp_path: Path) -> None:
    assert not is_at_work(tmp_path, DAYS[0])  # nor does looking
    assert locks(tmp_path) == set()
    with at_work_on(tmp_path, DAYS[0]):
        with at_work_on(tmp_path, DAYS[0]):
            pass
        assert locks(tmp_path) == {f"{DAYS[0]}.lock"}
        assert is_at_work(tmp_path, DAYS[0])
    assert locks(tmp_path) == set()
    with pytest.raises(RuntimeError), at_work_on(tmp_path, DAYS[0]):
        raise RuntimeError
    assert locks(tmp_path) == set()


def test_the_lock_of_a_killed_night_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    holder = "import sys, time, pathlib; from obs_lib.pipeline.at_work import at_work_on\n"
    holder += "with at_work_on(pathlib.Path(sys.argv[1]), sys.argv[2]): print('held', flush=True); time.sleep(600)"
    command = [sys.executable, "-c", holder, str(tmp_path), str(DAYS[0])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        remove_left_behind(tmp_path)
        assert locks(tmp_path) == {f"{DAYS[0]}.lock"}
        assert is_at_work(tmp_path, DAYS[0])
        process.kill()
    assert locks(tmp_path) == {f"{DAYS[0]}.lock"}
    remove_left_behind(tmp_path)
    assert locks(tmp_path) == set()


ALONE = """
import fcntl, pathlib, sys
from obs_lib.pipeline.at_work import _held, _lock_of, _remove_free
files, lock = pathlib.Path(sys.argv[1]), _lock_of(pathlib.Path(sys.argv[1]), "2024-03-01")
for _ in range(300):
    with _held(lock, fcntl.LOCK_EX):
        (files / "inside").mkdir()  # fails when another one is
        (files / "inside").rmdir()
    _remove_free(lock)
"""


def test_nobody_holds_the_lock_of_a_removed_file(tmp_path: Path) -> None:
    """Processes that take the lock alone, and remove it whenever it is free, are never two."""
    command = [sys.executable, "-c", ALONE, str(tmp_path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in processes] == [("", 0)] * 3
    assert locks(tmp_path) == set()


def test_a_lock_is_of_its_day_and_ends_with_its_holder(tmp_path: Path) -> None:
    assert not is_at_work(tmp_path, DAYS[0])
    with at_work_on(tmp_path, DAYS[0]), at_work_on(tmp_path, DAYS[0]):
        assert is_at_work(tmp_path, DAYS[0])
        assert not is_at_work(tmp_path, DAYS[1])
    assert not is_at_work(tmp_path, DAYS[0])
    with reading_folder(tmp_path, DAYS[0]) as folder:
        assert remove_left_behind(tmp_path) == 0
        assert folder.is_dir()
    assert not folder.exists()
