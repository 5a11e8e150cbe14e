"""Reading a large day into the lake: seconds and peak memory, which must not grow with the day.

    python tests/benchmarks/bench_ingest.py [--rows 1000000] [--format native otlp langfuse litellm]

Writes the same interactions (texts of about 1.3 KB) as a file of each format, ingests each in a process of its own, and prints
JSON: interactions a second, seconds on the clock and of the processor (which work beside it changes less), peak memory in MB,
and of the native file the same of a process that reads it with pandas alone (`read_json(lines=True)`), which holds it all.
docs/speed.md has what was measured.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.logs import WRITERS

DAY = dt.date(2025, 3, 3)
FORMATS = ["native", "otlp", "langfuse", "litellm"]


def write(folder: Path, rows: int, format: str) -> Path:
    """A day of `rows` interactions in a format: texts of many lengths cut from one random text, ids in no order."""
    rng = random.Random(7)
    text = " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(40_000))
    file = folder / f"{DAY}.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for _ in range(rows):
            at = rng.randrange(100_000)
            second = rng.randrange(86_400)
            name = f"{rng.getrandbits(64):016x}"
            row = dict.fromkeys(("user_id", "contexts", "error", "quality_score", "cost_usd")) | {
                "request_id": name,
                "trace_id": name * 2,
                "timestamp": f"{DAY}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z",
                "model_version": "nova-1.0",
                "prompt": text[at : at + rng.randint(20, 500)],
                "response": text[at : at + rng.randint(50, 1500)],
                "input_tokens": rng.randint(10, 4000),
                "output_tokens": rng.randint(1, 800),
                "ttft_ms": round(rng.lognormvariate(5.5, 0.4), 1),
                "total_latency_ms": round(rng.lognormvariate(8, 0.5), 1),
                "finish_reason": "stop",
                "tags": {"route": rng.choice(("assistant", "docs-rag"))},
            }
            lines.writelines(json.dumps(line) + "\n" for line in WRITERS[format](row))
    return file


def ingest(folder: Path, format: str) -> None:
    from obs_lib.pipeline.ingest import ingest as step
    from obs_lib.pipeline.workspace import open_workspace

    (folder / "obs.yaml").write_text(
        f"lake: {{root: lake}}\nsources: [{{format: {format}, path: {folder / 'logs'}}}]\n"
    )
    step(open_workspace(folder / "obs.yaml"), DAY)


def with_pandas(folder: Path, _: str) -> None:
    import pandas as pd

    pd.read_json(folder / "logs" / f"{DAY}.jsonl", lines=True)


def measured(what: str, folder: Path, format: str, rows: int) -> dict[str, float]:
    """Interactions a second, seconds and peak MB of one of the functions above, in a fresh process."""
    command = [sys.executable, __file__, "--only", what, "--folder", str(folder), "--format", format]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"rows_per_s": round(rows / told["seconds"]), **told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--only", choices=["ingest", "with_pandas"])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.only:
        start, worked = time.perf_counter(), time.process_time()
        globals()[arguments.only](arguments.folder, arguments.format[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        took, worked = time.perf_counter() - start, time.process_time() - worked
        print(json.dumps({"seconds": round(took, 1), "processor_s": round(worked, 1), "peak_mb": round(peak)}))
        return
    for format in arguments.format:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "logs").mkdir()
            size = write(folder / "logs", arguments.rows, format).stat().st_size
            told: dict[str, object] = {"format": format, "rows": arguments.rows, "megabytes": round(size / 1e6)}
            for what in ("ingest", "with_pandas") if format == "native" else ("ingest",):
                told[what] = measured(what, folder, format, arguments.rows)
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
