"""What the comparison of one night costs, by the days that it looks back on.

    python -m tests.benchmarks.bench_comparison [--rows 2000] [--folder FOLDER] [--profile 90,90]

A night of four routes, read by an encoder without a model and with made-up rates and anchors of all evaluators, stands 91
times in a lake, its numbers moved a little each time; prompts are the same every day, which is the most that `semantic_drift`
can have to do. Prints seconds of one core for the whole step, from the lake to its rows, and the part of it that computes, for
several `drift.history_days` and `drift.window_days`; the least of three. --folder keeps the lake. --profile prints one in
detail.
A script that prints figures, not a test: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import cProfile
import datetime as dt
import json
import pstats
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from obs_lib.catalogue import quality
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.measure import measure
from obs_lib.lake.tables import ANCHORS, DRIFT, METRICS, SKETCHES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.compare import _compare_day, evaluators_changed, history_days, what_is_compared
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.night import run_day
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import StepState

FIRST, DAYS = dt.date(2024, 1, 1), 90
LAST = FIRST + dt.timedelta(days=DAYS)
LOOKS = ((7, 7), (28, 7), (90, 7), (90, 28), (90, 90))
"""history_days and window_days."""
_WORDS = 3000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--profile")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        ws = lake(asked.folder or Path(scratch), asked.rows)
        if asked.profile:
            _profile(_looking(ws, *map(int, asked.profile.split(","))))
            return
        print("| history_days | window_days | comparisons | whole step, s | computing, s |\n|---|---|---|---|---|")
        for history_days, window_days in LOOKS:
            looking = _looking(ws, history_days, window_days)
            rows = _whole(looking)
            whole, computing = _least(lambda: _whole(looking)), _least(_computing(looking))  # noqa: B023 - called here
            print(f"| {history_days} | {window_days} | {rows} | {whole:.2f} | {computing:.2f} |", flush=True)


def lake(folder: Path, rows: int) -> Workspace:
    """The lake of 91 nights, made where the folder has none."""
    logs = folder / "logs"
    made = logs.exists()
    logs.mkdir(parents=True, exist_ok=True)
    settings = {
        "lake": {"root": "lake"},
        "sources": [{"format": "native", "path": str(logs)}],
        "segments": ["route"],
        "scoring": {"evaluators": ["format"]},
    }
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    ws = open_workspace(folder / "obs.yaml")
    ws.__dict__["encoder"] = HashingEncoder()
    if made:
        return ws
    (logs / f"{FIRST}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in _lines(rows)))
    run_day(ws, FIRST)
    of_day = {table: ws.lake.read(table, [FIRST]).drop(columns="day") for table in (METRICS, SKETCHES, ANCHORS)}
    of_day[METRICS] = _with_rates(of_day[METRICS])
    evaluators = [metric.evaluator for metric in quality()]
    of_day[ANCHORS] = pd.concat([of_day[ANCHORS].assign(evaluator=name) for name in sorted(set(evaluators))])
    rng = np.random.default_rng(2)
    for index in range(1, DAYS + 1):
        day, numbers = FIRST + dt.timedelta(days=index), of_day[METRICS]
        moved = numbers.assign(value=numbers["value"] * rng.normal(1, 0.02, len(numbers)))
        frames = {METRICS: moved, SKETCHES: of_day[SKETCHES]}
        ws.lake.commit(day, "summarise", frames, inputs=str(index), state=StepState.READY)
        ws.lake.commit(day, "anchor", {ANCHORS: of_day[ANCHORS]}, inputs=str(index), state=StepState.READY)
    return ws


def _with_rates(numbers: pd.DataFrame) -> pd.DataFrame:
    """The same with every metric of quality in every segment, one answer in ten."""
    rates = {"status": "OK", "value": 0.1, "std_error": 0.013, "n": 500, "effective_n": 450.0}
    model = numbers[numbers["metric"] == "requests"].assign(**rates)
    known = set(numbers.loc[numbers["status"] == "OK", "metric"])
    made = [model.assign(metric=metric.name, unit=metric.unit) for metric in quality() if metric.name not in known]
    names = {name for frame in made for name in frame["metric"]}
    return pd.concat([numbers[~numbers["metric"].isin(names)], *made])


def _lines(rows: int) -> Iterator[dict[str, object]]:
    """Words as often as those of a language are (Zipf), 12 of a prompt and 48 of its answer."""
    rng, weight = np.random.default_rng(1), 1 / np.arange(1, _WORDS + 1)
    for n in range(rows):
        words = [f"w{word}" for word in rng.choice(_WORDS, 60, p=weight / weight.sum())]
        yield {
            "request_id": f"r{n}",
            "timestamp": f"{FIRST}T{n % 24:02d}:00:00Z",
            "user_id": f"u{rng.integers(rows // 4)}",
            "prompt": " ".join(words[:12]),
            "response": " ".join(words[12:]),
            "model_version": "m1",
            "expected_format": "json",
            "total_latency_ms": float(rng.lognormal(6, 0.3)),
            "ttft_ms": float(rng.lognormal(4, 0.3)),
            "input_tokens": 12 + int(rng.integers(30)),
            "output_tokens": 48 + int(rng.integers(90)),
            "tags": {"route": "abcd"[n % 4]},
        }


def _looking(ws: Workspace, history_days: int, window_days: int) -> Workspace:
    far = {"history_days": history_days, "window_days": window_days}
    drift = ws.settings.drift.model_copy(update=far)
    return replace(ws, settings=ws.settings.model_copy(update={"drift": drift}))


def _whole(ws: Workspace) -> int:
    """The step as the night runs it; how many distances it wrote."""
    _compare_day(ws, history(ws), LAST, "benchmark")
    return len(ws.lake.read(DRIFT, [LAST]))


def _computing(ws: Workspace) -> Callable[[], object]:
    past = history(ws)
    changes = evaluators_changed(ws, LAST, history_days(ws, past, LAST))
    today, before, options, *rest = what_is_compared(ws, past, LAST, changes)

    def again() -> object:
        days = [replace(day) for day in (*before, today)]  # without what they have cached
        return drift_rows(measure(days[-1], days[:-1], options, *rest), options)

    return again


def _least(run: Callable[[], object]) -> float:
    spent = []
    for _ in range(3):
        began = time.process_time()
        run()
        spent.append(time.process_time() - began)
    return min(spent)


def _profile(ws: Workspace) -> None:
    _whole(ws)
    profile = cProfile.Profile()
    profile.runcall(_whole, ws)
    pstats.Stats(profile).sort_stats("cumtime").print_stats(45)


if __name__ == "__main__":
    main()
