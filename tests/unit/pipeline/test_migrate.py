"""A lake of the release before comes over whole: nothing is scored again, and what kept its name keeps its digest."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

import deltalake
import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from obs_lib.digests import digest_of
from obs_lib.errors import LakeError
from obs_lib.lake import delta
from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.lake import Lake
from obs_lib.lake.lock import alone
from obs_lib.lake.maintenance import sizes
from obs_lib.lake.rows import rows_of
from obs_lib.lake.steps import StepRecord
from obs_lib.lake.table import Table
from obs_lib.lake.tables import (
    ALERTS,
    ANCHORS,
    DRIFT,
    EVALUATOR_CHANGES,
    INTERACTIONS,
    LABELS,
    METRICS,
    OPERATIONS,
    REPORTS,
    SCORES,
    SKETCHES,
    TABLES,
    UNREAD,
)
from obs_lib.lake.tables import (
    DAYS as DAYS_TABLE,
)
from obs_lib.lake.version import SCHEMA_VERSION, set_version
from obs_lib.models.encoder import SentenceEncoder
from obs_lib.pipeline.closing import is_closed
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.ingest import late_days
from obs_lib.pipeline.migrate import migrate
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.revisions import last_revisions
from obs_lib.pipeline.schema_5 import names
from obs_lib.pipeline.schema_5.migration import Migrated
from obs_lib.pipeline.schema_5.names import fingerprint
from obs_lib.pipeline.schema_5.rows import TABLES as RENAMED_TABLES
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Evaluator, StepState
from tests.unit.pipeline.lakes import digests, files_saying
from tests.unit.pipeline.old_lake import CLOSED, DAYS, DROPPED, copy_of, unpack

RENAMED = {table.name for table in RENAMED_TABLES} - {OPERATIONS.name}
GROWN = {INTERACTIONS.name, UNREAD.name}
REVISED = {DAYS[1]: 2, DAYS[4]: 2, DAYS[6]: 2}
Contents = tuple[dict[str, list[dict[str, Any]]], list[StepRecord]]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("unpacked"))


@pytest.fixture(scope="module")
def before(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake as it was, open for looking."""
    return copy_of(unpacked, tmp_path_factory.mktemp("before")).lake.of_any_version()


@pytest.fixture
def ws(unpacked: Path, tmp_path: Path) -> Workspace:
    """A copy that has not been migrated."""
    return copy_of(unpacked, tmp_path)


@pytest.fixture(scope="module")
def migrated(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy that has; not to be written to."""
    ws = copy_of(unpacked, tmp_path_factory.mktemp("migrated"))
    migrate(ws.lake)
    return ws


def contents(lake: Lake) -> Contents:
    """Every row of every table, without when this migration ran, and every record."""
    rows = {table.name: lake.rows(table, None).to_pylist() for table in TABLES if not table.name.startswith("days")}
    for row in rows[OPERATIONS.name]:
        if row["kind"] == "migration":
            row |= {"at": None, "day": None}
    return {name: sorted(of, key=repr) for name, of in rows.items()}, lake.records()


# -- what comes out ------------------------------------------------------------------------------------------------------


def test_an_earlier_lake_is_read_by_nobody_before_it_is_migrated(ws: Workspace) -> None:
    assert ws.lake.version == 4
    for look in (ws.lake.records, lambda: ws.lake.rows(SCORES, None), lambda: ws.lake.open(OPERATIONS)):
        with pytest.raises(LakeError, match=r"earlier release.*obs maintain --migrate"):
            look()
    with pytest.raises(LakeError, match="earlier release"):
        ws.lake.log("failure", "x", "FAILED")
    migrate(ws.lake)
    assert ws.lake.version == SCHEMA_VERSION
    assert len(ws.lake.records()) > 50


def test_what_kept_its_names_keeps_its_digest_and_every_step_its_state(before: Lake, migrated: Workspace) -> None:
    old, new = before.records(), migrated.lake.records()
    assert [(r.day, r.step, r.state, r.note) for r in old] == [(r.day, r.step, r.state, r.note) for r in new]
    kept = [{table: digest for table, digest in r.digests.items() if table not in RENAMED} for r in old]
    assert kept == [{table: digest for table, digest in r.digests.items() if table not in RENAMED} for r in new]
    assert [r.inputs for r in old if r.step != "drop"] == [r.inputs for r in new if r.step != "drop"]
    for table in (one for one in TABLES if one.name not in {*RENAMED, OPERATIONS.name, "days", "days_settled"}):
        assert sorted(map(repr, before.rows(table, None).to_pylist())) == sorted(
            map(repr, migrated.lake.rows(table, None).to_pylist())
        )


def renamed(before: Lake, migrated: Lake, table: Table, day: Day) -> pd.DataFrame:
    """The old rows of a day under the new names, done with what pandas has and what the changelog says."""
    opened = before.open(table)
    assert opened is not None
    rows = opened.to_pyarrow_dataset().to_table().to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    rows = rows[rows["day"] == str(day)]
    if table is ALERTS:
        ours = rows["evidence"].str.contains('"metric": "context_utilisation"') & (rows["kind"] == "objective")
        again = [fingerprint("objective", segment, "context_utilization") for segment in rows["segment"]]
        rows["fingerprint"] = rows["fingerprint"].where(~ours, again)
    rows = rows.rename(columns={"inclusion": "inclusion_probability", "pages": "notify"})
    for column in rows.columns.intersection(["evaluator", "metric", "name", "key", "title", "evidence", "note"]):
        if (table, column) != (LABELS, "name"):
            rows[column] = (
                rows[column]
                .str.replace("context_utilisation", "context_utilization")
                .str.replace(r"(GPU |SM |hours have |^)utilisation (?!was)", r"\1utilization ", regex=True)
                .str.replace(r"\butilisation\b", "context_utilization", regex=True)
                .str.replace("equal_tokens:", "token_adjusted:")
                .str.replace("latency at equal tokens", "token-adjusted latency")
            )
    if table is DRIFT:
        summaries = {str(r.day): digest_of(dict(r.digests)) for r in migrated.records(step="summarise")}
        rows["baseline_days"] = [
            json.dumps([[one, summaries[one]] for one, _ in json.loads(days)]) for days in rows["baseline_days"]
        ]
    return rows.reindex(columns=table.schema.names)  # columns that have come since are null


@pytest.mark.parametrize(
    "table",
    [LABELS, SCORES, ANCHORS, METRICS, SKETCHES, EVALUATOR_CHANGES, DRIFT, ALERTS],
    ids=lambda table: table.name,
)
def test_digests_are_those_of_the_rows_under_their_new_names(before: Lake, migrated: Workspace, table: Table) -> None:
    old = {r.day: r.digests[table.name] for r in before.records(step=table.step) if table.name in r.digests}
    new = {r.day: r.digests[table.name] for r in migrated.lake.records(step=table.step) if table.name in r.digests}
    dropped = DROPPED if table.retention == "rows" else []
    rows_gone = set(dropped) - ({*DROPPED} if table is LABELS else set())  # which had no labels, and so have lost none
    assert set(old) == set(new) != set()
    for day in new:
        if day in rows_gone:
            assert new[day] == old[day], "what was dropped cannot be named anew"
        else:
            expected = digest_of_rows(rows_of(table, day, renamed(before, migrated.lake, table, day)))
            assert new[day] == expected, day
            stored = migrated.lake.rows(table, [day]).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
            assert digest_of_rows(rows_of(table, day, stored)) == expected


def test_old_names_stand_nowhere_any_more(migrated: Workspace) -> None:
    words = ("utilisation", "equal_tokens", "equal tokens", '"gist"', "edition")
    for table in RENAMED_TABLES:
        opened = migrated.lake.open(table)
        assert opened is not None
        assert [field.name for field in opened.schema().fields] == table.schema.names
        ours = migrated.lake.rows(table, None).drop_columns(
            [name for name in ("payload", "response") if name in table.names]
        )
        for row in ours.to_pylist():
            assert not [word for word in words if word in repr(row)], (table.name, row)


def test_closed_days_stay_closed_and_open_days_open(before: Lake, migrated: Workspace) -> None:
    old = {(r.day, r.step): r for r in before.records()}
    assert [day for day in DAYS if is_closed(old.get((day, "drop")), old.get((day, "summarise")))] == CLOSED
    past = history(migrated)
    assert [day for day in DAYS if past.closed(day)] == CLOSED


def test_it_is_recorded_once_and_a_second_run_does_nothing(ws: Workspace) -> None:
    steps: list[str] = []
    done = migrate(ws.lake, steps.append)
    assert {migrated.table for migrated in done} == {table.name for table in RENAMED_TABLES} == set(steps)
    assert Migrated("metrics", 7) in done
    versions = {size.table: size.versions for size in sizes(ws.lake)}
    assert migrate(ws.lake) == []
    assert {size.table: size.versions for size in sizes(ws.lake)} == versions
    rows = ws.lake.rows(OPERATIONS, None).to_pandas()
    assert rows.loc[rows["kind"] == "migration", "subject"].tolist() == ["schema 4 to 5"]
    assert not (ws.lake.files / "upkeep.lock").exists()


# -- life goes on --------------------------------------------------------------------------------------------------------


def of_kept_columns(of_days: Mapping[tuple[str, str], Mapping[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """Digests of what nights read and score, without tables that have come, or have a column that has come, since version 4."""
    return {
        key: {table: digest for table, digest in of.items() if table not in GROWN}
        for key, of in of_days.items()
        if key[1] in ("ingest", "anchor", "collect")
    }


class OfBefore:
    """An evaluator under the version that the earlier release scored with: migrating is no reason to score again."""

    def __init__(self, evaluator: Evaluator, version: str) -> None:
        self.name, self.needs, self.describe, self.version = (
            evaluator.name,
            evaluator.needs,
            evaluator.describe,
            version,
        )
        self.texts, self.score = evaluator.texts, evaluator.score


def test_the_first_night_migrates_and_scores_nothing_again(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(ws.lake)
    scores = ws.lake.read(SCORES, [DAYS[5]])
    versions = dict(zip(scores["evaluator"], scores["version"], strict=True))
    of_before = tuple(OfBefore(one, versions[one.name]) for one in ws.evaluators if one.name in versions)
    assert len(of_before) == len(versions) > 5
    ws.__dict__["evaluators"] = of_before
    monkeypatch.setattr(SentenceEncoder, "encode", lambda *_: pytest.fail("a model ran"))
    assert late_days(ws, DAYS[7]) == DAYS[5:7], "this release reads more of the same logs, once"
    migrated = digests(ws)
    run_day(ws, DAYS[5])
    assert of_kept_columns(digests(ws)) == of_kept_columns(migrated)
    assert set(fold(ws)).isdisjoint(map(str, CLOSED))
    after = digests(ws)
    assert {key: of for key, of in after.items() if key[0] in map(str, CLOSED)} == {
        key: of for key, of in migrated.items() if key[0] in map(str, CLOSED)
    }
    assert fold(ws) == []
    # Incidents are others now, and days that show some are revised once more; nothing that was revised before is forgotten.
    numbers = {day: revision.number for day, revision in last_revisions(ws, DAYS).items()}
    assert all(numbers[day] in (number, number + 1) for day, number in REVISED.items())
    assert numbers.keys() & set(CLOSED) == REVISED.keys() & set(CLOSED)


def test_revisions_of_old_reports_are_listed_and_none_comes_of_a_name(ws: Workspace) -> None:
    migrate(ws.lake)
    revised = last_revisions(ws, DAYS)
    assert {day: revision.number for day, revision in revised.items()} == REVISED
    assert "Contexts used: 33.3%, before 28.6%" in revised[DAYS[4]].sentences
    sent = ws.lake.rows(OPERATIONS, None).to_pandas().set_index("kind").loc["delivery", "subject"]
    shorts = set(ws.lake.read(ALERTS, [DAYS[5]])["fingerprint"].str.slice(0, 12))
    assert {incident.partition(":")[0] for incident in sent.rpartition(" ")[2].split("+")} <= shorts


def test_the_next_revision_is_told_against_the_old_report(ws: Workspace, tmp_path: Path) -> None:
    late = {"timestamp": f"{DAYS[6]}T13:00:00Z", "prompt": "Later?", "error": "timeout", "tags": {"route": "assistant"}}
    with gzip.open(tmp_path / "logs" / f"{DAYS[6]}.jsonl.gz", "at", encoding="utf-8") as logs:
        logs.writelines(json.dumps({**late, "request_id": f"later-{n}"}) + "\n" for n in range(6))
    run_day(ws, DAYS[6])
    fold(ws)
    revised = last_revisions(ws, DAYS)
    numbers = {day: revision.number for day, revision in revised.items()}
    assert numbers[DAYS[6]] == 3
    assert numbers[DAYS[1]] == 2
    assert "Interactions: 24, before 18" in revised[DAYS[6]].sentences


def test_erasure_still_reaches_every_byte(ws: Workspace) -> None:
    migrate(ws.lake)
    name = ws.lake.read(INTERACTIONS, [DAYS[5]])["request_id"].iloc[0]
    assert files_saying(Path(ws.lake.root), name)
    assert {one.table for one in forget(ws, "request", name)} >= {"interactions", "scores"}
    assert not files_saying(Path(ws.lake.root), name)


# -- what may go wrong ---------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What ends a process, and nothing in it sees."""


@pytest.mark.slow
def test_killed_before_any_commit_and_run_again_it_ends_in_the_same_place(
    ws: Workspace, migrated: Workspace, unpacked: Path, tmp_path: Path
) -> None:
    """Which is after the commit before it, with files that lie there for the one that never came."""
    expected = contents(migrated.lake)
    for fatal in range(100):
        shutil.rmtree(tmp_path / "lake")
        shutil.copytree(unpacked / "lake", tmp_path / "lake")
        if not killed_before(ws.lake, fatal):
            assert fatal > len(RENAMED_TABLES) + 2
            return
        assert ws.lake.version == 4
        migrate(ws.lake)
        assert contents(ws.lake) == expected, fatal
        assert migrate(ws.lake) == []
    raise AssertionError("it never came to an end")


def killed_before(lake: Lake, fatal: int) -> bool:
    """Migrate, and be killed before the commit of that number; False where there are not so many."""
    made: list[object] = []

    def deadly(commit: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*args: Any, **kwargs: Any) -> Any:
            if len(made) == fatal:
                raise Killed
            made.append(commit)
            return commit(*args, **kwargs)

        return acted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DeltaTable, "create_write_transaction", deadly(DeltaTable.create_write_transaction))
        patch.setattr(delta, "write_deltalake", deadly(deltalake.write_deltalake))
        patch.setattr("obs_lib.pipeline.schema_5.migration.set_version", deadly(set_version))
        try:
            migrate(lake)
        except Killed:
            return True
    return False


def test_a_lake_of_a_later_release_is_refused(ws: Workspace) -> None:
    migrate(ws.lake)
    days = ws.lake.open(DAYS_TABLE)
    assert days is not None
    set_version(days, SCHEMA_VERSION + 1)
    for use in (
        ws.lake.records,
        lambda: ws.lake.read(SCORES, DAYS),
        lambda: ws.lake.commit(DAYS[7], "ingest", {}, inputs=""),
        lambda: migrate(ws.lake),
        lambda: run_day(ws, DAYS[7]),
    ):
        with pytest.raises(LakeError, match="later release"):
            use()


def test_a_new_lake_says_its_version(tmp_path: Path, unpacked: Path) -> None:
    shutil.copytree(unpacked / "logs", tmp_path / "logs")
    ws = copy_of(unpacked, tmp_path, lake={"root": "another"})
    assert ws.lake.version is None
    ws.lake.commit(DAYS[0], "ingest", {}, inputs="")
    assert ws.lake.version == SCHEMA_VERSION


def test_a_night_of_the_release_before_is_not_written_over(ws: Workspace) -> None:
    ws.lake.of_any_version().commit(DAYS[7], "collect", {}, inputs="", state=StepState.WRITING)
    with pytest.raises(LakeError, match=r"at work.*2024-03-08"):
        migrate(ws.lake)
    assert ws.lake.version == 4
    assert migrate(ws.lake, force=True)


def test_another_migration_is_waited_for(ws: Workspace) -> None:
    held, let_go = Event(), Event()

    def hold() -> None:
        with alone(ws.lake):
            held.set()
            let_go.wait(30)

    other = Thread(target=hold)
    other.start()
    held.wait(30)
    with pytest.raises(LakeError, match="is running"):
        migrate(ws.lake)
    Thread(target=lambda: (Event().wait(0.7), let_go.set())).start()
    assert migrate(ws.lake, patience=dt.timedelta(seconds=30))
    other.join()


# -- names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rename", "old", "new"),
    [
        (names.metric, "context_utilisation:recall", "context_utilization:recall"),
        (names.metric, "gpu_utilization", "gpu_utilization"),
        (names.metric, "judge:context_utilisation_x", "judge:context_utilisation_x"),
        (names.distance, "equal_tokens:latency_p50", "token_adjusted:latency_p50"),
        (names.distance, "change:context_utilisation", "change:context_utilization"),
        (names.distance, "token_kl", "token_kl"),
        (names.title, "Change in latency, utilisation, answers", "Change in latency, context_utilization, answers"),
        (names.title, "The evaluator utilisation itself moved", "The evaluator context_utilization itself moved"),
        (names.title, "Disk utilisation beyond its objective", "Disk utilisation beyond its objective"),
        (names.title, "GPU utilisation beyond its objective", "GPU utilization beyond its objective"),
        (names.note, "utilisation was not run", "context_utilization was not run"),
        (names.note, "2 hours have utilisation and latency (needs 6)", "2 hours have utilization and latency (needs 6)"),
        (names.note, "", ""),
    ],
)  # fmt: skip
def test_names(rename: Callable[[str], str], old: str, new: str) -> None:
    assert rename(old) == new
    assert rename(new) == new


def test_evidence_and_the_incidents_named_after_it() -> None:
    fact = {"metric": "ttft_p95", "at_equal_tokens": 3.5, "family": "latency", "basis": "latency at equal tokens"}
    assert names.fact(fact) == {
        "metric": "ttft_p95",
        "token_adjusted": 3.5,
        "family": "latency",
        "basis": "token-adjusted latency",
    }
    old = [
        ("data", "failed utilisation scores", "scores:utilisation", "scores:context_utilization"),
        (
            "data",
            "utilisation on the anchors, largest difference",
            "evaluator:utilisation",
            "evaluator:context_utilization",
        ),
        ("objective", "context_utilisation", "context_utilisation", "context_utilization"),
    ]
    rows = [{"kind": kind, "segment": "all", "evidence": json.dumps([{"metric": named}])} for kind, named, _, _ in old]
    rows.append({"kind": "change", "segment": "all", "evidence": json.dumps([{"metric": "context_utilisation"}])})
    assert names.incidents(rows) == {
        fingerprint(kind, "all", was): fingerprint(kind, "all", now) for kind, _, was, now in old
    }


def test_a_report_keeps_its_summary_under_its_new_name(before: Lake, migrated: Workspace) -> None:
    old, new = (
        {row["day"]: json.loads(row["provenance"]) for row in lake.rows(REPORTS, None).to_pylist()}
        for lake in (before, migrated.lake)
    )
    for day, provenance in old.items():
        gist, summary = provenance.pop("gist"), new[day].pop("summary")
        assert provenance == new[day]
        assert gist["metrics"].keys() == summary["metrics"].keys()
        assert len(gist["alerts"]) == len(summary["alerts"])
        for segment, values in gist["metrics"].items():
            assert summary["metrics"][segment].get("context_utilization") == values.get("context_utilisation")
