"""A system metric is one new file and one line: what it is says it to every stage, and nobody else needs to know its name."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from obs_lib import catalogue
from obs_lib.catalogue import bundled
from obs_lib.catalogue.system import GROUPS
from obs_lib.lake.tables import ALERTS, DRIFT, GPU_SAMPLES, INTERACTIONS, METRICS, SPANS
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace, open_workspace

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(5)]
FILE = '''"""How long answers are."""

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import Metric
from obs_lib.summaries.measures import mean

LENGTH = MetricGroup(
    "Length of answers",
    "interactions",
    (
        MeasuredMetric(
            Metric(
                "answer_tokens", "Tokens per answer", "tokens", "lower_is_better", 200.0, "mean of output_tokens",
                extensive=False,
            ),
            mean("output_tokens", "output tokens", 0.0),
        ),
    ),
)
'''
LINE = ("answer_length", "answer_length:LENGTH")


def read_anew() -> None:
    """The registry with the lines that it has now; a process of its own reads them once."""
    GROUPS._entries = None
    GROUPS.generation += 1


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file and the line."""
    (tmp_path / "answer_length.py").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(bundled.SYSTEM, *LINE)
    read_anew()
    yield
    monkeypatch.undo()
    sys.modules.pop("answer_length", None)
    read_anew()


def nights(folder: Path) -> Workspace:
    """Four days with answers of about 100 tokens, and one of about 400."""
    folder.mkdir()
    for number, day in enumerate(DAYS):
        rng = np.random.default_rng(number)
        lines = [
            {
                "request_id": f"{day}-{n}",
                "timestamp": f"{day}T{n % 24:02}:00:00Z",
                "prompt": f"Question {n}?",
                "response": f"Answer {n} of {day}.",
                "total_latency_ms": 500.0,
                "input_tokens": 20,
                "output_tokens": int(rng.integers(80, 120)) * (4 if day == DAYS[-1] else 1),
            }
            for n in range(60)
        ]
        (folder / f"{day}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = {
        "lake": {"root": "lake"},
        "sources": [{"format": "native", "path": "*.jsonl"}],
        "scoring": {"evaluators": ["format"]},
    }
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    ws = open_workspace(folder / "obs.yaml")
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    return ws


@pytest.mark.usefixtures("added")
def test_a_metric_of_one_file_and_one_line_is_in_everything_that_a_night_says(tmp_path: Path) -> None:
    ws, day = nights(tmp_path / "own"), DAYS[-1]
    metrics = ws.lake.read_ready(METRICS, day).set_index(["segment", "metric"])
    row = metrics.loc[("all", "answer_tokens")]
    assert row["status"] == "OK"
    assert 0 < row["low"] < row["value"] < row["high"]
    assert row["n"] == 60

    drift = ws.lake.read_ready(DRIFT, day).set_index(["segment", "name"])
    change = drift.loc[("all", "change:answer_tokens")]
    assert (change["verdict"], change["unit"]) == ("DRIFTED", "tokens")
    assert change["threshold"] == pytest.approx(0.2 * change["baseline_value"])

    alerts = ws.lake.read_ready(ALERTS, day)
    signals = [signal for evidence in alerts["evidence"] for signal in json.loads(evidence)]
    assert {signal.get("objective") for signal in signals if signal["metric"] == "answer_tokens"} == {None, 200.0}
    changed = json.loads(alerts.loc[alerts["kind"] == "change", "evidence"].iloc[0])
    assert "answer_tokens" in {signal["family"] for signal in changed}

    page = page_path(ws, day).read_text()
    assert "Length of answers" in page
    assert "mean of output_tokens" in page
    assert "Tokens per answer" in text(ws, day)


def test_without_its_line_nobody_knows_it() -> None:
    assert catalogue.metric_of("answer_tokens") is None


@pytest.mark.usefixtures("added")
def test_with_its_line_it_stands_behind_those_of_the_package() -> None:
    assert [metric.name for metric in catalogue.system()][-1] == "answer_tokens"
    metric = catalogue.metric_of("answer_tokens")
    assert metric is not None
    assert (metric.family, metric.objective) == ("answer_tokens", 200.0)


ELSEWHERE: dict[str, set[str]] = {
    # How many there were, by which a day's other numbers, its segments and its headline are read.
    "requests": {
        "alerts/data.py",
        "alerts/night.py",
        "drift/measure.py",
        "pipeline/alert.py",
        "pipeline/day_list.py",
        "pipeline/replay.py",
        "pipeline/report_inputs.py",
        "reporting/revision.py",
        "reporting/topic_notes.py",
        "reporting/verdict.py",
        "evaluators/judge/batches/anthropic.py",  # a field of Anthropic's of that name
    },
    "error_rate": {"alerts/harm.py"},  # an outage is told without any baseline
    "stage_duration_p95": {"reporting/traces_section.py"},  # the trend beside each stage
    "stage_error_rate": {
        "alerts/suspects.py",  # says of a stage whether it fails or is slow
        "reporting/traces_section.py",  # which every span counts for
    },
}
"""Files besides its own in which a metric is asked for by its name."""


def test_each_name_stands_in_one_file() -> None:
    """Those aside that are columns of tables as well; what a log calls a field of its own is none of ours."""
    columns = {column.name for table in (INTERACTIONS, SPANS, GPU_SAMPLES) for column in table.columns}
    root = Path(catalogue.__file__).parent.parent
    logs = root / "sources" / "formats"
    sources = {path: path.read_text() for path in root.rglob("*.py") if logs not in path.parents}
    for metric in (*catalogue.system(), *catalogue.gpu(), *catalogue.stages()):
        if metric.name in columns or metric.part_of:  # the kinds of errors are written as one
            continue
        named = re.compile(rf"""["'`]{re.escape(metric.name)}["'`]""")
        files = {str(path.relative_to(root)) for path, source in sources.items() if named.search(source)}
        elsewhere = ELSEWHERE.get(metric.name, set())
        assert elsewhere <= files, metric.name
        assert len(files - elsewhere) == 1, (metric.name, files)
