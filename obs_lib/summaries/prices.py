"""What requests cost: as logged, else by the tokens and a table of prices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.stats.intervals import Floats
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.options import Price, SummaryOptions

_MILLION = 1e6


def costs(frame: pd.DataFrame, options: SummaryOptions) -> tuple[Floats, NDArray[np.bool_]]:
    """The cost of each row in USD, NaN where unknown, and whether it was logged. Cached tokens are part of the input."""
    cost = frame["cost_usd"].to_numpy(dtype=np.float64, na_value=np.nan)
    logged = ~np.isnan(cost)
    if not options.prices or logged.all():
        return cost, logged
    versions = Texts(frame["model_version"])
    found = [price_of(version, options.prices) for version in versions.distinct]
    unknown = (np.nan, np.nan, np.nan)
    table = [unknown if one is None else (one.input, _cached(one), one.output) for one in found]
    each = np.array([*table, unknown])[versions.codes] / _MILLION  # code -1, no version, is the last
    given, cached, made = (
        frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("input_tokens", "cached_input_tokens", "output_tokens")
    )
    cached = np.where(np.isnan(cached), 0.0, cached)
    derived = np.maximum(given - cached, 0.0) * each[:, 0] + cached * each[:, 1] + made * each[:, 2]
    return np.where(logged, cost, derived), logged


def price_of(version: str, prices: Mapping[str, Price]) -> Price | None:
    """The price under the version's own name, else under its longest beginning followed by `*`; None for none."""
    if version in prices:
        return prices[version]
    starts = [name for name in prices if name.endswith("*") and version.startswith(name[:-1])]
    return prices[max(starts, key=len)] if starts else None


def _cached(price: Price) -> float:
    return price.input if price.cached_input is None else price.cached_input
