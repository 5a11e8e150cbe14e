"""Ctrl-C ends the demo and everything that it started, at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.airflow]

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 150


def of_home(home: Path) -> list[psutil.Process]:
    """Living processes that were started for this home: they say so in their environment, the database in its arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and str(home) in " ".join(
                [process.environ().get("AIRFLOW_HOME", ""), *process.cmdline()]
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize(
    ("number", "after"),
    [(signal.SIGINT, "Airflow is at"), (signal.SIGTERM, "Starting Airflow")],
    ids=["Ctrl-C while it works", "SIGTERM while it starts"],
)
def test_the_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, after: str) -> None:
    home, output = tmp_path / "home", tmp_path / "output.txt"
    library = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with output.open("wb") as sink:
        demo = subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "demo.py"), "--home", str(home), "--port", "0"],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": library},
            start_new_session=True,
        )
        try:
            end = time.monotonic() + LIMIT_S
            while after not in output.read_text() and time.monotonic() < end and demo.poll() is None:
                time.sleep(0.2)
            assert after in output.read_text(), output.read_text()
            time.sleep(3)
            assert of_home(home)
            demo.send_signal(number)
            assert demo.wait(60) == 130
        finally:
            demo.kill()
    assert "Everything has stopped" in output.read_text()
    assert of_home(home) == []
