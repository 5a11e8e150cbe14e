"""Time and memory that the stages of a day cost, by the number of its spans.

    python tests/benchmarks/bench_stages.py [--spans 1000000]

Traces of nine spans (a root, six stages one after another and two spans inside the third), in no order. Prints microseconds
of CPU a span for sorting, for walking the traces, for the metrics with the slowest traces, and the peak of memory.
A script that prints figures, not a test: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import time

import numpy as np
import pandas as pd

from obs_lib.lake.tables import SPANS
from obs_lib.records import STAGES
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.slow_traces import slow_traces
from obs_lib.summaries.stage_metrics import stage_metrics
from obs_lib.summaries.stages import Traces, measure

DAY = dt.date(2023, 6, 2)
PARENTS = (-1, 0, 0, 0, 0, 0, 0, 3, 3)


def day_of_spans(n: int, seed: int = 0) -> pd.DataFrame:
    """About `n` spans with the columns of the table."""
    rng = np.random.default_rng(seed)
    traces = n // len(PARENTS)
    frame = pd.DataFrame(
        {"trace": np.repeat(np.arange(traces), len(PARENTS)), "at": np.tile(range(len(PARENTS)), traces)}
    )
    name = frame["trace"].map("{:016x}".format)
    parent = frame["at"].map(dict(enumerate(PARENTS)))
    begun = np.repeat(rng.integers(0, 86_000_000_000, traces), len(PARENTS)) + frame["at"] * 20_000
    start = pd.Timestamp(DAY, tz="UTC").value // 1000 + begun + rng.integers(0, 5_000, len(frame))
    made = {
        "trace_id": name,
        "span_id": name + frame["at"].map("{:02d}".format),
        "parent_id": (name + parent.map("{:02d}".format)).where(parent >= 0),
        "request_id": name,
        "stage": frame["at"].map(dict(enumerate(STAGES))).fillna("retrieval"),
        "name": "a stage",
        "start": pd.to_datetime(start, unit="us", utc=True),
        "duration_ms": np.where(frame["at"] == 0, 250.0, rng.uniform(1, 30, len(frame))),
        "error": pd.Series(None, index=frame.index, dtype="str"),
    }
    return pd.DataFrame(made)[list(SPANS.names)].sample(frac=1, random_state=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    spans = day_of_spans(parser.parse_args().spans)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = [time.process_time()]
    traces = Traces(spans)
    clock.append(time.process_time())
    times = measure(traces)
    clock.append(time.process_time())
    metrics = stage_metrics(DAY, traces, times)
    none = Segments(pd.Series([], dtype="str"), (), 0)
    interactions = pd.DataFrame({"request_id": pd.Series([], dtype="str")})
    kept = list(slow_traces(traces, times, interactions, none, SummaryOptions()))
    clock.append(time.process_time())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{len(spans):,} spans in {len(traces):,} traces, {len(metrics)} numbers, {len(kept)} traces kept")
    for what, took in zip(("sort", "walk", "numbers"), np.diff(clock), strict=True):
        print(f"  {what:8} {1e6 * took / len(spans):6.1f} us a span")
    print(f"  {'all':8} {1e6 * (clock[-1] - clock[0]) / len(spans):6.1f} us a span, {clock[-1] - clock[0]:.1f} s")
    print(f"  peak memory {peak / 1024:,.0f} MiB, {(peak - before) / 1024:,.0f} MiB of it beside the spans themselves")


if __name__ == "__main__":
    main()
