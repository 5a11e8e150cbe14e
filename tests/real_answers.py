"""Answers of several models to the same prompts as unit vectors, from which nights of any make can be drawn."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from obs_lib.drift.exchanges import Exchanges, answer_drift, topic_drift
from obs_lib.drift.kl import Tokens, token_kl
from obs_lib.models.encoder import load_encoder
from obs_lib.models.options import ModelOptions
from obs_lib.models.vectors import gather, text_hash
from obs_lib.records import Distance
from obs_lib.stats.exchange_sums import BLOCKS, exchange_sums, pack, unpack
from obs_lib.summaries.blocks import _hashed
from obs_lib.summaries.sketches import _count

FIRST = dt.date(2023, 6, 1)


@dataclass(frozen=True)
class Pool:
    """The distinct exchanges of one model. topics : what each is about, (n,)."""

    prompts: np.ndarray
    answers: np.ndarray
    words: np.ndarray
    texts: Sequence[str]
    topics: np.ndarray
    questions: Sequence[str] = ()

    def day(self, rng: np.random.Generator, index: int, n: int, weights: Mapping[str, float] | None = None) -> Day:
        """n of them drawn with replacement, each topic as often as `weights` says in relation to the others."""
        odds = np.array([(weights or {}).get(topic, 1.0) for topic in self.topics])
        return self.day_of(rng, index, rng.choice(len(odds), n, p=odds / odds.sum()))

    def day_of(self, rng: np.random.Generator, index: int, rows: np.ndarray) -> Day:
        """The day of these of its exchanges, dealt to blocks at random."""
        n, blocks = len(rows), rng.integers(0, BLOCKS, len(rows))
        members = (blocks == np.arange(BLOCKS)[:, None]).astype(np.float64)
        sums = unpack(pack(exchange_sums(self.prompts[rows], self.answers[rows], blocks)))
        day = FIRST + dt.timedelta(index)
        words = _count([self.texts[row] for row in rows], np.ones(n, dtype=np.int64))
        return Day(Exchanges(day, "encoder", sums), Tokens(day, words, members @ self.words[rows], n))


@dataclass(frozen=True)
class Day:
    exchanges: Exchanges
    tokens: Tokens


def compared(today: Day, window: Sequence[Day]) -> list[Distance]:
    """Topics, answers and words."""
    exchanges = today.exchanges, [day.exchanges for day in window]
    return [
        topic_drift("all", *exchanges),
        answer_drift("all", *exchanges),
        token_kl("all", today.tokens, [day.tokens for day in window]),
    ]


def pools(data: Path, kept: Path) -> dict[str, Pool]:
    """By `<set>/<model>`. kept : a file in which vectors stay between runs, since an hour's work is in them."""
    rows = [*_chat(data), *_ragtruth(data)]
    texts = {text for row in rows for text in (row["prompt"], row["response"])}
    vectors = _vectors(texts, kept)
    named: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        named.setdefault(row["pool"], {}).setdefault(row["prompt"], row)
    return {name: _pool(list(of.values()), vectors) for name, of in named.items()}


def _pool(rows: list[dict[str, Any]], vectors: Mapping[str, bytes]) -> Pool:
    def of(column: str) -> np.ndarray:
        raw = b"".join(vectors[text_hash(row[column])] for row in rows)
        found = np.frombuffer(raw, "<f2").reshape(len(rows), -1).astype(np.float64)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    texts = [row["response"] for row in rows]
    words = _hashed(texts).toarray().astype(np.float64)
    return Pool(
        of("prompt"),
        of("response"),
        words,
        texts,
        np.array([row["topic"] for row in rows]),
        [row["prompt"] for row in rows],
    )


def _vectors(texts: set[str], kept: Path) -> dict[str, bytes]:
    known: dict[str, bytes] = {}
    if kept.exists():
        with np.load(kept) as stored:
            known = {str(name): row.tobytes() for name, row in zip(stored["names"], stored["vectors"], strict=True)}
    if missing := [text for text in sorted(texts) if text_hash(text) not in known]:
        known |= gather(missing, {}, load_encoder(ModelOptions())).known
        rows = np.array([np.frombuffer(vector, "<f2") for vector in known.values()])
        np.savez(kept, names=np.array(list(known)), vectors=rows)
    return known


def _chat(data: Path) -> list[dict[str, Any]]:
    return [
        {
            "pool": row["model_version"],
            "prompt": row["prompt"] if isinstance(row["prompt"], str) else json.dumps(row["prompt"]),
            "response": row["response"],
            "topic": row["tags"]["task"],
        }
        for file in sorted((data / "logs" / "chat").glob("*.jsonl.gz"))
        for row in _lines(file)
    ]


def _ragtruth(data: Path) -> list[dict[str, Any]]:
    rows = _lines(data / "labelled" / "groundedness_ragtruth.jsonl.gz")
    return [
        {"pool": f"rag/{row['model']}", "prompt": row["prompt"], "response": row["response"], "topic": row["task"]}
        for row in rows
    ]


def _lines(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
