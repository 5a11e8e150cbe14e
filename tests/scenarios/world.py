"""A made-up service: days of interactions and scores whose rates are what a scenario says, so that a month takes seconds.

No text is written and no model runs: scores are drawn as an evaluator would have given them, and everything from the day's
summary on is the real thing.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from obs_lib.lake.rows import rows_of
from obs_lib.lake.table import Table
from obs_lib.lake.tables import INTERACTIONS, LABELS, SCORES, SPANS

FIRST = dt.date(2024, 3, 1)
RATES = {  # of a quiet service: evaluator -> share of answers that its metric counts as bad
    "groundedness": 0.03,
    "toxicity": 0.0,
    "relevance": 0.04,
    "refusal": 0.05,
    "format": 0.02,
    "context_relevance": 0.05,
}
GOOD_IS_HIGH = {"groundedness", "relevance", "format", "context_relevance"}
WORDS = [f"word{n:03d}" for n in range(300)]


@dataclass(frozen=True)
class Route:
    """How one route behaves on one day.

    n : requests. bad : share of bad answers by evaluator. errors : share of failed requests. slow : factor on times. longer :
    factor on tokens. retrieval : share of its retrieval spans that fail; None where the route is not traced. model, prompt :
    versions. words : share of an answer's words that are of another vocabulary. users : answers of one user; 1 for
    independent ones, else with the intra-class correlation `icc`. toxic, flags, called_toxic, called_harmless : how many of the
    first answers are scored toxic whatever `bad` says, carry a safety flag, and are called so by a person; flags None where
    the log knows none.
    """

    n: int = 400
    bad: tuple[tuple[str, float], ...] = tuple(RATES.items())
    errors: float = 0.0
    slow: float = 1.0
    longer: float = 1.0
    retrieval: float | None = None
    slow_retrieval: float = 1.0
    model: str = "model-1"
    prompt: str = "prompt-1"
    words: float = 0.0
    users: int = 1
    icc: float = 0.0
    toxic: int = 0
    flags: int | None = None
    called_toxic: int = 0
    called_harmless: int = 0

    def changed(self, **changes: Any) -> Route:
        """The same but for the named fields; an evaluator's name changes its share of bad answers."""
        bad = {name: changes.pop(name) for name in list(changes) if name in RATES}
        return replace(self, bad=tuple({**dict(self.bad), **bad}.items()), **changes)


Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def day_frames(day: dt.date, routes: dict[str, Route], seed: int) -> Frames:
    """The day's rows of `interactions`, `scores`, `spans` and `labels`."""
    rng = np.random.default_rng([seed, day.toordinal()])
    frames = [_route(day, name, route, rng) for name, route in sorted(routes.items())]
    tables = (INTERACTIONS, SCORES, SPANS, LABELS)
    stored = [_stored(table, day, [frame[k] for frame in frames]) for k, table in enumerate(tables)]
    return stored[0], stored[1], stored[2], stored[3]


def _stored(table: Table, day: dt.date, frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows as the lake would give them back."""
    rows = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    names = [name for name in table.schema.names if name != "day"]
    if not len(rows):
        return table.schema.empty_table().to_pandas()
    return rows_of(table, day, rows.reindex(columns=names)).table().to_pandas()


def _route(day: dt.date, name: str, route: Route, rng: np.random.Generator) -> Frames:
    n = route.n
    requests = np.array([f"{name}-{day:%m%d}-{k:05d}" for k in range(n)])
    given = np.maximum(route.longer * rng.lognormal(5.5, 0.5, n), 1).round()
    made = np.maximum(route.longer * rng.lognormal(4.5, 0.5, n), 1).round()
    first = route.slow * rng.lognormal(0, 0.02) * (60 + 0.25 * given) * rng.lognormal(0, 0.25, n)
    total = first + route.slow * 12 * made * rng.lognormal(0, 0.2, n)
    failed = _bad(rng, route, route.errors)
    start = dt.datetime.combine(day, dt.time(8), dt.UTC)
    users = [f"user-{name}-{k // max(route.users, 1):04d}" for k in range(n)]
    columns: dict[str, Any] = {
        "request_id": requests,
        "timestamp": pd.to_datetime([start + dt.timedelta(seconds=40 * k) for k in range(n)]),
        "user_id": users,
        "model_version": [route.model] * n,
        "prompt_version": [route.prompt] * n,
        "provider": ["provider-a"] * n,
        "prompt": ["a question"] * n,
        "response": [None if bad else text for bad, text in zip(failed, _answers(rng, route), strict=True)],
        "input_tokens": given.astype(int),
        "output_tokens": made.astype(int),
        "ttft_ms": first,
        "total_latency_ms": total,
        "finish_reason": np.where(failed, None, "stop"),
        "error": np.where(failed, "upstream failed", None),
        "error_kind": np.where(failed, "server", None),
        "error_logged": [True] * n,
        "tags": [json.dumps({"route": name})] * n,
        "safety_flags": [
            None if route.flags is None else json.dumps(["toxicity"] if k < route.flags else []) for k in range(n)
        ],
    }
    interactions = pd.DataFrame(columns)
    scores = [_scores(rng, route, evaluator, requests, failed) for evaluator, _ in route.bad]
    spans = _spans(rng, route, name, requests, start)
    return interactions, pd.concat(scores, ignore_index=True), spans, _labels(route, requests)


def _bad(rng: np.random.Generator, route: Route, share: float) -> np.ndarray:
    """Which answers are bad; those of one user alike where `icc` says so (beta-binomial)."""
    if route.users <= 1 or route.icc <= 0 or not 0 < share < 1:
        return rng.random(route.n) < share
    scale = 1 / route.icc - 1
    of_user = rng.beta(share * scale, (1 - share) * scale, route.n // route.users + 1)
    return rng.random(route.n) < np.repeat(of_user, route.users)[: route.n]


def _answers(rng: np.random.Generator, route: Route) -> list[str]:
    weights = 1 / np.arange(1, len(WORDS) + 1)
    drawn = rng.choice(len(WORDS), size=(route.n, 12), p=weights / weights.sum())
    other = rng.random((route.n, 12)) < route.words
    return [
        " ".join(f"other{k:03d}" if odd else WORDS[k] for k, odd in zip(row, odds, strict=True))
        for row, odds in zip(drawn, other, strict=True)
    ]


def _scores(
    rng: np.random.Generator, route: Route, evaluator: str, requests: np.ndarray, failed: np.ndarray
) -> pd.DataFrame:
    bad = _bad(rng, route, dict(route.bad)[evaluator])
    low, high = rng.uniform(0.02, 0.25, route.n), rng.uniform(0.75, 0.98, route.n)
    if evaluator == "toxicity":
        low = rng.uniform(0.001, 0.03, route.n)
        bad[: route.toxic] = True
    value = np.where(bad != (evaluator in GOOD_IS_HIGH), high, low)
    if evaluator == "format":
        value = np.where(bad, 0.0, 1.0)
    rows = {
        "request_id": requests,
        "evaluator": evaluator,
        "version": "1",
        "case": requests,
        "status": np.where(failed, "SKIPPED", "SCORED"),
        "value": np.where(failed, np.nan, value.round(6)),
        "note": np.where(failed, "the request failed", ""),
        "evidence": None,
        "inclusion_probability": 1.0,
        "cost_usd": np.nan,
    }
    return pd.DataFrame(rows)


def _labels(route: Route, requests: np.ndarray) -> pd.DataFrame:
    said = [(name, 1.0) for name in requests[: route.called_toxic]]
    said += [(name, 0.0) for name in requests[: route.called_harmless]]
    rows = [(name, "toxic", f"reviewer-{value:g}", value) for name, value in said]
    return pd.DataFrame(rows, columns=["request_id", "name", "source", "value"])


def _spans(rng: np.random.Generator, route: Route, name: str, requests: np.ndarray, start: dt.datetime) -> pd.DataFrame:
    if route.retrieval is None:
        return pd.DataFrame()
    n = route.n
    failed = rng.random(n) < route.retrieval
    stages = (("retrieval", 80 * route.slow_retrieval, failed), ("inference", 900 * route.slow, np.zeros(n, bool)))
    frames = [
        pd.DataFrame(
            {
                "trace_id": [f"t-{request}" for request in requests],
                "span_id": [f"s-{stage}-{request}" for request in requests],
                "parent_id": None,
                "request_id": requests,
                "stage": stage,
                "name": stage,
                "start": pd.to_datetime([start + dt.timedelta(seconds=40 * k) for k in range(n)]),
                "duration_ms": typical * rng.lognormal(0, 0.2, n),
                "error": np.where(bad, "failed", None),
            }
        )
        for stage, typical, bad in stages
    ]
    return pd.concat(frames, ignore_index=True)
