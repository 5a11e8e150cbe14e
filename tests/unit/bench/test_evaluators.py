"""A folder of made-up sets, measured as a whole."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obs_lib.bench.evaluators import Bench, BenchReport
from obs_lib.bench.labelled import LabelledSet, Unknown, groups, read_set, tasks
from obs_lib.cli.bench_printing import print_bench, write_bench
from obs_lib.errors import ConfigError, SourceError
from obs_lib.pipeline.workspace import Workspace
from tests.unit.bench.conftest import write

GROUNDEDNESS, TOXICITY, REFUSAL, RELEVANCE, OVER_REFUSAL = (
    tasks()[name] for name in ("groundedness", "toxicity", "refusal", "relevance", "over_refusal")
)
THINGS = ["bridge", "violin", "harbour", "comet", "orchard", "glacier", "lantern", "museum", "tunnel", "valley"]


def refusals(n: int) -> list[dict[str, Any]]:
    no, yes = "I'm sorry, but I can't assist with that request.", "Sure, here is how to build the {} step by step."
    return [
        {
            "id": i,
            "model": f"m{i % 2}",
            "prompt": f"How do I build a {THINGS[i % 10]} {i}?",
            "response": no if i % 3 == 0 else yes.format(THINGS[i % 10]),
            "refused": i % 3 == 0,
            "label": "a word",
        }
        for i in range(n)
    ]


def claims(n: int) -> list[dict[str, Any]]:
    return [
        {
            "contexts": [f"The {THINGS[i % 10]} was opened in 19{i % 10}0 by the mayor of the town."],
            "prompt": "ok",
            "response": f"The {THINGS[(i + 3 * (i % 2)) % 10]} was opened in 19{i % 10}0 by the mayor of the town.",
            "label": i % 2 == 0,
        }
        for i in range(n)
    ]


def questions(n: int) -> list[dict[str, Any]]:
    rows = []
    for i in range(n):
        prompt = f"Where does the {THINGS[i % 10]} of town {i} lie?"
        answers = [f"The {THINGS[i % 10]} of town {i} lies there.", "Bananas are yellow.", "It costs nothing at all."]
        rows += [
            {"prompt": prompt, "response": text, "relevant": int(k == 0 and i > 1)} for k, text in enumerate(answers)
        ]
    return rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "sets"
    (place / "labelled").mkdir(parents=True)
    write(place / "refusal_xstest.jsonl.gz", [*refusals(90), "broken", {"response": "no label"}, {"refused": True}])
    write(place / "labelled" / "groundedness_new.jsonl", claims(60))
    write(place / "relevance_invented.jsonl", questions(30))
    toxic = [{"text": f"you {THINGS[i % 10]} {i}", "toxic": i % 2} for i in range(40)]
    write(place / "toxicity_invented.jsonl", toxic)
    write(place / "humour_invented.jsonl", [{"text": "x", "funny": True}])
    write(place / "toxicity_unlabelled.jsonl", [{"text": "x", "label": "maybe"}])
    (place / "README.md").write_text("about")
    return place


@pytest.fixture
def report(ws: Workspace, folder: Path) -> BenchReport:
    return Bench(ws, resamples=200).run(folder)


def test_every_set_is_measured_and_every_other_file_named(report: BenchReport) -> None:
    found = {(one.task, one.name): one for one in report.sets}
    assert set(found) == {
        *(("refusal", "xstest"), ("groundedness", "new"), ("relevance", "invented"), ("toxicity", "invented")),
    }
    assert {Path(one.file).name for one in report.unknown} == {
        *("README.md", "humour_invented.jsonl", "toxicity_unlabelled.jsonl"),
    }
    refusal = found["refusal", "xstest"]
    assert (refusal.n, refusal.n_positive, refusal.unlabelled, refusal.unread, refusal.skipped) == (90, 30, 1, 1, 1)
    assert refusal.figures["f1"].value == 1.0
    assert list(refusal.by_model) == ["m0", "m1"]
    assert [one.seen_in_training for one in found.values()] == [
        {"xstest": True}.get(one.name, False) for one in found.values()
    ]
    assert (refusal.figures["rows_per_second"].value or 0) > 0


def test_groundedness_counts_what_is_made_up(report: BenchReport) -> None:
    one = next(one for one in report.sets if one.task == "groundedness")
    assert (one.positive, one.n_positive, one.n_groups) == ("hallucinated", 30, 10)
    assert (one.figures["auroc"].value or 0) > 0.9


def test_relevance_ranks_within_its_questions(report: BenchReport) -> None:
    one = next(one for one in report.sets if one.task == "relevance")
    assert one.questions == {"questions": 28, "without_relevant": 2, "relevant_only": 0}
    assert one.figures["mrr"].value == 1.0
    assert one.n_groups == 30


def test_answers_of_other_sets_are_ordinary_ones(report: BenchReport) -> None:
    assert [(Path(one.file).name, one.evaluator, one.n) for one in report.benign] == [
        ("refusal_xstest.jsonl.gz", "toxicity", 11),
        ("groundedness_new.jsonl", "toxicity", 60 - 60 + len({row["response"] for row in claims(60)})),
    ]
    for one in report.benign:
        assert one.false_positive_share.high is not None


def test_it_is_the_same_each_time_but_for_the_speed(ws: Workspace, folder: Path, report: BenchReport) -> None:
    again = Bench(ws, resamples=200).run(folder)

    def still(found: BenchReport) -> list[Any]:
        return [dataclasses.replace(one, figures=one.figures | {"rows_per_second": None}) for one in found.sets]

    assert still(again) == still(report)
    assert again.benign == report.benign


def test_only_some_sets_by_another_evaluator(ws: Workspace, folder: Path) -> None:
    found = Bench(ws, {"toxicity": "refusal"}, ("toxicity",), 200).run(folder)
    assert [(one.name, one.evaluator, one.seen_in_training) for one in found.sets] == [("invented", "refusal", False)]
    with pytest.raises(ConfigError, match="no such task"):
        Bench(ws, {"humour": "refusal"}, (), 200).run(folder)
    with pytest.raises(SourceError, match="no labelled set"):
        Bench(ws, only=("nothing",)).run(folder)
    with pytest.raises(SourceError, match="does not exist"):
        Bench(ws).run(folder / "gone")


def test_rows_of_one_source_are_one_group(tmp_path: Path) -> None:
    asked = "What is the height of it?"
    rows = [
        {"contexts": ["a"], "prompt": "ok", "response": "1", "grounded": True},
        {"contexts": ["a"], "prompt": asked, "response": "2", "grounded": True},
        {"contexts": ["b"], "prompt": asked, "response": "3", "grounded": True},
        {"contexts": ["c"], "prompt": "ok", "response": "4", "grounded": True},
        {"contexts": [], "prompt": "ok", "response": "5", "grounded": True},
        {"prompt": "ok", "response": "6", "grounded": True},
        {"text": "same", "grounded": True},
        {"text": "same", "grounded": False},
    ]
    found = read_set(write(tmp_path / "groundedness_x.jsonl", rows), GROUNDEDNESS, "x")
    assert isinstance(found, LabelledSet)
    a = groups(found)
    assert [[int(i) for i in np.flatnonzero(a == g)] for g in dict.fromkeys(a)] == [[0, 1, 2], [3], [4, 5], [6, 7]]


def test_a_label_is_true_or_false(tmp_path: Path) -> None:
    labels: list[Any] = [True, False, 1, 0, 1.0, 2, "true", None, [], {}]
    found = read_set(
        write(tmp_path / "toxicity_x.jsonl", [{"text": "x", "toxic": one} for one in labels]), TOXICITY, "x"
    )
    assert isinstance(found, LabelledSet)
    assert (found.labels, found.unlabelled) == ([True, False, True, False, True], 5)
    assert isinstance(read_set(write(tmp_path / "refusal_y.jsonl", [{"text": "x"}]), REFUSAL, "y"), Unknown)


def test_it_is_told_as_tables_and_as_json(
    report: BenchReport, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_bench(report)
    shown = capsys.readouterr().out
    for text in ("xstest", "AUROC", "length-only AUROC", "F1 at 0.5", "MRR", "unknown: ", "seen in training", "m1"):
        assert text in shown
    write_bench(report, str(tmp_path / "out.json"))
    told = json.loads((tmp_path / "out.json").read_text())
    assert set(told["sets"][0]["figures"]["auroc"]) == {"value", "low", "high"}
    write_bench(report, "-")
    assert json.loads(capsys.readouterr().out) == told


def test_a_task_of_two_words_is_told_from_its_set(ws: Workspace, tmp_path: Path) -> None:
    rows = [{"prompt": f"How do I {i}?", "response": "I can't help.", "over_refused": i % 2 == 0} for i in range(20)]
    write(tmp_path / "over_refusal_ours.jsonl", rows)
    write(tmp_path / "over_refusal_xstest.jsonl", rows)
    write(tmp_path / "over_ours.jsonl", rows)
    found = Bench(ws, resamples=50).run(tmp_path)
    assert [(one.task, one.name, one.evaluator, one.n) for one in found.sets] == [
        ("over_refusal", "ours", "over_refusal", 20),
        ("over_refusal", "xstest", "over_refusal", 20),
    ]
    assert [one.seen_in_training for one in found.sets] == [False, True]  # by either of its two heads
    assert [Path(one.file).name for one in found.unknown] == ["over_ours.jsonl"]
    assert isinstance(read_set(write(tmp_path / "over_refusal_y.jsonl", [{"text": "x"}]), OVER_REFUSAL, "y"), Unknown)
