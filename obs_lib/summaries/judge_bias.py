"""How a judge errs where people have judged as well: by the length of answers, for its own family, by position.

Pure functions of arrays; an error is the judge's value minus people's label, both in [0, 1], so a positive one is too kind
where 1 is good. Each measure comes with a 95% interval, and says nothing (None) where the data cannot carry it.

weight : 1 / probability with which an answer came to be labelled; None for equal ones. Labels are drawn by the judge's own
values, which are what is explained here, so without weights a slope would be that of the draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from obs_lib.stats.intervals import wilson

Floats = NDArray[np.float64]

LEAST = 20
"""Labelled answers, below which a slope says nothing."""

LEAST_OF_EACH = 10
"""Labelled answers of the own and of other families, below which their difference says nothing."""

_FAMILIES = (
    ("openai", ("gpt", "chatgpt", "o1", "o3", "o4", "davinci")),
    ("anthropic", ("claude",)),
    ("google", ("gemini", "gemma", "palm")),
    ("meta", ("llama", "meta-llama")),
    ("mistral", ("mistral", "mixtral", "ministral", "magistral", "codestral")),
    ("qwen", ("qwen", "qwq")),
    ("deepseek", ("deepseek",)),
    ("cohere", ("command", "cohere")),
    ("microsoft", ("phi",)),
)


class Bias(NamedTuple):
    """value : the measure. low, high : its 95% interval. n : observations that it rests on."""

    value: float
    low: float
    high: float
    n: int


def family_of(model: str) -> str | None:
    """Who makes a model, by its name, with or without a provider before it; None where that is not known.

    >>> family_of("gpt-4o-mini"), family_of("anthropic/claude-x"), family_of("my-finetune")
    ('openai', 'anthropic', None)
    """
    name = model.lower().rpartition("/")[2]
    return next((family for family, starts in _FAMILIES if name.startswith(starts)), None)


def length_bias(value: ArrayLike, label: ArrayLike, length: ArrayLike, weight: ArrayLike | None = None) -> Bias | None:
    """The rise of the judge's error for each doubling of an answer's length, people's label held equal.

    Weighted least squares of the error on log2(length) and the label, with heteroscedasticity-robust errors (HC3) and
    Student's t. The label is held equal because longer answers may be better ones. Parameters are arrays of one length n;
    lengths are positive, in any unit. None for fewer than 20 answers, or where all are about as long.

    References
    ----------
    Dubois et al. (2024), Length-controlled AlpacaEval; MacKinnon and White (1985) for HC3.
    """
    v, y, size = (np.asarray(each, dtype=np.float64) for each in (value, label, length))
    known = np.isfinite(v) & np.isfinite(y) & (size > 0)
    w = _weights(weight, len(v))[known]
    v, y, size = v[known], y[known], size[known]
    if len(v) < LEAST or np.ptp(np.log2(size)) < 1e-6:
        return None
    columns = [np.ones_like(v), np.log2(size)] + ([y] if np.ptp(y) > 0 else [])
    return _slope(np.column_stack(columns), v - y, w, 1)


def family_bias(
    value: ArrayLike, label: ArrayLike, own: Sequence[bool | None], weight: ArrayLike | None = None
) -> Bias | None:
    """How much kinder the judge errs on answers of its own family than on others', people's label held equal.

    own : whether an answer is of the judge's family (`family_of` of both); None where that is unknown: left out. None for
    fewer than 10 answers on either side.

    References
    ----------
    Panickssery et al. (2024), LLM evaluators recognize and favor their own generations.
    """
    v, y = (np.asarray(each, dtype=np.float64) for each in (value, label))
    known = np.isfinite(v) & np.isfinite(y) & np.array([same is not None for same in own], dtype=bool)
    w = _weights(weight, len(v))[known]
    v, y, kin = v[known], y[known], np.array([bool(same) for same in own], dtype=np.float64)[known]
    if min(kin.sum(), len(kin) - kin.sum()) < LEAST_OF_EACH:
        return None
    columns = [np.ones_like(v), kin] + ([y] if np.ptp(y) > 0 else [])
    return _slope(np.column_stack(columns), v - y, w, 1)


def flip_share(shown_first: Sequence[str], shown_second: Sequence[str]) -> Bias | None:
    """Share of pairs whose winner ("a", "b" or "tie") is another one when the order is swapped; Wilson's interval.

    shown_first, shown_second : the winner when `a` was shown first, and when it was shown second. None without a pair.
    """
    n = len(shown_first)
    if not n:
        return None
    flips = sum(first != second for first, second in zip(shown_first, shown_second, strict=True))
    return Bias(flips / n, *wilson(flips / n, n), n)


def first_preference(shown_first: Sequence[str], shown_second: Sequence[str]) -> Bias | None:
    """Of the pairs that turn from one answer to the other with the order, the share in which the one shown first wins.

    0.5 is no preference for a position. None where no pair turned so.
    """
    turned = [(x, y) for x, y in zip(shown_first, shown_second, strict=True) if {x, y} == {"a", "b"}]
    if not turned:
        return None
    first = sum(x == "a" for x, _ in turned) / len(turned)
    return Bias(first, *wilson(first, len(turned)), len(turned))


def _weights(weight: ArrayLike | None, n: int) -> Floats:
    return np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)


def _slope(design: Floats, target: Floats, weight: Floats, column: int) -> Bias | None:
    """One coefficient of weighted least squares with its HC3 interval; None where the columns cannot be told apart.

    Rows times the root of their weights make the same estimate, leverages and sandwich of ordinary least squares. The
    degrees of freedom count Kish's effective number of rows, which is n where weights are equal.
    """
    n, k = design.shape
    freedom = weight.sum() ** 2 / np.square(weight).sum() - k
    if freedom < 1 or np.linalg.matrix_rank(design) < k:
        return None
    root = np.sqrt(weight)
    design, target = design * root[:, None], target * root
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ target
    leverage = np.clip(((design @ bread) * design).sum(axis=1), 0.0, 1 - 1e-9)
    scaled = (target - design @ beta) / (1 - leverage)
    meat = design.T @ (design * np.square(scaled)[:, None])
    error = float(np.sqrt((bread @ meat @ bread)[column, column]))
    reach = float(stdtrit(freedom, 0.975)) * error
    value = float(beta[column])
    return Bias(value, value - reach, value + reach, n)
