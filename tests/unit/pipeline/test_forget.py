"""A person is gone from every byte of the lake, and everything else is as if they had never asked."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.catalogue import quality
from obs_lib.errors import LakeError
from obs_lib.lake.delta import DeltaTables
from obs_lib.lake.lake import Lake
from obs_lib.lake.lock import alone
from obs_lib.lake.tables import (
    EMBEDDINGS,
    ERASURES,
    INTERACTIONS,
    LABELS,
    OPERATIONS,
    QUARANTINE,
    SCORES,
    SPANS,
    TABLES,
)
from obs_lib.log_text import NAME, SEGMENT
from obs_lib.models.encoder import SentenceEncoder
from obs_lib.pipeline import forget as forgetting
from obs_lib.pipeline import ingest as ingesting
from obs_lib.pipeline.erasures import Erasures, read_erasures, without_erased
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.ingest import ingest
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import StepState
from obs_lib.samples.generate import write_samples
from tests.unit.pipeline.lakes import (
    ANSWER,
    DAYS,
    MARK,
    PERSON,
    add_person,
    digests,
    files_saying,
    pages,
    run,
    workspace,
)

RUN = DAYS[:3]
STANDING = {one.evaluator for one in quality() if one.evaluator}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of sample logs, five interactions a route and day."""
    folder = tmp_path_factory.mktemp("few")
    write_samples(folder, DAYS[0], 3, per_route=5)
    return folder


@pytest.fixture(scope="module")
def with_person(tmp_path_factory: pytest.TempPathFactory, few: Path) -> Path:
    """A folder with a finished lake that holds the person. The third day was run twice, so old versions hold them too.

    It is a lake of an earlier release, whose Delta log holds the smallest and largest texts of each file.
    """
    folder = tmp_path_factory.mktemp("with")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("obs_lib.lake.delta.PROPERTIES", {})
        ws = run(workspace(folder, add_person(few, folder / "logs")), RUN)
    ws.lake.log("failure", f"{DAYS[0]} evaluate 0", "FAILED", f"cannot score '{PERSON}': too long")
    ws.lake.log("failure", f"{DAYS[1]} evaluate 0", "FAILED", "cannot score somebody else")
    lost = Path(ws.lake.root) / "scores" / f"day={DAYS[0]}"
    shutil.copy(next(lost.glob("*.parquet")), lost / "left-by-a-killed-writer.parquet")
    return folder


@pytest.fixture(scope="module")
def without_person(tmp_path_factory: pytest.TempPathFactory, few: Path) -> Workspace:
    """The same days in which the person never asked."""
    return run(workspace(tmp_path_factory.mktemp("without"), few), RUN)


@pytest.fixture
def ws(with_person: Path, tmp_path: Path) -> Workspace:
    """A copy of the lake that holds the person, over the same logs."""
    shutil.copytree(with_person / "lake", tmp_path / "lake")
    return workspace(tmp_path, with_person / "logs")


def traces(ws: Workspace) -> set[str]:
    return files_saying(Path(ws.lake.root), PERSON, MARK, ANSWER, f"ada-{DAYS[0]}", f"ada-{DAYS[2]}")


def test_the_lake_says_nothing_of_them_and_is_as_if_they_had_never_asked(
    ws: Workspace, without_person: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name.split("/")[0] + "/" + ("log" if "_delta_log" in name else "") for name in traces(ws)}
    tables = {"interactions/", "quarantine/", "scores/", "sketches/", "operations/", "files/"}
    assert before >= tables | {"interactions/log", "scores/log", "quarantine/log"}

    monkeypatch.setattr(SentenceEncoder, "encode", lambda *_: pytest.fail("a model ran"))
    removed = {(one.day, one.table): one.rows for one in forget(ws, "user", PERSON)}
    today = str(dt.datetime.now(dt.UTC).date())
    assert removed == {
        (str(day), table): n
        for day in (DAYS[0], DAYS[2])
        for table, n in (("interactions", 3), ("quarantine", 1), ("scores", 3 * len(STANDING)))
    } | {(today, "operations"): 1}
    assert traces(ws) == set()
    assert digests(ws) == digests(without_person)
    assert pages(ws) == pages(without_person)
    kept = ws.lake.rows(OPERATIONS, None).to_pandas()
    assert "cannot score somebody else" in set(kept["detail"])
    assert ws.lake.read(EMBEDDINGS, RUN).equals(without_person.lake.read(EMBEDDINGS, RUN))


def test_reading_the_same_logs_again_does_not_bring_them_back(ws: Workspace, without_person: Workspace) -> None:
    forget(ws, "user", PERSON)
    for day in RUN:
        run_day(ws, day)
    assert fold(ws) == []
    assert digests(ws) == digests(without_person)
    assert traces(ws) == set()


def test_an_erasure_during_ingest_is_seen_when_it_ends(
    with_person: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = workspace(tmp_path, with_person / "logs")
    asked: list[object] = []

    def erased_meanwhile(lake: Lake) -> Erasures:
        erasures = read_erasures(lake)
        if not asked:
            asked.append(1)
            forget(ws, "user", PERSON)
        return erasures

    monkeypatch.setattr(ingesting, "read_erasures", erased_meanwhile)
    ingest(ws, DAYS[0])
    assert PERSON not in set(ws.lake.read_ready(INTERACTIONS, DAYS[0])["user_id"])


@pytest.mark.slow
def test_killed_at_any_write_and_run_again_it_ends_in_the_same_place(
    with_person: Path, without_person: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write to the lake, and every page, is once the last thing that happens."""
    write = DeltaTables.write
    state = {"left": 0}

    def counted(call: Any) -> Any:
        def then(*args: Any) -> Any:
            state["left"] -= 1
            if state["left"] == 0:
                raise KeyboardInterrupt
            return call(*args)

        return then

    wanted, stops = digests(without_person), 0
    for stop in range(1, 500, 13):
        folder = tmp_path / str(stop)
        shutil.copytree(with_person / "lake", folder / "lake")
        ws = workspace(folder, with_person / "logs")
        with monkeypatch.context() as patch:
            patch.setattr(DeltaTables, "write", counted(write))
            patch.setattr(forgetting, "purge", counted(forgetting.purge))
            state["left"] = stop
            try:
                forget(ws, "user", PERSON)
            except KeyboardInterrupt:
                stops += 1
            else:
                break
        for path in Path(ws.lake.root).rglob("*.parquet"):  # as if ten minutes had passed
            os.utime(path, (time.time() - 1000,) * 2)
        forget(open_workspace(folder / "obs.yaml"), "user", PERSON)
        assert (stop, digests(ws)) == (stop, wanted)
        assert (stop, traces(ws)) == (stop, set())
        assert pages(ws) == pages(without_person)
        shutil.rmtree(folder)
    assert stops > 5


def test_twice_changes_nothing_and_nobody_is_nothing_found(ws: Workspace) -> None:
    forget(ws, "user", PERSON)
    before = digests(ws), pages(ws), read_erasures(ws.lake)
    assert forget(ws, "user", PERSON) == []
    assert (digests(ws), pages(ws), read_erasures(ws.lake)) == before
    assert forget(ws, "user", "nobody") == []
    assert digests(ws) == before[0]


def test_a_dry_run_tells_the_same_and_writes_nothing(ws: Workspace) -> None:
    def state() -> dict[str, tuple[int, int]]:
        root = Path(ws.lake.root)
        return {
            str(p): (p.stat().st_size, p.stat().st_mtime_ns)
            for p in root.rglob("*")
            if p.name != "maintenance.lock" and p.is_file()
        }

    before = state()
    foretold = forget(ws, "user", PERSON, dry_run=True)
    assert state() == before
    assert foretold == forget(ws, "user", PERSON)


def test_one_request_goes_and_the_persons_others_stay(ws: Workspace) -> None:
    forget(ws, "request", f"ada-{DAYS[0]}-3")
    left = ws.lake.read_ready(INTERACTIONS, DAYS[0])
    assert set(left.loc[left["user_id"] == PERSON, "request_id"]) == {f"ada-{DAYS[0]}-1", f"ada-{DAYS[0]}-2"}
    assert files_saying(Path(ws.lake.root), f"ada-{DAYS[0]}-3") == set()


def test_spans_and_labels_of_their_requests_go_and_a_shared_trace_stays(ws: Workspace) -> None:
    day, theirs = DAYS[1], f"ada-{DAYS[0]}-1"
    rows = ws.lake.rows(INTERACTIONS, [day]).to_pandas()
    of_person = rows.iloc[:3].assign(
        request_id=["a1", "a2", "o1"], user_id=[PERSON, PERSON, "other"], trace_id=["t1", "t2", "t2"]
    )
    span = {
        "parent_id": None,
        "stage": "other",
        "name": "n",
        "start": pd.Timestamp(day, tz="UTC"),
        "duration_ms": 1.0,
        "error": None,
    }
    spans = pd.DataFrame(
        [
            {"trace_id": "t1", "span_id": "1", "request_id": None, **span},
            {"trace_id": "t2", "span_id": "2", "request_id": "a2", **span},
            {"trace_id": "t2", "span_id": "3", "request_id": "o1", **span},
        ]
    )
    label = {"name": "good", "source": "human", "value": 1.0, "text": None, "inclusion_probability": None}
    # A label may stand on another day than its request.
    labels = pd.DataFrame([{"request_id": one, **label} for one in ("a1", "o1", theirs)])
    record = ws.lake.record(day, "ingest")
    assert record is not None
    frames = {INTERACTIONS: of_person, QUARANTINE: ws.lake.read(QUARANTINE, [day]), SPANS: spans, LABELS: labels}
    ws.lake.commit(day, "ingest", frames, inputs=record.inputs)
    forget(ws, "user", PERSON)
    assert list(ws.lake.read(SPANS, [day])["span_id"]) == ["3"]
    assert list(ws.lake.read(LABELS, [day])["request_id"]) == ["o1"]
    assert list(ws.lake.read(INTERACTIONS, [day])["request_id"]) == ["o1"]


def test_a_night_at_work_is_waited_for(ws: Workspace) -> None:
    run_day(ws, DAYS[0])
    plan(ws, DAYS[0])  # and now its shards are at work
    with pytest.raises(LakeError, match=rf"recorded and must be finished.*{DAYS[0]}"):
        forget(ws, "user", PERSON)
    assert read_erasures(ws.lake).holds("user", PERSON)
    forget(ws, "user", PERSON, force=True)
    assert traces(ws) == set()


def test_a_day_that_a_killed_night_left_is_emptied_and_stays_unfinished(ws: Workspace) -> None:
    ws.lake.commit(DAYS[0], "ingest", {}, inputs="another", state=StepState.WRITING)
    with pytest.raises(LakeError, match="was killed there"):
        forget(ws, "user", PERSON)
    forget(ws, "user", PERSON, force=True)
    record = ws.lake.record(DAYS[0], "ingest")
    assert record is not None
    assert record.state is StepState.WRITING
    assert not len(ws.lake.rows(INTERACTIONS, [DAYS[0]]))
    collected = ws.lake.record(DAYS[0], "collect")
    assert collected is not None
    assert collected.state is StepState.FAILED
    assert "run it again" in collected.note
    assert traces(ws) == set()


def test_only_one_is_alone_at_a_lake(ws: Workspace) -> None:
    with alone(ws.lake), pytest.raises(LakeError, match="another erasure, maintenance or migration"):
        forget(ws, "user", PERSON)


def test_the_record_cannot_be_read_back(ws: Workspace) -> None:
    import hashlib

    forget(ws, "user", PERSON)
    rows = ws.lake.rows(ERASURES, None).to_pylist()
    assert {row["kind"] for row in rows} == {"user", "request"}
    plain = hashlib.sha256(PERSON.encode()).hexdigest()
    assert all(PERSON not in str(row) and plain[:16] not in str(row) for row in rows)
    assert Erasures().with_ids([("user", PERSON)]).names.isdisjoint(read_erasures(ws.lake).names)


IDS = st.text(min_size=1, max_size=12)


@given(st.lists(st.tuples(IDS, IDS), max_size=12), st.sets(IDS, max_size=4))
def test_exactly_the_rows_of_the_erased_go(rows: list[tuple[str, str]], gone: set[str]) -> None:
    frame = pd.DataFrame(rows, columns=["user_id", "request_id"], dtype=object).assign(trace_id=None)
    erased = Erasures().with_ids(("user", name) for name in gone)
    kept = without_erased(INTERACTIONS, frame, erased)
    assert list(kept[["user_id", "request_id"]].itertuples(index=False, name=None)) == [
        row for row in rows if row[0] not in gone
    ]
    assert list(kept.index) == list(range(len(kept)))


@pytest.mark.parametrize(
    ("excerpt", "stays"),
    [
        (f'{{"user_id": "{PERSON}"}}', None),
        (f"not JSON: {PERSON}.", None),
        ('{"user_id": "somebody", "prompt": "short"}', "itself"),
        ('{"prompt": "' + "long " * 40, "blank"),
        ('{"user_id": "u-1", "request_id": "r-1", "prompt": "' + "long " * 40, "itself"),
        ('{"user_id": "' + PERSON + '", "prompt": "' + "long " * 40, None),
    ],
)
def test_a_rejected_line_goes_when_it_bears_the_id_and_is_blanked_when_nobody_can_tell(
    excerpt: str, stays: str | None
) -> None:
    excerpt = excerpt[:200]
    frame = pd.DataFrame({"file": ["a"], "line": [1], "reason": ["not JSON"], "excerpt": [excerpt]})
    kept = without_erased(QUARANTINE, frame, Erasures().with_ids([("user", PERSON)]))
    assert list(kept["excerpt"].fillna("blank")) == {None: [], "blank": ["blank"], "itself": [excerpt]}[stays]
    assert without_erased(QUARANTINE, frame, Erasures()) is frame


def test_scores_of_others_stay_as_they_were(ws: Workspace) -> None:
    before = ws.lake.read(SCORES, RUN)
    forget(ws, "user", PERSON)
    after = ws.lake.read(SCORES, RUN)
    assert after.equals(before[~before["request_id"].str.startswith("ada-")].reset_index(drop=True))


def test_the_page_on_erasure_says_what_every_table_declares(checkout: Path) -> None:
    """A new text column must be thought of: it belongs into the page, and into forget where it can hold a person."""
    lines = (checkout / "docs/privacy-erasure.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
    written = {name: [set(re.findall("`(.*?)`", cell)) for cell in cells[:3]] + [cells[3]] for name, *cells in rows}
    declared = {}
    for table in TABLES:
        texts = {column.name for column in table.columns if column.quotes_logs}
        names = {column.name for column in table.columns if column.holds in (NAME, SEGMENT)} - set(table.ids)
        declared[table.name] = [set(table.ids), texts, names, table.retention or "always"]
    assert written == declared
