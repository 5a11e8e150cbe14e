"""Scores and numbers leave beside the reports: a task where receivers are named, whose failure is its own."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

pytestmark = pytest.mark.slow

DAY = dt.date(2025, 3, 10)
FEW = {"evaluators": ["repetition", "secret_leak"], "shards": 1}


def test_a_receiver_that_fails_turns_its_own_task_red_and_the_next_fold_tries_again(house: Any) -> None:
    there, gone = house.home / "night.prom", house.home / "textfiles" / "night.prom"
    exports = {name: {"kind": "prometheus", "path": str(path)} for name, path in (("a", gone), ("b", there))}
    house.settings(exports=exports, scoring=FEW)
    house.write_logs(DAY, 4)
    house.night(DAY)
    run = house.fold()
    assert house.states(run) == {
        "compare": ["success"],
        "alert": ["success"],
        "export": ["failed"],
        "render": ["success"],
        "announce": ["success"],
        "notify": ["success"],
    }
    assert (house.ws.lake.files / "pages" / f"{DAY}.html").is_file()
    assert 'night_watch_metric{metric="requests",segment="all",unit="count",watch="obs"} 4.0' in there.read_text()
    gone.parent.mkdir()
    run = house.fold()
    assert house.states(run)["export"] == ["success"]
    assert gone.read_text() == there.read_text()
    said = run.get_task_instance("export").xcom_pull("export")["exported"]
    assert said.startswith("exported: a 1 day(s), ")
