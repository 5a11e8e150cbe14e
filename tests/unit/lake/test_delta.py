"""A table that is kept open shows what one opened anew shows, whoever writes, cleans, deletes or makes it anew."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest
from deltalake import DeltaTable
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from obs_lib.errors import LakeError
from obs_lib.lake.lake import Lake, LakeOptions
from obs_lib.lake.maintenance import checkpoint, compact, drop_days, settle, vacuum
from obs_lib.lake.purge import purge
from obs_lib.lake.tables import DAYS, OPERATIONS, QUARANTINE, SETTLED

FIRST = dt.date(2023, 6, 1)
TABLES = (QUARANTINE, OPERATIONS, DAYS, SETTLED)
days = st.integers(0, 2).map(lambda n: FIRST + dt.timedelta(days=n))


def lake_at(root: Path) -> Lake:
    return Lake(LakeOptions(root=str(root)))


def rejected(*lines: int) -> pd.DataFrame:
    return pd.DataFrame([{"file": "a.jsonl", "line": n, "reason": "not JSON", "excerpt": None} for n in lines])


def contents(lake: Lake) -> object:
    """Every row of every table, and every record."""
    rows = {table.name: sorted(map(repr, lake.rows(table, None).to_pylist())) for table in TABLES}
    return rows, lake.records(), [lake.records([FIRST]), lake.records(step="ingest")]


class KeptOpen(RuleBasedStateMachine):
    """Two lakes over one folder, as two processes have them: each acts in turn, and neither is told what the other did."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp()) / "lake"
        self.lakes = [lake_at(self.root), lake_at(self.root)]
        self.number = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root.parent)

    who = st.integers(0, 1)

    @rule(who=who, day=days, step=st.sampled_from(["ingest", "compare"]))
    def commit(self, who: int, day: dt.date, step: str) -> None:
        self.number += 1
        frames = {QUARANTINE: rejected(self.number)} if step == "ingest" else {}
        self.lakes[who].commit(day, step, frames, inputs=str(self.number))

    @rule(who=who)
    def append(self, who: int) -> None:
        self.lakes[who].log("kind", "subject", "DONE")

    @rule(who=who, day=days)
    def drop(self, who: int, day: dt.date) -> None:
        drop_days(self.lakes[who], QUARANTINE, [day])

    @rule(who=who, day=days)
    def settle(self, who: int, day: dt.date) -> None:
        settle(self.lakes[who], day)

    @rule(who=who, table=st.sampled_from(TABLES))
    def clean(self, who: int, table: object) -> None:
        lake = self.lakes[who]
        compact(lake, table)  # type: ignore[arg-type]
        checkpoint(lake, table)  # type: ignore[arg-type]
        vacuum(lake, table, 0)  # type: ignore[arg-type]
        purge(lake, table)  # type: ignore[arg-type]

    @rule(table=st.sampled_from(TABLES))
    def delete(self, table: object) -> None:
        shutil.rmtree(self.root / table.name, ignore_errors=True)  # type: ignore[attr-defined]

    @invariant()
    def both_see_what_a_new_process_sees(self) -> None:
        fresh = contents(lake_at(self.root))
        assert [contents(lake) for lake in self.lakes] == [fresh, fresh]


KeptOpen.TestCase.settings = settings(max_examples=15, stateful_step_count=12)
TestKeptOpen = KeptOpen.TestCase


def test_what_another_process_commits_is_seen_at_once(tmp_path: Path) -> None:
    lake = lake_at(tmp_path / "lake")
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    program = f"""
    import datetime as dt, pandas as pd
    from obs_lib.lake.lake import Lake, LakeOptions
    from obs_lib.lake.tables import QUARANTINE
    frame = pd.DataFrame([{{"file": "f", "line": 7, "reason": "r", "excerpt": None}}])
    lake = Lake(LakeOptions(root={str(tmp_path / "lake")!r}))
    lake.commit(dt.date(2023, 6, 1), "ingest", {{QUARANTINE: frame}}, inputs="y")
    """
    assert list(lake.read(QUARANTINE, [FIRST])["line"]) == [1]
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=60)
    assert list(lake.read(QUARANTINE, [FIRST])["line"]) == [7]


def test_a_table_made_anew_is_not_taken_for_the_old_one_though_it_has_as_many_versions(tmp_path: Path) -> None:
    lake = lake_at(tmp_path / "lake")
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    assert list(lake.read(QUARANTINE, [FIRST])["line"]) == [1]
    for name in (QUARANTINE.name, DAYS.name):
        shutil.rmtree(tmp_path / "lake" / name)
    lake_at(tmp_path / "lake").commit(FIRST, "ingest", {QUARANTINE: rejected(2)}, inputs="y")
    assert list(lake.read(QUARANTINE, [FIRST])["line"]) == [2]
    assert lake.record(FIRST, "ingest") == lake_at(tmp_path / "lake").record(FIRST, "ingest")


def test_a_commit_on_an_older_version_knows_what_came_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, other = lake_at(tmp_path / "lake"), lake_at(tmp_path / "lake")
    ours.append(QUARANTINE, FIRST, rejected(1))
    tables = ours._tables
    stale = tables.current(QUARANTINE)
    for n in (2, 3):
        other.append(QUARANTINE, FIRST, rejected(n))
    with monkeypatch.context() as patch:
        patch.setattr(tables, "current", lambda _: stale)
        tables.write(QUARANTINE, other.rows(QUARANTINE, [FIRST]).slice(0, 1))
    assert len(ours.rows(QUARANTINE, None)) == 4
    assert tables.current(QUARANTINE) is stale


def test_a_table_is_opened_once_and_an_unchanged_one_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_at(tmp_path / "lake")
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    opened, moved = [], []
    make, move = DeltaTable.__init__, DeltaTable.update_incremental
    monkeypatch.setattr(
        DeltaTable, "__init__", lambda self, uri, **rest: (opened.append(uri), make(self, uri, **rest))[1]
    )
    monkeypatch.setattr(DeltaTable, "update_incremental", lambda self: (moved.append(self), move(self))[1])
    for _ in range(3):
        lake.read_ready(QUARANTINE, FIRST)
    lake.commit(FIRST, "ingest", {QUARANTINE: rejected(2)}, inputs="y")
    assert list(lake.read_ready(QUARANTINE, FIRST)["line"]) == [2]
    assert set(opened) <= {lake._tables.place.uri(SETTLED)}  # there is none, and it may come at any moment
    assert moved == []


def test_each_thread_keeps_its_own(tmp_path: Path) -> None:
    lake = lake_at(tmp_path / "lake")
    lake.append(QUARANTINE, FIRST, rejected(1))
    here = lake._tables.current(QUARANTINE)
    there: list[object] = []
    thread = Thread(target=lambda: there.append(lake._tables.current(QUARANTINE)))
    thread.start()
    thread.join()
    assert here is lake._tables.current(QUARANTINE)
    assert there[0] is not here


def test_a_log_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    lake = lake_at(tmp_path / "lake")
    lake.append(QUARANTINE, FIRST, rejected(1))
    for entry in (tmp_path / "lake" / QUARANTINE.name / "_delta_log").glob("*.json"):
        entry.write_text("{")
    with pytest.raises(LakeError, match="is damaged"):
        lake.rows(QUARANTINE, None)
