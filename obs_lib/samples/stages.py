"""The stages of the requests on the route `docs-rag`: a trace that fills the latency which the log says."""

from __future__ import annotations

from typing import Any

import numpy as np

from obs_lib.samples.routes import Exchange

_LOST = "index replica 2 timed out, fell back to popular topics"


def spans(row: dict[str, Any], exchange: Exchange, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The spans of an interaction, the root first; the six stages follow one another from its start to its end.

    What comes before the model shares the time in the queue, what comes after it the end of the decoding. Where retrieval
    lost its index it takes most of the queue and fails. A request that failed never came back from the model.
    """
    total, failed = row["total_latency_ms"], row["error"] is not None
    queue = 90.0 if failed else row["ttft_ms"] - row["prefill_ms"]
    tail = 0.0 if failed else min(0.06 * row["decode_ms"], 24.0)
    router, builder = queue * float(rng.uniform(0.06, 0.12)), queue * float(rng.uniform(0.02, 0.05))
    retrieval = queue * float(rng.uniform(0.72, 0.82) if exchange.lost else rng.uniform(0.3, 0.45))
    safety = tail * float(rng.uniform(0.6, 0.8))
    lengths = [router, retrieval, builder, total - router - retrieval - builder - tail]
    lengths += [] if failed else [safety, tail - safety]
    names = ("router", "retrieval", "prompt_builder", "inference", "safety_filter", "output_processor")
    edges = [0.0, *np.round(np.cumsum(lengths), 2).tolist()[:-1], total]
    made = [_span("docs-rag", "root", None, (0.0, total), row["error"])]
    for name, first, last in zip(names, edges, edges[1:], strict=False):
        error = row["error"] if name == "inference" else _LOST if name == "retrieval" and exchange.lost else None
        made.append(_span(name, name, "root", (first, last), error))
        if name == "retrieval":
            turn = round(first + (last - first) * float(rng.uniform(0.08, 0.2)), 2)
            made.append(_span("embed question", "embed", name, (first, turn), None))
            made.append(_span("vector search", "search", name, (turn, last), error))
    return made


def _span(name: str, span: str, parent: str | None, when: tuple[float, float], error: str | None) -> dict[str, Any]:
    first, last = when
    return {
        "name": name,
        "span_id": span,
        "parent_id": parent,
        "start_ms": round(first, 2),
        "duration_ms": round(last - first, 2),
        "error": error,
    }
