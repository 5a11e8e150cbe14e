"""An evaluator is added by one file and one line, and somebody's own is in no way second class."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_lib.alerts.options import AlertOptions
from obs_lib.bench.evaluators import Bench
from obs_lib.bench.score_file import score_file
from obs_lib.catalogue import EVALUATORS, evaluator_names, metric_of, one_is_bad, quality, score_of
from obs_lib.catalogue.bundled import EVALUATORS as BUNDLED
from obs_lib.errors import ConfigError, ExtensionError
from obs_lib.lake.tables import ALERTS, METRICS, OPERATIONS, SCORES, SKETCHES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.config_check import check_config
from obs_lib.pipeline.label_sample import label_sample
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.settings.loading import load_settings
from tests import logs, tiny_models

DAYS = [dt.date(2025, 3, 3) + dt.timedelta(days=n) for n in range(5)]
DAY = DAYS[-1]
SHOUTING = """
import pandas as pd
from obs_lib.records import Metric

class Shouting:
    name, version, needs = "shouting", "1", ["response"]
    describe = "Share of the answer's letters that are capitals."
    labels = ("loud",)
    metrics = (
        Metric("shouting_rate", "Answers that shout", "share", "lower_is_better", 0.1, "share", aggregation="share_above"),
        Metric("shouting", "Shouting", "share", "lower_is_better", None, "mean", aggregation="mean"),
    )

    def score(self, frame):
        letters = frame["response"].str.count("[A-Za-z]")
        value = frame["response"].str.count("[A-Z]") / letters.where(letters > 0)
        return pd.DataFrame({"value": value, "note": "no letters", "evidence": [{"letters": int(n)} for n in letters]})
"""


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    yield
    for module in ("shouting", "unsupported_share"):
        sys.modules.pop(module, None)
    EVALUATORS.use(())


Open = Callable[..., Workspace]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Opens settings that name `shouting` beside them, over days of logs of which the last one shouts."""

    def opened(module: str = SHOUTING, **sections: Any) -> Workspace:
        (tmp_path / "logs").mkdir(exist_ok=True)
        (tmp_path / "shouting.py").write_text(module)
        for day in DAYS:
            rows = list(logs.interactions(day, per_route=12))
            for row in rows if day == DAY else []:
                row["response"] = str(row["response"] or "").upper()
            (tmp_path / "logs" / f"{day}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        settings = {"sources": [{"path": "logs"}], "evaluators": {"own": {"shouting": "shouting:Shouting"}}, **sections}
        (tmp_path / "obs.yaml").write_text(yaml.safe_dump(settings))
        ws = open_workspace(tmp_path / "obs.yaml")
        encoder = HashingEncoder()
        encoder.weights = ws.encoder.weights  # so that the heads take its vectors
        ws.__dict__["encoder"] = encoder  # where a cached property keeps what it made
        return ws

    return opened


@pytest.fixture
def night(opened: Open) -> Workspace:
    ws = opened(scoring={"evaluators": ["format", "shouting"]})
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    return ws


# -- one file and one line ---------------------------------------------------------------------------------------------

WORDS = {"format", "relevance", "refusal"}
"""Names that are words for other things too (a log's format, a label of evidence): what counts of them is a comparison."""

ELSEWHERE = {
    # A policy, and a default in every lake's digest: whose changes weigh more than another's.
    "groundedness": {"alerts/options.py"},
    # And what P0 is: harm delivered.
    "toxicity": {"alerts/options.py", "alerts/harm.py", "catalogue/harm.py", "summaries/confirmed.py"},
    # A session may end with a refusal, and a person ask again what was refused.
    "refusal": {"summaries/sessions.py"},
    # What settings, and lakes of schema version 4, called it before.
    "context_utilization": {"settings/renamed.py", "pipeline/schema_5/names.py"},
}
"""The only places, beside data files, that depend on an evaluator by its name."""


@pytest.mark.parametrize("name", BUNDLED)
def test_an_evaluator_is_known_by_its_file_and_a_line_of_the_registry(checkout: Path, name: str) -> None:
    library = checkout / "obs_lib"
    own = library / (BUNDLED[name].partition(":")[0].removeprefix("obs_lib.").replace(".", "/") + ".py")
    names = {name, *(metric.name for metric in score_of(name).metrics)}
    elsewhere = {
        str(path.relative_to(library))
        for path in library.rglob("*.py")
        if path not in (own, library / "catalogue" / "bundled.py") and named_in(path, names)
    }
    assert elsewhere == ELSEWHERE.get(name, set())


def named_in(path: Path, names: set[str]) -> bool:
    """Whether a module depends on one of the names; docstrings and prose do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    words = names & WORDS
    within = [node for node in ast.walk(tree) if isinstance(node, ast.Compare | ast.match_case)]
    compared = {node.value for part in within for node in ast.walk(part) if isinstance(node, ast.Constant)}
    anywhere = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return bool(anywhere & (names - words) or compared & words)


# -- in no way second class --------------------------------------------------------------------------------------------


def test_it_is_known_wherever_the_packages_are(opened: Open) -> None:
    ws = opened()
    assert evaluator_names() == (*BUNDLED, "shouting")
    assert [metric.name for metric in quality()[-2:]] == ["shouting_rate", "shouting"]
    assert metric_of("shouting_rate").family == "shouting"
    assert metric_of("shouting_rate:corrected") is not None
    assert one_is_bad("shouting")
    assert [evaluator.name for evaluator in ws.evaluators][-1] == "shouting"
    assert ws.settings.labels.names("shouting") == ("loud", "shouting")


def test_it_is_gone_where_other_settings_are_read(opened: Open, tmp_path: Path) -> None:
    opened()
    (tmp_path / "other.yaml").write_text("{}")
    load_settings(tmp_path / "other.yaml")
    assert evaluator_names() == tuple(BUNDLED)
    assert metric_of("shouting_rate") is None


def test_a_night_scores_sums_up_compares_alerts_and_shows(night: Workspace) -> None:
    scores = night.lake.read_ready(SCORES, DAY).query("evaluator == 'shouting'")
    assert set(scores["status"]) == {"SCORED"}
    assert set(scores["version"]) == {"1"}
    metrics = night.lake.read_ready(METRICS, DAY).query("segment == 'all'").set_index("metric")
    rate, mean = metrics.loc["shouting_rate"], metrics.loc["shouting"]
    assert (rate["value"], mean["value"]) == (1.0, 1.0)
    assert rate["low"] < rate["value"] == rate["high"]
    examples = night.lake.read_ready(SKETCHES, DAY).query("kind == 'examples'")["key"]
    assert examples.str.startswith("shouting:").any()
    alerts = night.lake.read_ready(ALERTS, DAY)
    assert {"Answers that shout rose"} <= set(alerts["title"])
    assert alerts["evidence"].str.contains('"metric": "shouting_rate", "n": .*"objective": ', regex=True).any()
    assert "Answers that shout" in text(night, DAY)
    assert "letters that are capitals. (version 1)" in page_path(night, DAY).read_text(encoding="utf-8")


def test_objectives_are_checked_against_its_metrics(opened: Open) -> None:
    assert opened(alerts={"objectives": {"shouting_rate": 0.5}}).settings.alerts.objectives == {"shouting_rate": 0.5}
    with pytest.raises(ConfigError, match=r"must name metrics .*shouting_rate.*found shoutin_rate"):
        opened(alerts={"objectives": {"shoutin_rate": 0.5}})
    assert opened(drift={"min_changes": {"shouting": 0.5}}).settings.drift.by_name["shouting"] == 0.5
    with pytest.raises(ConfigError, match=r"drift: min_changes must name metrics .*found shoutin"):
        opened(drift={"min_changes": {"shoutin": 0.5}})
    EVALUATORS.use(())
    with pytest.raises(ValueError, match="must name metrics"):
        AlertOptions(objectives={"shouting_rate": 0.5})


def test_the_check_lists_it_and_files_and_sets_are_scored_by_it(opened: Open, tmp_path: Path) -> None:
    ws = opened(scoring={"evaluators": ["shouting"]})
    assert check_config(ws)["evaluators"] == "shouting"
    rows = [{"text": "STOP" if n % 2 else "go on", "loud": n % 2 == 1} for n in range(40)]
    folder = tmp_path / "sets"
    folder.mkdir()
    (folder / "shouting_made.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert score_file(ws, folder / "shouting_made.jsonl", "shouting", str(tmp_path / "out")) == {"SCORED": 40}
    (measured,) = Bench(ws, resamples=100).run(folder).sets
    assert (measured.evaluator, measured.name, measured.positive, measured.n_positive) == (
        "shouting",
        "made",
        "loud",
        20,
    )
    assert measured.figures["f1"].value == 1.0


def test_its_answers_are_drawn_for_people_to_label(night: Workspace) -> None:
    drawn = list(label_sample(night, [DAY], "shouting", 5))
    assert {row["label"] for row in drawn} == {"loud"}
    assert len(drawn) == 5


def test_its_anchors_are_scored_and_a_judge_takes_its_place(opened: Open, tmp_path: Path) -> None:
    line = {"id": "shout-1", "response": "STOP", "expected": {"shouting": True}}
    (tmp_path / "anchors.jsonl").write_text(json.dumps(line) + "\n")
    (tmp_path / "loud.yaml").write_text(
        yaml.safe_dump(
            {
                "name": "loud", "version": 1, "title": "Loud", "reads": ["response"], "direction": "lower_is_better",
                "instructions": "Does it shout?", "labels": {"yes": 1.0, "no": 0.0},
            }
        )
    )  # fmt: skip
    module = SHOUTING.replace("    labels =", '    anchors, rubric = "anchors.jsonl", "loud.yaml"\n    labels =')
    judge = {"model": "m", "connection": "c"}
    ws = opened(module, judges={"shouting": judge}, scoring={"evaluators": ["shouting"]})
    assert [anchor.id for anchor in ws.anchors if "shouting" in anchor.expected] == ["shout-1"]
    assert ws.settings.judged_scores == ("shouting",)
    (evaluator,) = (evaluator for evaluator in ws.evaluators if evaluator.name == "shouting")
    assert evaluator.version.startswith("m/loud.1-")


# -- what is broken is named, and stops nothing ------------------------------------------------------------------------

BROKEN = {
    "no licence": ("raise RuntimeError('no licence')", "cannot be loaded.*RuntimeError: no licence"),
    "leaves": ("import sys\nsys.exit(3)", "cannot be loaded.*SystemExit"),
    "another name": ("class Loud: pass", "cannot be loaded.*AttributeError"),
    "nothing in it": ("class Shouting: pass", "has no name"),
    "not as named": (SHOUTING.replace('"shouting", "1"', '"loud", "1"'), "bears another name"),
    "needs": (SHOUTING.replace('"1", ["response"]', '"1", ["response", "user_id"]'), "is given.*user_id"),
    "needs a text": (SHOUTING.replace('"1", ["response"]', '"1", "response"'), "is no list"),
    "no metrics": (SHOUTING.replace("metrics = (", "metrics = () and ("), "has no metrics"),
    "metric taken": (SHOUTING.replace('Metric("shouting",', 'Metric("toxicity",'), "name is taken.*found 'toxicity'"),
    "no aggregation": (SHOUTING.replace(', aggregation="mean"', ""), "does not say how values become"),
    "no version": (SHOUTING.replace('"shouting", "1"', '"shouting", 1'), "has no version.*found '1'"),
    "no score": (SHOUTING.replace("def score(", "def rate("), "has no method score"),
    "not made": (SHOUTING + "\n    def __init__(self, size): pass\n", "cannot be made.*size"),
    "not built": (SHOUTING + "\n    @classmethod\n    def build(cls, kit): return kit.head('none')\n", "cannot be built"),
}  # fmt: skip


@pytest.mark.parametrize(("module", "what"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_one_is_named_by_the_check(opened: Open, module: str, what: str) -> None:
    ws = opened(module, alerts={"objectives": {"shouting_rate": 0.5}}, scoring={"evaluators": ["format", "shouting"]})
    with pytest.raises(ExtensionError, match=f"(?s)'shouting' of obs.yaml.*{what}") as caught:
        check_config(ws)
    assert caught.value.exit_code == 2
    assert "shouting" not in [evaluator.name for evaluator in ws.evaluators]
    assert metric_of("shouting_rate") is None


def test_anchors_that_cannot_be_read_are_named_and_cost_the_anchors_alone(opened: Open) -> None:
    ws = opened(SHOUTING + "\n    anchors = 'gone.jsonl'\n", scoring={"evaluators": ["shouting"]})
    run_day(ws, DAY)
    assert set(ws.lake.read_ready(SCORES, DAY)["status"]) == {"SCORED"}
    with pytest.raises(ExtensionError, match=r"(?s)'shouting' of obs.yaml has anchors that cannot be read.*gone.jsonl"):
        check_config(ws)


@pytest.mark.parametrize("chosen", [None, ["format", "shouting"], ["shouting"]])
def test_a_night_goes_on_without_a_broken_one_and_says_so(opened: Open, chosen: list[str] | None) -> None:
    ws = opened("import not_there", scoring={"evaluators": chosen}, alerts={"objectives": {"shouting_rate": 0.5}})
    run_day(ws, DAY)
    assert fold(ws) == [str(DAY)]
    assert "Left out" in text(ws, DAY)
    assert "No module named 'not_there'" in text(ws, DAY)
    (row,) = ws.lake.read(OPERATIONS, [dt.datetime.now(dt.UTC).date()]).query("kind == 'extension'").to_dict("records")
    assert (row["subject"], row["outcome"]) == ("shouting of obs.yaml", "LEFT_OUT")
    assert "not_there" in row["detail"]
    with pytest.raises(ExtensionError, match="not_there"):
        score_file(ws, Path("x"), "shouting", "-")


def test_the_name_of_one_of_the_package_cannot_be_taken(opened: Open) -> None:
    own = {"own": {"toxicity": "shouting:Shouting"}}
    ws = opened(evaluators=own)
    with pytest.raises(
        ExtensionError, match=r"'toxicity' of obs.yaml has a name that is taken.*toxicity of the package"
    ):
        check_config(ws)
    (evaluator,) = (evaluator for evaluator in ws.evaluators if evaluator.name == "toxicity")
    assert "Probability that people" in evaluator.describe


# -- the walks of docs/extending.md ------------------------------------------------------------------------------------


def test_the_page_shows_the_package_as_it_is(checkout: Path) -> None:
    page = (checkout / "docs" / "extending.md").read_text(encoding="utf-8")
    package = checkout / "tests" / "packages" / "acme_extensions"
    assert (package / "acme_extensions" / "reading_level.py").read_text(encoding="utf-8").strip() in page
    assert (package.parent / "unsupported_share.py").read_text(encoding="utf-8").strip() in page
    entry_point = (
        '[project.entry-points."obs.evaluators"]\nreading_level = "acme_extensions.reading_level:ReadingLevel"'
    )
    assert entry_point in page
    assert entry_point in (package / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["installed", "beside"])
def test_both_walks_as_a_user_walks_them(way: str, checkout: Path, acme_site: Path, tmp_path: Path) -> None:
    rows = logs.interactions(DAY, per_route=3)
    settings: dict[str, Any] = {"scoring": {"evaluators": ["format", "reading_level"]}, "models": {"threads": 1}}
    path = [str(checkout)]
    if way == "installed":
        path.append(str(acme_site))
        settings["sources"] = [{"format": "acme", "path": f"{DAY}.jsonl"}]
        lines = [json.dumps(line) for row in rows for line in logs.acme(row)]
    else:
        own = checkout / "tests" / "packages" / "acme_extensions" / "acme_extensions" / "reading_level.py"
        (tmp_path / "reading_level.py").write_text(own.read_text(encoding="utf-8"))
        settings["sources"] = [{"path": f"{DAY}.jsonl"}]
        settings["evaluators"] = {"own": {"reading_level": "reading_level:ReadingLevel"}}
        lines = [json.dumps(row) for row in rows]
    settings["alerts"] = {"objectives": {"hard_to_read_rate": 0.2}}
    (tmp_path / f"{DAY}.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "obs.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "answers.jsonl").write_text('{"text": "The cat sat on the mat."}\n{"text": "4711"}\n')

    def obs(*arguments: str) -> str:
        command = [sys.executable, "-c", "from obs_lib.cli import main; main()", *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OBS_")}
        environment["PYTHONPATH"] = os.pathsep.join(path)
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "format, reading_level" in obs("config", "check")
    obs("run", str(DAY))
    (rate,) = (
        row
        for row in json.loads(obs("metrics", str(DAY), "--json"))
        if (row["metric"], row["segment"]) == ("hard_to_read_rate", "all")
    )
    assert rate["status"] == "OK"
    assert "Answers hard to read" in obs("report", str(DAY))
    scored, skipped = map(
        json.loads, obs("score", "answers.jsonl", "--evaluator", "reading_level", "--out", "-").splitlines()
    )
    assert (scored["status"], scored["value"], scored["evidence"]["words"]) == ("SCORED", 1.0, 6)
    assert (skipped["status"], skipped["note"]) == ("SKIPPED", "no words")


def test_the_walk_with_a_model(opened: Open, checkout: Path, tmp_path: Path) -> None:
    own = {"own": {"unsupported_share": "unsupported_share:UnsupportedShare"}}
    source = checkout / "tests" / "packages" / "unsupported_share.py"
    (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    tiny_models.detector(tmp_path / "detector")
    answers = [
        {"prompt": "what colour is the door?", "contexts": contexts, "response": "the door is red."}
        for contexts in (["the door is tall."], ["the door is red."], [])
    ]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    ws = opened(evaluators=own)
    check_config(ws)
    score_file(ws, tmp_path / "answers.jsonl", "unsupported_share", str(tmp_path / "scores.jsonl"))
    rows = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert [(row["status"], row["value"]) for row in rows] == [("SCORED", 0.2), ("SCORED", 0.0), ("SKIPPED", None)]
    assert rows[0]["evidence"] == {"unsupported": [[12, 15]]}
