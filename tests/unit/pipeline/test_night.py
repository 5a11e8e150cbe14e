"""Whole nights on generated logs and the real encoder: what a night leaves behind, and that it leaves the same again."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any

import pytest

from obs_lib.catalogue import quality
from obs_lib.errors import DayNotReady, ObsError
from obs_lib.lake.tables import ALERTS, INTERACTIONS, METRICS, SCORES, SKETCHES, SPANS
from obs_lib.pipeline import evaluate as evaluate_step
from obs_lib.pipeline.collect import collect
from obs_lib.pipeline.evaluate import evaluate
from obs_lib.pipeline.ingest import ingest, late_days
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.summarise import summarise
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import StepState
from obs_lib.settings.scoring import ScoringOptions

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(5)]
EMPTY = dt.date(2024, 4, 1)
STANDING = {one.evaluator for one in quality() if one.evaluator}


def digests(ws: Workspace) -> dict[tuple[str, str], dict[str, str]]:
    """Everything that must be the same: digests of all tables by day and step, report bytes among them."""
    return {(str(r.day), r.step): dict(r.digests) for r in ws.lake.records()}


def pages(ws: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (ws.lake.files / "pages").glob("*.html")}


def statuses(ws: Workspace, day: dt.date) -> dict[str, int]:
    return ws.lake.read_ready(SCORES, day)["status"].value_counts().to_dict()


def test_a_night_leaves_scores_metrics_and_a_page(make_workspace: Any) -> None:
    ws = make_workspace()
    run_day(ws, DAYS[0])
    assert fold(ws) == [str(DAYS[0])]
    requests = len(ws.lake.read_ready(INTERACTIONS, DAYS[0]))
    assert requests == 24
    scores = ws.lake.read_ready(SCORES, DAYS[0])
    assert len(scores) == requests * len(STANDING)
    assert set(scores["status"]) == {"SCORED", "SKIPPED"}
    metrics = ws.lake.read_ready(METRICS, DAYS[0]).set_index(["segment", "metric"])["value"]
    assert metrics[("all", "requests")] == requests
    assert b"<script" not in page_path(ws, DAYS[0]).read_bytes()


@pytest.mark.usefixtures("read_anew")
def test_a_day_twice_changes_nothing(make_workspace: Any) -> None:
    ws = make_workspace()
    run_day(ws, DAYS[0])
    fold(ws)
    before, pages_before = digests(ws), pages(ws)
    run_day(ws, DAYS[0], ScoringOptions(reuse=False))
    assert fold(ws) == []
    run_day(ws, DAYS[0])
    assert fold(ws) == []
    assert (digests(ws), pages(ws)) == (before, pages_before)


@pytest.mark.usefixtures("read_anew")
def test_shards_and_the_order_of_days_change_nothing(make_workspace: Any) -> None:
    one, seven, backwards = (
        make_workspace("one", scoring={"shards": 1}),
        make_workspace("seven", scoring={"shards": 7, "batch_size": 64}),
        make_workspace("backwards", scoring={"reuse_days": 0}),
    )
    for day in DAYS[:3]:
        run_day(one, day)
        fold(one)
        run_day(seven, day)
    fold(seven)
    for day in reversed(DAYS[:3]):
        run_day(backwards, day)
        fold(backwards)
    assert digests(one) == digests(seven) == digests(backwards)
    assert pages(one) == pages(seven) == pages(backwards)


def test_a_day_without_logs_is_a_day(make_workspace: Any) -> None:
    ws = make_workspace()
    read = run_day(ws, EMPTY)
    assert read["state"] == "NO_DATA"
    assert fold(ws) == [str(EMPTY)]
    metrics = ws.lake.read_ready(METRICS, EMPTY)
    assert set(metrics.loc[metrics["metric"] != "requests", "status"]) == {"NO_DATA"}
    assert page_path(ws, EMPTY).is_file()
    ws.lake.read_ready(ALERTS, EMPTY)


def test_a_lost_shard_becomes_failed_rows_and_the_next_run_heals_it(make_workspace: Any) -> None:
    ws = make_workspace(scoring={"batch_size": 8, "shards": 2})
    ingest(ws, DAYS[0])
    planned = plan(ws, DAYS[0])
    assert planned.shards == 2
    evaluate(ws, DAYS[0], planned.id, 0)
    assert collect(ws, DAYS[0], planned.id)["lost_shards"] == [1]
    assert statuses(ws, DAYS[0])["FAILED"] > 0
    summarise(ws, DAYS[0])
    assert fold(ws) == [str(DAYS[0])]
    run_day(ws, DAYS[0])
    assert "FAILED" not in statuses(ws, DAYS[0])
    whole = make_workspace("whole", scoring={"batch_size": 8})
    run_day(whole, DAYS[0])
    fold(ws), fold(whole)
    assert digests(ws) == digests(whole)


def test_all_shards_lost_is_still_a_day(make_workspace: Any) -> None:
    ws = make_workspace(scoring={"shards": 2})
    ingest(ws, DAYS[0])
    planned = plan(ws, DAYS[0])
    collect(ws, DAYS[0], planned.id)
    assert set(statuses(ws, DAYS[0])) == {"FAILED"}
    summarise(ws, DAYS[0])
    assert fold(ws) == [str(DAYS[0])]


def test_a_broken_evaluator_costs_its_own_rows_only(make_workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = make_workspace()
    broken = ws.evaluators[0]

    def score(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(broken, "score", score)
    run_day(ws, DAYS[0])
    scores = ws.lake.read_ready(SCORES, DAYS[0])
    failed = scores[scores["status"] == "FAILED"]
    assert set(failed["evaluator"]) == {broken.name}
    assert set(failed["note"]) == {"RuntimeError: boom"}
    assert fold(ws) == [str(DAYS[0])]


def test_only_the_named_evaluators_run(make_workspace: Any) -> None:
    ws = make_workspace()
    run_day(ws, DAYS[0], ScoringOptions(evaluators=("format",)))
    assert set(ws.lake.read_ready(SCORES, DAYS[0])["evaluator"]) == {"format"}
    with pytest.raises(ObsError, match="no such evaluator"):
        plan(ws, DAYS[0], ScoringOptions(evaluators=("nope",)))


def test_scores_are_kept_where_nothing_changed(make_workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = make_workspace()
    run_day(ws, DAYS[0])
    again = plan(ws, DAYS[0])
    assert (again.to_score, again.shards) == (0, 0)
    afresh = plan(ws, DAYS[0], ScoringOptions(reuse=False))
    assert afresh.to_score == afresh.cases


def test_max_scored_bounds_the_work_and_system_metrics_use_every_row(make_workspace: Any) -> None:
    ws = make_workspace(scoring={"max_scored": 10})
    run_day(ws, DAYS[0])
    scores = ws.lake.read_ready(SCORES, DAYS[0])
    assert scores["request_id"].nunique() == 10
    drawn = scores.drop_duplicates("request_id")["inclusion_probability"]
    assert drawn.between(0, 1, inclusive="right").all()
    assert (1 / drawn).sum() == pytest.approx(24)  # the drawn ones stand for all
    metrics = ws.lake.read_ready(METRICS, DAYS[0]).set_index(["segment", "metric"])["value"]
    assert metrics[("all", "requests")] == 24


def test_a_late_row_makes_its_day_and_those_after_it_stale(make_workspace: Any, logs: Any, tmp_path: Any) -> None:
    import shutil

    changed = tmp_path / "logs"
    shutil.copytree(logs, changed)
    ws = make_workspace(sources=[{"format": "native", "path": str(changed)}])
    for day in DAYS[:4]:
        run_day(ws, day)
    fold(ws)
    assert late_days(ws, DAYS[3]) == []
    file = next(changed.glob(f"{DAYS[2]}*"))
    line = (
        gzip.decompress(file.read_bytes())
        .decode()
        .splitlines(keepends=True)[0]
        .replace('"request_id": "', '"request_id": "late-', 1)
    )
    assert "late-" in line
    with gzip.open(next(changed.glob(f"{DAYS[3]}*")), "at", encoding="utf-8") as end:
        end.write(line)  # a row of the third day in the file of the fourth
    assert late_days(ws, DAYS[3]) == [DAYS[1], DAYS[2]] or late_days(ws, DAYS[3]) == [DAYS[2]]
    run_day(ws, DAYS[2])
    assert len(ws.lake.read_ready(INTERACTIONS, DAYS[2])) == 25
    assert fold(ws) == [str(DAYS[2]), str(DAYS[3])]


def test_steps_refuse_to_run_ahead(make_workspace: Any) -> None:
    ws = make_workspace()
    with pytest.raises(DayNotReady, match="ingest"):
        plan(ws, DAYS[0])
    with pytest.raises(DayNotReady, match="plan"):
        evaluate(ws, DAYS[0], "nothing", 0)


def test_a_killed_shard_leaves_nothing_that_looks_finished(
    make_workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = make_workspace(scoring={"shards": 1})
    ingest(ws, DAYS[0])
    planned = plan(ws, DAYS[0])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate_step, "score_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        evaluate(ws, DAYS[0], planned.id, 0)
    assert collect(ws, DAYS[0], planned.id)["lost_shards"] == [0]
    record = ws.lake.record(DAYS[0], "collect")
    assert record is not None
    assert record.state is StepState.READY
    assert record.note == "lost shards: 0"


def test_spans_become_stages_in_the_tables_and_on_the_page(make_workspace: Any) -> None:
    """The RAG route of the sample logs carries spans; the chat route does not."""
    ws = make_workspace()
    run_day(ws, DAYS[0])
    fold(ws)
    metrics = ws.lake.read_ready(METRICS, DAYS[0])
    shares = metrics[metrics["metric"] == "stage_share"]
    assert "stage=retrieval" in set(shares["segment"])
    assert shares["value"].sum() == pytest.approx(1.0)
    sketches = ws.lake.read_ready(SKETCHES, DAYS[0])
    assert (sketches["kind"] == "traces").sum() == 5
    spans, rows = ws.lake.read(SPANS, [DAYS[0]]), ws.lake.read(INTERACTIONS, [DAYS[0]])
    assert set(spans["request_id"]) == set(rows.loc[rows["tags"].str.contains("docs-rag"), "request_id"])
    assert set(spans["trace_id"]) == set(rows["trace_id"].dropna())
    assert b"Slowest traces" in page_path(ws, DAYS[0]).read_bytes()
