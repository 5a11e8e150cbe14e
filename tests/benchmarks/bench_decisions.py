"""What the nightly comparison makes of nights whose truth is known: false alarms of quiet quarters, changes found, coverage.

    python tests/benchmarks/bench_decisions.py [--quarters 500] [--changes 200] [--null] [--page docs/statistics.md]

Every figure has its exact 95% interval (Clopper and Pearson; of counts Garwood). With --page that page gets them.
A script that prints figures; `tests/unit/drift/test_nights.py` holds a small version of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
from scipy.stats import beta, binomtest, chi2

sys.path.insert(0, str(Path(__file__).parents[2]))

from obs_lib.stats.contrast import Scale, Series, contrast, dispersion
from obs_lib.stats.intervals import share
from obs_lib.stats.moderation import prior
from tests.benchmarks.page import written
from tests.nights import CHANGES, QUIET, drawn, nights_to_find, quarter, told

DAYS, FEW, MANY = 28, 7, 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quarters", type=int, default=500)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--coverage", type=int, default=4000)
    parser.add_argument("--nights", type=int, default=20_000)
    parser.add_argument("--null", action="store_true", help="p-values alone")
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    parts = [quiet(asked.quarters), [""], changes(asked.changes), [""], coverage(asked.coverage)]
    if not asked.null:
        written(chain.from_iterable(parts), asked.page, "measured")
    written(null(asked.nights), asked.page, "null")


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


def null(nights: int) -> Iterator[str]:
    """How often one night's p of a single metric is small where nothing has changed; days and nights anew each time."""
    yield f"| one night, nothing changed ({nights:,} each) | P(p <= .05) | P(p <= .001) |"
    yield "|---|---|---|"
    for name, draw in NULL.items():
        rng = np.random.default_rng(3)
        p = np.concatenate([_night_of(draw, rng) for _ in range(nights // _TOGETHER)])
        yield f"| {name} | {_share(p <= 0.05)} | {_share(p <= 0.001)} |"


_TOGETHER = 20  # metrics of a night, which tell each other how days scatter


def _night_of(draw: Callable[[np.random.Generator], Series], rng: np.random.Generator) -> np.ndarray:
    series = [draw(rng) for _ in range(_TOGETHER)]
    seen = [dispersion(one.at(slice(None, -1))) for one in series]
    told = [one for one in seen if one.freedom > 0 and one.value > 0]
    usual = prior([one.value for one in told], [one.freedom for one in told])
    return np.array([contrast(one.at(slice(None, -1)), one.at(slice(-1, None)), usual).p_value for one in series])


def _shares(rate: float, n: int, days: int, icc: float = 0.0) -> Callable[[np.random.Generator], Series]:
    def draw(rng: np.random.Generator) -> Series:
        found = []
        for _ in range(days + 1):
            hits, clusters = drawn(rng, n, 20, rate, icc)
            found.append(share(hits, clusters=clusters if icc else None))
        value, size = (np.array([getattr(one, name) for one in found], float) for name in ("value", "effective_n"))
        return Series(value, size, np.zeros(days + 1), Scale.SHARE)

    return draw


def _amounts(scatter: float, n: int, days: int) -> Callable[[np.random.Generator], Series]:
    """Times: scatter of days, and of single requests with a tail, as standard deviations of logarithms."""

    def draw(rng: np.random.Generator) -> Series:
        rows = np.exp(rng.normal(0, scatter, days + 1))[:, None] * rng.lognormal(5, 0.5, (days + 1, n))
        return Series(rows.mean(axis=1), np.full(days + 1, float(n)), rows.var(axis=1, ddof=1), Scale.RATIO)

    return draw


NULL: Mapping[str, Callable[[np.random.Generator], Series]] = {
    "share of 5%, n = 400, 28 days": _shares(0.05, MANY, DAYS),
    "share of 5%, n = 400, 7 days": _shares(0.05, MANY, FEW),
    "share of 0.5%, n = 400, 28 days": _shares(0.005, MANY, DAYS),
    "share of 5%, users of 20, ICC .3, n = 400, 28 days": _shares(0.05, MANY, DAYS, 0.3),
    "times, n = 400, 28 days": _amounts(0.0, MANY, DAYS),
    "times, days that scatter by 5%, n = 400, 28 days": _amounts(0.05, MANY, DAYS),
    "times, days that scatter by 5%, n = 400, 7 days": _amounts(0.05, MANY, FEW),
}


def _share(happened: np.ndarray) -> str:
    ends = binomtest(int(happened.sum()), len(happened)).proportion_ci(0.95, "exact")
    return f"{happened.mean():.4f} ({ends.low:.4f} to {ends.high:.4f})"


if __name__ == "__main__":
    main()
