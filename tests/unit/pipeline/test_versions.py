"""Two versions on a small lake: what is found, what is not, and what the command prints."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.drift.side_by_side import Line
from obs_lib.errors import ConfigError
from obs_lib.pipeline.night import run_day
from obs_lib.pipeline.render import report_text
from obs_lib.pipeline.version_reports import _natural, page_of, versions_of_day
from obs_lib.pipeline.versions import SideBySide, compare_versions
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.lakes import workspace

DAYS = (dt.date(2024, 3, 1), dt.date(2024, 3, 2))
NAMES = ("nova-1.0", "nova-1.1")


def lines(day: dt.date) -> Iterator[dict[str, Any]]:
    """The second version is asked the slow route more often and as fast there; a quarter of its answers are no JSON."""
    rng = random.Random(day.day)
    for n in range(300):
        version = n % 2
        slow = rng.random() < (0.7 if version else 0.3)
        broken = rng.random() < (0.25 if version else 0.05)
        yield {
            "request_id": f"r{n}",
            "timestamp": f"{day}T{n % 24:02d}:00:00Z",
            "user_id": f"u{rng.randrange(60)}",
            "prompt": f"Give me JSON {n // 2 % 80}",
            "response": "[1" if broken else "[1]",
            "expected_format": "json",
            "model_version": NAMES[version],
            "prompt_version": f"p{version}",
            "total_latency_ms": rng.lognormvariate(7 if slow else 6, 0.3),
            "output_tokens": 10,
            "tags": {"route": "docs" if slow else "code"},
        }


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("versions")
    (folder / "logs").mkdir()
    for day in DAYS:
        (folder / "logs" / f"{day}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines(day)))
    ws = workspace(folder, folder / "logs", scoring={"evaluators": ["format"]}, segments=["route"])
    for day in DAYS:
        run_day(ws, day)
    return ws


@pytest.fixture(scope="module")
def found(ws: Workspace) -> SideBySide:
    return compare_versions(ws, NAMES)


def on(found: SideBySide, metric: str) -> dict[str, Line]:
    return {line.on: line for line in found.lines if line.metric == metric}


def test_a_slower_mix_is_no_slower_model(found: SideBySide) -> None:
    latency = on(found, "latency_mean")
    whole, mix, same = (latency[name].difference for name in ("all answers", "mix", "same mix"))
    assert whole
    assert mix
    assert same
    assert whole.value == pytest.approx(mix.value + same.value)
    assert mix.low is not None
    assert mix.low > 100
    assert latency["same mix"].verdict == "none shown"
    assert latency["same prompts"].verdict == "none shown"
    assert latency["same prompts"].n_a <= 160  # 80 prompts in two routes
    assert on(found, "latency_p50")["same mix"].verdict == "none shown"
    assert "same prompts" not in on(found, "latency_p50")


def test_worse_answers_are_found_at_the_same_mix_and_on_the_same_prompts(found: SideBySide) -> None:
    of_format = on(found, "format_compliance")
    for name in ("same mix", "same prompts"):
        apart = of_format[name].difference
        assert apart
        assert apart.high is not None
        assert apart.high < 0
        assert of_format[name].verdict == "differs"


def test_every_test_is_one_of_those_that_are_controlled_together(found: SideBySide) -> None:
    tested = [line for line in found.lines if line.p_adjusted is not None]
    assert len(tested) >= 6
    for line in tested:
        assert line.on.startswith("same")
        assert line.difference
        assert line.difference.p_value is not None
        assert line.p_adjusted is not None
        assert line.p_adjusted >= line.difference.p_value
    assert on(found, "latency_p99")["same mix"].verdict == "too few"


def test_what_is_counted(found: SideBySide) -> None:
    assert (found.n_a, found.n_b, found.days_of_both) == (300, 300, 2)
    assert 0 < found.prompts <= 160


def test_versions_of_prompts_a_day_and_a_segment(ws: Workspace) -> None:
    found = compare_versions(ws, ("p0", "p1"), DAYS[:1], by="prompt_version", segment="route=docs")
    assert found.days_a == (str(DAYS[0]),)
    assert 0 < found.n_a < found.n_b < 150
    assert {line.on for line in found.lines} == {"same mix", "same prompts"}  # one route is one mix


@pytest.mark.parametrize("segment", ["all", "route=nowhere"])
def test_a_version_without_answers_is_refused_with_those_there_are(ws: Workspace, segment: str) -> None:
    name = "nova-2.0" if segment == "all" else NAMES[1]
    with pytest.raises(ConfigError, match=r"nova-1\.0, nova-1\.1"):
        compare_versions(ws, (NAMES[0], name), segment=segment)
    with pytest.raises(ConfigError, match="found 'none'"):
        compare_versions(ws, NAMES, [dt.date(2023, 1, 1)])


def test_the_command(ws: Workspace) -> None:
    config = Path(ws.lake.root).parent / "obs.yaml"
    arguments = ["compare-versions", *NAMES, "--config", str(config)]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    for words in ("same prompts", "differs", "none shown", "300 of nova-1.0 and 300 of nova-1.1"):
        assert words in shown.output
    facts = json.loads(CliRunner().invoke(app, [*arguments, "--to", str(DAYS[0]), "--json"]).stdout)
    assert facts["days_a"] == [str(DAYS[0])]
    first = next(line for line in facts["lines"] if line["metric"] == "format_compliance" and line["on"] == "same mix")
    assert first["difference"]["value"] == pytest.approx(first["b"]["value"] - first["a"]["value"])


def test_the_page_of_its_own(ws: Workspace) -> None:
    config = Path(ws.lake.root).parent / "obs.yaml"
    arguments = ["compare-versions", *NAMES, "--config", str(config), "--html"]
    page = CliRunner().invoke(app, arguments).stdout
    assert page == CliRunner().invoke(app, arguments).stdout
    for words in ("1 Mar 2024 to 2 Mar 2024", "metrics differ (Format compliance", "Where they differ", "same prompts"):
        assert words in page
    assert "Other days" not in page
    alone = page_of(ws, compare_versions(ws, NAMES, DAYS[:1], segment="route=docs"))
    assert "1 Mar 2024</time>" in alone
    assert "route=docs" in alone


def test_versions_that_share_no_day_are_said_to(ws: Workspace, found: SideBySide) -> None:
    apart = replace(found, days_a=found.days_a[:1], days_b=found.days_b[1:])
    assert apart.days_of_both == 0
    assert "No day has answers of both" in page_of(ws, apart)


def test_names_of_versions_are_hostile_text(ws: Workspace, found: SideBySide) -> None:
    page = page_of(ws, replace(found, b="<script>alert(1)</script>\u202e"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in page


def test_a_day_of_two_versions_has_a_section(ws: Workspace) -> None:
    of_day = list(versions_of_day(ws, DAYS[0]))
    assert [(one.by, one.a, one.b) for one in of_day] == [("model_version", *NAMES), ("prompt_version", "p0", "p1")]
    compared = compare_versions(ws, NAMES, DAYS[:1])
    assert [line.difference for line in of_day[0].lines] == [line.difference for line in compared.lines]
    text = report_text(ws, DAYS[0])
    for words in ("Versions side by side", "150 answers of model nova-1.0 and 150 of nova-1.1", "Where they differ"):
        assert words in text


def test_a_day_of_one_version_or_of_too_few_answers_of_another_has_none(ws: Workspace) -> None:
    many = ws.settings.drift.model_copy(update={"min_answers": 151})
    assert list(versions_of_day(replace(ws, settings=ws.settings.model_copy(update={"drift": many})), DAYS[0])) == []


def test_versions_stand_in_the_order_of_the_numbers_in_their_names() -> None:
    names = ["v10", "v9", "gpt-4-0613", "gpt-4-0314", "gpt-4"]
    assert sorted(names, key=_natural) == ["gpt-4", "gpt-4-0314", "gpt-4-0613", "v9", "v10"]
