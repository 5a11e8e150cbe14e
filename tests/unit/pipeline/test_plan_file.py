"""The plan of a day as an object and a file: read before anything else, never half there, and what became of it is a field."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.errors import DayNotReady
from obs_lib.lake.delta import DeltaTables
from obs_lib.lake.tables import EMBEDDINGS, SCORES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.collect import collect
from obs_lib.pipeline.evaluate import evaluate
from obs_lib.pipeline.ingest import ingest
from obs_lib.pipeline.night import run_day
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.plan_file import VERSION, Plan, PlanState, collected_inputs, find_plan, read_plan
from obs_lib.pipeline.staging import Staging
from obs_lib.pipeline.workspace import Workspace
from obs_lib.settings.scoring import ScoringOptions
from tests.unit.pipeline.conftest import FIRST as DAY

MakeWorkspace = Callable[..., Workspace]
SCORING = {"evaluators": ["format", "context_utilization"], "batch_size": 4, "shards": 3}


@pytest.fixture
def ws(make_workspace: MakeWorkspace) -> Workspace:
    """Scored by what reads no vectors, in three shards; the encoder is a cheap one."""
    return with_cheap_encoder(make_workspace(scoring=SCORING))


def with_cheap_encoder(ws: Workspace) -> Workspace:
    ws.__dict__["encoder"] = HashingEncoder()
    return ws


def planned(ws: Workspace) -> tuple[Plan, Staging]:
    ingest(ws, DAY)
    made = plan(ws, DAY)
    return made, Staging(ws.lake.files, DAY, made.id)


def collected(ws: Workspace) -> tuple[str, str]:
    """Inputs and note by which `days` knows the collected day."""
    record = ws.lake.record(DAY, "collect")
    assert record is not None
    assert record.readable
    return record.inputs, record.note


def test_a_plan_says_what_is_scored_by_whom_and_in_how_many_parts(ws: Workspace) -> None:
    made, staging = planned(ws)
    assert read_plan(staging) == made
    assert made.names == ("format", "context_utilization")
    assert dict(made.evaluators) == {one.name: one.version for one in ws.evaluators if one.name in made.names}
    assert (made.day, made.batch_size, made.shards, made.reuse) == (DAY, 4, 3, True)
    assert (made.state, made.lost_shards) == (PlanState.PLANNED, ())
    cases, drawn = staging.required_cases("cases"), staging.required("drawn")
    assert (len(cases), len(staging.required("all_cases"))) == (made.to_score, made.cases)
    assert set(cases["shard"]) == {0, 1, 2}
    assert cases.groupby("batch").size().max() == made.batch_size
    assert list(drawn.columns) == ["request_id", "inclusion_probability", "case"]
    assert plan(ws, DAY) == made  # planned again, nothing has changed


def test_the_file_is_small_and_holds_no_text_of_the_logs(ws: Workspace) -> None:
    made, staging = planned(ws)
    content = staging.read_bytes("plan.json")
    assert content is not None
    assert len(content) < 1000
    assert Plan.from_json(json.loads(json.dumps(made.as_json()))) == made
    texts = [text for text in staging.required_cases("all_cases")["response"] if text]
    assert not [text for text in texts if text in content.decode()]


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"version": 1}', "newer", "unknown state"])
def test_a_plan_without_a_file_that_can_be_read_is_none(ws: Workspace, content: Any) -> None:
    made, staging = planned(ws)
    whole = made.as_json()
    changed = {"newer": {**whole, "version": VERSION + 1}, "unknown state": {**whole, "state": "ELSEWHERE"}}
    if content is None:  # `plan` was killed after its frames
        (staging.folder / "plan.json").unlink()
    else:
        staging.write_bytes("plan.json", json.dumps(changed[content]).encode() if content in changed else content)
    assert find_plan(staging) is None
    for step in (lambda: evaluate(ws, DAY, made.id, 0), lambda: collect(ws, DAY, made.id)):
        with pytest.raises(DayNotReady, match=f"plan of this day is gone; run `obs run {DAY}`"):
            step()


def test_the_file_comes_last(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = Staging.write_bytes
    monkeypatch.setattr(
        Staging, "write_bytes", lambda self, name, content: written.append(name) or write(self, name, content)
    )
    planned(ws)
    assert written == ["cases.parquet", "all_cases.parquet", "drawn.parquet", "plan.json"]


def test_what_became_of_a_plan_is_a_field_and_days_takes_a_part_for_no_whole(ws: Workspace) -> None:
    made, staging = planned(ws)
    evaluate(ws, DAY, made.id, 1)
    assert collect(ws, DAY, made.id)["plan"] == "LOST_SHARDS"
    left = read_plan(staging)
    assert (left.state, left.lost_shards) == (PlanState.LOST_SHARDS, (0, 2))
    assert collected(ws) == (collected_inputs(made.id, PlanState.LOST_SHARDS), "lost shards: 0, 2")
    assert collected(ws)[0] != made.id
    failed = ws.lake.read_ready(SCORES, DAY).query("status == 'FAILED'")
    assert set(zip(failed["evaluator"], failed["version"], strict=True)) == set(made.evaluators)

    for shard in (0, 2):  # as Airflow does when the lost tasks are cleared
        evaluate(ws, DAY, made.id, shard)
    done = collect(ws, DAY, made.id)
    assert (done["plan"], done["lost_shards"]) == ("COMPLETE", [])
    assert collected(ws) == (made.id, "")
    assert not staging.folder.exists()
    assert collect(ws, DAY, made.id) == {"day": str(DAY), "state": "READY", "already": True}


def test_a_collect_that_was_killed_is_run_again(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    made, staging = planned(ws)
    for shard in range(made.shards):
        evaluate(ws, DAY, made.id, shard)

    write, writes = DeltaTables.write, []

    def killed(*given: Any) -> Any:
        writes.append(given)
        if len(writes) == 2:  # the step is marked, and none of its tables is there
            raise KeyboardInterrupt
        return write(*given)

    with monkeypatch.context() as patch:
        patch.setattr(DeltaTables, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            collect(ws, DAY, made.id)
    record = ws.lake.record(DAY, "collect")
    assert record is not None
    assert not record.readable
    assert read_plan(staging) == made
    assert collect(ws, DAY, made.id)["plan"] == "COMPLETE"
    assert collected(ws) == (made.id, "")


def test_a_shard_is_not_scored_by_other_versions_than_the_plan_names(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = planned(ws)
    changed = next(one for one in ws.evaluators if one.name == "format")
    monkeypatch.setattr(changed, "version", "another")
    with pytest.raises(DayNotReady, match=r"have changed since this day was planned.*found 'format'"):
        evaluate(ws, DAY, made.id, 0)


def test_a_plan_of_another_name_keeps_every_score_and_asks_no_model(
    ws: Workspace, make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a lake whose plans were named by what evaluators were called before: the name differs, the scores are right."""
    run_day(ws, DAY)
    before, scores = collected(ws)[0], ws.lake.read_ready(SCORES, DAY)
    digests = ws.lake.record(DAY, "collect").digests  # type: ignore[union-attr]

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("no model and no evaluator is needed for what is known")

    monkeypatch.setattr(HashingEncoder, "encode", asked)
    for evaluator in ws.evaluators:
        monkeypatch.setattr(type(evaluator), "score", asked)
    again = plan(ws, DAY, ScoringOptions.model_validate({**ws.settings.scoring.model_dump(), "batch_size": 5}))
    assert again.id != before
    assert (again.to_score, again.shards, again.cases) == (0, 0, scores["case"].nunique())
    assert collect(ws, DAY, again.id)["plan"] == "COMPLETE"
    assert collected(ws) == (again.id, "")
    record = ws.lake.record(DAY, "collect")
    assert record is not None
    assert record.digests == digests
    pd.testing.assert_frame_equal(ws.lake.read_ready(SCORES, DAY), scores)
    assert len(ws.lake.read_ready(EMBEDDINGS, DAY))


def test_a_day_without_logs_has_a_plan_without_shards(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    ws = with_cheap_encoder(make_workspace(sources=[{"path": str(tmp_path / "none")}], scoring=SCORING))
    made, _ = planned(ws)
    assert (made.shards, made.cases, made.to_score) == (0, 0, 0)
    assert collect(ws, DAY, made.id) == {
        "day": str(DAY), "state": "NO_DATA", "plan": "COMPLETE", "scores": 0, "lost_shards": [],
    }  # fmt: skip
