"""What of a difference between two groups of answers is another mix of segments, and what is other behaviour within them.

    whole = behaviour + mix,    behaviour = sum_k u_k (m2_k - m1_k),    u_k ~ (s1_k + s2_k) / 2

over the cells k that both groups have, s their shares and m the number within: the difference at one mix, the mean of both
(Kitagawa 1955). Of percentiles the same by weights (DiNardo, Fortin and Lemieux 1996). The mix is what is left, cells
that only one group has included. Each part's interval comes from what a single answer moves it by, and those add up too:
of a percentile by its influence function (Firpo, Fortin and Lemieux 2009).

References
----------
Kitagawa (1955), Components of a difference between two rates, JASA 50, 1168. DiNardo, Fortin and Lemieux (1996),
Econometrica 64, 1001. Firpo, Fortin and Lemieux (2009), Econometrica 77, 953.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.clusters import design_effect
from obs_lib.stats.intervals import Estimate, Floats, student
from obs_lib.stats.two_groups import Answers, Difference, Kind, Level, difference, level

LEAST = 5
"""Answers of a cell in each group; cells with fewer in either are one cell together."""
_NOTHING = 1e-300  # in the place of no weight, so that a cell that one group lacks gives a number nobody reads


@dataclass(frozen=True, slots=True)
class Decomposition:
    """How far two groups are apart. `whole.value` is `mix.value + behaviour.value`."""

    a: Level
    b: Level
    whole: Difference
    alike: tuple[Level, Level] | None
    """Both at the mean of their mixes; None where they have no cell in common."""
    behaviour: Difference | None
    mix: Estimate | None
    """What the mix makes of the difference; None without behaviour, and exactly 0 where there is one cell alone."""


def decompose(a: Answers, b: Answers, kind: Kind) -> Decomposition:
    """Return the difference b - a with its parts."""
    a, b = _with_cells_of_size(a, b)
    size = 1 + int(max(a.cells.max(), b.cells.max()))
    levels = level(a, kind), level(b, kind)
    whole = difference(*levels, kind)
    mixes = np.array([a.mix(size), b.mix(size)])
    shared = np.where((mixes > 0).all(axis=0), mixes.mean(axis=0), 0.0)
    if not shared.any():
        return Decomposition(*levels, whole, None, None, None)
    mix = shared / shared.sum()
    alike = level(a, kind, mix), level(b, kind, mix)
    behaviour = difference(*alike, kind)
    left = whole.value - behaviour.value
    if size == 1:
        return Decomposition(*levels, whole, alike, behaviour, Estimate(0.0, 0.0, 0.0, 0.0))
    groups = (a, b)
    gap = _gap_of_cells(groups, alike, mix, behaviour.value) / float(shared.sum())
    moved = [
        sign * (one.influence - fixed.influence) - _of_shares(group, gap, size)
        for sign, group, one, fixed in zip((-1, 1), groups, levels, alike, strict=True)
    ]
    return Decomposition(*levels, whole, alike, behaviour, _around(left, np.concatenate(moved), a, b))


def _with_cells_of_size(a: Answers, b: Answers) -> tuple[Answers, Answers]:
    """The groups with their cells numbered from 0, those that both have but one hardly put together."""
    size = 1 + int(max(a.cells.max(), b.cells.max()))
    counts = np.array([np.bincount(group.cells, minlength=size) for group in (a, b)])
    small = (counts.min(axis=0) > 0) & (counts.min(axis=0) < LEAST)
    number = np.where(small, size, np.arange(size))
    kept = np.unique(number[counts.sum(axis=0) > 0])
    code = np.searchsorted(kept, number)
    return replace(a, cells=code[a.cells]), replace(b, cells=code[b.cells])


def _gap_of_cells(groups: tuple[Answers, Answers], alike: tuple[Level, Level], mix: Floats, apart: float) -> Floats:
    """How far each shared cell is more apart than all of them; 0 for others."""
    size, means = len(mix), []
    for group, one in zip(groups, alike, strict=True):
        sums = np.bincount(group.cells, group.weight * one.linear, size)
        means.append(sums / np.maximum(np.bincount(group.cells, group.weight, size), _NOTHING))
    return np.where(mix > 0, means[1] - means[0] - apart, 0.0)


def _of_shares(group: Answers, gap: Floats, size: int) -> Floats:
    """What each answer moves the behaviour by through the mix, of which half is this group's."""
    weight = group.weight / group.weight.sum()
    return np.asarray(0.5 * weight * (gap[group.cells] - float((group.mix(size) * gap).sum())), np.float64)


def _around(value: float, influence: Floats, a: Answers, b: Answers) -> Estimate:
    """Student's interval from the influence of all answers, the first group's first."""
    clusters: NDArray[np.int64] | None = None
    if a.clusters is not None and b.clusters is not None:
        clusters = np.concatenate([a.clusters, b.clusters])
    effect = design_effect(influence, clusters)
    n = len(influence)
    error = float(np.sqrt(n / (n - 1) * np.square(influence).sum() * effect.factor))
    reach = student(min(n - 2, effect.freedom)) * error
    return Estimate(value, value - reach, value + reach, error)
