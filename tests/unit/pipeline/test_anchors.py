"""A night scores the frozen anchors; an evaluator that moved is told by report and alerts before anyone blames the model."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.catalogue import quality, scores
from obs_lib.errors import ConfigError
from obs_lib.evaluators.anchors import SHIPPED, anchors_of, load_anchors
from obs_lib.evaluators.heads import load_head
from obs_lib.evaluators.toxicity import Toxicity
from obs_lib.lake.maintenance import drop_days
from obs_lib.lake.tables import ALERTS, ANCHORS, DRIFT, EVALUATOR_CHANGES, METRICS, SCORES
from obs_lib.languages import DETECTOR
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.render import report_text
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ScoreStatus
from obs_lib.settings.scoring import ScoringOptions

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(5)]
MOVED = "itself moved"


@pytest.fixture
def world(make_workspace: Any) -> Any:
    """Workspaces whose heads read hashed words: anchors and answers score in milliseconds, though they mean nothing."""

    def make(*given: Any, **sections: Any) -> Workspace:
        ws: Workspace = make_workspace(*given, **sections)
        encoder = HashingEncoder()
        encoder.weights = load_head("toxicity").encoder
        ws.__dict__["encoder"] = encoder  # where cached_property keeps it
        return ws

    return make


def digests(ws: Workspace) -> dict[tuple[str, str], dict[str, str]]:
    return {(str(r.day), r.step): dict(r.digests) for r in ws.lake.records()}


def move(patch: pytest.MonkeyPatch, by: float) -> None:
    """From now on every toxicity is `by` higher (never over 1), under the same version."""
    score = Toxicity.score

    def moved(self: Toxicity, batch: pd.DataFrame, vectors: Any) -> pd.DataFrame:
        rows = score(self, batch, vectors)
        return rows.assign(value=[None if value is None else min(1.0, value + by) for value in rows["value"]])

    patch.setattr(Toxicity, "score", moved)


def verdicts(ws: Workspace, day: dt.date) -> dict[str, str]:
    rows = ws.lake.read(EVALUATOR_CHANGES, [day])
    return dict(zip(rows["evaluator"], rows["verdict"], strict=True))


def page_text(ws: Workspace, day: dt.date) -> str:
    """The report in one line."""
    return " ".join(report_text(ws, day).split())


def incidents(ws: Workspace, day: dt.date) -> pd.DataFrame:
    rows = ws.lake.read(ALERTS, [day])
    return rows[rows["title"].str.contains(MOVED)]


def changes(ws: Workspace, day: dt.date, metric: str) -> pd.DataFrame:
    rows = ws.lake.read(DRIFT, [day])
    return rows[(rows["name"] == f"change:{metric}") & (rows["segment"] == "all")]


def test_a_quiet_evaluator_says_nothing(world: Any) -> None:
    ws = world()
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    anchors = ws.lake.read(ANCHORS, [DAYS[0]])
    assert set(anchors["evaluator"]) == {one.evaluator for one in quality() if one.evaluator}
    assert (anchors["status"] == ScoreStatus.SCORED.value).sum() > 100
    for day in DAYS:
        assert set(verdicts(ws, day).values()) == {"SAME"}
        assert incidents(ws, day).empty
        assert MOVED not in report_text(ws, day)
    assert "The frozen anchors" in page_text(ws, DAYS[0])


def test_an_evaluator_that_moves_is_told_and_blames_no_model(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = world(alerts={"min_interactions": 1})
    for day in DAYS[:4]:
        run_day(ws, day)
    move(monkeypatch, 0.6)
    run_day(ws, DAYS[4])
    fold(ws)
    assert set(verdicts(ws, DAYS[3]).values()) == {"SAME"}
    assert verdicts(ws, DAYS[4]) == {**verdicts(ws, DAYS[3]), "toxicity": "MOVED"}
    opened = incidents(ws, DAYS[4])
    assert list(zip(opened["kind"], opened["severity"], opened["notify"], strict=True)) == [("data", "P2", True)]
    assert set(changes(ws, DAYS[4], "toxicity")["verdict"]) == {"TOO_FEW"}
    assert set(changes(ws, DAYS[4], "relevance")["verdict"]) <= {"STABLE", "DRIFTED"}
    alerts = ws.lake.read(ALERTS, [DAYS[4]])
    breach = alerts[(alerts["kind"] == "objective") & (alerts["title"].str.startswith("Toxicity "))]
    # So few answers leave the breach unsure, which is no incident; `test_objectives` has the sure one, P3 and told to nobody.
    assert breach.empty
    text = page_text(ws, DAYS[4])
    assert "The evaluator toxicity itself moved: its version is the same" in text
    assert text.index("The evaluator toxicity itself moved: its") < text.index("Where the objectives stand")
    assert "not comparable" in text


def test_another_version_is_told_the_same_way_and_healed_by_a_backfill(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = world()
    for day in DAYS[:4]:
        run_day(ws, day)
    fold(ws)
    make = Toxicity.__init__

    def newer(self: Toxicity, *given: Any) -> None:
        make(self, *given)
        self.version = "new"

    monkeypatch.setattr(Toxicity, "__init__", newer)
    ws = world()
    run_day(ws, DAYS[4])
    fold(ws)
    assert verdicts(ws, DAYS[4])["toxicity"] == "MOVED"
    assert f"became new-en-{DETECTOR}, and all 26 anchors score as before" in page_text(ws, DAYS[4])
    for day in reversed(DAYS[:4]):
        run_day(ws, day)
    fold(ws)
    assert set(verdicts(ws, DAYS[4]).values()) == {"SAME"}
    assert incidents(ws, DAYS[4]).empty
    straight = world("straight")
    for day in DAYS:
        run_day(straight, day)
    fold(straight)
    assert digests(ws) == digests(straight)


def test_a_single_day_that_was_scored_otherwise_is_left_out(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = world()
    with monkeypatch.context() as patch:
        move(patch, 0.01)
        run_day(ws, DAYS[1])
    for day in (DAYS[4], DAYS[0], DAYS[3], DAYS[2]):
        run_day(ws, day)
    fold(ws)
    row = ws.lake.read(EVALUATOR_CHANGES, [DAYS[4]]).set_index("evaluator").loc["toxicity"]
    assert (row["verdict"], json.loads(row["away"]), row["comparable"]) == ("MIXED", [str(DAYS[1])], 3)
    assert row["largest"] == pytest.approx(0.01, abs=1e-9)
    used = json.loads(changes(ws, DAYS[4], "toxicity")["baseline_days"].iloc[0])
    assert [day for day, _ in used] == [str(DAYS[n]) for n in (0, 2, 3)]
    assert (incidents(ws, DAYS[4])["last_day"] < str(DAYS[4])).all()
    assert "are left out" not in page_text(ws, DAYS[0])
    assert "compared with the other 3 baseline days only" in page_text(ws, DAYS[4])


def test_noise_within_the_band_is_no_move(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = world()
    for day in DAYS[:3]:
        run_day(ws, day)
    move(monkeypatch, 9e-4)
    run_day(ws, DAYS[3])
    fold(ws)
    assert set(verdicts(ws, DAYS[3]).values()) == {"SAME"}


def test_kept_scores_keep_their_anchors(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = world()
    run_day(ws, DAYS[0])
    before = digests(ws)
    move(monkeypatch, 0.6)
    run_day(ws, DAYS[0])
    assert digests(ws) == before
    run_day(ws, DAYS[0], ScoringOptions(reuse=False))
    assert digests(ws) != before


def test_a_lake_without_anchors_is_compared_as_before(world: Any) -> None:
    ws = world()
    for day in DAYS[:4]:
        run_day(ws, day)
    drop_days(ws.lake, ANCHORS, DAYS[:3])
    fold(ws)
    assert set(verdicts(ws, DAYS[3]).values()) == {"SAME"}
    assert set(changes(ws, DAYS[3], "toxicity")["verdict"]) <= {"STABLE", "DRIFTED"}


def test_own_anchors_are_scored_beside_the_package_s(world: Any, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text('{"id": "ours-1", "response": "{}", "expected_format": "json", "expected": {"format": true}}\n')
    ws = world(evaluators={"anchors": str(own)})
    run_day(ws, DAYS[0])
    rows = ws.lake.read(ANCHORS, [DAYS[0]]).set_index("anchor")
    assert rows.loc["ours-1", ["evaluator", "value", "expected"]].tolist() == ["format", 1.0, True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"id": "a", "response": "x"}', r"own.jsonl:1.*expected: Field required|expected: Field required"),
        ("nonsense", "a line is no anchor"),
        ('{"id": "format-01", "response": "x", "expected": {"format": true}}', "id is taken"),
    ],
)
def test_what_is_no_anchor_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_anchors(own)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_anchors(tmp_path / "absent.jsonl")


def test_every_evaluator_has_dozens_of_anchors_both_ways() -> None:
    anchors = load_anchors()
    names = sorted(path.stem for path in SHIPPED.glob("*.jsonl"))
    assert set(names) == {score.name for score in scores() if score.anchors}
    for name in names:
        expected = list(anchors_of(anchors, name)["expected"])
        assert min(expected.count(True), expected.count(False)) >= 9


def test_a_sampled_night_scores_as_many_as_it_may_and_says_so(world: Any) -> None:
    ws = world(scoring={"max_scored": 10})
    run_day(ws, DAYS[0])
    scores = ws.lake.read(SCORES, [DAYS[0]]).drop_duplicates("request_id")
    assert len(scores) == 10
    assert (1 / scores["inclusion_probability"]).sum() == pytest.approx(24)
    metrics = ws.lake.read(METRICS, [DAYS[0]])
    assert metrics["note"].str.contains("from a sample: 10 of 24").any()
