"""Files that a disk lost or garbled: an error names table, day, file and what mends it, and nothing of them reads as good."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from obs_lib.errors import LakeDamaged
from obs_lib.lake import durable
from obs_lib.lake.lake import Lake, LakeOptions
from obs_lib.lake.tables import METRICS, OPERATIONS, QUARANTINE
from obs_lib.records import StepState
from tests.rows import frame_of

FIRST = dt.date(2024, 3, 1)
LAST = FIRST + dt.timedelta(days=2)


def rejected(*lines: int) -> pd.DataFrame:
    return pd.DataFrame([{"file": "a.jsonl", "line": n, "reason": "not JSON", "excerpt": None} for n in lines])


def metrics(value: float) -> pd.DataFrame:
    columns = {name: [None] for name in METRICS.names}
    return frame_of(METRICS, columns | {"metric": ["requests"], "segment": ["all"], "status": ["OK"], "value": [value]})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A lake of three days."""
    lake = Lake(LakeOptions(root=str(tmp_path / "lake")))
    for n in range(3):
        lake.commit(FIRST + dt.timedelta(days=n), "ingest", {QUARANTINE: rejected(n, n + 1)}, inputs="x")
        lake.commit(FIRST + dt.timedelta(days=n), "summarise", {METRICS: metrics(n)}, inputs="x")
    return tmp_path / "lake"


def opened(root: Path) -> Lake:
    return Lake(LakeOptions(root=str(root)))


def newest_entry(root: Path, table: str) -> Path:
    return max((root / table / "_delta_log").glob("*.json"))


def data_of(root: Path, table: str, day: dt.date) -> Path:
    """The file in force of one day; of `days` the one of its last step."""
    return max((root / table / f"day={day}").rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)


def flipped(content: bytes, start: int, end: int) -> bytes:
    return content[:start] + bytes(byte ^ 0x5A for byte in content[start:end]) + content[end:]


IN_THE_LOG: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[:-40],
    "zeros": lambda content: bytes(len(content)),
}
IN_THE_DATA: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[:300],
    "zeros": lambda content: bytes(len(content)),
    "pages": lambda content: flipped(content, 4, 200),
    "footer": lambda content: flipped(content, len(content) - 400, len(content) - 8),
}


@pytest.mark.parametrize("kind", IN_THE_LOG)
def test_a_damaged_entry_of_a_log_is_named_by_whoever_reads_or_writes(root: Path, kind: str) -> None:
    entry = newest_entry(root, "metrics")
    entry.write_bytes(IN_THE_LOG[kind](entry.read_bytes()))
    for act in (
        lambda lake: lake.read_ready(METRICS, FIRST),
        lambda lake: lake.commit(LAST, "summarise", {METRICS: metrics(9)}, inputs="y"),
    ):
        with pytest.raises(LakeDamaged, match="obs maintain --repair") as error:
            act(opened(root))
        assert (error.value.table, error.value.where) == ("metrics", entry)
        assert "\n" not in str(error.value)
        assert "<unknown>" not in str(error.value)


def test_an_entry_that_is_gone_from_the_middle_of_a_log_is_named(root: Path) -> None:
    entry = root / "metrics" / "_delta_log" / f"{2:020}.json"
    entry.unlink()
    with pytest.raises(LakeDamaged, match="it is not there") as error:
        opened(root).read_ready(METRICS, FIRST)
    assert error.value.where == entry


def test_a_lake_that_is_open_sees_an_empty_entry_too(root: Path) -> None:
    lake = opened(root)
    lake.read_ready(METRICS, FIRST)
    newest = newest_entry(root, "metrics")
    newest.with_name(f"{int(newest.stem) + 1:020}.json").touch()
    with pytest.raises(LakeDamaged, match="it is empty"):
        lake.read_ready(METRICS, FIRST)


@pytest.mark.parametrize("kind", [*IN_THE_DATA, "gone"])
def test_a_damaged_file_is_named_with_its_day_and_stops_no_other_day(root: Path, kind: str) -> None:
    file = data_of(root, "metrics", LAST)
    if kind == "gone":
        file.unlink()
    else:
        file.write_bytes(IN_THE_DATA[kind](file.read_bytes()))
    lake = opened(root)
    with pytest.raises(LakeDamaged, match=rf"obs run {LAST} --afresh") as error:
        lake.read(METRICS, [FIRST, LAST])
    assert (error.value.table, error.value.day, error.value.where) == ("metrics", LAST, str(file))
    assert len(lake.read(METRICS, [FIRST])) == 1
    assert list(lake.read_sound(METRICS, [FIRST, LAST])["value"]) == [0.0]


def test_a_commit_whose_entry_is_gone_is_missed(root: Path) -> None:
    newest_entry(root, "metrics").unlink()
    with pytest.raises(LakeDamaged, match=f"holds nothing of {LAST}"):
        opened(root).read_ready(METRICS, LAST)


@pytest.mark.parametrize("kind", [*IN_THE_DATA, "gone", "another"])
def test_what_is_not_there_is_written_again_though_days_says_that_it_stands(root: Path, kind: str) -> None:
    lake, file = opened(root), data_of(root, "quarantine", LAST)
    stood = lake.record(LAST, "ingest")
    if kind == "gone":
        file.unlink()
    elif kind == "another":
        shutil.copyfile(data_of(root, "quarantine", FIRST), file)
    else:
        file.write_bytes(IN_THE_DATA[kind](file.read_bytes()))
    assert lake.commit(LAST, "ingest", {QUARANTINE: rejected(2, 3)}, inputs="x") == stood
    assert list(opened(root).read_ready(QUARANTINE, LAST)["line"]) == [2, 3]


def test_what_a_damaged_day_held_is_replaced_by_other_rows(root: Path) -> None:
    data_of(root, "quarantine", LAST).write_bytes(b"")
    opened(root).commit(LAST, "ingest", {QUARANTINE: rejected(7)}, inputs="y")
    assert list(opened(root).read_ready(QUARANTINE, LAST)["line"]) == [7]


def test_a_damaged_row_of_days_is_a_step_that_failed(root: Path) -> None:
    data_of(root, "days", LAST).write_bytes(b"PAR1")
    lake = opened(root)
    states = {(one.day, one.step): one.state for one in lake.records()}
    assert sorted(states.values()) == sorted([StepState.READY] * 5 + [StepState.FAILED])
    (bad,) = [one for one in lake.records() if one.state is StepState.FAILED]
    assert f"obs run {LAST} --afresh" in bad.note
    frames = {"ingest": {QUARANTINE: rejected(2, 3)}, "summarise": {METRICS: metrics(2)}}
    lake.commit(LAST, bad.step, frames[bad.step], inputs="x")
    assert all(one.readable for one in opened(root).records())


def test_a_lost_result_is_marked_once_and_remembers_what_it_was(root: Path) -> None:
    lake = opened(root)
    stood = lake.record(LAST, "summarise")
    assert stood is not None
    error = LakeDamaged("gone", table="metrics", day=LAST)
    assert lake.lose(error)
    assert not lake.lose(error)
    lost = lake.record(LAST, "summarise")
    assert lost is not None
    assert lost.lost
    assert (lost.inputs, lost.digests) == (stood.inputs, stood.digests)
    assert lake.read(METRICS, [LAST]).empty


def test_a_log_of_what_happened_keeps_what_can_be_read(root: Path) -> None:
    lake, today = opened(root), dt.datetime.now(dt.UTC).date()
    for n in range(3):
        lake.log("kind", f"subject {n}", "DONE")
    files = sorted((root / "operations").rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    files[1].write_bytes(b"")
    error = LakeDamaged("gone", table="operations", day=today)
    assert lake.lose(error)
    assert set(opened(root).read(OPERATIONS, [today])["subject"]) == {"subject 0", "subject 2"}
    assert not lake.lose(error)


def test_a_commit_lies_on_the_disk_before_days_names_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that a power cut could take is synced, and those of `days` after those that they speak of."""
    synced: list[Path] = []
    before = {path for path in root.rglob("*") if path.is_file()}
    monkeypatch.setattr(durable, "_sync_one", lambda path: synced.append(path.relative_to(root)))
    opened(root).commit(LAST, "ingest", {QUARANTINE: rejected(8)}, inputs="y")
    new = {path.relative_to(root) for path in root.rglob("*") if path.is_file() and path not in before}
    assert new <= set(synced)
    assert {path.parent for path in new} <= set(synced)
    marks = [n for n, path in enumerate(synced) if path.parts[0] == "days" and path.suffix == ".parquet"]
    rows = [n for n, path in enumerate(synced) if path.parts[0] == "quarantine"]
    assert marks[0] < min(rows) <= max(rows) < marks[-1]


def test_a_disk_that_does_not_take_it_fails_the_step(root: Path) -> None:
    program = f"""
    import datetime as dt, os
    import pandas as pd
    from obs_lib.errors import LakeError
    from obs_lib.lake.lake import Lake, LakeOptions
    from obs_lib.lake.tables import QUARANTINE
    def broken(handle):
        raise OSError(5, "Input/output error")
    os.fsync = broken
    lake = Lake(LakeOptions(root={str(root)!r}))
    frame = pd.DataFrame([{{"file": "f", "line": 7, "reason": "r", "excerpt": None}}])
    try:
        lake.commit(dt.date(2024, 3, 3), "ingest", {{QUARANTINE: frame}}, inputs="y")
    except LakeError as error:
        print("FAILED", error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60)
    assert "Input/output error" in done.stdout, done.stdout + done.stderr
