"""Writes the example logs: native JSON Lines, gzipped, one file a day, the same bytes every time."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from obs_lib.records import Day
from obs_lib.samples.calendar import Incidents, incidents_of
from obs_lib.samples.patterns import seeded
from obs_lib.samples.routes import Exchange, assistant, docs_rag
from obs_lib.samples.stages import spans

FIRST_DAY = dt.date(2025, 3, 3)
_DEMAND = np.array(
    [1, 1, 1, 1, 1, 2, 4, 8, 9, 7, 6, 6, 7, 7, 6, 6, 7, 9, 9, 7, 5, 4, 3, 2], dtype=float
)  # by hour, UTC
_CHARACTERS_A_TOKEN = 4.3
_ERROR_RATE = 0.003


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a route answers: medians in ms of prefill, of queueing and of each output token, and prices in USD."""

    prefill_ms_a_token: float
    queue_ms: float
    tpot_ms: float
    usd_a_token: float


Answerer = Callable[[int, Incidents, np.random.Generator], Exchange]
ROUTES: tuple[tuple[str, Answerer, Speed], ...] = (
    ("assistant", assistant, Speed(1.2, 120.0, 19.0, 8e-6)),
    ("docs-rag", docs_rag, Speed(0.5, 90.0, 13.0, 3e-6)),
)


def write_samples(
    folder: Path, first_day: Day = FIRST_DAY, days: int = 21, seed: int = 7, per_route: int = 110
) -> list[Path]:
    """Write `<folder>/YYYY-MM-DD.jsonl.gz` for `days` days, and return the files, oldest first.

    Parameters
    ----------
    seed : other seeds give other logs with the same incidents; a day depends on its number and the seed alone.
    per_route : interactions a day on each of the two routes; the first 40 are the same prompts every day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number in range(1, days + 1):
        day = first_day + dt.timedelta(days=number - 1)
        file = folder / f"{day}.jsonl.gz"
        file.write_bytes(_packed("".join(line + "\n" for line in day_lines(day, number, seed, per_route))))
        files.append(file)
    return files


def day_lines(day: Day, number: int, seed: int, per_route: int) -> list[str]:
    """The lines of one day in the order of their timestamps, with the day's broken line, if it has one, last."""
    rows = [interaction(day, number, seed, route, i) for route, _, _ in ROUTES for i in range(per_route)]
    rows.sort(key=lambda row: (row["timestamp"], row["request_id"]))
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    broken = incidents_of(number).malformed
    return lines if broken is None else [*lines, _broken(broken, rows[-1])]


def interaction(day: Day, number: int, seed: int, route: str, i: int) -> dict[str, Any]:
    """The i-th interaction of a route on a day, in the native log format."""
    _, answer, speed = next(item for item in ROUTES if item[0] == route)
    today, rng = incidents_of(number), seeded(seed, number, route, i)
    exchange = answer(i, today, rng)
    user = int(rng.integers(240))
    row: dict[str, Any] = {
        "request_id": f"{int(rng.integers(2**63)):016x}",
        "timestamp": _moment(day, rng),
        "user_id": f"u-{user:03d}",
        "session_id": f"s-{number:02d}-{user:03d}",
        "model_version": today.model if route == "assistant" else "nova-1.0",
        "prompt_id": exchange.prompt_id,
        "prompt": exchange.prompt,
        "contexts": exchange.contexts,
        "response": exchange.response,
        "expected_format": exchange.expected_format,
    }
    slow = today.slow if route == "assistant" else 1.0
    row |= _timing(exchange, speed, slow, rng)
    rated = rng.random() < 0.3
    row |= {
        "finish_reason": "stop",
        "safety_flags": list(exchange.flags),
        "quality_score": round(float(np.clip(rng.normal(exchange.quality, 0.08), 0, 1)), 2) if rated else None,
        "error": None,
        "tags": {"route": route, "canary": exchange.prompt_id is not None},
    }
    row |= _failure(rng)
    if route == "docs-rag":
        row["spans"] = spans(row, exchange, seeded(seed, number, route, i, "spans"))
    return row


def _moment(day: Day, rng: np.random.Generator) -> str:
    """A moment of the day, more likely in the hours when people ride."""
    hour = int(rng.choice(24, p=_DEMAND / _DEMAND.sum()))
    second = int(rng.integers(3600))
    return f"{day}T{hour:02d}:{second // 60:02d}:{second % 60:02d}Z"


def _timing(exchange: Exchange, speed: Speed, slow: float, rng: np.random.Generator) -> dict[str, Any]:
    """Tokens, latencies and cost; latencies are lognormal about what the tokens need."""
    read = exchange.prompt + "".join(item["text"] for item in exchange.contexts or [])
    given = 24 + round(len(read) / _CHARACTERS_A_TOKEN)
    made = max(1, round(len(exchange.response) / _CHARACTERS_A_TOKEN))
    prefill = given * speed.prefill_ms_a_token * float(rng.lognormal(0, 0.15))
    ttft = prefill + speed.queue_ms * float(rng.lognormal(0, 0.35))
    tpot = slow * speed.tpot_ms * float(rng.lognormal(0, 0.2))
    decode = tpot * (made - 1)
    return {
        "input_tokens": given,
        "output_tokens": made,
        "ttft_ms": round(ttft, 1),
        "tpot_ms": round(tpot, 2),
        "total_latency_ms": round(ttft + decode, 1),
        "prefill_ms": round(prefill, 1),
        "decode_ms": round(decode, 1),
        "cost_usd": round((given + 3 * made) * speed.usd_a_token, 6),
    }


def _failure(rng: np.random.Generator) -> dict[str, Any]:
    """What replaces an interaction's fields when the request failed; empty for most."""
    if rng.random() >= _ERROR_RATE:
        return {}
    unknown = (
        "response",
        "output_tokens",
        "ttft_ms",
        "tpot_ms",
        "prefill_ms",
        "decode_ms",
        "quality_score",
        "cost_usd",
    )
    failed = {"error": "upstream timeout", "finish_reason": "error", "total_latency_ms": 30_000.0, "safety_flags": None}
    return dict.fromkeys(unknown) | failed


def _broken(kind: str, row: dict[str, Any]) -> str:
    """A line that must go into quarantine."""
    row = row | {"request_id": f"{row['request_id']}-broken"}
    if kind == "truncated":
        return json.dumps(row, ensure_ascii=False)[:180]
    if kind == "negative":
        return json.dumps(row | {"total_latency_ms": -1.0}, ensure_ascii=False)
    return json.dumps(row | {"timestamp": row["timestamp"].removesuffix("Z")}, ensure_ascii=False)


def _packed(text: str) -> bytes:
    """The text gzipped without a time or a name, so that equal texts give equal files."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as file:
        file.write(text.encode())
    return buffer.getvalue()
