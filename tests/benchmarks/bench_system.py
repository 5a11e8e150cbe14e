"""System metrics of a large day, against one DuckDB query that takes the same quantiles and sums, in the same run.

    python tests/benchmarks/bench_system.py [--rows 10000000] [--rounds 3]

Both sides read the same synthetic columns: skewed latencies, some of them missing, four routes, some failures. Ours is
what a night runs (`Segments` and `system_summary`: every system metric with its interval in every segment, and the sketches
of the latency models); DuckDB's is a single query over the Arrow table with two threads, that takes the quantiles, sums,
means and counts of the same columns for the whole and for each route, without intervals, concurrency or models.

Prints JSON: seconds of each (the best of the rounds), their ratio, and the peak memory of each, the data included,
measured in processes of their own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DAY = dt.date(2024, 5, 1)
THREADS = 2
QUERY = """
select tags, count(*),
  avg((error is not null or coalesce(finish_reason, '') = 'error')::int) filter (error_logged),
  quantile_cont(ttft_ms, 0.95),
  quantile_cont(coalesce(tpot_ms, case when output_tokens > 1 and total_latency_ms >= ttft_ms
                                  then (total_latency_ms - ttft_ms) / (output_tokens - 1) end), 0.95),
  quantile_cont(coalesce(prefill_ms, ttft_ms), 0.5),
  quantile_cont(coalesce(decode_ms, total_latency_ms - ttft_ms), 0.5),
  quantile_cont(total_latency_ms, [0.5, 0.95, 0.99]), avg(total_latency_ms),
  sum(total_latency_ms * output_tokens) / sum(output_tokens) filter (total_latency_ms is not null),
  sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(cost_usd), avg(cost_usd), avg(quality_score),
  count(*) filter (finish_reason = 'stop'), count(*) filter (finish_reason = 'length'),
  count(*) filter (finish_reason = 'content_filter'), count(*) filter (finish_reason = 'tool_call'),
  count(*) filter (error_kind = 'timeout'), count(*) filter (error_kind = 'rate_limit'),
  count(*) filter (safety_flags <> '[]')
from day group by grouping sets ((), (tags))
"""


def synthetic(rows: int) -> Any:
    """The columns that system metrics read, as an Arrow table."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(0)
    given, made = (np.maximum(rng.lognormal(mean, 0.8, rows), 1).astype(np.int64) for mean in (6.5, 5.0))
    ttft = 80 + 0.4 * given * rng.lognormal(0, 0.2, rows)
    decode = 15.0 * (made - 1) * rng.lognormal(0, 0.15, rows)
    failed, streamed = rng.random(rows) < 0.01, rng.random(rows) < 0.9
    start = np.datetime64(DAY, "us") + rng.integers(0, 86_400_000_000, rows)

    def words(choices: list[str | None], odds: list[float]) -> Any:
        code = np.searchsorted(np.cumsum(odds)[:-1], rng.random(rows)).astype(np.int32)
        return pa.DictionaryArray.from_arrays(code, pa.array(choices, pa.string())).cast(pa.string())

    def numbers(values: Any, known: Any = None) -> Any:
        return pa.array(values, mask=None if known is None else ~known)

    return pa.table(
        {
            "timestamp": pa.array(start, pa.timestamp("us", tz="UTC")),
            "model_version": words(["large-1", "small-1"], [0.4, 0.6]),
            "input_tokens": numbers(given),
            "cached_input_tokens": numbers(given // 3),
            "output_tokens": numbers(made, ~failed),
            "ttft_ms": numbers(ttft, streamed & ~failed),
            "tpot_ms": numbers(np.full(rows, np.nan), np.zeros(rows, dtype=bool)),
            "total_latency_ms": numbers(ttft + decode),
            "prefill_ms": numbers(np.full(rows, np.nan), np.zeros(rows, dtype=bool)),
            "decode_ms": numbers(np.full(rows, np.nan), np.zeros(rows, dtype=bool)),
            "finish_reason": words(["stop", "length", "tool_call", None], [0.8, 0.05, 0.1, 0.05]),
            "safety_flags": words(["[]", '["x"]', None], [0.9, 0.01, 0.09]),
            "quality_score": numbers(rng.random(rows), rng.random(rows) < 0.3),
            "error": pa.array(np.where(failed, "upstream", None), pa.string()),
            "error_kind": pa.array(np.where(failed, "timeout", None), pa.string()),
            "error_logged": pa.array(np.ones(rows, dtype=bool)),
            "cost_usd": numbers((given + 3 * made) * 1e-6, ~failed),
            "tags": words([f'{{"route":"r{n}"}}' for n in range(4)], [0.4, 0.3, 0.2, 0.1]),
        }
    )


def ours(day: Any) -> Callable[[], int]:
    """The production function over the frame that the lake gives."""
    from obs_lib.summaries.options import SummaryOptions
    from obs_lib.summaries.segments import Segments
    from obs_lib.summaries.system import system_summary

    frame = day.to_pandas()

    def run() -> int:
        segments = Segments(frame["tags"], ("route",), 20)
        values, sketches = system_summary(DAY, frame, segments, SummaryOptions())
        return len(values) + len(sketches)

    return run


def duck(day: Any) -> Callable[[], int]:
    """One query over the Arrow table."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    connection.register("day", day)
    return lambda: len(connection.execute(QUERY).fetchall())


def seconds(run: Callable[[], int], rounds: int) -> float:
    """The best of some rounds: others use the machine too."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def measure(side: str, rows: int, rounds: int) -> dict[str, float]:
    """Run one side in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--side", side, "--rows", str(rows), "--rounds", str(rounds)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=("ours", "duck"))
    asked = parser.parse_args()
    if asked.side:
        day = synthetic(asked.rows)
        run = {"ours": ours, "duck": duck}[asked.side](day)
        if asked.side == "ours":
            del day
        print(json.dumps({"data_mb": peak_mb(), "seconds": seconds(run, asked.rounds), "peak_mb": peak_mb()}))
        return
    mine, theirs = (measure(side, asked.rows, asked.rounds) for side in ("ours", "duck"))
    figures = {
        "rows": asked.rows,
        "ours_s": round(mine["seconds"], 2),
        "duckdb_s": round(theirs["seconds"], 2),
        "duckdb_threads": THREADS,
        "ratio": round(mine["seconds"] / theirs["seconds"], 2),
        "ours_peak_mb": round(mine["peak_mb"]),
        "duckdb_peak_mb": round(theirs["peak_mb"]),
        "data_peak_mb": round(theirs["data_mb"]),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
