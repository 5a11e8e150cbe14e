"""Days of a small lake against other days of it."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from obs_lib.catalogue.distances import DISTRIBUTIONS
from obs_lib.cli.app import app
from obs_lib.errors import ConfigError, DayNotReady
from obs_lib.pipeline.distributions import compare_distributions
from obs_lib.pipeline.night import run_day
from obs_lib.pipeline.ranges import compare_ranges
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.lakes import workspace

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(5)]


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three days and two of which every third answer is broken."""
    folder = tmp_path_factory.mktemp("ranges")
    (folder / "logs").mkdir()
    for number, day in enumerate(DAYS):
        rng = random.Random(number)
        rows = [
            {
                "request_id": f"r{n}",
                "timestamp": f"{day}T{n % 24:02d}:00:00Z",
                "prompt": f"Give me JSON {number} {n}",
                "response": "[1" if rng.random() < (0.33 if number > 2 else 0.03) else "[1]",
                "expected_format": "json",
                "total_latency_ms": rng.lognormvariate(6, 0.3),
            }
            for n in range(120)
        ]
        (folder / "logs" / f"{day}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ws = workspace(folder, folder / "logs", scoring={"evaluators": ["format"]})
    for day in DAYS:
        run_day(ws, day)
    return ws


def test_what_changed_between_the_ranges_is_found_and_no_more(ws: Workspace) -> None:
    rows = compare_ranges(ws, DAYS[:3], DAYS[3:]).set_index("name")
    verdicts = rows["verdict"]
    assert verdicts["change:format_compliance"] == "DRIFTED"
    assert rows["effect"]["change:format_compliance"] == pytest.approx(-0.3, abs=0.12)
    assert verdicts["change:latency_p50"] == "STABLE"
    assert (rows["n_baseline"]["change:latency_p50"], rows["n_current"]["change:latency_p50"]) == (360, 240)


def test_ranges_that_cannot_be_compared_are_refused(ws: Workspace) -> None:
    with pytest.raises(ConfigError, match="share a day; must be days of their own; found '2024-03-03'"):
        compare_ranges(ws, DAYS[:3], DAYS[2:])
    with pytest.raises(DayNotReady, match="no day from 2023-01-01 to 2023-01-01 has a summary"):
        compare_ranges(ws, [dt.date(2023, 1, 1)], DAYS[3:])


def test_the_command(ws: Workspace) -> None:
    config = str(Path(ws.lake.root).parent / "obs.yaml")
    days = ["--baseline", f"{DAYS[0]}..{DAYS[2]}", "--current", f"{DAYS[3]}..{DAYS[4]}", "--config", config]
    shown = CliRunner().invoke(app, ["drift", "compare", *days])
    assert shown.exit_code == 0, shown.output
    assert "change:format_compliance" in shown.output.splitlines()[1]  # what drifted comes first
    facts = json.loads(CliRunner().invoke(app, ["drift", "compare", *days, "--json"]).stdout)
    assert facts[0]["verdict"] == "DRIFTED"
    assert {row["verdict"] for row in facts} == {"DRIFTED", "STABLE", "TOO_FEW"}
    assert all(row["note"] for row in facts if row["verdict"] == "TOO_FEW")


def test_distributions_stand_beside_those_of_the_baseline_s_own_days(ws: Workspace) -> None:
    rows = compare_distributions(ws, DAYS[:3], DAYS[3:]).set_index(["column", "distance"])
    assert rows.index.is_unique
    assert set(rows.index.get_level_values(1)) <= set(DISTRIBUTIONS)
    broken, latency = rows.loc[("score:format", "psi")], rows.loc[("total_latency_ms", "kolmogorov_smirnov")]
    assert broken["value"] > 5 * broken["most"]
    assert latency["value"] < 2 * latency["most"]
    assert (latency["n_baseline"], latency["n_current"]) == (360, 240)
    assert "output_tokens" not in rows.index.get_level_values(0)  # the logs have none
    few = compare_distributions(ws, DAYS[:2], DAYS[3:]).set_index(["column", "distance"])
    assert few["most"].isna().all()
    with pytest.raises(ConfigError, match="share a day"):
        compare_distributions(ws, DAYS[:3], DAYS[2:])


def test_the_command_prints_distributions(ws: Workspace) -> None:
    config = str(Path(ws.lake.root).parent / "obs.yaml")
    ranges = ["--baseline", f"{DAYS[0]}..{DAYS[2]}", "--current", f"{DAYS[3]}..{DAYS[4]}", "--config", config]
    shown = CliRunner().invoke(app, ["drift", "compare", *ranges, "--distributions"])
    assert shown.exit_code == 0, shown.output
    for word in ("kolmogorov_smirnov", "wasserstein", "psi", "jensen_shannon", "score:format"):
        assert word in shown.output
    facts = json.loads(CliRunner().invoke(app, ["drift", "compare", *ranges, "--distributions", "--json"]).stdout)
    assert {"column", "distance", "value", "usual", "most", "n_baseline", "n_current"} == set(facts[0])
