"""The lake replaces a day at once or not at all, alone and beside other writers."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from obs_lib.errors import ConfigError, DayNotReady, LakeError, LakeFull
from obs_lib.lake.files import live_files
from obs_lib.lake.lake import Lake, LakeOptions
from obs_lib.lake.rows import Rows, rows_of
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.tables import EMBEDDINGS, OPERATIONS, QUARANTINE, SCORES, SKETCHES
from obs_lib.records import StepState

DAY, NEXT = dt.date(2023, 6, 15), dt.date(2023, 6, 16)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeOptions(root=str(tmp_path / "lake")))


def rejected(*lines: int) -> pd.DataFrame:
    return pd.DataFrame([{"file": "a.jsonl", "line": n, "reason": "not JSON", "excerpt": None} for n in lines])


def scores(value: float) -> pd.DataFrame:
    row = {"request_id": "r", "evaluator": "e", "version": "1", "case": "c", "status": "SCORED", "value": value}
    return pd.DataFrame([{**row, "note": "", "evidence": None, "inclusion_probability": 1.0, "cost_usd": None}])


def test_a_day_reads_back_and_other_days_stay(lake: Lake) -> None:
    lake.commit(DAY, "ingest", {QUARANTINE: rejected(2, 1)}, inputs="x")
    lake.commit(NEXT, "ingest", {QUARANTINE: rejected(7)}, inputs="x")
    lake.commit(DAY, "ingest", {QUARANTINE: rejected(3)}, inputs="y")
    assert list(lake.read(QUARANTINE, [DAY])["line"]) == [3]
    assert list(lake.read(QUARANTINE, [DAY, NEXT])["line"]) == [3, 7]
    assert lake.read(QUARANTINE, []).empty


def test_the_same_content_is_not_written_again(lake: Lake) -> None:
    first = lake.commit(DAY, "ingest", {QUARANTINE: rejected(1, 2)}, inputs="x")
    files = sorted(Path(lake.root).rglob("*"))
    assert lake.commit(DAY, "ingest", {QUARANTINE: rejected(2, 1)}, inputs="x") == first
    assert sorted(Path(lake.root).rglob("*")) == files


def test_an_empty_day_is_ready_and_has_no_rows(lake: Lake) -> None:
    lake.commit(DAY, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    lake.commit(DAY, "ingest", {QUARANTINE: rejected(1).iloc[:0]}, inputs="y", state=StepState.NO_DATA)
    assert lake.read_ready(QUARANTINE, DAY).empty


def test_readers_do_not_see_a_day_that_is_being_written(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.commit(DAY, "ingest", {QUARANTINE: rejected(1)}, inputs="x")

    def killed(record: StepRecord) -> None:
        if record.state is not StepState.WRITING:
            raise KeyboardInterrupt
        marked(record)

    marked = lake._steps.mark
    monkeypatch.setattr(lake._steps, "mark", killed)
    with pytest.raises(KeyboardInterrupt):
        lake.commit(DAY, "ingest", {QUARANTINE: rejected(2)}, inputs="y")
    assert lake.read(QUARANTINE, [DAY]).empty
    with pytest.raises(DayNotReady, match="WRITING"):
        lake.read_ready(QUARANTINE, DAY)
    monkeypatch.setattr(lake._steps, "mark", marked)
    lake.commit(DAY, "ingest", {QUARANTINE: rejected(2)}, inputs="y")
    assert list(lake.read(QUARANTINE, [DAY])["line"]) == [2]


def test_when_the_second_table_fails_the_first_is_put_back(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = pd.DataFrame([{"model": "m", "text_hash": "t", "vector": b"\x00"}])
    before = lake.commit(DAY, "collect", {SCORES: scores(0.25), EMBEDDINGS: vectors}, inputs="x")
    write = lake._tables._write_once

    def full(table: object, *rest: object) -> None:
        if table is EMBEDDINGS:
            raise OSError(28, "No space left on device")
        write(table, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(lake._tables, "_write_once", full)
    with pytest.raises(LakeFull, match="no room left"):
        lake.commit(DAY, "collect", {SCORES: scores(0.75), EMBEDDINGS: vectors.assign(vector=b"\x01")}, inputs="y")
    assert lake.record(DAY, "collect") == before
    assert list(lake.read(SCORES, [DAY])["value"]) == [0.25]


def test_a_table_that_fails_half_way_is_put_back_too(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lake.commit(DAY, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    write = lake._tables._write_once
    written: list[object] = []

    def full_at_the_second_portion(*write_what: object) -> None:
        if write_what[0] is QUARANTINE and len(written) == 1:
            written.append("failed")
            raise OSError(28, "No space left on device")
        written.extend(["portion"] if write_what[0] is QUARANTINE else [])
        write(*write_what)  # type: ignore[arg-type]

    monkeypatch.setattr("obs_lib.lake.days._PORTION", 1)
    monkeypatch.setattr(lake._tables, "_write_once", full_at_the_second_portion)
    two = rows_of(QUARANTINE, DAY, rejected(2, 3)).table()
    several = Rows(QUARANTINE.schema, 2, lambda: iter(two.to_batches(max_chunksize=1)))
    with pytest.raises(LakeFull):
        lake.commit(DAY, "ingest", {QUARANTINE: several}, inputs="y")
    assert written[:2] == ["portion", "failed"]
    assert lake.record(DAY, "ingest") == before
    assert list(lake.read(QUARANTINE, [DAY])["line"]) == [1]


def test_a_full_disk_is_one_clear_message(tmp_path: Path) -> None:
    """A real limit on file size: the object store's own error has to be understood, not one that the test invents."""
    program = f"""
    import datetime as dt, resource, signal
    import pandas as pd
    from obs_lib.errors import LakeFull
    from obs_lib.lake.lake import Lake, LakeOptions
    from obs_lib.lake.tables import QUARANTINE
    lake = Lake(LakeOptions(root={str(tmp_path / "lake")!r}))
    def rows(n):
        reasons = [str(i * 7919) for i in range(n)]
        return pd.DataFrame({{"file": "f", "line": range(n), "reason": reasons, "excerpt": None}})
    lake.commit(dt.date(2023, 6, 15), "ingest", {{QUARANTINE: rows(3)}}, inputs="x")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    try:
        lake.commit(dt.date(2023, 6, 15), "ingest", {{QUARANTINE: rows(200_000)}}, inputs="y")
    except LakeFull as error:
        print("FULL", error)
    print(len(lake.read(QUARANTINE, [dt.date(2023, 6, 15)])))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60)
    assert "FULL" in done.stdout, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "3"


@pytest.mark.slow
def test_eight_processes_write_their_days_and_fight_over_one(tmp_path: Path) -> None:
    program = f"""
    import datetime as dt, sys
    import pandas as pd
    from obs_lib.lake.lake import Lake, LakeOptions
    from obs_lib.lake.tables import QUARANTINE
    lake, me = Lake(LakeOptions(root={str(tmp_path / "lake")!r})), int(sys.argv[1])
    for n in range(3):
        day = dt.date(2023, 6, 1) + dt.timedelta(days=me * 3 + n)
        frame = pd.DataFrame({{"file": ["f"], "line": [me], "reason": ["r"], "excerpt": [None]}})
        lake.commit(day, "ingest", {{QUARANTINE: frame}}, inputs=str(me))
        lake.commit(dt.date(2023, 5, 1), "ingest", {{QUARANTINE: frame}}, inputs=str(me))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    writers = [subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE, text=True) for n in range(8)]
    assert [(writer.communicate(timeout=300)[1], writer.returncode) for writer in writers] == [("", 0)] * 8
    lake = Lake(LakeOptions(root=str(tmp_path / "lake")))
    days = [dt.date(2023, 6, 1) + dt.timedelta(days=n) for n in range(24)]
    assert list(lake.read(QUARANTINE, days)["line"]) == [n // 3 for n in range(24)]
    shared = lake.read(QUARANTINE, [dt.date(2023, 5, 1)])
    assert len(shared) == 1


def test_a_failure_does_not_hide_an_earlier_good_result(lake: Lake) -> None:
    lake.fail(DAY, "ingest", LakeError("broken"))
    assert (record := lake.record(DAY, "ingest")) is not None
    assert record.state is StepState.FAILED
    lake.commit(DAY, "ingest", {QUARANTINE: rejected(1)}, inputs="x")
    lake.fail(DAY, "ingest", LakeError("broken again"))
    assert list(lake.read_ready(QUARANTINE, DAY)["line"]) == [1]
    today = dt.datetime.now(dt.UTC).date()
    assert list(lake.read(OPERATIONS, [today - dt.timedelta(days=1), today])["detail"]) == ["broken", "broken again"]


def test_states_are_listed_anew_only_where_somebody_has_written(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []
    monkeypatch.setattr(
        "obs_lib.lake.steps.live_files", lambda opened: listed.append(opened.version()) or live_files(opened)
    )
    other = Lake(LakeOptions(root=lake.root))
    for writer in (lake, other, lake):
        writer.commit(DAY, "ingest", {QUARANTINE: rejected(1)}, inputs=str(len(listed)))
        lake.records()
        listed.clear()
        assert {record.inputs for record in lake.records([DAY])} == {record.inputs for record in lake.records()} != {""}
        assert lake.record(DAY, "ingest") == other.record(DAY, "ingest")
        assert len(listed) <= 1, "which is what the other lists"


@pytest.mark.parametrize("root", ["hdfs://name/lake", "s3://bucket/lake"])
def test_a_store_that_cannot_be_trusted_is_refused(root: str) -> None:
    with pytest.raises(ConfigError):
        Lake(LakeOptions(root=root))  # hdfs: no conditional writes; s3: no shared folder for staged files


def test_credentials_have_no_place_in_the_root() -> None:
    with pytest.raises(ValueError, match="free of credentials"):
        LakeOptions(root="s3://key:secret@bucket/lake")


def test_one_kind_of_sketches_is_read_without_the_vectors_of_another(lake: Lake) -> None:
    kinds = [("answers", f"p{n:03d}", bytes(1000)) for n in range(600)] + [("latency_model", "total", b"x")]
    rows = [{"kind": kind, "segment": "all", "key": key, "n": 1, "payload": payload} for kind, key, payload in kinds]
    day = dt.date(2023, 6, 2)
    lake.commit(day, "summarise", {SKETCHES: pd.DataFrame(rows)}, inputs="1")
    (file,) = (Path(lake.root) / "sketches" / f"day={day}").glob("*.parquet")
    groups = pq.ParquetFile(file).metadata
    column = groups.schema.to_arrow_schema().names.index("kind")
    held = [groups.row_group(n).column(column).statistics.max for n in range(groups.num_row_groups)]
    assert held == ["answers", "answers", "latency_model"]
    assert groups.row_group(0).column(column).compression == "SNAPPY"
    assert lake.read(SKETCHES, [day], where={"kind": ["latency_model"]})["payload"].tolist() == [b"x"]
