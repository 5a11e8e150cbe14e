"""Where a night's time goes: seconds of the processor by stage, by evaluator, and inside the encoder.

    OBS_REAL_DATA=... python tests/benchmarks/bench_profile.py [--day 2023-06-08] [--rows 680] [--threads 1] [--write]

Runs a real day of each kind of logs from an empty lake, imports and loading included, in a process of its own. Times are of
the processor (user and system, all threads), which work beside it changes less than the clock. `--write` puts the table into
docs/speed.md. A script that prints figures, not a test: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_night import ROOT, ROUTES, logs

PAGE = ROOT / "docs" / "speed.md"
_BEGIN, _END = "<!-- profile: made by `make profile` -->", "<!-- profile: end -->"
_STARTS = ("import of the pipeline", "import of torch, loading of the encoder", "loading of the pair encoder")
_STAGES = ("ingest", "plan", "evaluate", "collect", "summarise", "compare", "alert", "render")
_WITHIN = ("vectors of texts", "anchors")
_MODELS = ("encoder, forward", "pair encoder, forward")


class Clock:
    """Seconds of the processor by name; what runs inside a named call counts for both."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def around(self, owner: Any, function: str, name: Callable[..., str]) -> None:
        """Replace `owner.function` by one that is timed as `name(*arguments)`."""
        plain = getattr(owner, function)

        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.process_time()
            try:
                return plain(*arguments, **named)
            finally:
                self.seconds[name(*arguments)] += time.process_time() - begun

        setattr(owner, function, timed)


def profile(day: dt.date, folder: Path, dtype: str, threads: int) -> dict[str, float]:
    """Seconds by name of one night: stages, `score <evaluator>`, and parts of the models' work."""
    import yaml

    clock = Clock()
    from obs_lib.pipeline import evaluate as evaluating
    from obs_lib.pipeline import night
    from obs_lib.pipeline.workspace import open_workspace

    clock.seconds["import of the pipeline"] = time.process_time()
    from obs_lib.models.encoder import SentenceEncoder
    from obs_lib.models.pair_encoder import PairEncoder

    for stage in _STAGES:
        clock.around(night, stage, lambda *_, stage=stage: stage)
    clock.around(evaluating, "gather", lambda *_: "vectors of texts")
    clock.around(evaluating, "score_batch", lambda evaluator, *_: f"score {evaluator.name}")
    clock.around(evaluating, "score_anchors", lambda *_: "anchors")
    clock.around(SentenceEncoder, "_run", lambda *_: "encoder, forward")
    clock.around(PairEncoder, "_read", lambda *_: "pair encoder, forward")

    models = {"dtype": dtype, "threads": threads}
    settings = {"lake": {"root": "lake"}, "sources": [{"format": "native", "path": str(folder)}], "models": models}
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    ws = open_workspace(folder / "obs.yaml")
    begun = time.process_time()
    ws.encoder.encode(["warm"])
    clock.seconds["import of torch, loading of the encoder"] = time.process_time() - begun
    begun = time.process_time()
    ws.encoder.pairs([("warm", "warm")])
    clock.seconds["loading of the pair encoder"] = time.process_time() - begun
    for name in _MODELS:  # what warming took
        clock.seconds.pop(name)
    night.run_day(ws, day)
    night.fold(ws)
    clock.seconds["night"] = time.process_time()
    return dict(clock.seconds)


def table(figures: dict[str, dict[str, float]]) -> str:
    """Seconds and shares of the night in Markdown, one column a kind of logs."""
    evaluators = {name for each in figures.values() for name in each if name.startswith("score ")}
    dearest = sorted(evaluators, key=lambda name: (-max(each.get(name, 0.0) for each in figures.values()), name))
    lines = [f"| s of the processor | {' | '.join(figures)} |", "|---|" + "---|" * len(figures)]
    for name in ("night", *_STARTS, *_STAGES, *_WITHIN, *dearest, *_MODELS):
        said = {"night": "**a night in all**"}.get(
            name, f"of evaluate: {name}" if name in (*_WITHIN, *dearest) else name
        )
        cells = [(each.get(name, 0.0), each["night"]) for each in figures.values()]
        lines.append(f"| {said} | {' | '.join(f'{spent:.2f} ({spent / whole:.1%})' for spent, whole in cells)} |")
    return "\n".join(lines)


def measure(route: str, asked: argparse.Namespace) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        logs(route, asked.day, asked.rows, Path(folder))
        command = [sys.executable, __file__, "--folder", folder, "--day", str(asked.day), "--dtype", asked.dtype]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [*command, "--threads", str(asked.threads)], stdout=subprocess.PIPE, text=True, check=True, env=environment
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date(2023, 6, 8))
    parser.add_argument("--rows", type=int, default=680)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--logs", choices=ROUTES, nargs="+", default=ROUTES)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.folder:
        print(json.dumps(profile(asked.day, asked.folder, asked.dtype, asked.threads)))
        return
    figures = {route: measure(route, asked) for route in asked.logs}
    made = table(figures)
    print(made)
    if asked.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
        machine = platform.processor() or platform.machine()
        told = f"{asked.rows} rows at most of {asked.day}, {asked.dtype}, threads: {asked.threads}, {machine}."
        PAGE.write_text(f"{before}{_BEGIN}\n{made}\n\n{told}\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
