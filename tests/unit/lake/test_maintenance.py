"""Maintenance changes where rows lie, never which rows there are; and it leaves alone what a writer is about to commit."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from obs_lib.lake import maintenance
from obs_lib.lake.lake import Lake, LakeOptions
from obs_lib.lake.maintenance import compact, delete_moments, drop_days, settle, sizes, vacuum
from obs_lib.lake.purge import purge
from obs_lib.lake.tables import DAYS, OPERATIONS, QUARANTINE, SETTLED
from obs_lib.records import StepState
from tests.rows import digest_of_table

FIRST = dt.date(2023, 6, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeOptions(root=str(tmp_path / "lake")))


def rejected(*lines: int, excerpt: str = "x") -> pd.DataFrame:
    return pd.DataFrame([{"file": "a.jsonl", "line": n, "reason": "not JSON", "excerpt": excerpt} for n in lines])


def nights(lake: Lake, number: int) -> list[dt.date]:
    days = [FIRST + dt.timedelta(days=n) for n in range(number)]
    for n, day in enumerate(days):
        lake.commit(day, "ingest", {QUARANTINE: rejected(n, n + 1)}, inputs="x")
        lake.commit(day, "compare", {}, inputs="x", state=StepState.NO_DATA, note="n")
    return days


def log(lake: Lake) -> bytes:
    return b"".join(path.read_bytes() for path in Path(lake.root).glob("*/_delta_log/*"))


def test_settled_days_read_as_before_and_a_later_mark_wins(lake: Lake) -> None:
    days = nights(lake, 5)
    before = lake.records()
    assert settle(lake, days[3]) == 6
    assert len(lake.rows(DAYS, None)) == 4
    assert lake.records() == before
    assert settle(lake, days[3]) == 0
    lake.commit(days[1], "ingest", {QUARANTINE: rejected(9)}, inputs="y")
    changed = lake.records()
    assert [one.inputs for one in changed if one.step == "ingest"] == ["x", "y", "x", "x", "x"]
    assert settle(lake, days[4]) == 3
    assert lake.records() == changed
    assert lake.record(days[1], "ingest") == changed[3]
    assert len([one for one in sizes(lake) if one.table == SETTLED.name and one.files == 1]) == 1


def test_a_mark_that_comes_while_days_settle_is_not_lost(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    days = nights(lake, 2)
    unless_changed = maintenance._unless_changed

    def marked_meanwhile(commit: object) -> bool:
        lake.commit(days[0], "ingest", {QUARANTINE: rejected(7)}, inputs="newer")
        return unless_changed(commit)  # type: ignore[arg-type]

    monkeypatch.setattr(maintenance, "_unless_changed", marked_meanwhile)
    assert settle(lake, days[1]) == 0
    record = lake.record(days[0], "ingest")
    assert record is not None
    assert record.inputs == "newer"
    assert len(lake.records()) == 4


def test_joined_files_hold_the_same_rows(lake: Lake) -> None:
    for n in range(6):
        lake.log("kind", f"subject {n}", "DONE")
    lake.append(QUARANTINE, FIRST, rejected(3, 1))
    lake.append(QUARANTINE, FIRST, rejected(2))
    before = {table: digest_of_table(lake.rows(table, None), table.key) for table in (OPERATIONS, QUARANTINE)}
    assert compact(lake, OPERATIONS, dry_run=True) == 5
    assert (compact(lake, OPERATIONS), compact(lake, QUARANTINE)) == (5, 1)
    assert {table: digest_of_table(lake.rows(table, None), table.key) for table in before} == before
    assert compact(lake, OPERATIONS) == 0


def test_only_the_named_days_and_moments_go(lake: Lake) -> None:
    days = nights(lake, 3)
    assert drop_days(lake, QUARANTINE, days[:1] + days[2:])
    assert set(lake.rows(QUARANTINE, None)["day"].to_pylist()) == {str(days[1])}
    for n in range(3):
        lake.log("kind", f"subject {n}", "DONE")
    rows = lake.rows(OPERATIONS, None).sort_by("subject").to_pylist()
    delete_moments(lake, OPERATIONS, dt.date.fromisoformat(rows[1]["day"]), "at", [rows[1]["at"]])
    assert sorted(lake.rows(OPERATIONS, None)["subject"].to_pylist()) == ["subject 0", "subject 2"]


def test_young_versions_survive_a_vacuum(lake: Lake) -> None:
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(2)}, inputs="y")
    assert vacuum(lake, QUARANTINE, 24) == 0
    assert vacuum(lake, QUARANTINE, 0, dry_run=True) == 1
    assert vacuum(lake, QUARANTINE, 0) == 1
    assert list(lake.read(QUARANTINE, [FIRST])["line"]) == [2]


def test_deltas_log_tells_texts_and_a_purge_takes_them_out(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delta's entries hold the smallest and largest text of each file: the reason why a vacuum is not enough.

    Tables are made without them today; those of an earlier release have them.
    """
    monkeypatch.setattr("obs_lib.lake.delta.PROPERTIES", {})
    for n in range(3):
        lake.commit(FIRST, "ingest", {QUARANTINE: rejected(n, excerpt=f"secret {n}")}, inputs=str(n))
    lake.open(QUARANTINE).create_checkpoint()  # type: ignore[union-attr]
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(4, excerpt="plain")}, inputs="z")
    vacuum(lake, QUARANTINE, 0)
    assert b"secret" in log(lake)
    version = lake.open(QUARANTINE).version()  # type: ignore[union-attr]
    purge(lake, QUARANTINE)
    assert b"secret" not in log(lake)
    assert list(lake.read(QUARANTINE, [FIRST])["line"]) == [4]
    entries = sorted(Path(lake.root, "quarantine/_delta_log").glob("*.json"))
    assert len(entries) > version  # each is still there, so that no writer takes its number again
    assert all(json.loads(line) for entry in entries for line in entry.read_text().splitlines())
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(5, excerpt="secret 5")}, inputs="w")
    assert b"secret" not in log(lake)


def test_a_writer_that_began_before_a_purge_finds_its_version_taken(lake: Lake) -> None:
    """Were the entries deleted, its commit would succeed under an old number, and nobody would ever read it."""
    from deltalake import write_deltalake

    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    began = lake.open(QUARANTINE)
    assert began is not None
    purge(lake, QUARANTINE)
    rows = lake.rows(QUARANTINE, [FIRST])
    try:
        write_deltalake(began, rows, mode="append")
    except Exception:  # noqa: BLE001 - refused: the writer opens the table again and repeats itself
        write_deltalake(lake.open(QUARANTINE), rows, mode="append")  # type: ignore[arg-type]
    assert len(lake.rows(QUARANTINE, [FIRST])) == 2


@pytest.mark.parametrize(("state", "stays"), [(StepState.WRITING, True), (StepState.READY, False)])
def test_a_file_of_a_day_that_is_being_written_is_left(lake: Lake, state: StepState, stays: bool) -> None:
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    here = next(Path(lake.root, "quarantine", f"day={FIRST}").glob("*.parquet"))
    unknown = here.with_name("not-committed-yet.parquet")
    shutil.copy(here, unknown)
    lake.commit(FIRST, "ingest", {}, inputs="y", state=state)
    purge(lake, QUARANTINE)
    assert (unknown.exists(), here.exists()) == (stays, True)
    purge(lake, QUARANTINE, dead=[FIRST])
    assert (unknown.exists(), here.exists()) == (False, True)
