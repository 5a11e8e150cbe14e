"""Speed and memory of a whole day, against the same models called one by one, in the same run.

    OBS_REAL_DATA=... python tests/benchmarks/bench_night.py [--day 2023-06-02] [--rows 300]

Prints JSON: interactions a second through the whole day (ingest to report), and through a loop that takes one interaction at a
time and calls the same encoder (sentence-transformers' own `encode`) and the same evaluators for it; the ratio; the peak
memory of each, measured in processes of their own; and what a Dag file costs to parse.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def logs(day: dt.date, rows: int, folder: Path) -> None:
    """The first `rows` chat interactions of a real day as a log file of its own."""
    source = Path(os.environ["OBS_REAL_DATA"]) / "logs/chat" / f"{day}.jsonl.gz"
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        (folder / f"{day}.jsonl").write_text("".join(line for line, _ in zip(lines, range(rows), strict=False)))


def whole_day(day: dt.date, folder: Path) -> float:
    """Seconds from logs to report, models loaded before the clock starts."""
    from obs_lib.pipeline.night import fold, run_day
    from obs_lib.pipeline.workspace import open_workspace

    (folder / "obs.yaml").write_text(f"lake: {{root: lake}}\nsources: [{{format: native, path: {folder}}}]\n")
    ws = open_workspace(folder / "obs.yaml")
    ws.encoder.encode(["warm"])
    start = time.perf_counter()
    run_day(ws, day)
    fold(ws)
    return time.perf_counter() - start


def one_by_one(day: dt.date, folder: Path) -> float:
    """Seconds for the same rows, one at a time: what calling models in a loop over a log costs."""
    import numpy as np

    from obs_lib.evaluators.catalogue import build
    from obs_lib.evaluators.options import EvaluatorOptions
    from obs_lib.models.encoder import load_encoder
    from obs_lib.models.options import ModelOptions
    from obs_lib.models.vectors import TextVectors, text_hash
    from obs_lib.pipeline.cases import distinct_cases
    from obs_lib.sources.options import SourceOptions
    from obs_lib.sources.reading import read_day

    encoder = load_encoder(ModelOptions())
    encoder.encode(["warm"])
    model = encoder.model
    rows = read_day([SourceOptions(path=str(folder))], day).interactions
    evaluators = build(EvaluatorOptions())
    start = time.perf_counter()
    for n in range(len(rows)):
        case, _ = distinct_cases(rows.iloc[n : n + 1])
        for evaluator in evaluators:
            texts = sorted(set(evaluator.texts(case)))
            vectors = [model.encode([text], normalize_embeddings=True, show_progress_bar=False)[0] for text in texts]
            known = {text_hash(t): v.astype(np.float16).tobytes() for t, v in zip(texts, vectors, strict=True)}
            evaluator.score(case, TextVectors(known))
    return time.perf_counter() - start


def measure(which: str, day: str, folder: Path) -> dict[str, float]:
    """Run one side in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--side", which, "--day", day, "--folder", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--day", default="2023-06-02")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--side")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    day = dt.date.fromisoformat(asked.day)
    if asked.side:
        seconds = {"day": whole_day, "loop": one_by_one}[asked.side](day, asked.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak}))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        logs(day, asked.rows, folder)
        night, loop = measure("day", asked.day, folder), measure("loop", asked.day, folder)
    figures = {
        "rows": asked.rows,
        "day_per_second": round(asked.rows / night["seconds"], 2),
        "loop_per_second": round(asked.rows / loop["seconds"], 2),
        "ratio": round(loop["seconds"] / night["seconds"], 2),
        "day_peak_mb": round(night["peak_mb"]),
        "loop_peak_mb": round(loop["peak_mb"]),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
