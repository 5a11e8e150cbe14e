"""Speed and memory of a whole day, against the same models called one by one, in the same run.

    OBS_REAL_DATA=... python tests/benchmarks/bench_night.py [--day 2023-06-08] [--rows 200] [--dtype bfloat16] [--logs rag]

Prints JSON, for the chat and the rag logs: interactions a second through the whole day (ingest to report) when it is the
lake's first, and when the days before it are there already (what they hold in equal texts is not encoded again); through a
loop that takes one interaction at a time and calls the same encoder (sentence-transformers' own `encode`, in its own
precision) and the same evaluators for it; the ratios; the peak memory of each, measured in processes of their own; and the
seconds it takes to read the Dags in a fresh process, beside the seconds that importing Airflow alone takes.
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
ROUTES = ("chat", "rag")
DAYS_BEFORE = 6
"""Days that a later day finds in its lake; `scoring.reuse_days` of them are looked at."""


def logs(route: str, day: dt.date, rows: int, folder: Path) -> int:
    """The first `rows` interactions of a real day, or as many as it has, as a log file of its own; how many they are."""
    source = Path(os.environ["OBS_REAL_DATA"]) / "logs" / route / f"{day}.jsonl.gz"
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        kept = list(itertools.islice(lines, rows))
    (folder / f"{day}.jsonl").write_text("".join(kept))
    return len(kept)


def whole_day(day: dt.date, folder: Path, dtype: str) -> float:
    """Seconds from logs to report, the days before it done and the models loaded before the clock starts."""
    import yaml

    from obs_lib.pipeline.night import fold, run_day
    from obs_lib.pipeline.workspace import open_workspace

    sources = [{"format": "native", "path": str(folder)}]
    settings = {"lake": {"root": "lake"}, "sources": sources, "models": {"dtype": dtype}}
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    ws = open_workspace(folder / "obs.yaml")
    ws.encoder.encode(["warm"])
    for before in sorted(folder.glob("*.jsonl")):
        if before.stem < str(day):
            run_day(ws, dt.date.fromisoformat(before.stem))
    start = time.perf_counter()
    run_day(ws, day)
    fold(ws)
    return time.perf_counter() - start


def one_by_one(day: dt.date, folder: Path, dtype: str) -> float:
    """Seconds for the same rows, one at a time, in the models' precision: what calling models in a loop costs."""
    import numpy as np
    from sentence_transformers import SentenceTransformer

    from obs_lib.evaluators.build import build
    from obs_lib.evaluators.options import EvaluatorOptions
    from obs_lib.lake.tables import INTERACTIONS
    from obs_lib.models.encoder import load_encoder
    from obs_lib.models.folder import find_folder
    from obs_lib.models.options import ModelOptions
    from obs_lib.models.vectors import TextVectors, text_hash
    from obs_lib.pipeline.cases import distinct_cases
    from obs_lib.pipeline.plan import choose
    from obs_lib.sources.options import SourceOptions
    from obs_lib.sources.reading import read_day
    from obs_lib.sources.source import open_source

    model = SentenceTransformer(str(find_folder(ModelOptions())), device="cpu", local_files_only=True)
    model.encode(["warm"], show_progress_bar=False)
    with tempfile.TemporaryDirectory() as scratch:
        source = open_source(SourceOptions(path=str(folder)))
        rows = read_day([source], day, Path(scratch)).frame(INTERACTIONS)
    # Groundedness asks its encoder for tokens: with the least budget that reads one text at a time too.
    evaluators = choose(build(EvaluatorOptions(), load_encoder(ModelOptions(token_budget=16))), None)
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
    """Seconds of making a watch's Dags after Airflow's own SDK has been imported, in a fresh process."""
    program = """
import sys, time, json, importlib
start = time.perf_counter()
import airflow.sdk
import airflow.providers.standard.operators.empty
import airflow.providers.standard.operators.trigger_dagrun
sdk = time.perf_counter() - start
start = time.perf_counter()
importlib.import_module("night_watch.airflow").night_watch_dags("obs.yaml")
print(json.dumps({"airflow_import_s": round(sdk, 2), "dags_parse_s": round(time.perf_counter() - start, 2)}))
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "AIRFLOW_HOME": tempfile.mkdtemp()}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(which: str, day: dt.date, folder: Path, dtype: str) -> dict[str, float]:
    """Run one side in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--side", which, "--day", str(day), "--folder", str(folder), "--dtype", dtype]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(route: str, day: dt.date, rows: int, dtype: str) -> dict[str, float]:
    """Figures of one kind of logs."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as more:
        read = logs(route, day, rows, Path(one))
        for back in range(DAYS_BEFORE + 1):
            logs(route, day - dt.timedelta(days=back), rows, Path(more))
        loop = measure("loop", day, Path(one), dtype)
        first, later = measure("day", day, Path(one), dtype), measure("day", day, Path(more), dtype)
    return {
        "rows": read,
        "loop_per_second": round(read / loop["seconds"], 2),
        "first_day_per_second": round(read / first["seconds"], 2),
        "later_day_per_second": round(read / later["seconds"], 2),
        "first_day_ratio": round(loop["seconds"] / first["seconds"], 2),
        "later_day_ratio": round(loop["seconds"] / later["seconds"], 2),
        "loop_peak_mb": round(loop["peak_mb"]),
        "first_day_peak_mb": round(first["peak_mb"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date(2023, 6, 8))
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--logs", choices=ROUTES, nargs="+", default=ROUTES)
    parser.add_argument("--side", choices=("day", "loop"))
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.side:
        seconds = {"day": whole_day, "loop": one_by_one}[asked.side](asked.day, asked.folder, asked.dtype)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak}))
        return
    figures = {route: compare(route, asked.day, asked.rows, asked.dtype) for route in asked.logs}
    print(json.dumps({"dtype": asked.dtype, **figures, **parse_seconds()}, indent=2))


if __name__ == "__main__":
    main()
