"""Simulated days in which nothing changed, whose answers hang together as those of real users and days do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.exchange_sums import BLOCKS
from obs_lib.stats.pseudo_f import null_of, squared_distance

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Night:
    """One day and those before it, of answers with Gaussian features."""

    baseline: int = 7
    """Days."""
    answers: int = 100
    """A day."""
    today: int | None = None
    """Answers today; None for as many."""
    dimensions: int = 32
    slope: float = 0.0
    """Eigenvalues fall as 1 / rank^slope."""
    per_user: int = 1
    icc: float = 0.0
    """Share of the variance that is the user's."""
    regulars: int | None = None
    """Users that come again on other days, drawn from so many; None for new ones every day."""
    of_days: float = 0.0
    """Standard deviation of a day's own level, in that of an answer."""
    day_dimensions: int | None = None
    """Dimensions in which days differ, with the same variance in all; None for every one."""


def simulated(rng: np.random.Generator, night: Night) -> tuple[Floats, Floats]:
    """Sums and counts by day and block, as `pseudo_f.null_of` takes them."""
    pairs = [_day(rng, night, night.answers) for _ in range(night.baseline)]
    pairs.append(_day(rng, night, night.today or night.answers))
    return np.array([sums for sums, _ in pairs]), np.array([counts for _, counts in pairs])


def null_p_values(night: Night, nights: int, seed: int) -> Floats:
    """p of so many nights."""
    rng = np.random.default_rng(seed)
    return np.array([null_of(*one).p_value(squared_distance(*one)) for one in _draw(rng, night, nights)])


def _draw(rng: np.random.Generator, night: Night, nights: int) -> Iterator[tuple[Floats, Floats]]:
    for _ in range(nights):
        yield simulated(np.random.default_rng(rng.integers(1 << 62)), night)


def _day(rng: np.random.Generator, night: Night, answers: int) -> tuple[Floats, Floats]:
    d = night.dimensions
    users = max(answers // night.per_user, 1)
    if night.regulars is None:
        levels, blocks = rng.normal(size=(users, d)), rng.integers(0, BLOCKS, users)
    else:
        everybody = np.random.default_rng(9)  # the same people every night
        chosen = rng.choice(night.regulars, users, replace=False)
        levels = everybody.normal(size=(night.regulars, d))[chosen]
        blocks = everybody.integers(0, BLOCKS, night.regulars)[chosen]
    user = np.arange(answers) % users
    rows = np.sqrt(1 - night.icc) * rng.normal(size=(answers, d)) + np.sqrt(night.icc) * levels[user]
    level = rng.normal(size=d) * np.sqrt(d / (night.day_dimensions or d))
    level[night.day_dimensions or d :] = 0
    rows = (rows + night.of_days * level) * np.arange(1, d + 1) ** (-night.slope / 2)
    members = (blocks[user] == np.arange(BLOCKS)[:, None]).astype(np.float64)
    return members @ rows, members.sum(axis=1)
