"""Speed and memory of a whole day, against the same models called one by one, in the same run.

    OBS_REAL_DATA=... python tests/benchmarks/bench_night.py [--day 2023-06-02] [--rows 300]

Prints JSON: interactions a second through the whole day (ingest to report), and through a loop that takes one interaction at a
time and calls the same encoder (sentence-transformers' own `encode`) and the same evaluators for it; the ratio; the peak
memory of each, measured in processes of their own; and the seconds it takes to
read the Dags in a fresh process, beside the seconds that importing Airflow alone takes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import itertools
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
        (folder / f"{day}.jsonl").write_text("".join(line for line in itertools.islice(lines, rows)))


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
    from sentence_transformers import SentenceTransformer

    from obs_lib.evaluators.catalogue import build
    from obs_lib.evaluators.options import EvaluatorOptions
    from obs_lib.models.encoder import load_encoder
    from obs_lib.models.folder import find_folder
    from obs_lib.models.options import ModelOptions
    from obs_lib.models.vectors import TextVectors, text_hash
    from obs_lib.pipeline.cases import distinct_cases
    from obs_lib.sources.options import SourceOptions
    from obs_lib.sources.reading import open_source, read_day
    from obs_lib.tables import INTERACTIONS

    model = SentenceTransformer(str(find_folder(ModelOptions())), device="cpu", local_files_only=True)
    model.encode(["warm"], show_progress_bar=False)
    with tempfile.TemporaryDirectory() as scratch:
        source = open_source(SourceOptions(path=str(folder)))
        rows = read_day([source], day, Path(scratch)).frame(INTERACTIONS)
    evaluators = build(EvaluatorOptions(), load_encoder(ModelOptions()))
    start = time.perf_counter()
    for n in range(len(rows)):
        case, _ = distinct_cases(rows.iloc[n : n + 1])
        for evaluator in evaluators:
            texts = sorted(set(evaluator.texts(case)))
            vectors = [model.encode([text], normalize_embeddings=True, show_progress_bar=False)[0] for text in texts]
            known = {text_hash(t): v.astype(np.float16).tobytes() for t, v in zip(texts, vectors, strict=True)}
            evaluator.score(case, TextVectors(known))
    return time.perf_counter() - start


def parse_seconds() -> dict[str, float]:
    """Seconds of importing each Dag file after Airflow's own SDK has been imported, in a fresh process."""
    program = """
import sys, time, json, importlib
sys.path[:0] = ["dags", "plugins"]
start = time.perf_counter()
import airflow.sdk
import airflow.providers.standard.operators.empty
import airflow.providers.standard.operators.trigger_dagrun
sdk = time.perf_counter() - start
start = time.perf_counter()
importlib.import_module("obs_nightly"), importlib.import_module("obs_fold")
print(json.dumps({"airflow_import_s": round(sdk, 2), "dags_parse_s": round(time.perf_counter() - start, 2)}))
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "AIRFLOW_HOME": tempfile.mkdtemp()}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    return dict(json.loads(done.stdout.splitlines()[-1]))


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
    print(json.dumps(figures | parse_seconds(), indent=2))


if __name__ == "__main__":
    main()
