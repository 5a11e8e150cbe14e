"""How the lake grows over many nights, and what maintenance makes of it.

    python tests/benchmarks/bench_maintenance.py [--days 60]

Runs nights of generated logs (format evaluator and an encoder without a model, so that the lake is what is measured), each
followed by the fold. Prints JSON: files, bytes, bytes with old versions, and versions of each table, and the milliseconds of
`Lake.records()` over all days and of `Lake.record` of one (the best of five), before maintenance, after it, and after the
old versions have gone as well, which takes `retention.vacuum_hours` in life.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from obs_lib.lake.maintenance import sizes, vacuum
from obs_lib.lake.tables import TABLES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.maintain import maintain
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.samples.generate import write_samples

FIRST = dt.date(2024, 3, 1)


def best_ms(call: Callable[[], object]) -> float:
    """Milliseconds of the fastest of five calls."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return round(1000 * min(seconds), 1)


def measured(ws: Workspace) -> dict[str, object]:
    """Sizes by table, and how long the states of the days take to read."""
    tables = {one.table: asdict(one) for one in sizes(ws.lake)}
    log = sum(path.stat().st_size for path in Path(ws.lake.root).glob("*/_delta_log/*"))
    times = {"records_ms": best_ms(ws.lake.records), "record_ms": best_ms(lambda: ws.lake.record(FIRST, "ingest"))}
    return {**times, "log_bytes": log, "tables": tables}


def main() -> None:
    """Run the nights and print the three measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    number = parser.parse_args().days
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_samples(folder / "logs", FIRST, number, per_route=5)
        (folder / "obs.yaml").write_text("scoring: {evaluators: [format]}\n")
        ws = open_workspace(folder / "obs.yaml")
        ws.__dict__["encoder"] = HashingEncoder()
        nights = []
        for n in range(number):
            start = time.perf_counter()
            run_day(ws, FIRST + dt.timedelta(days=n))
            fold(ws)
            nights.append(round(time.perf_counter() - start, 2))
            sys.stderr.write(f"{n + 1} of {number} nights\r")
        result = {"first_nights_s": nights[:5], "last_nights_s": nights[-5:], "before": measured(ws)}
        maintain(ws)
        result["maintained"] = measured(ws)
        for table in TABLES:
            vacuum(ws.lake, table, 0)
        result["old_versions_gone"] = measured(ws)
        fold(ws)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
