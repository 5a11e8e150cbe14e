"""What later days need of this one: small, mergeable, and the same whatever order the rows came in.

A row is kind, segment, key, n and payload:

tokens    key "counts": n tokens of all answers; payload zlib(JSON {token: count}), the rarest summed up under OTHER
words     key "blocks": n tokens; payload counts of hashed tokens by block (stats/word_sums.py)
exchanges key = encoder: n prompts with their answers; payload sums of their vectors by block (stats/exchange_sums.py)
answers   key = prompt: n answers; payload float32 (little endian) sum of the answers' unit vectors
versions  key = model version: n interactions; empty payload
prompt_versions, providers  the same of the version of the prompt, and of who serves the model
examples  key "<evaluator>:<rank>": payload JSON of one of the worst answers (excerpts.ScoredExample); `all` only
traces    key "<rank>": n spans; payload JSON of one of the slowest traces (excerpts.SlowTrace); `all` only
latency_model  key = model of `latency_model.MODELS`: n requests; payload its packed cells
reasons   key "<evaluator>|<status>|<note>": n scores that were skipped or failed; empty payload; `all` only
languages  key = code of a language: n answers in it; empty payload; `all` only
repairs   key = rule of sources/repair.py: n interactions that it repaired; empty payload; `all` only
labels    key = metric: n labelled interactions; payload JSON of sums over them (see labelled.py)
judge     key = score of a judge: n labelled answers; payload JSON of numbers of each (see judge_labels.py); `all` only
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue import occasional, one_is_bad, quality, score_of
from obs_lib.excerpts import ScoredExample
from obs_lib.models.vectors import text_hash
from obs_lib.records import ALL, ScoreStatus
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments

Sketch = tuple[str, str, str, int, bytes]
"""kind, segment, key, n, payload."""

OTHER = "\x00other"
_TOKEN = re.compile(r"\w+|[^\w\s]")
_LONGEST_TOKEN = 64  # characters; longer ones (keys, encoded files) would fill a sketch without saying anything
_LONGEST_NOTE = 200
_MOST_REASONS = 50  # an evaluator


def tokens(responses: Texts, segments: Segments, vocabulary: int) -> Iterator[Sketch]:
    """Token counts of each segment's answers; each answer is split once or twice, whatever the number of segments."""
    counts: dict[str, Counter[str]] = {}
    for names, rows in segments.cells():
        cell = _count(responses.distinct, responses.counts(rows))
        for name in names:
            counts.setdefault(name, Counter()).update(cell)
    for name, counted in sorted(counts.items()):
        if counted:
            yield "tokens", name, "counts", counted.total(), _packed(counted, vocabulary)


def answers(
    responses: Texts, keys: Texts, vectors: Mapping[str, bytes], segments: Segments, most: int
) -> Iterator[Sketch]:
    """Sums of the answers' vectors by prompt (`keys`, see `prompt_keys`).

    At most `most` prompts a segment: named ones (`prompt_id`) first, because only they are sure to come again, then the
    smallest by SHA-256, so that days agree on which they keep. Answers without a vector (not scored) are left out.
    """
    hashes = [text_hash(text) for text in responses.distinct]
    stored = np.array([*(name in vectors for name in hashes), False], dtype=bool)  # code -1, no response, is the last
    usable = stored[responses.codes]
    priority = {code: _priority(key) for code, key in enumerate(keys.distinct)}
    for segment, rows in segments:
        rows = rows[usable[rows]]
        rows = rows[np.argsort(keys.codes[rows], kind="stable")]
        codes, first = np.unique(keys.codes[rows], return_index=True)
        members = dict(zip(codes.tolist(), np.split(rows, first[1:]), strict=False))
        for code in sorted(members, key=priority.__getitem__)[:most]:
            chosen = responses.codes[members[code]]
            yield "answers", segment, keys.distinct[code], len(chosen), _sum([vectors[hashes[n]] for n in chosen])


def prompt_keys(interactions: pd.DataFrame) -> Texts:
    """What makes two interactions the same prompt: its name, else a hash of what was asked and retrieved."""
    asked = interactions[["prompt", "contexts"]].drop_duplicates()
    hashed = asked.assign(key=[_hashed(*row) for row in zip(asked["prompt"], asked["contexts"], strict=True)])
    # Missing contexts are equal to each other here, as they are in drop_duplicates.
    keys = interactions[["prompt", "contexts"]].merge(hashed, on=["prompt", "contexts"], how="left")["key"]
    return Texts(interactions["prompt_id"].astype("str").fillna(keys.set_axis(interactions.index).astype("str")))


def versions(kind: str, names: Texts, segments: Segments) -> Iterator[Sketch]:
    """Interactions by model version, prompt version or provider; interactions that do not say count nowhere."""
    for segment, rows in segments:
        for name, n in zip(names.distinct, names.counts(rows).tolist(), strict=True):
            if n:
                yield kind, segment, name, n, b""


def languages(codes: Texts) -> Iterator[Sketch]:
    """Answers by the language that they are in; those in which it is undetermined count nowhere."""
    for code, n in zip(codes.distinct, codes.counts(np.arange(len(codes.codes))).tolist(), strict=True):
        if n:
            yield "languages", ALL, code, n, b""


def examples(
    interactions: pd.DataFrame, responses: Texts, scores: pd.DataFrame, segments: Segments, options: SummaryOptions
) -> Iterator[Sketch]:
    """The worst answers by each evaluator, distinct ones; by one that passes most answers only those that fail.

    Which end is bad, and whether most pass, is declared with the score; of equal values the first by request id.
    """
    row_of = pd.Index(interactions["request_id"])
    for evaluator, lowest in _worst_is_lowest(scores["evaluator"]).items():
        chosen = scores[(scores["evaluator"] == evaluator) & (scores["status"] == ScoreStatus.SCORED.value)]
        rows = row_of.get_indexer(chosen["request_id"])
        values = chosen["value"].to_numpy(dtype=np.float64, na_value=np.nan)
        order = np.lexsort((rows, values if lowest else -values))
        order = order[(rows[order] >= 0) & ~np.isnan(values[order])]
        if (declared := score_of(evaluator)) is not None and declared.pass_fail:
            order = order[values[order] <= 0.5]
        _, first = np.unique(responses.codes[rows[order]], return_index=True)
        for rank, n in enumerate(order[np.sort(first)[: options.examples]].tolist()):
            row, score, limit = interactions.iloc[rows[n]], chosen.iloc[n], options.excerpt_chars
            kept = ScoredExample(
                evaluator=evaluator,
                rank=rank,
                request_id=_cut(row["request_id"], limit) or "",
                segment=segments.route(rows[n]),
                prompt=_cut(row["prompt"], limit),
                response=_cut(row["response"], limit),
                value=float(score["value"]),
                note=_cut(score["note"], limit),
                evidence=_evidence(score["evidence"], limit),
            )
            yield "examples", ALL, kept.key, 1, kept.encode()


def reasons(scores: pd.DataFrame) -> Iterator[Sketch]:
    """Why interactions have no score, the commonest reasons of each evaluator."""
    left = scores[scores["status"] != ScoreStatus.SCORED.value]
    notes = left["note"].fillna("").str.slice(0, _LONGEST_NOTE)
    counted = Counter(zip(left["evaluator"], left["status"], notes, strict=True))
    kept: Counter[str] = Counter()
    for (evaluator, status, note), n in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        kept[evaluator] += 1
        if kept[evaluator] <= _MOST_REASONS:
            yield "reasons", ALL, f"{evaluator}|{status}|{note}", n, b""


def repairs(rules: Texts) -> Iterator[Sketch]:
    """How many interactions each rule repaired. rules : the column `repairs`, JSON lists."""
    repaired: Counter[str] = Counter()
    for text, n in zip(rules.distinct, rules.counts(np.arange(len(rules.codes))).tolist(), strict=True):
        repaired.update(dict.fromkeys(json.loads(text), n))
    for rule, n in sorted(repaired.items()):
        yield "repairs", ALL, rule, n, b""


def _count(texts: Sequence[str], times: NDArray[np.int64]) -> Counter[str]:
    """Tokens of texts that stand there so many times each."""
    total: Counter[str] = Counter()
    for n in np.flatnonzero(times).tolist():
        counted = Counter(_TOKEN.findall(texts[n].lower()))
        many = int(times[n])
        total.update(counted if many == 1 else {token: many * count for token, count in counted.items()})
    long = [token for token in total if len(token) > _LONGEST_TOKEN]
    for token in long:
        total[token[:_LONGEST_TOKEN]] += total.pop(token)
    return total


def _packed(counted: Counter[str], vocabulary: int) -> bytes:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(sorted(ordered[:vocabulary]))
    rest = sum(n for _, n in ordered[vocabulary:])
    return zlib.compress(_json(kept | {OTHER: rest} if rest else kept), 6)


def _hashed(*asked: object) -> str:
    texts = [text if isinstance(text, str) else None for text in asked]
    return "#" + hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:32]


def _priority(key: str) -> tuple[bool, bytes]:
    return key.startswith("#"), hashlib.sha256(key.encode()).digest()


def _sum(stored: list[bytes]) -> bytes:
    """Sum as float32 of float16 vectors, each brought back to length 1 that rounding took from it.

    Taken in double precision and in the rows' order, so that it repeats exactly.
    """
    vectors = np.frombuffer(b"".join(stored), dtype="<f2").reshape(len(stored), -1).astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    total: NDArray[np.float64] = (vectors / np.where(lengths > 0, lengths, 1.0)).sum(axis=0)
    return total.astype("<f4").tobytes()


def _worst_is_lowest(evaluators: Iterable[str]) -> dict[str, bool]:
    """For each evaluator, whether its lowest values are bad."""
    return {
        metric.evaluator: not one_is_bad(metric.evaluator)
        for metric in (*quality(), *occasional(evaluators))
        if metric.evaluator is not None
    }


def _cut(text: object, limit: int) -> str | None:
    if not isinstance(text, str):
        return None
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"


def _evidence(text: object, limit: int) -> object:
    """The evaluator's evidence as it is, or its start as text where it is long."""
    if not isinstance(text, str) or len(text) > 4 * limit:
        return _cut(text, limit)
    try:
        return json.loads(text)
    except ValueError:
        return _cut(text, limit)


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
