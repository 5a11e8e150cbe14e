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
    """The cost of each row in USD, NaN where unknown, and whether it was logged.

    Cached tokens are part of the input, reasoning tokens of the output; those that nobody counted are priced as the rest.
    """
    cost = frame["cost_usd"].to_numpy(dtype=np.float64, na_value=np.nan)
    logged = ~np.isnan(cost)
    if not options.prices or logged.all():
        return cost, logged
    versions = Texts(frame["model_version"])
    found = [price_of(version, options.prices) for version in versions.distinct]
    table = [_UNKNOWN if one is None else _by_kind(one) for one in found]
    each = np.array([*table, _UNKNOWN])[versions.codes] / _MILLION  # code -1, no version, is the last
    given, cached, made, reasoned = (
        frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
    )
    derived = _priced(given, cached, each[:, 0], each[:, 1]) + _priced(made, reasoned, each[:, 2], each[:, 3])
    return np.where(logged, cost, derived), logged


def price_of(version: str, prices: Mapping[str, Price]) -> Price | None:
    """The price under the version's own name, else under its longest beginning followed by `*`; None for none."""
    if version in prices:
        return prices[version]
    starts = [name for name in prices if name.endswith("*") and version.startswith(name[:-1])]
    return prices[max(starts, key=len)] if starts else None


def _priced(tokens: Floats, part: Floats, price: Floats, price_of_part: Floats) -> Floats:
    """The tokens, of which a part has a price of its own; that part is 0 where unknown."""
    part = np.where(np.isnan(part), 0.0, part)
    return np.maximum(tokens - part, 0.0) * price + part * price_of_part


def _by_kind(price: Price) -> tuple[float, float, float, float]:
    """Of input tokens, cached ones, output tokens, reasoning."""
    cached = price.input if price.cached_input is None else price.cached_input
    reasoning = price.output if price.reasoning is None else price.reasoning
    return price.input, cached, price.output, reasoning


_UNKNOWN = (np.nan, np.nan, np.nan, np.nan)
