"""In which hours of a day there was demand: what was idle for want of requests says nothing of the system."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.intervals import Floats
from obs_lib.summaries.options import SummaryOptions

HOURS = 24


class Demand(NamedTuple):
    """By hour of the day: requests that say their output tokens, those tokens, and whether the hour counts as busy."""

    requests: NDArray[np.int64]
    tokens: Floats
    busy: NDArray[np.bool_]


def demand(hour: NDArray[np.integer[Any]], output_tokens: Floats, options: SummaryOptions) -> Demand:
    """Find the hours with demand from each interaction's hour (0 to 23) and output tokens (NaN where unknown).

    An hour has demand when it has `busy_requests` requests and its tokens reach `busy_share` of the 90th percentile of
    the hours that have any.
    """
    known = ~np.isnan(output_tokens)
    # Weights instead of taking the known ones out: no copy of the columns of a large day.
    requests = np.bincount(hour, weights=known, minlength=HOURS).astype(np.int64)
    tokens = np.bincount(hour, weights=np.where(known, output_tokens, 0.0), minlength=HOURS).astype(np.float64)
    enough = options.busy_share * np.quantile(tokens[requests > 0], 0.9) if known.any() else np.inf
    return Demand(requests, tokens, (requests >= options.busy_requests) & (tokens >= enough))
