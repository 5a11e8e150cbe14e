"""Topics of prompts: what is known of them, and which one a prompt has.

A topic is a direction in the encoder's space. A prompt has the topic whose centre is nearest, if it is as near as nearly all
prompts were of which the topic was made; else it has none of those. Topics that were found later take only what is none of the
earlier ones', which therefore stay as they were. So what a day's prompts are about depends on the
day's vectors and on the topics alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.digests import digest_of
from obs_lib.models.vectors import text_hash, unit_vectors
from obs_lib.records import OTHER_TOPIC, TOPIC_SEGMENT

Vectors = NDArray[np.float64]

TOPIC = TOPIC_SEGMENT.removesuffix("=")
"""The name by which `segments` slices by topic, and a column of interactions that were given theirs."""
OTHER = OTHER_TOPIC.removeprefix(TOPIC_SEGMENT)
"""The topic of prompts that are near none of the known ones."""

_VERSION = 1  # of the written form
_STORED = np.dtype("<f4")
_DIGITS = 4  # of a cosine, so that equal ones are equal on every machine


@dataclass(frozen=True)
class Topic:
    """One topic.

    name : its telling words. born : last of the days from which it was made, as ISO text. generation : which fit found it, from
    1. centre : float32 bytes of a unit
    vector. floor : cosine with the centre from which a prompt has the topic, -1 to 1. size : distinct prompts of which it was
    made.
    """

    name: str
    born: str
    generation: int
    centre: bytes
    floor: float
    size: int


@dataclass(frozen=True)
class Topics:
    """The known topics, at least one, of one encoder (its name without the digest of how it runs)."""

    encoder: str
    topics: tuple[Topic, ...]

    @property
    def names(self) -> list[str]:
        """Names of the topics, OTHER at the end."""
        return [*(topic.name for topic in self.topics), OTHER]

    @cached_property
    def digest(self) -> str:
        """Name of all that decides which topic a prompt has."""
        return digest_of(self.as_json())

    def nearest(self, vectors: Vectors) -> tuple[NDArray[np.intp], Vectors]:
        """Of unit vectors, one a row, the position in `names` of each one's topic, and its cosine with that.

        Where it is OTHER, that with the nearest centre.
        """
        cosines = np.round(vectors @ self._centres.T, _DIGITS)
        floors, rows = np.array([topic.floor for topic in self.topics]), np.arange(len(cosines))
        generations = np.array([topic.generation for topic in self.topics])
        at, near = np.full(len(cosines), len(self.topics), dtype=np.intp), cosines.max(axis=1)
        for generation in np.unique(generations)[::-1]:  # the earliest has the last word
            members = np.flatnonzero(generations == generation)
            first = members[cosines[:, members].argmax(axis=1)]
            inside = cosines[rows, first] >= floors[first]
            at, near = np.where(inside, first, at), np.where(inside, cosines[rows, first], near)
        return at, near

    def of_prompts(self, prompts: pd.Series, known: Mapping[str, bytes]) -> pd.Series:
        """The topic of each prompt; missing where it has no vector. known : float16 bytes of unit vectors by text hash."""
        distinct = {text: text_hash(text) for text in dict.fromkeys(prompts.dropna())}
        there = [text for text, name in distinct.items() if name in known]
        found = dict.fromkeys(distinct)
        if there:
            at, _ = self.nearest(unit_vectors([known[distinct[text]] for text in there]))
            found |= dict(zip(there, (self.names[one] for one in at), strict=True))
        return pd.Series([found.get(text) for text in prompts], index=prompts.index, dtype="str", name=TOPIC)

    def as_json(self) -> dict[str, object]:
        """The topics as JSON can hold them."""
        written = [{**vars(topic), "centre": base64.b64encode(topic.centre).decode()} for topic in self.topics]
        return {"version": _VERSION, "encoder": self.encoder, "topics": written}

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `as_json`, written as text. ValueError, KeyError or TypeError for what is none."""
        fields = json.loads(text)
        if fields["version"] != _VERSION:
            raise ValueError(f"topics of version {fields['version']}")
        topics = tuple(Topic(**{**one, "centre": base64.b64decode(one["centre"])}) for one in fields["topics"])
        made = cls(str(fields["encoder"]), topics)
        numbers = np.concatenate([made._centres.ravel(), [float(topic.floor) for topic in topics]])
        if not np.isfinite(numbers).all() or any(topic.generation < 1 for topic in topics):
            raise ValueError("centres and floors are numbers, generations count from 1")
        return made

    @cached_property
    def _centres(self) -> Vectors:
        return np.stack([np.frombuffer(topic.centre, _STORED) for topic in self.topics]).astype(np.float64)


def stored_centre(centre: Vectors) -> bytes:
    """A centre as a `Topic` holds it."""
    return np.asarray(centre, _STORED).tobytes()
