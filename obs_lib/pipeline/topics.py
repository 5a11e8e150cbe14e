"""The topics of the lake: fitted to its prompts by command, written down beside it, and given to a day's interactions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from obs_lib.errors import ConfigError
from obs_lib.lake.tables import EMBEDDINGS, INTERACTIONS
from obs_lib.models.vectors import text_hash, unit_vectors
from obs_lib.pipeline.staging import write_file
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.summaries.topic_fit import MOST_TOPICS, Prompt, fit
from obs_lib.summaries.topics import OTHER, TOPIC, Topics

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic over some days.

    n : interactions. share : of those whose prompts have a vector, 0 to 1. born : ISO day; None for OTHER. examples : masked
    prompts, those nearest to the centre first (of OTHER the farthest).
    """

    topic: str
    born: str | None
    n: int
    share: float | None
    examples: tuple[str, ...]


def by_topic(ws: Workspace) -> bool:
    """Whether the settings slice by topic."""
    return TOPIC in ws.settings.segments


def known_topics(ws: Workspace) -> Topics | None:
    """The topics that were fitted; None where nobody did. ConfigError where they cannot be read."""
    try:
        return Topics.from_json(_place(ws).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            "the topics cannot be read",
            rule="what `obs topics fit` has written",
            found=f"{type(error).__name__}: {error}",
            where=_place(ws),
            fix="fit them anew: `obs topics fit FIRST LAST --afresh`",
        ) from error


def topics_in_force(ws: Workspace) -> Topics | None:
    """The topics by which days are sliced; None where the settings do not, or none were fitted for this encoder."""
    topics = known_topics(ws) if by_topic(ws) else None
    return topics if topics is not None and topics.encoder == encoder_name(ws.encoder.identity) else None


def with_topics(ws: Workspace, days: Sequence[Day], rows: pd.DataFrame) -> pd.DataFrame:
    """Interactions of these days with the column `topic`, where days are sliced by it; else the rows as they are.

    rows : columns `request_id` and, unless there is but one day, `day`.
    """
    topics = topics_in_force(ws)
    if topics is None or rows.empty:
        return rows
    found = []
    for day in days:
        chosen = rows[rows["day"].astype(str) == str(day)] if len(days) > 1 else rows
        asked = ws.lake.read(INTERACTIONS, [day], ["request_id", "prompt"], {"request_id": list(chosen["request_id"])})
        prompts = asked.set_index("request_id")["prompt"].reindex(chosen["request_id"]).set_axis(chosen.index)
        hashes = sorted({text_hash(text) for text in prompts.dropna()})
        stored = ws.lake.read(EMBEDDINGS, [day], ["text_hash", "vector", "model"], {"text_hash": hashes})
        found.append(topics.of_prompts(prompts, vectors_of(topics, stored)))
    return rows.assign(topic=pd.concat(found).reindex(rows.index))


def vectors_of(topics: Topics, stored: pd.DataFrame) -> dict[str, bytes]:
    """The vectors by text hash that the topics' encoder made. stored : rows of `embeddings`."""
    made = stored[stored["model"].map(encoder_name) == topics.encoder]
    return dict(zip(made["text_hash"], made["vector"], strict=True))


def fit_topics(ws: Workspace, days: Sequence[Day], *, most: int = MOST_TOPICS, afresh: bool = False) -> Topics:
    """Fit topics to the prompts of these days and write them down; known ones stay as they are unless `afresh`.

    ConfigError where the days have no prompts with vectors, the known ones are of another encoder, or nothing is alike.
    """
    known = None if afresh else known_topics(ws)
    prompts, encoder = _prompts(ws, days)
    if known is not None and known.encoder != encoder:
        raise ConfigError(
            "the known topics were fitted to another encoder",
            rule=encoder,
            found=known.encoder,
            where=_place(ws),
            fix="fit them anew with --afresh",
        )
    topics = fit(prompts, encoder, str(max(days)), known, most)
    if not topics.topics:
        raise ConfigError(
            "no ten prompts of these days are alike", found=f"{len(prompts)} prompts", fix="take more days"
        )
    write_file(_place(ws), json.dumps(topics.as_json(), indent=1, ensure_ascii=True).encode())
    return topics


def topic_rows(ws: Workspace, topics: Topics, days: Sequence[Day]) -> list[TopicRow]:
    """What the topics are over these days, those that most ask about first, OTHER last."""
    asked, stored = _asked(ws, days)
    vectors = vectors_of(topics, stored)
    prompts = sorted(text for text in asked if text_hash(text) in vectors)
    if not prompts:
        return [TopicRow(name, None, 0, None, ()) for name in topics.names]
    at, near = topics.nearest(unit_vectors([vectors[text_hash(text)] for text in prompts]))
    counts = np.array([asked[text] for text in prompts])
    rows = []
    for one, name in enumerate(topics.names):
        order = np.argsort(near if name == OTHER else -near, kind="stable")
        shown = [prompts[n] for n in order if at[n] == one][:_EXAMPLES]
        n = int(counts[at == one].sum())
        born = topics.topics[one].born if name != OTHER else None
        rows.append(TopicRow(name, born, n, n / int(counts.sum()), tuple(map(ws.redactor.shown, shown))))
    return sorted(rows, key=lambda row: (row.topic == OTHER, -row.n, row.topic))


def encoder_name(identity: str) -> str:
    """What an encoder is called, without the digest of how it ran: the same weights give about the same vectors."""
    return identity.partition("@")[0]


def _prompts(ws: Workspace, days: Sequence[Day]) -> tuple[list[Prompt], str]:
    """The distinct prompts of some days that have vectors, their words masked, and the encoder of these."""
    asked, stored = _asked(ws, days)
    vectors = dict(zip(stored["text_hash"], stored["vector"], strict=True))
    encoders = set(map(encoder_name, stored["model"].unique()))
    hashes = {text_hash(text): text for text in asked}
    found = [Prompt(key, ws.redactor.shown(text), vectors[key]) for key, text in hashes.items() if key in vectors]
    if not found:
        raise ConfigError(
            "no prompt of these days has a vector",
            rule=f"`{TOPIC}` among `segments` when the days were run",
            where=ws.lake.root,
            fix=f"name `{TOPIC}` in `segments` and run the days: `obs backfill FIRST LAST`",
        )
    if len(encoders) > 1:
        raise ConfigError(
            "the days were encoded by different encoders",
            found=", ".join(sorted(encoders)),
            fix="run the older ones again",
        )
    return found, encoders.pop()


def _asked(ws: Workspace, days: Sequence[Day]) -> tuple[dict[str, int], pd.DataFrame]:
    """How often each prompt was asked on some days, and their rows of `embeddings`."""
    counts: dict[str, int] = {}
    for day in days:
        for text, n in ws.lake.read(INTERACTIONS, [day], ["day", "prompt"])["prompt"].value_counts().items():
            counts[str(text)] = counts.get(str(text), 0) + int(n)
    return counts, ws.lake.read(EMBEDDINGS, list(days))


def _place(ws: Workspace) -> Path:
    return ws.lake.files / "topics.json"
