"""The columns that system metrics read, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obs_lib.records import ALL, ERROR_KINDS
from obs_lib.stats.intervals import Floats
from obs_lib.stats.latency_model import Cells
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.prices import costs
from obs_lib.summaries.results import Result
from obs_lib.summaries.unfinished import breaks_off, empty

Codes = NDArray[np.int8]
"""Positions in a tuple of known words; UNKNOWN where the logs say nothing, `len` of the tuple for any other word."""

UNKNOWN = -1
_MOST_CODES = 16  # UNKNOWN, and more words than any column knows
FINISH_REASONS = ("stop", "length", "content_filter", "tool_call", "error")
OF_TEXTS = ("empty", "cut")
"""Fields of `RequestArrays` that are read off the answers' texts and calls; all UNKNOWN where these were not read."""


@dataclass(frozen=True)
class RequestArrays:
    """Some requests as arrays of one length. Numbers are NaN where unknown, verdicts UNKNOWN, else 0 or 1.

    start_ms : milliseconds since the first start of the day. error : position in ERROR_KINDS, of failed requests only.
    finish : position in FINISH_REASONS. empty : neither text nor call, of requests that did not fail. cut : whether a text
    breaks off, where no log says how it ended (`unfinished`). prefill, decode : as logged, else from ttft and total latency.
    clusters : who asked (`clusters.unit_of_chance`); None where no two rows are of one. models : cells of each latency model
    (see `latency_model`).
    """

    segment: str
    start_ms: NDArray[np.int32]
    hour: NDArray[np.int8]
    input_tokens: Floats
    cached_tokens: Floats
    output_tokens: Floats
    reasoning_tokens: Floats
    ttft: Floats
    tpot: Floats
    prefill: Floats
    decode: Floats
    latency: Floats
    cost: Floats
    cost_logged: NDArray[np.bool_]
    quality: Floats
    failed: Codes
    error: Codes
    finish: Codes
    empty: Codes
    cut: Codes
    flagged: Codes
    clusters: NDArray[np.int64] | None = None
    models: Mapping[str, Cells] = field(default_factory=dict)
    _ordered: dict[str, Floats] = field(default_factory=dict, repr=False)
    _counts: dict[str, list[int]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.hour)

    def take(self, segment: str, rows: NDArray[np.intp], models: Mapping[str, Cells]) -> RequestArrays:
        """The same columns for some of the rows, given in ascending order."""
        every = len(rows) == len(self)  # the whole day: nothing to copy
        columns = {
            item.name: column if every or column is None else column[rows]
            for item in fields(self)
            if item.name not in ("segment", "models", "_ordered", "_counts")
            for column in (getattr(self, item.name),)
        }
        return RequestArrays(segment, **columns, models=models)

    def known(self, name: str) -> tuple[Floats, NDArray[np.int64] | None]:
        """The known values of a column and the clusters of their rows; None where there are none."""
        values = getattr(self, name)
        there = ~np.isnan(values)
        return values[there], None if self.clusters is None else self.clusters[there]

    def ordered(self, name: str) -> Floats:
        """The known values of a column in ascending order, sorted once for all that is asked of it in a row."""
        if name not in self._ordered:
            self._ordered.clear()  # one column at a time: a day of ten million rows holds 80 MB in each
            values = np.sort(getattr(self, name))
            self._ordered[name] = values[: np.searchsorted(values, np.nan)]  # NaN comes last
        return self._ordered[name]

    def counts(self, name: str) -> list[int]:
        """How often each code stands in a column; UNKNOWN is not counted."""
        if name not in self._counts:
            self._counts[name] = np.bincount(getattr(self, name) + 1, minlength=_MOST_CODES)[1:].tolist()
        return self._counts[name]


Measure = Callable[[RequestArrays, SummaryOptions], Result]


@dataclass(frozen=True, slots=True)
class OfEach:
    """A measure that sums up one number of each request, so that the requests behind it can be found.

    each : the number of every request, NaN where it has none; of a share 1 for those that it counts, else 0.
    reads_texts : whether it needs one of OF_TEXTS.
    """

    measure: Measure
    each: Callable[[RequestArrays], Floats]
    reads_texts: bool = False

    def __call__(self, rows: RequestArrays, options: SummaryOptions) -> Result:
        """Return what the measure gives."""
        return self.measure(rows, options)


def read_arrays(
    frame: pd.DataFrame, options: SummaryOptions, clusters: NDArray[np.int64] | None = None
) -> RequestArrays:
    """The columns of a day's interactions (columns as in tables.INTERACTIONS). clusters : as in `RequestArrays`."""
    tokens, ttft, total = (numbers(frame[name]) for name in ("output_tokens", "ttft_ms", "total_latency_ms"))
    finish = _codes(frame["finish_reason"], FINISH_REASONS)
    failed = failures(frame)
    start = frame["timestamp"].dt.as_unit("ms").astype("int64").to_numpy()
    cost, logged = costs(frame, options)
    return RequestArrays(
        segment=ALL,
        start_ms=(start - start.min(initial=start[0] if len(start) else 0)).astype(np.int32),
        hour=(start // 3_600_000 % 24).astype(np.int8),
        input_tokens=numbers(frame["input_tokens"]),
        cached_tokens=numbers(frame["cached_input_tokens"]),
        output_tokens=tokens,
        reasoning_tokens=numbers(frame["reasoning_tokens"]),
        ttft=ttft,
        tpot=_tpot(numbers(frame["tpot_ms"]), total, ttft, tokens),
        prefill=_else(numbers(frame["prefill_ms"]), ttft),
        decode=_else(numbers(frame["decode_ms"]), _not_negative(total - ttft)),
        latency=total,
        cost=cost,
        cost_logged=logged,
        quality=numbers(frame["quality_score"]),
        failed=failed,
        error=_error_kinds(frame["error_kind"], failed),
        finish=finish,
        empty=_empty(frame, failed != 1),
        cut=_cut(frame, (finish == UNKNOWN) & (failed != 1)),
        flagged=_flags(frame["safety_flags"]),
        clusters=clusters,
    )


def failures(frame: pd.DataFrame) -> Codes:
    """Whether each request failed: 1, 0, or UNKNOWN where the log has no place for errors."""
    finish = _codes(frame["finish_reason"], FINISH_REASONS)
    wrong = frame["error"].notna().to_numpy(dtype=bool) | (finish == FINISH_REASONS.index("error"))
    return np.where(frame["error_logged"].to_numpy(dtype=bool), wrong.astype(np.int8), np.int8(UNKNOWN))


def numbers(column: pd.Series) -> Floats:
    """A column of numbers, NaN where unknown."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def present(values: Floats) -> tuple[Floats, int, int]:
    """The known values, how many they are, and how many are unknown."""
    unknown = np.isnan(values)
    missing = int(np.count_nonzero(unknown))
    return values[~unknown] if missing else values, len(values) - missing, missing


def _codes(column: pd.Series, known: Sequence[str]) -> Codes:
    words = pa.array(column, type=pa.string(), from_pandas=True)
    codes = pc.fill_null(pc.index_in(words, value_set=pa.array(known)), len(known)).to_numpy(zero_copy_only=False)
    return np.where(pc.is_null(words).to_numpy(zero_copy_only=False), UNKNOWN, codes).astype(np.int8)


def _empty(frame: pd.DataFrame, asked: NDArray[np.bool_]) -> Codes:
    """Whether each row that is asked about has neither a text nor a call; UNKNOWN for the others, and without any text at all:
    such a log keeps none.
    """
    if not {"prompt", "response", "tool_calls"} <= set(frame.columns):
        return np.full(len(frame), UNKNOWN, dtype=np.int8)
    logged = (frame["prompt"].notna() | frame["response"].notna()).to_numpy(dtype=bool)
    return np.where(asked & logged, empty(frame), UNKNOWN).astype(np.int8)


def _cut(frame: pd.DataFrame, asked: NDArray[np.bool_]) -> Codes:
    """Whether the text of each row that is asked about breaks off; UNKNOWN for the others and for those without a text."""
    cut = np.full(len(frame), UNKNOWN, dtype=np.int8)
    if "response" not in frame:
        return cut
    texts = frame["response"].to_numpy(dtype=object, na_value="")
    for row in np.flatnonzero(asked):
        if text := texts[row].strip():
            cut[row] = breaks_off(text)
    return cut


def _error_kinds(column: pd.Series, failed: Codes) -> Codes:
    """The kind of each failure; one without a kind, or with an unknown one, is "other"."""
    kind, other = _codes(column, ERROR_KINDS), ERROR_KINDS.index("other")
    named = np.where((kind == UNKNOWN) | (kind == len(ERROR_KINDS)), other, kind)
    return np.where(failed == 1, named, UNKNOWN).astype(np.int8)


def _flags(column: pd.Series) -> Codes:
    return np.where(column.isna(), UNKNOWN, (column != "[]").to_numpy(dtype=bool)).astype(np.int8)


def _tpot(logged: Floats, latency: Floats, ttft: Floats, tokens: Floats) -> Floats:
    """Time per output token: as logged, else (total - ttft) / (tokens - 1) where that is defined and not negative."""
    with np.errstate(divide="ignore", invalid="ignore"):
        derived = np.where(tokens > 1, (latency - ttft) / (tokens - 1), np.nan)
    return _else(logged, _not_negative(derived))


def _not_negative(values: Floats) -> Floats:
    return np.where(values >= 0, values, np.nan)


def _else(first: Floats, second: Floats) -> Floats:
    return np.where(np.isnan(first), second, first)
