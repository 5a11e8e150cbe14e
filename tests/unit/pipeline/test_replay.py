"""Another policy over days that are past says what it would have told, and leaves the lake as it is."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.storage import from_frame
from obs_lib.cli.app import app
from obs_lib.errors import ConfigError, DayNotReady
from obs_lib.lake.tables import ALERTS, INTERACTIONS, METRICS, SKETCHES
from obs_lib.pipeline.alert import alert
from obs_lib.pipeline.compare import compare
from obs_lib.pipeline.replay import replay
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import Severity
from obs_lib.settings.loading import load_alert_policy
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.summarise import summarise_day
from tests.scenarios.world import FIRST, Route, day_frames

DAYS = [FIRST + dt.timedelta(days=n) for n in range(7)]
QUIET, REFUSES = Route(n=200), Route(n=200).changed(refusal=0.35)
WORST_ONLY = AlertOptions(notify_severities=(Severity.P0,))


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A week in which one of two routes refuses more on the last two days; summaries made, all from there on real."""
    folder = tmp_path_factory.mktemp("replayed")
    (folder / "obs.yaml").write_text(yaml.safe_dump({"lake": {"root": "lake"}}))
    made = open_workspace(folder / "obs.yaml")
    for day in DAYS:
        routes = {"docs": REFUSES if day >= DAYS[5] else QUIET, "chat": QUIET}
        interactions, scores, spans, _ = day_frames(day, routes, 1)
        made.lake.commit(day, "ingest", {INTERACTIONS: interactions.drop(columns="day")}, inputs="made")
        metrics, sketches = summarise_day(day, interactions, scores, {}, SummaryOptions(), ("route",), spans=spans)
        made.lake.commit(day, "summarise", {METRICS: metrics, SKETCHES: sketches}, inputs="made")
    compare(made)
    alert(made)
    return made


def test_the_present_policy_says_what_it_said_from_any_day_on(ws: Workspace) -> None:
    stored = from_frame(ws.lake.read(ALERTS, DAYS))
    for first in (DAYS[0], DAYS[6]):
        replayed = replay(ws, first, DAYS[-1], ws.settings.alerts)
        told = [(one.day, one.fingerprint) for one in stored if one.notify and one.day >= first]
        assert sorted((entry.day, entry.incident.fingerprint) for entry in replayed.entries) == sorted(told)
        assert {entry.under for entry in replayed.entries} <= {"both"}
        assert replayed.policy == replayed.present


def test_another_policy_is_held_against_the_present_one_and_changes_nothing(ws: Workspace) -> None:
    before = [(record, dict(record.digests)) for record in ws.lake.records()]
    files = {path: path.stat().st_mtime_ns for path in Path(ws.lake.files).parent.rglob("*") if path.is_file()}
    replayed = replay(ws, DAYS[0], DAYS[-1], WORST_ONLY)
    assert (replayed.policy.pages, replayed.policy.digests, replayed.policy.mean_days) == (0, 0, None)
    assert (replayed.present.pages, replayed.present.pages_a_week) == (1, 1.0)
    assert [(cause.policy_days, cause.present_days) for cause in replayed.causes] == [(None, 0)]
    assert [(entry.day, entry.under, entry.how) for entry in replayed.entries] == [(DAYS[5], "present", "message")]
    assert [(record, dict(record.digests)) for record in ws.lake.records()] == before
    assert {path: path.stat().st_mtime_ns for path in Path(ws.lake.files).parent.rglob("*") if path.is_file()} == files


def test_days_that_are_not_there_cannot_be_replayed(ws: Workspace) -> None:
    with pytest.raises(DayNotReady):
        replay(ws, DAYS[0] - dt.timedelta(days=9), DAYS[0] - dt.timedelta(days=8), WORST_ONLY)


@pytest.mark.parametrize("text", ["lake: {root: x}", "alerts: {nothing: 1}", "alerts: {objectives: {nobody: 1}}"])
def test_a_file_without_a_policy_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(ConfigError):
        load_alert_policy(tmp_path / "policy.yaml")


def test_the_command_prints_both(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("alerts: {notify_severities: [P0]}")
    config = Path(ws.settings.lake.root).parent / "obs.yaml"
    arguments: list[Any] = [
        "alerts",
        "replay",
        DAYS[0],
        DAYS[-1],
        "--policy",
        tmp_path / "policy.yaml",
        "--config",
        config,
    ]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    assert "present: 1 page(s) in 7 day(s), 1.0 a week; 0 digest(s); 0.0 days to detect" in done.stdout
    assert "policy: 0 page(s) in 7 day(s)" in done.stdout
    shown = json.loads(CliRunner().invoke(app, [*(str(argument) for argument in arguments), "--json"]).stdout)
    assert shown["present"]["pages"] == 1
