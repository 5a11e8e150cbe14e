"""How long requests take, and what of it their tokens explain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.intervals import Estimate, Floats, Z, weighted_mean
from obs_lib.stats.latency_model import MIN_ROWS, Cells, cells, fit, merge, pack
from obs_lib.summaries.arrays import Measure, RequestArrays
from obs_lib.summaries.measures import mean, percentile, ratio
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import Result, absent
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import Sketch

Models = Mapping[str, Mapping[str, Cells]]
"""Cells by segment and model; a model that no row can enter is not there."""


def latency_models(rows: RequestArrays, segments: Segments) -> Models:
    """The latency models' cells of every segment. Failed requests are no part of them."""
    found: dict[str, dict[str, list[Cells]]] = {}
    columns = _model_columns(rows)
    for names, positions in segments.cells():
        for model, part in _models(columns, positions):
            for name in names:
                found.setdefault(name, {}).setdefault(model, []).append(part)
    return {name: {model: merge(parts) for model, parts in models.items()} for name, models in found.items()}


def latency_sketches(models: Models) -> Iterator[Sketch]:
    """What later days need to tell longer prompts and answers from a slower server."""
    for segment, found in sorted(models.items()):
        for model, one in sorted(found.items()):
            yield "latency_model", segment, model, one.rows, pack(one)


def _model_columns(rows: RequestArrays) -> dict[str, tuple[list[Floats], Floats]]:
    """The tokens and latency of each model. NaN keeps a row out: one that failed, or whose tokens nobody knows.

    Input tokens that came from a cache were not read, and the first output token belongs to the prefill.
    """
    cached = np.where(np.isnan(rows.cached_tokens), 0.0, rows.cached_tokens)
    given, made = np.maximum(rows.input_tokens - cached, 0.0), np.maximum(rows.output_tokens - 1, 0.0)
    latency = np.where(rows.failed == 1, np.nan, rows.latency)
    # Where no row says what went in, total latency is explained by what came out alone.
    asked = np.zeros(len(given)) if np.isnan(given).all() else given
    return {
        "ttft": ([given], np.where(rows.failed == 1, np.nan, rows.ttft)),
        "decode": ([made], np.where(rows.failed == 1, np.nan, rows.decode)),
        "total": ([asked, made], latency),
    }


def _models(columns: Mapping[str, tuple[list[Floats], Floats]], rows: NDArray[np.intp]) -> Iterator[tuple[str, Cells]]:
    for model, (tokens, latency) in columns.items():
        part = cells([column[rows] for column in tokens], latency[rows])
        if part.rows:
            yield model, part


def _token_weighted(rows: RequestArrays, _: SummaryOptions) -> Result:
    usable = ~np.isnan(rows.latency) & (rows.output_tokens > 0)
    n = int(usable.sum())
    if not n:
        return absent("latency together with output tokens", len(usable))
    return Result(weighted_mean(rows.latency[usable], rows.output_tokens[usable]), n, len(usable) - n)


def _decode_share(rows: RequestArrays, _: SummaryOptions) -> Result:
    estimate, n = ratio(rows.decode, rows.prefill + rows.decode)
    return Result(estimate, n, len(rows) - n) if estimate else absent(_STAGES, len(rows))


def _part(model: str, part: int, scale: float = 1.0) -> Measure:
    """One number of a model's line, with the interval of its fit."""

    def measure(rows: RequestArrays, _: SummaryOptions) -> Result:
        found = rows.models.get(model)
        if found is None:
            return absent(_NEEDS[model], len(rows))
        line = fit(found)
        if line is None:
            return Result(None, 0, len(rows), f"{found.rows} requests to fit a line to (needs {MIN_ROWS})")
        value, error = scale * float(line.theta[part]), scale * float(np.sqrt(line.covariance[part, part]))
        known = Estimate(value, max(value - Z * error, 0.0), value + Z * error, error) if error else Estimate(value)
        return Result(known, found.rows, len(rows) - found.rows)

    return measure


def _decode_per_token(rows: RequestArrays, options: SummaryOptions) -> Result:
    if "decode" in rows.models or "total" not in rows.models:
        return _part("decode", 1)(rows, options)
    result = _part("total", 2)(rows, options)
    return result._replace(note=result.note or "from total latency: no time to first token in the logs")


_STAGES = "prefill and decode time, nor what they are derived from,"
_NEEDS = {
    "ttft": "time to first token together with input tokens",
    "decode": "latency together with output tokens",
}

MEASURES: dict[str, Measure] = {
    "ttft_p50": percentile("ttft", "time to first token", 0.5),
    "ttft_p95": percentile("ttft", "time to first token", 0.95),
    "tpot_p95": percentile("tpot", "time per output token, nor what it is derived from,", 0.95),
    "prefill_p50": percentile("prefill", _STAGES, 0.5),
    "decode_p50": percentile("decode", _STAGES, 0.5),
    "decode_share": _decode_share,
    "latency_mean": mean("latency", "latency", 0.0),
    "latency_p50": percentile("latency", "latency", 0.5),
    "latency_p95": percentile("latency", "latency", 0.95),
    "latency_p99": percentile("latency", "latency", 0.99),
    "token_weighted_latency": _token_weighted,
    "overhead": _part("ttft", 0),
    "prefill_per_1k": _part("ttft", 1, 1000.0),
    "decode_per_token": _decode_per_token,
}
