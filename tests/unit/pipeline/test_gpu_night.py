"""A night with GPU samples in the lake, from its numbers to its report."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pandas as pd

from obs_lib.lake.tables import ALERTS, DRIFT, GPU_SAMPLES, INTERACTIONS, METRICS, QUARANTINE
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.summarise import summarise
from obs_lib.pipeline.workspace import Workspace

DAY = dt.date(2024, 3, 1)


def add_samples(ws: Workspace) -> None:
    """Two GPUs that idle while they are asked; one of them is hot from noon to one."""
    names = list(GPU_SAMPLES.names)
    fixed = dict.fromkeys(names) | {"host": "node1", "name": "NVIDIA H100", "sm_source": "gpm"}
    rows = [
        fixed
        | {
            "at": dt.datetime(2024, 3, 1, hour, 5 * n, tzinfo=dt.UTC),
            "gpu": f"GPU-{gpu}",
            "index": gpu,
            "sm_utilization": 0.1 + 0.01 * n,
            "power_w": 300.0,
            "throttle": '["hw_thermal"]' if (hour, gpu) == (12, 1) else "[]",
        }
        for hour in range(24)
        for n in range(12)
        for gpu in (0, 1)
    ]
    tables = {table: ws.lake.read_ready(table, DAY) for table in (INTERACTIONS, QUARANTINE)}
    ws.lake.commit(DAY, "ingest", {**tables, GPU_SAMPLES: pd.DataFrame(rows, columns=names)}, inputs="with samples")


def test_a_nights_gpus_are_measured_judged_and_shown(make_workspace: Any) -> None:
    ws = make_workspace(scoring={"evaluators": ["format"]}, summaries={"busy_requests": 1})
    run_day(ws, DAY)
    fold(ws)
    before = ws.lake.read_ready(METRICS, DAY), ws.lake.read_ready(DRIFT, DAY)
    without = text(ws, DAY)
    assert "GPU" not in without
    add_samples(ws)
    summarise(ws, DAY)
    fold(ws)
    metrics = ws.lake.read_ready(METRICS, DAY).set_index(["segment", "metric"])
    assert metrics.loc[("all", "gpu_throttled_hours"), "value"] == 1.0
    assert metrics.loc[("gpu=node1/0", "gpu_throttled_hours"), "value"] == 0.0
    assert metrics.loc[("gpu=node1/1", "gpu_power"), "value"] == 300.0
    alerts = ws.lake.read_ready(ALERTS, DAY)
    idle = alerts[alerts["title"] == "GPU utilization in hours with demand beyond its objective"]
    assert list(idle["segment"]) == ["all"]  # one incident, and all that it shows in
    shown = {signal["segment"] for signal in json.loads(idle["evidence"].iloc[0])}
    assert shown == {"all", "gpu=node1/0", "gpu=node1/1"}
    assert "gpu=node1/1" in text(ws, DAY)
    assert b"GPU hours throttled" in page_path(ws, DAY).read_bytes()
    # What the day shows of its requests is what it showed without the samples.
    rest = metrics.reset_index()
    rest = rest[~rest["metric"].str.startswith("gpu_")]
    pd.testing.assert_frame_equal(rest[before[0].columns].reset_index(drop=True), before[0], check_dtype=False)
    pd.testing.assert_frame_equal(ws.lake.read_ready(DRIFT, DAY), before[1])
