"""How often the 95% interval of a day's rate holds the rate, by rate and number of scored interactions.

    [OBS_REAL_DATA=FOLDER] python tests/benchmarks/bench_intervals.py [--resamplings 4000]

Simulated populations: a tenth looks suspicious and is bad as often as the rest (lift 1) or five times as often (lift 5); what
is scored is drawn with `cases.draw`'s allocation, once equally (factor 1), once oversampled (factor 3). Then the labelled sets:
each resampled by itself, and within a segment. `*` marks cells that expect five or more cases on both sides: 93 to 97% is
wanted there, at least 93% elsewhere. A script that prints figures; `tests/unit/summaries/test_coverage.py` holds them.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tests.coverage import FACTORS, LIFTS, RATES, SIZES, covered, covered_of_labels, labelled, population


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resamplings", type=int, default=4000)
    times = parser.parse_args().resamplings
    for factor in FACTORS:
        for lift in LIFTS:
            print(f"\nsimulated, factor {factor:g}, lift {lift:g}: n by rate " + "  ".join(f"{p:>6g}" for p in RATES))
            for n in SIZES:
                cells = [_cell(covered(population(p, lift), n, factor, times), p, n) for p in RATES]
                print(f"{n:>6}  " + "  ".join(cells), flush=True)
    folder = os.environ.get("OBS_REAL_DATA")
    for name, flags in labelled(Path(folder)) if folder else ():
        rate = float(flags.mean())
        cells = [f"{n}: {_cell(covered_of_labels(flags, n, times), rate, n)}" for n in SIZES]
        print(f"{name:<40} rate {rate:.3f}  " + "  ".join(cells), flush=True)


def _cell(share: float, rate: float, n: int) -> str:
    return f"{100 * share:5.1f}{'*' if min(rate, 1 - rate) * n >= 5 else ' '}"


if __name__ == "__main__":
    main()
