"""How well the shipped evaluators agree with people, on logs that none of them was trained on.

    OBS_REAL_DATA=FOLDER python tests/benchmarks/bench_quality.py [--rows 600]

For each: AUROC and F1 at the default threshold, each with a bootstrap interval of 95%, and the AUROC of the answer's length
alone, since length explains part of any such score. Then what the heads reach across sets, as written in their weights.
A script that prints figures, not a test: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from obs_lib.bench.bootstrap import Floats, intervals
from obs_lib.bench.measures import THRESHOLD, at_threshold, auroc
from obs_lib.evaluators.build import build
from obs_lib.evaluators.heads import load_head
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.encoder import load_encoder
from obs_lib.models.options import ModelOptions
from obs_lib.models.vectors import TextVectors, gather


def agreement(labels: np.ndarray, values: np.ndarray) -> str:
    """AUROC and F1 at the default threshold, each with its 95% interval over rows."""

    def measure(weights: Floats) -> dict[str, Floats]:
        return {"AUROC": auroc(labels, values, weights), "F1": at_threshold(labels, values, weights)["f1"]}

    figures = intervals(range(len(labels)), measure)
    return "   ".join(f"{name} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for name, one in figures.items())


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def labelled_log(data: Path, log: str, label: str, rows: int) -> pd.DataFrame:
    """Distinct labelled cases of a log, as evaluators see them, at most `rows`, drawn by hash."""
    verdicts = {
        x["request_id"]: x["value"] for x in lines(data / "logs" / f"{log}-labels.jsonl.gz") if x["label"] == label
    }
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted((data / "logs" / log).glob("*.jsonl.gz")):
        for x in lines(path):
            if x["request_id"] in verdicts:
                contexts = None if x["contexts"] is None else json.dumps(x["contexts"])
                case = {key: x[key] for key in ("prompt", "response", "expected_format", "error", "model_version")}
                found[x["prompt"], x["response"]] = {**case, "contexts": contexts, "label": verdicts[x["request_id"]]}
    chosen = sorted(found.items(), key=lambda item: hashlib.sha256(repr(item[0]).encode()).hexdigest())[:rows]
    return pd.DataFrame([case for _, case in chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=600)
    given = parser.parse_args()
    if not os.environ.get("OBS_REAL_DATA"):
        sys.exit("OBS_REAL_DATA is not set: it names the folder with logs/ and their labels")
    data = Path(os.environ["OBS_REAL_DATA"])
    encoder = load_encoder(ModelOptions())
    evaluators = {evaluator.name: evaluator for evaluator in build(EvaluatorOptions(), encoder)}
    known: dict[str, bytes] = {}
    for log, label, name, flip in (
        ("rag", "grounded", "groundedness", False),
        ("chat", "answered", "refusal", True),
        ("chat", "directly_usable", "format", False),
    ):
        batch = labelled_log(data, log, label, given.rows)
        texts = evaluators[name].texts(batch)
        started = time.perf_counter()
        vectors: TextVectors = gather(texts, known, encoder)
        took = time.perf_counter() - started
        known |= vectors.known
        started = time.perf_counter()
        scores = evaluators[name].score(batch, vectors)
        scoring = time.perf_counter() - started
        kept = (scores["status"] == "SCORED").to_numpy()
        labels = batch["label"].to_numpy(dtype=bool)[kept] ^ flip
        values = scores["value"].to_numpy()[kept].astype(float)
        lengths = batch["response"].str.len().to_numpy(dtype=float)[kept]
        print(
            f"\n{name} against people's '{label}' in the {log} log: n = {len(labels)}, positive = {int(labels.sum())}"
        )
        print(f"  {agreement(labels, values)}")
        by_length = auroc(labels, lengths, np.ones((1, len(labels))))[0]
        print(f"  length alone: AUROC {max(by_length, 1 - by_length):.3f}")
        rate = len(vectors.fresh) / max(took, 1e-9)
        print(f"  {len(vectors.fresh)} texts encoded at {rate:.0f}/s; {len(batch) / scoring:.0f} rows/s besides")
        versions = pd.DataFrame(
            {"version": batch["model_version"].to_numpy()[kept], "people": labels, "scored": values > THRESHOLD}
        )
        print(
            versions.groupby("version")
            .agg(n=("people", "size"), people=("people", "mean"), scored=("scored", "mean"))
            .round(3)
        )
    for name in ("groundedness", "toxicity", "relevance", "refusal"):
        print(f"\n{name}: trained on all other sets, tested on")
        for tested, figures in load_head(name).trained_on["across_sets"].items():
            print(f"  {tested}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
