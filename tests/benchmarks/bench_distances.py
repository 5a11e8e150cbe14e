"""The distances of answers, prompts and words: how often they are wrong, what they find, and what they cost.

    [OBS_REAL_DATA=FOLDER] python -m tests.benchmarks.bench_distances [--nights 3000] [--draws 40] [--vectors FILE]

Prints the tables of docs/statistics.md in Markdown; intervals are Clopper and Pearson's, 95%. Without OBS_REAL_DATA only the
simulated nights and the times. The first run with it encodes 9,000 texts and keeps their vectors in FILE.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from obs_lib.stats.exchange_sums import BLOCKS, ExchangeSums, exchange_sums, pack, unpack
from obs_lib.stats.pseudo_f import null_of, squared_distance
from tests.distance_nights import Night, null_p_values
from tests.real_answers import Pool, compared, pools

QUIET: Mapping[str, Night] = {
    "independent answers": Night(),
    "eigenvalues that fall as 1 / rank": Night(slope=1.0),
    "three baseline days": Night(baseline=3),
    "users of 20, ICC .3, 5 users a day": Night(per_user=20, icc=0.3),
    "users of 20, ICC .3, 20 users a day": Night(answers=400, per_user=20, icc=0.3),
    "40 regular users of 20, half of them a day, ICC .3": Night(answers=400, per_user=20, icc=0.3, regulars=40),
    "today four times as many": Night(today=400),
    "today a third": Night(today=33),
    "days that scatter by themselves as much as by sampling": Night(of_days=0.1),
    "the same in four of 32 dimensions": Night(of_days=0.1, day_dimensions=4),
}
NEW_TOPIC = {"prime_full": 0.0}
ONE = "gpt-4-0314"
LEVEL = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--vectors", type=Path, default=Path("vectors.npz"))
    asked = parser.parse_args()
    _times()
    print("\n| nothing changed | P(p <= .05) | P(p <= .001) |\n|---|---|---|")
    for name, night in QUIET.items():
        p = null_p_values(night, asked.nights, seed=1)
        print(f"| {name} | {_share(p <= 0.05)} | {_share(p <= 0.001)} |", flush=True)
    if folder := os.environ.get("OBS_REAL_DATA"):
        _real(pools(Path(folder), asked.vectors), asked.draws)


def _real(known: Mapping[str, Pool], draws: int) -> None:
    print("\n| eight days of real answers | topics moved | answers moved | words moved | p <= .05 of each |")
    print("|---|---|---|---|---|")
    rag = [name for name in known if name.startswith("rag/")]
    pairs = list(permutations(rag, 2))
    a_topic = dict.fromkeys(sorted(set(known[ONE].topics)), 1.0)
    cases: dict[str, Callable[[int], tuple[str, str, int, Mapping[str, float], Mapping[str, float]]]] = {
        "nothing changed, 100 a day": lambda n: (ONE, ONE, 100, {}, {}),
        "nothing changed, 800 a day": lambda n: (ONE, ONE, 800, {}, {}),
        "another vendor (30 pairs of six), 100 a day": lambda n: (*pairs[n % len(pairs)], 100, {}, {}),
        "GPT-4 to GPT-3.5, 100 a day": lambda n: (ONE, "gpt-3.5-turbo-0301", 100, {}, {}),
        "GPT-3.5 0301 to 0613, 100 a day": lambda n: ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", 100, {}, {}),
        "GPT-3.5 0301 to 0613, 800 a day": lambda n: ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", 800, {}, {}),
        "GPT-4 0314 to 0613, 100 a day": lambda n: (ONE, "gpt-4-0613", 100, {}, {}),
        "one topic three times as often, 400 a day": lambda n: (ONE, ONE, 400, {}, a_topic | {"opinionqa": 3.0}),
        "a topic that is new, 400 a day": lambda n: (ONE, ONE, 400, NEW_TOPIC, {}),
        "one topic alone is left, 400 a day": lambda n: (
            ONE,
            ONE,
            400,
            {},
            dict.fromkeys(a_topic, 0.0) | {"opinionqa": 1.0},
        ),
    }
    for name, case in cases.items():
        found = np.array([_night(known, case(draw), draw) for draw in range(draws)])
        moved = (found[:, :, 0] <= LEVEL) & (found[:, :, 1] >= (0.005, 1.0, 0.1))
        low = ", ".join(f"{share:.2f}" for share in np.mean(found[:, :, 0] <= 0.05, axis=0))
        print(f"| {name} | {' | '.join(_share(moved[:, k]) for k in range(3))} | {low} |", flush=True)


def _night(
    known: Mapping[str, Pool], case: tuple[str, str, int, Mapping[str, float], Mapping[str, float]], draw: int
) -> list[tuple[float, float]]:
    before, now, n, odds, odds_now = case
    rng = np.random.default_rng([11, draw])
    window = [known[before].day(rng, index, n, odds) for index in range(7)]
    found = compared(known[now].day(rng, 7, n, odds_now), window)
    return [(1.0 if one.p_value is None else one.p_value, one.effect or 0.0) for one in found]


def _share(happened: np.ndarray) -> str:
    n, k = len(happened), int(np.sum(happened))
    ends = binomtest(k, n).proportion_ci(0.95, "exact")
    return f"{k / n:.4f} ({ends.low:.4f} to {ends.high:.4f})"


def _times() -> None:
    """Ten thousand prompts against ten thousand, from vectors to p; then with today's sketch and those of 7 and of 90 days."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20_000, 384))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    blocks, began = rng.integers(0, BLOCKS, len(vectors)), time.process_time()
    days = [_sums(vectors[rows], blocks[rows]) for rows in np.array_split(np.arange(10_000), 7)]
    today = _sums(vectors[10_000:], blocks[10_000:])
    _judge([*days, today])
    spent, peak = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"10,000 against 10,000 vectors of 384, from vectors to p: {spent:.2f} s of one core, {peak:.0f} MB in all")
    stored = [pack(day) for day in days]
    for number in (7, 90):
        began = time.process_time()
        sums = _sums(vectors[10_000:], blocks[10_000:])
        _judge([*(unpack(payload) for payload in (stored * 13)[:number]), sums])
        print(f"a night of 10,000 against the sketches of {number} days: {time.process_time() - began:.2f} s")


def _sums(vectors: np.ndarray, blocks: np.ndarray) -> ExchangeSums:
    parts = np.array_split(np.arange(len(vectors)), max(len(vectors) // 2000, 1))
    first, *others = (exchange_sums(vectors[rows], vectors[rows], blocks[rows]) for rows in parts)
    return sum(others, start=first)


def _judge(days: Sequence[ExchangeSums]) -> None:
    sums, counts = np.array([day.topics for day in days]), np.array([day.counts for day in days])
    null_of(sums, counts).p_value(squared_distance(sums, counts))


if __name__ == "__main__":
    main()
