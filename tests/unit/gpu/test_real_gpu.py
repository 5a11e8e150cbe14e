"""The sampler on a real GPU under real load."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def cuda() -> Any:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a GPU: torch sees none on this machine")
    return torch


def test_load_shows_and_rest_shows(cuda: Any, tmp_path: Path, checkout: Path) -> None:
    """Ten seconds of matrix products between two rests show in utilization, memory, power and temperature."""
    program = "from obs_lib.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "gpu-sample", "--out", str(tmp_path), "--interval", "0.5"],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(4)
        a = cuda.randn(8192, 8192, device="cuda", dtype=cuda.bfloat16)
        began = time.time()
        while time.time() - began < 10:
            for _ in range(20):
                b = a @ a
            cuda.cuda.synchronize()
        ended = time.time()
        del b
        time.sleep(4)
    finally:
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, "")
    rows = [json.loads(line) for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    uuid = str(cuda.cuda.get_device_properties(0).uuid)
    rows = [row for row in rows if row["gpu"].endswith(uuid)]
    assert rows
    moments = [(_seconds(row["at"]), row) for row in rows]
    loaded = [row for at, row in moments if began + 2 < at < ended - 1]
    resting = [row for at, row in moments if at < began - 1 or at > ended + 2]
    assert loaded
    assert resting
    for row in rows:
        assert (row["sm_utilization"] is None) == (row["sm_source"] is None)
        assert row["sm_source"] in ("gpm", "nvml", None)
    if cuda.cuda.get_device_capability(0) >= (9, 0):
        assert {row["sm_source"] for row in loaded} == {"gpm"}
    assert statistics.median(row["sm_utilization"] for row in loaded) > 0.8
    assert statistics.median(row["sm_utilization"] for row in resting) < 0.3
    assert statistics.median(row["power_w"] for row in loaded) > 1.3 * statistics.median(
        row["power_w"] for row in resting
    )
    assert all(row["memory_used"] > a.nbytes for row in loaded)
    assert all(0 < row["temperature_c"] < 110 for row in loaded)


def _seconds(text: str) -> float:
    import datetime as dt

    return dt.datetime.fromisoformat(text).timestamp()
