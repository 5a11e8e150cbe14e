"""How far today's answers stand from earlier answers to the same prompts, in meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue.distances import SEMANTIC_DRIFT
from obs_lib.records import Day, Distance

MIN_PROMPT_DAYS = 2  # baseline days a prompt needs: with one, nothing says how much its answers vary by themselves
TIE = 1e-9  # two statistics this near are one: sums of the same numbers in another order


@dataclass(frozen=True, slots=True)
class Answers:
    """Mean answer vectors of one day in one segment: prompt key -> mean of the unit vectors of its answers."""

    day: Day
    means: Mapping[str, NDArray[np.float64]]


def decode(day: Day, rows: pd.DataFrame) -> Answers:
    """Read an `answers` sketch: float32 sums of unit vectors, divided by their number."""
    if not len(rows):
        return Answers(day, {})
    sums = np.frombuffer(b"".join(rows["payload"]), "<f4").reshape(len(rows), -1)
    means = sums.astype(np.float64) / rows["n"].to_numpy(dtype=np.float64)[:, None]
    return Answers(day, dict(zip(map(str, rows["key"]), means, strict=True)))


def semantic_drift(current: NDArray[np.float64], baseline: NDArray[np.float64]) -> float:
    """Return 1 - mean cosine of paired rows, both of shape (pairs, dimension); rows need not have length 1.

    >>> a, b = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]]), np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]])
    >>> round(semantic_drift(a, b), 10)
    0.4309644063
    """
    lengths = np.linalg.norm(current, axis=1) * np.linalg.norm(baseline, axis=1)
    return float(1 - np.mean(np.sum(current * baseline, axis=1) / lengths))


def shared_prompts(today: Answers, window: Sequence[Answers]) -> list[str]:
    """Return the prompts asked today and on at least two days of the window, sorted."""
    return sorted(key for key in today.means if sum(key in day.means for day in window) >= MIN_PROMPT_DAYS)


def paired_drift(segment: str, today: Answers, window: Sequence[Answers], resamples: int) -> Distance:
    """Measure the mean over prompts of 1 - mean cosine(today's answers, each window day's answers).

    If nothing changed, a prompt's b + 1 days are exchangeable: any of them might as well be today. So the p-value
    comes from drawing, for each prompt by itself, one of its days as today (`resamples` seeded draws); beyond
    their resolution Chernoff's bound of the same null is used, which never understates p. Null mean and quantile
    are those of the window's days among themselves, so that a change does not blur what it is measured by.
    """
    prompts = shared_prompts(today, window)
    cosines, there = _gram(prompts, [*window, today])
    distances = _each_against_rest(cosines, there)
    statistic = float(np.mean(distances[:, -1]))
    rng = np.random.default_rng(_seed(today.day, segment))
    p_value = _p_value(distances, there, statistic, (rng, resamples))

    among = _each_against_rest(cosines[:, :-1, :-1], there[:, :-1])
    draws = _draws(among, there[:, :-1], rng, resamples)
    null_mean = float(np.mean(np.sum(among, axis=1) / there[:, :-1].sum(axis=1)))
    return Distance(
        name=SEMANTIC_DRIFT.name,
        segment=segment,
        statistic=statistic,
        null_mean=null_mean,
        null_high=float(np.quantile(draws, 0.95)),
        p_value=p_value,
        effect=statistic - null_mean,
        unit=SEMANTIC_DRIFT.unit,
        n_baseline=int(there[:, :-1].sum()),
        n_current=len(prompts),
        baseline_days=tuple(day.day for day in window),
    )


def _gram(prompts: Sequence[str], days: Sequence[Answers]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Mean cosines between the days' answers to each prompt, (prompts, days, days), and which days have it.

    The product of two means of unit vectors is the mean cosine over all pairs of answers.
    """
    there = np.array([[key in day.means for day in days] for key in prompts], dtype=bool)
    dimension = len(days[-1].means[prompts[0]])
    nothing = np.zeros(dimension)
    means = np.array([[day.means.get(key, nothing) for day in days] for key in prompts])
    return means @ means.transpose(0, 2, 1), there


def _each_against_rest(cosines: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1 - mean cosine of each day to its prompt's other days, (prompts, days); 0 where the day lacks the prompt."""
    others = there[:, None, :] & ~np.eye(there.shape[1], dtype=bool)
    mean = np.sum(cosines, axis=2, where=others) / np.maximum(others.sum(axis=2), 1)
    return np.where(there, 1 - mean, 0.0)


def _draws(
    distances: NDArray[np.float64], there: NDArray[np.bool_], rng: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """Mean over prompts of the distance of a day drawn for each prompt, (resamples,)."""
    days_first = np.argsort(~there, axis=1, kind="stable")  # each prompt's own days come first
    packed = np.take_along_axis(distances, days_first, axis=1)
    picks = rng.integers(0, there.sum(axis=1), size=(resamples, len(packed)))
    drawn: NDArray[np.float64] = packed[np.arange(len(packed)), picks].mean(axis=1)
    return drawn


def _p_value(
    distances: NDArray[np.float64],
    there: NDArray[np.bool_],
    statistic: float,
    draw: tuple[np.random.Generator, int],
) -> float:
    reached = int(np.sum(_draws(distances, there, *draw) >= statistic - TIE))
    p_value = (1 + reached) / (1 + draw[1])
    return p_value if reached else min(p_value, _chernoff(distances, there, statistic))


def _chernoff(distances: NDArray[np.float64], there: NDArray[np.bool_], statistic: float) -> float:
    """Upper bound of P(null >= statistic): min over s of E[exp(s (sum - observed))], a product over the prompts.

    Every s gives a bound (Chernoff 1952), so a grid will do; in the limit it is exact for the largest sum possible.
    """
    width = max(float(np.ptp(distances)), TIE)
    steps = np.geomspace(0.01, 1000, 60) / width
    exponents = np.where(there, steps[:, None, None] * (distances - statistic), -np.inf)
    top = exponents.max(axis=2, keepdims=True)
    means = np.sum(np.exp(exponents - top), axis=2) / there.sum(axis=1)
    bound = np.sum(np.log(means) + top[:, :, 0], axis=1).min()
    return float(np.exp(np.clip(bound, -690.0, 0.0)))


def _seed(day: Day, segment: str) -> int:
    return int.from_bytes(
        hashlib.sha256(f"{SEMANTIC_DRIFT.name}|{day.isoformat()}|{segment}".encode()).digest()[:8], "big"
    )
