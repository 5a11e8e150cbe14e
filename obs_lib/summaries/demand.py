"""In which hours of a day there was demand: what was idle for want of requests says nothing of the system."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obs_lib.summaries.intervals import Floats
from obs_lib.summaries.options import SummaryOptions

HOURS = 24


class Demand(NamedTuple):
    """By hour of the day: requests that say their output tokens, those tokens, and whether the hour counts as busy."""

    requests: NDArray[np.int64]
    tokens: Floats
    busy: NDArray[np.bool_]


def demand(hour: NDArray[np.int64], output_tokens: Floats, options: SummaryOptions) -> Demand:
    """Find the hours with demand from each interaction's hour (0 to 23) and output tokens (NaN where unknown).

    An hour has demand when it has `busy_requests` requests and its tokens reach `busy_share` of the 90th percentile of
    the hours that have any.
    """
    known = ~np.isnan(output_tokens)
    requests = np.bincount(hour[known], minlength=HOURS)
    tokens = np.bincount(hour[known], weights=output_tokens[known], minlength=HOURS).astype(np.float64)
    enough = options.busy_share * np.quantile(tokens[requests > 0], 0.9) if known.any() else np.inf
    return Demand(requests, tokens, (requests >= options.busy_requests) & (tokens >= enough))
