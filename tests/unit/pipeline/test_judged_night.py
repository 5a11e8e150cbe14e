"""Nights in which a judge gives a score: in a local evaluator's place, under a name of its own, within a budget, forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_lib.errors import ConfigError
from obs_lib.evaluators.anchors import anchors_of
from obs_lib.lake.tables import METRICS, SCORES, SKETCHES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.calibrate import judge_biases
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.maintain import maintain
from obs_lib.pipeline.night import fold, run_day, run_late_days
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace
from obs_lib.settings.scoring import ScoringOptions
from tests.clients.batch_server import BatchServer, Item
from tests.clients.judge_server import JudgeServer, Reply
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

DAY = DAYS[0]
KEY = "sk-test-THEKEYTHATMUSTNOTLEAK0123456789"
JUDGE = {"model": "judge-1", "connection": "court", "timeout_s": 5}
PRICES = {"prices": {"judge-*": {"input": 1.0, "output": 10.0}}}
OWN = """
name: manners
version: 3
title: Manners
reads: [prompt, response]
direction: higher_is_better
labels: {polite: 1.0, neutral: 0.5, rude: 0.0}
instructions: Decide how polite the response is.
"""


def _verdict(number: int, body: dict[str, Any]) -> Reply:
    """Depends on the texts alone, and repeats some of them, as judges do."""
    labels = body["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"]
    shown = body["messages"][1]["content"]
    answer = shown.partition("<<<response ")[2]
    return Reply(labels[len(answer) % len(labels)], answer[20:120], alternatives=None)


@pytest.fixture
def court(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    with JudgeServer(_verdict) as server:
        monkeypatch.setenv("OBS_CONNECTION_COURT", server.url.replace("://", f"://:{KEY}@"))
        yield server


def judged(folder: Path, logs: Path, judges: dict[str, Any], **sections: Any) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manners.yaml").write_text(OWN)
    ws = workspace(
        folder, logs, judges=judges, summaries=PRICES, **{"scoring": {"evaluators": ["judge:manners"]}, **sections}
    )
    ws.__dict__["encoder"] = HashingEncoder()  # only drift reads vectors here
    return ws


def metrics(ws: Workspace) -> Any:
    return ws.lake.read_ready(METRICS, DAY).set_index(["segment", "metric"])


def test_a_judge_takes_a_local_evaluators_place_and_its_own_name_is_a_metric(
    court: JudgeServer, logs: Path, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "manners.yaml").write_text(OWN)
    judges = {"relevance": {"rubric": "relevance", **JUDGE}, "manners": {"rubric": "manners.yaml", **JUDGE}}
    alerts = {"objectives": {"judge:manners": 0.9}}
    ws = workspace(tmp_path / "one", logs, judges=judges, summaries=PRICES, alerts=alerts)
    assert [one.name for one in ws.evaluators] == [
        "groundedness", "toxicity", "relevance", "refusal", "format", "context_relevance", "context_utilization",
        "repetition", "secret_leak", "personal_leak", "prompt_injection", "context_injection", "language_mismatch",
        "over_refusal", "abstention", "accuracy", "judge:manners",
    ]  # fmt: skip
    run(ws, [DAY])
    scores = ws.lake.read_ready(SCORES, DAY)
    relevance = scores[(scores["evaluator"] == "relevance") & (scores["status"] == "SCORED")]
    assert set(relevance["value"]) <= {0.0, 0.5, 1.0}
    assert relevance["version"].str.startswith("judge-1/relevance.1-").all()
    own = scores[scores["evaluator"] == "judge:manners"]
    cost = (1000 * 1.0 + 100 * 10.0) / 1e6
    assert own.loc[own["status"] == "SCORED", "cost_usd"].tolist() == pytest.approx([cost] * len(relevance))
    assert scores.loc[scores["evaluator"] == "toxicity", "cost_usd"].isna().all()

    rows = metrics(ws)
    mean = rows.loc[("all", "judge:manners")]
    assert mean["value"] == pytest.approx(own["value"].mean())
    assert mean["low"] < mean["value"] < mean["high"]
    assert ("route=docs-rag", "judge:manners") in rows.index
    of_the_day = len(court.requests) - len(anchors_of(ws.anchors, "relevance"))
    assert rows.loc[("all", "judge_cost"), "value"] == pytest.approx(cost * of_the_day)
    assert rows.loc[("all", "judge_cost"), "n"] == of_the_day
    kept = ws.lake.read(SKETCHES, [DAY])
    assert kept["key"].str.startswith("judge:manners:").any()

    page = " ".join(text(ws, DAY).split())  # without line breaks
    assert "Manners, by a judge" in page
    assert "Cost of judges" in page
    assert "Verdict of judge-1 by the rubric manners, version 3" in page_path(ws, DAY).read_text()
    assert not files_saying(tmp_path / "one", KEY)


def test_a_judge_that_favours_long_answers_is_found_out_by_peoples_labels(court: JudgeServer, tmp_path: Path) -> None:
    """Answers from a word to a page by two makers' models, labelled without a look at either; two nights, one window."""

    def long_is_polite(number: int, body: dict[str, Any]) -> Reply:
        answer = body["messages"][1]["content"].partition("<<<response ")[2].partition("<<<end")[0]
        return Reply("polite" if len(answer) > 200 else "neutral" if len(answer) > 100 else "rude", "Because.")

    court.script = long_is_polite
    for folder in ("logs", "labels"):
        (tmp_path / folder).mkdir()
    labels = []
    for day in DAYS[:2]:
        asked, given = [], []
        for n in range(40):
            words = " ".join(f"w{n}" for _ in range(2 ** (n % 8)))
            row = {"request_id": f"{day}-{n}", "timestamp": f"{day}T10:00:00Z", "prompt": f"Question {n}"}
            asked.append({**row, "response": words, "model_version": "judge-x" if n % 3 else "gpt-4o"})
            given.append(
                {"request_id": f"{day}-{n}", "label": "manners", "value": n // 8 % 2 == 0, "inclusion_probability": 0.5}
            )
        (tmp_path / "logs" / f"{day}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
        labels += given
    (tmp_path / "labels" / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels))

    sources = [{"path": str(tmp_path / "logs")}, {"format": "labels", "path": str(tmp_path / "labels")}]
    judges = {"manners": {"rubric": "manners.yaml", **JUDGE, "model": "gpt-4o-mini"}}
    ws = run(judged(tmp_path / "one", tmp_path / "logs", judges, sources=sources), DAYS[:2])
    (biases,) = judge_biases(ws, history(ws), DAYS[1])
    assert (biases.score, biases.model, biases.family) == ("judge:manners", "gpt-4o-mini", "openai")
    assert (biases.n, biases.own, biases.other, biases.drawn) == (80, 28, 0, True)
    slope = biases.length
    assert slope is not None
    assert slope.n == 80
    assert 0.1 < slope.low < slope.value < slope.high < 0.25  # from 0 to 1 within seven doublings
    assert biases.own_family is None  # of the other model nobody knows whose it is

    page = " ".join(text(ws, DAYS[1]).split())
    assert "The judge's biases" in page
    assert "It favours long answers: twice the length" in page
    assert "28 and 0 are known" in page
    assert b"It favours long answers" in page_path(ws, DAYS[1]).read_bytes()
    before = digests(ws)
    run(ws, DAYS[:2])
    assert digests(ws) == before

    # Labels that come later for the first day change the second day's report: it stands in its window.
    with (tmp_path / "labels" / "all.jsonl").open("a") as more:
        more.writelines(json.dumps({**row, "value": not row["value"]}) + "\n" for row in labels[:3])
    ws = judged(tmp_path / "one", tmp_path / "logs", judges, sources=sources)
    run_day(ws, DAYS[0])
    assert str(DAYS[1]) in fold(ws)


def test_a_cascade_asks_about_the_unsure_and_shows_its_cost_and_what_it_changes(
    court: JudgeServer, logs: Path, tmp_path: Path
) -> None:
    judges = {"relevance": {**JUDGE, "cascade": {"unsure": 0.1, "drawn": 0.5}}}
    named = {"scoring": {"evaluators": ["relevance"]}}
    ws = run(workspace(tmp_path / "one", logs, judges=judges, summaries=PRICES, **named), [DAY])
    scores = ws.lake.read_ready(SCORES, DAY)
    assert scores["version"].str.startswith("cascade/").all()
    told = scores.drop_duplicates("case")["evidence"].dropna().map(lambda text: json.loads(text).get("cascade"))
    assert told.notna().sum() + len(anchors_of(ws.anchors, "relevance")) >= len(court.requests)
    assert 0 < told.notna().sum() < len(told)
    rows = metrics(ws)
    assert rows.loc[("all", "relevance:local"), "value"] is not None
    assert "at random, of" in rows.loc[("all", "relevance:judged"), "note"]
    assert rows.loc[("all", "judge_cost"), "n"] == told.notna().sum()
    page = " ".join(text(ws, DAY).split())
    assert "as its judge sees all answers" in page
    assert "without its judge" in page
    assert "Cost of judges" in page
    before, asked = digests(ws), len(court.requests)
    run_day(ws, DAY, ScoringOptions(reuse=False, evaluators=("relevance",)))
    fold(ws)
    assert digests(ws) == before
    assert len(court.requests) == asked


def test_scored_again_it_costs_nothing_and_leaves_the_same(court: JudgeServer, logs: Path, tmp_path: Path) -> None:
    judges = {"manners": {"rubric": "manners.yaml", **JUDGE}}
    ws = run(judged(tmp_path / "one", logs, judges), [DAY])
    asked, before, shown = len(court.requests), digests(ws), pages(ws)
    run_day(ws, DAY, ScoringOptions(reuse=False, evaluators=("judge:manners",)))
    fold(ws)
    assert (digests(ws), pages(ws)) == (before, shown)
    assert len(court.requests) == asked
    seven = judged(
        tmp_path / "seven", logs, judges, scoring={"shards": 7, "batch_size": 3, "evaluators": ["judge:manners"]}
    )
    run(seven, [DAY])
    assert digests(seven)[(str(DAY), "collect")] == before[(str(DAY), "collect")]


def test_a_budget_leaves_rows_with_the_reason_and_a_larger_one_goes_on(
    court: JudgeServer, logs: Path, tmp_path: Path
) -> None:
    def night(calls: int) -> Any:
        judges = {"manners": {"rubric": "manners.yaml", "budget_calls": calls, **JUDGE}}
        ws = run(judged(tmp_path / "one", logs, judges), [DAY])
        scores = ws.lake.read_ready(SCORES, DAY)
        return scores.drop_duplicates("case"), metrics(ws).loc[("all", "judge:manners")]

    scores, metric = night(5)
    assert len(court.requests) == 5
    assert scores["note"].value_counts()["budget spent"] == (scores["status"] != "SCORED").sum() - (
        scores["note"].isin(["the request failed", "there is no answer"]).sum()
    )
    assert metric["n_skipped"] > 0
    again, _ = night(5)
    assert len(court.requests) == 5
    assert again.equals(scores)
    more, _ = night(9)
    assert len(court.requests) == 9
    assert set(scores.loc[scores["status"] == "SCORED", "case"]) < set(more.loc[more["status"] == "SCORED", "case"])


def test_a_judge_that_is_away_fails_rows_and_raises_an_incident_and_the_next_run_mends_it(
    court: JudgeServer, logs: Path, tmp_path: Path
) -> None:
    court.script = lambda number, body: Reply(status=400)
    ws = run(judged(tmp_path / "one", logs, {"manners": {"rubric": "manners.yaml", **JUDGE}}), [DAY])
    assert metrics(ws).loc[("all", "judge:manners"), "status"] == "NO_DATA"
    assert "Scores of judge:manners failed" in text(ws, DAY)
    court.script = _verdict
    run(ws, [DAY])
    assert metrics(ws).loc[("all", "judge:manners"), "status"] == "OK"
    assert page_path(ws, DAY).is_file()


def test_what_a_judge_said_of_a_person_is_forgotten(court: JudgeServer, logs: Path, tmp_path: Path) -> None:
    with_ada = add_person(logs, tmp_path / "logs")
    ws = run(judged(tmp_path / "one", with_ada, {"manners": {"rubric": "manners.yaml", **JUDGE}}), [DAYS[0], DAYS[2]])
    assert "lake/files/judges/ledger.sqlite3" in files_saying(tmp_path / "one", ANSWER)
    forget(ws, "user", PERSON)
    assert not files_saying(tmp_path / "one" / "lake", ANSWER, MARK)


def test_old_verdicts_go_with_old_rows(court: JudgeServer, logs: Path, tmp_path: Path) -> None:
    ws = run(
        judged(tmp_path / "one", logs, {"manners": {"rubric": "manners.yaml", **JUDGE}}, retention={"rows_days": 60}),
        [DAY],
    )
    done = maintain(ws)
    assert ("drop", "judges") in {(one.step, one.table) for one in done}


@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_a_batch_that_is_late_is_collected_by_the_next_night_and_leaves_what_one_in_time_leaves(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    own = {"manners": {"rubric": "manners.yaml", **JUDGE, "batch": api, "batch_wait_minutes": 0}}
    with BatchServer(lambda key, body: Item(("polite", "neutral", "rude")[int(key, 16) % 3]), looks=10_000) as server:
        monkeypatch.setenv("OBS_CONNECTION_COURT", server.url.replace("://", f"://:{server.key}@"))
        ws = run(judged(tmp_path / "late", logs, own), [DAY])
        waiting = metrics(ws).loc[("all", "judge:manners")]
        assert waiting["status"] == "NO_DATA"
        assert waiting["note"] == "skipped: the judge's batch is pending"
        assert "Scores of judge:manners failed" not in text(ws, DAY)  # nothing went wrong
        pending = digests(ws)
        run(ws, [DAY])
        assert digests(ws) == pending

        server.looks = 0
        ws = judged(tmp_path / "late", logs, own)
        run_day(ws, DAYS[1])
        assert run_late_days(ws, DAYS[1]) == [DAY]
        assert run_late_days(ws, DAYS[1]) == []
        run_day(ws, DAYS[1])  # it waits by now as well
        fold(ws)
        assert metrics(ws).loc[("all", "judge:manners"), "status"] == "OK"
        scored = ws.lake.read_ready(SCORES, DAY).drop_duplicates("case")["cost_usd"]
        assert set(scored.dropna()) == {0.001}  # half of (1000 * 1 + 100 * 10) / 1e6
        assert metrics(ws).loc[("all", "judge_cost"), "value"] == pytest.approx(scored.sum())
        assert "in batches at 50% of its price" in page_path(ws, DAY).read_text()

        asked = server.asked
        in_time = run(
            judged(tmp_path / "in_time", logs, {"manners": own["manners"] | {"batch_wait_minutes": 5}}), [DAY, DAYS[1]]
        )
        assert digests(in_time) == digests(ws)
        assert pages(in_time) == pages(ws)
        assert server.asked == 2 * asked
        assert not files_saying(tmp_path, server.key)


def test_the_batches_of_all_judges_are_sent_before_any_is_waited_for(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"rubric": "manners.yaml", **JUDGE, "batch_wait_minutes": 5}
    two = {"manners": {**own, "batch": "openai"}, "tone": {**own, "batch": "anthropic"}}
    scoring = {"evaluators": ["judge:manners", "judge:tone", "format"], "shards": 2, "batch_size": 4}
    with BatchServer(lambda key, body: Item("polite")) as server:
        monkeypatch.setenv("OBS_CONNECTION_COURT", server.url.replace("://", f"://:{server.key}@"))
        ws = judged(tmp_path / "one", logs, two, scoring=scoring)
        run_day(ws, DAY)
        made = [call for call in server.calls if call in ("POST /batches", "POST /messages/batches")]
        first_look = next(n for n, call in enumerate(server.calls) if call.startswith("GET /"))
        assert made == ["POST /batches", "POST /messages/batches"]
        assert all(server.calls.index(call) < first_look for call in made)
    scores = ws.lake.read_ready(SCORES, DAY)
    assert set(scores["evaluator"]) == {"judge:manners", "judge:tone", "format"}
    assert set(scores.loc[scores["evaluator"] == "judge:tone", "status"]) <= {"SCORED", "SKIPPED"}
    assert "SCORED" in set(scores.loc[scores["evaluator"] == "judge:manners", "status"])


@pytest.mark.parametrize(
    ("judge", "says"),
    [
        ({"rubric": "no-such"}, "there is no such rubric"),
        ({"rubric": "missing.yaml"}, "cannot be read"),
        ({"rubric": "toxicity"}, "the other way round"),
        ({"rubric": "preference"}, "scores no single answer"),
        ({"rubric": "relevance", "model": "dear", "budget_usd": 1}, "needs the price"),
    ],
)
def test_a_judge_that_does_not_fit_is_a_setting_that_is_wrong(
    logs: Path, tmp_path: Path, judge: dict[str, Any], says: str
) -> None:
    ws = judged(tmp_path / "one", logs, {"relevance": {**JUDGE, **judge}})
    with pytest.raises(ConfigError, match=says):
        _ = ws.judges


def test_the_settings_hold_no_key(tmp_path: Path, logs: Path) -> None:
    ws = judged(tmp_path / "one", logs, {"manners": {"rubric": "manners.yaml", **JUDGE}})
    assert "key" not in json.dumps(yaml.safe_load((tmp_path / "one" / "obs.yaml").read_text()))
    assert ws.settings.judged_scores == ("judge:manners",)
