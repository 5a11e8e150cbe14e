"""Resampling days whose true rate is known, to see how often the interval of the rate holds it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obs_lib.pipeline.cases import allocate
from obs_lib.summaries.sampled import Strata, sampled_share

RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
SIZES = (10, 20, 50, 100, 200, 500)
FACTORS = (1.0, 3.0)
LIFTS = (1.0, 5.0)
SUSPICIOUS = 0.1  # part of the interactions
DAY = 5  # interactions of a day for each that is scored

Flags = NDArray[np.bool_]
_LABELS = {
    "groundedness": ("grounded", False),
    "toxicity": ("toxic", True),
    "refusal": ("refused", True),
}


class Population(NamedTuple):
    """Where a day's interactions come from: how often plain and suspicious ones are bad, and how many are suspicious."""

    plain: float
    suspicious: float
    part: float = SUSPICIOUS

    @property
    def rate(self) -> float:
        return self.plain * (1 - self.part) + self.suspicious * self.part


def population(rate: float, lift: float) -> Population:
    """A population of that rate whose suspicious part is bad `lift` times as often as the rest, at most 95% of the time."""
    plain = rate / (1 - SUSPICIOUS + lift * SUSPICIOUS)
    suspicious = min(0.95, lift * plain)
    return Population((rate - SUSPICIOUS * suspicious) / (1 - SUSPICIOUS), suspicious)


def covered(source: Population, n: int, factor: float, times: int) -> float:
    """Part of `times` days of DAY * n interactions whose interval, from n scored ones, holds the population's rate."""
    rng = np.random.default_rng(n)
    day = DAY * n
    held = 0
    for odd in rng.binomial(day, source.part, times):
        sizes = np.array([day - odd, odd])[: 1 + (odd > 0)]
        drawn = allocate(sizes, np.array([1.0, factor])[: len(sizes)], n)
        weights = np.repeat(sizes / drawn, drawn)
        odds = np.repeat([source.plain, source.suspicious][: len(sizes)], drawn)
        held += _holds(rng.random(n) < odds, weights, source.rate)
    return held / times


def covered_of_segment(source: Population, n: int, factor: float, times: int) -> float:
    """The same for a segment that crosses the strata and holds a third of the interactions, n scored ones on average."""
    rng = np.random.default_rng(n)
    day = 3 * DAY * n
    held = 0
    for odd in rng.binomial(day, source.part, times):
        sizes = np.array([day - odd, odd])
        drawn = allocate(sizes, np.array([1.0, factor]), 3 * n)
        weights = np.repeat(sizes / drawn, drawn)
        odds = np.repeat([source.plain, source.suspicious], drawn)
        inside = rng.random(len(weights)) < 1 / 3
        strata = Strata.by_weight(weights).take(inside)
        found = sampled_share((rng.random(len(weights)) < odds)[inside], weights[inside], strata)
        held += found.low is not None and found.high is not None and found.low <= source.rate <= found.high
    return held / times


def covered_of_labels(flags: Flags, n: int, times: int) -> float:
    """Part of `times` resamplings of a labelled set, n with replacement, whose interval holds the set's rate."""
    rng = np.random.default_rng(n)
    return sum(_holds(rng.choice(flags, n), np.ones(n), float(flags.mean())) for _ in range(times)) / times


def labelled(folder: Path) -> Iterator[tuple[str, Flags]]:
    """Name and bad ones of each labelled set, and of each model of the sets that name one."""
    for path in sorted((folder / "labelled").glob("*.jsonl.gz")):
        label, bad = _LABELS[path.name.split("_")[0]]
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        name = path.name.removesuffix(".jsonl.gz")
        yield name, np.array([bool(row[label]) is bad for row in rows])
        for model in sorted({str(row["model"]) for row in rows if row.get("model")}):
            yield f"{name} {model}", np.array([bool(r[label]) is bad for r in rows if r.get("model") == model])


def _holds(hits: Flags, weights: NDArray[np.float64], rate: float) -> bool:
    found = sampled_share(hits, weights, Strata.by_weight(weights))
    return found.low is not None and found.high is not None and found.low <= rate <= found.high
