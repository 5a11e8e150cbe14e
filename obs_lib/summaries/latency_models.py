"""The latency models of a day: what of its requests' time their tokens explain, kept for the days that are compared with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from obs_lib.stats.intervals import Floats
from obs_lib.stats.latency_model import Cells, cells, merge, pack
from obs_lib.summaries.arrays import RequestArrays
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import Sketch

Models = Mapping[str, Mapping[str, Cells]]
"""Cells by segment and model; a model that no row can enter is not there."""


def latency_models(rows: RequestArrays, segments: Segments) -> Models:
    """The latency models' cells of every segment. Failed requests are no part of them."""
    parts: dict[str, dict[str, list[Cells]]] = {}
    columns = _model_columns(rows)
    for names, positions in segments.cells():
        for model, part in _models(columns, positions):
            for name in names:
                parts.setdefault(name, {}).setdefault(model, []).append(part)
    return {name: {model: merge(some) for model, some in models.items()} for name, models in parts.items()}


def latency_sketches(models: Models) -> Iterator[Sketch]:
    """What later days need to tell longer prompts and answers from a slower server."""
    for segment, cells_of in sorted(models.items()):
        for model, kept in sorted(cells_of.items()):
            yield "latency_model", segment, model, kept.rows, pack(kept)


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
