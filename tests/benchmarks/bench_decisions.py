"""What the nightly comparison makes of nights whose truth is known: false alarms of quiet quarters, changes found, coverage.

    python tests/benchmarks/bench_decisions.py [--quarters 500] [--changes 200] [--page docs/statistics.md]

Every figure has its exact 95% interval (Clopper and Pearson; of counts Garwood). With --page that page gets them.
A script that prints figures; `tests/unit/drift/test_nights.py` holds a small version of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.stats import beta, chi2

sys.path.insert(0, str(Path(__file__).parents[2]))

from obs_lib.stats.intervals import share
from tests.nights import CHANGES, QUIET, drawn, nights_to_find, quarter, told

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quarters", type=int, default=500)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--coverage", type=int, default=4000)
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    lines = []
    for line in (*quiet(asked.quarters), "", *changes(asked.changes), "", *coverage(asked.coverage)):
        print(line, flush=True)
        lines.append(line)
    if asked.page:
        page = asked.page.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        after = rest.split(END)[1]
        asked.page.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


def quiet(quarters: int) -> Iterator[str]:
    """Things told in quarters in which nothing happens."""
    yield f"| quiet quarters of 90 nights ({quarters} each) | told a quarter | 95% interval |"
    yield "|---|---|---|"
    for name, weather in QUIET.items():
        n = sum(len(told(quarter(weather, 90, seed))) for seed in range(quarters))
        low = chi2.ppf(0.025, 2 * n) / 2 if n else 0.0
        high = chi2.ppf(0.975, 2 * n + 2) / 2
        yield f"| {name} | {n / quarters:.2f} | {low / quarters:.2f} to {high / quarters:.2f} |"


def changes(times: int) -> Iterator[str]:
    """How often, and on which night, a change is found that begins after thirty quiet nights."""
    yield f"| change ({times} each) | found | 95% interval | median night | on the first |"
    yield "|---|---|---|---|---|"
    for name, change in CHANGES.items():
        nights = [nights_to_find(change, seed) for seed in range(times)]
        found = [night for night in nights if night is not None]
        k = len(found)
        low = beta.ppf(0.025, k, times - k + 1) if k else 0.0
        high = beta.ppf(0.975, k + 1, times - k) if k < times else 1.0
        median = f"{np.median(found):.0f}" if found else "-"
        first = sum(night == 1 for night in found) / times
        yield f"| {name} | {k / times:.2f} | {low:.2f} to {high:.2f} | {median} | {first:.2f} |"


def coverage(times: int) -> Iterator[str]:
    """How often the 95% interval of a rate holds it, for users of twenty answers."""
    sizes = (100, 400, 1000, 2000)
    yield f"| users of 20 answers ({times} days each) | " + " | ".join(f"n = {n:,}" for n in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    for rate in (0.02, 0.05):
        for icc in (0.0, 0.05, 0.3):
            cells = []
            for n in sizes:
                rng = np.random.default_rng(n)
                held = 0
                for _ in range(times):
                    hits, clusters = drawn(rng, n, 20, rate, icc)
                    found = share(hits, clusters=clusters)
                    held += (found.low or 0.0) <= rate <= (found.high or 1.0)
                cells.append(f"{held / times:.3f}")
            yield f"| rate {rate:.0%}, intra-class correlation {icc:g} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
