"""Dags of people's own that go on only when a night is done and not too bad."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import House

pytestmark = pytest.mark.slow

DAY = dt.date(2025, 3, 10)

OWN_DAG = """
from airflow.sdk import DAG, task
from night_watch.airflow import NightDoneSensor

with DAG("own", schedule=None):
    gate = NightDoneSensor(task_id="gate", mode="poke", poke_interval=1, timeout=1.5, {arguments})

    @task
    def go_on():
        return "went on"

    gate >> go_on()
"""


def gated(house: House, **arguments: Any) -> dict[str, list[str]]:
    """States of the tasks of somebody's Dag behind the gate.

    A folder of its own each time: Python takes compiled code for current whose source has the same size and second.
    """
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=house.home))
    given = {"day": str(DAY)} | arguments
    text = OWN_DAG.replace("{arguments}", ", ".join(f"{name}={value!r}" for name, value in given.items()))
    (folder / "own.py").write_text(text)
    own = House(house.home, "own", dags=folder)
    return own.states(own._test("own", logical_date=None))


PASSED = {"gate": ["success"], "go_on": ["success"]}
STOPPED = {"gate": ["failed"], "go_on": ["upstream_failed"]}
LEFT_OUT = {"gate": ["skipped"], "go_on": ["skipped"]}


def test_it_waits_for_the_fold_and_then_lets_a_quiet_night_through(house: House) -> None:
    house.write_logs(DAY, 6)
    assert gated(house) == STOPPED  # it has waited long enough: the night never began
    house.night(DAY)
    assert gated(house) == STOPPED  # summed up, not yet compared
    house.fold()
    assert gated(house) == PASSED


def test_a_night_that_failed_stops_at_once_or_is_left_out(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    (house.home / "logs" / f"{DAY}.jsonl.gz").write_bytes(b"this is not gzip")
    house.night(DAY)
    house.fold()
    assert gated(house, worst="P0") == STOPPED
    assert "failed in step ingest" in said(capsys)
    assert gated(house, soft_fail=True) == LEFT_OUT


def test_a_night_is_let_through_down_to_the_severity_that_is_allowed(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.settings(schedule={"start_date": "2025-01-01"})
    house.write_logs(DAY - dt.timedelta(days=1), 30)
    for day in (DAY - dt.timedelta(days=1), DAY):  # the second without logs, which is an incident
        house.night(day)
    house.fold()
    (incident,) = _open(house)
    allowed = str(incident.severity)
    assert gated(house, worst=allowed) == PASSED
    assert gated(house, worst=f"P{int(allowed[1]) + 1}") == STOPPED
    assert f"worse than P{int(allowed[1]) + 1}" in said(capsys)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What tasks have logged until now."""
    return "".join(capsys.readouterr())


def _open(house: House) -> Any:
    from obs_lib.pipeline.night_status import night_status

    return night_status(house.ws, DAY).open


def test_what_cannot_be_waited_for_is_refused(dagbag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from night_watch.airflow import NightDoneSensor
    from obs_lib.errors import ConfigError

    with pytest.raises(ValueError, match="one of P0, P1, P2, P3, found 'P9'"):
        NightDoneSensor(task_id="gate", worst="P9")
    (tmp_path / "obs.yaml").write_text("lake: {root: lake}\n")
    with pytest.raises(AirflowFailException, match="YYYY-MM-DD, found 'today'"):
        NightDoneSensor(task_id="gate", day="today", config=tmp_path / "obs.yaml").poke({})
    (tmp_path / "more.yaml").write_text("name: more\n")
    monkeypatch.setenv("OBS_CONFIG", str(tmp_path))
    with pytest.raises(ConfigError, match="several watches to choose from"):
        NightDoneSensor(task_id="gate", day=str(DAY)).poke({})
