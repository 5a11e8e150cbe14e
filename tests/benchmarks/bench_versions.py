"""How often the intervals of two versions side by side hold what is true, and how often they differ where nothing does.

`python -m tests.benchmarks.bench_versions` prints the table of docs/statistics.md, in half a minute.
"""

from __future__ import annotations

import numpy as np

from obs_lib.stats.mix import Decomposition
from obs_lib.stats.two_groups import MEAN, Kind
from tests.unit.stats.test_mix import MEDIAN, SHARE, simulated, truth

_TIMES = 2000
_NAMES: dict[Kind, str] = {SHARE: "share", MEAN: "mean", MEDIAN: "median"}


def _held(found: list[Decomposition], truths: tuple[float, ...]) -> list[float]:
    parts = [[one.whole, one.mix, one.behaviour] for one in found]
    held = [[part.low <= true <= part.high for part, true in zip(one, truths, strict=True)] for one in parts]  # type: ignore[union-attr, operator]
    return np.mean(held, axis=0).tolist()  # type: ignore[no-any-return]


def main() -> None:
    """Print a row for each kind of metric, of independent answers and of users'."""
    print("| | all answers | mix | same mix | P(p <= .05) | P(p <= .01) |\n|---|---|---|---|---|---|")
    for kind, name in _NAMES.items():
        for users in (0, 30):
            whole, behaviour = truth(kind, moved=True)
            moved = simulated(kind, users, moved=True, times=_TIMES)
            held = _held(moved, (whole, whole - behaviour, behaviour))
            still = simulated(kind, users, moved=False, times=_TIMES)
            p_values = np.array([one.behaviour.p_value for one in still if one.behaviour], np.float64)
            shares = [*held, float(np.mean(p_values <= 0.05)), float(np.mean(p_values <= 0.01))]
            of = f"{name}, 30 users alike to 0.3" if users else f"{name}, independent answers"
            print(f"| {of} | " + " | ".join(f"{value:.3f}" for value in shares) + " |")


if __name__ == "__main__":
    main()
