"""Find topics among prompts: clusters of their vectors, as many as the vectors show, named by their telling words.

Ward's hierarchical clustering of a sample gives the beginnings, spherical k-means over all prompts the clusters (Dhillon and
Modha 2001), the simplified silhouette their number (Hruschka et al. 2004), and class-based TF-IDF their names (Grootendorst
2022, BERTopic), where a word counts once in a prompt. Nothing is drawn at random: prompts are taken in the order of their
hashes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from obs_lib.models.vectors import unit, unit_vectors
from obs_lib.summaries.topics import OTHER, Topic, Topics, Vectors, stored_centre
from obs_lib.text import STOP_WORDS

Labels = NDArray[np.intp]

MOST_TOPICS = 12

_SAMPLE = 2000  # prompts that the hierarchy is made of; it needs the square of this in memory
_ROUNDS = 50  # of k-means, at most
_FLOOR = 0.01  # share of a topic's own prompts that are left out of it
_LEAST = 10  # prompts of a topic
_LEAST_SHARE = 0.01  # of all prompts
_STRUCTURE = (
    0.45  # silhouette under which several clusters are one: large topics of chat logs reach .34 when they are cut
)
_WORDS = 3  # of a name
_LONGEST_WORD = 24
_SAID_BY = 3  # prompts that hold a word of a name
_WORD = re.compile(r"[^\W\d_]{3,}")
_MASK = re.compile(r"\[[^\]\s]+\]")  # what stands where a person's data stood


@dataclass(frozen=True, slots=True)
class Prompt:
    """A distinct prompt. key : its hash. text : as it may be shown. vector : float16 bytes of a unit vector."""

    key: str
    text: str
    vector: bytes


def fit(
    prompts: Sequence[Prompt], encoder: str, born: str, known: Topics | None = None, most: int = MOST_TOPICS
) -> Topics:
    """The known topics as they are, and those that prompts without one make up; at most `most` together.

    Parameters
    ----------
    prompts : distinct ones, in any order.
    known : topics of the same encoder; None to begin.

    Returns
    -------
    At least one topic where `prompts` has ten alike ones; else none but the known.
    """
    ordered = sorted(prompts, key=lambda prompt: prompt.key)
    kept = known.topics if known is not None else ()
    if known is not None and ordered:
        at, _ = known.nearest(unit_vectors([prompt.vector for prompt in ordered]))
        left = [prompt for prompt, one in zip(ordered, at, strict=True) if one == len(kept)]
    else:
        left = ordered
    least = max(_LEAST, round(_LEAST_SHARE * len(ordered)))
    room = most - len(kept)
    if room < 1 or len(left) < least:
        return Topics(encoder, kept)
    vectors = unit_vectors([prompt.vector for prompt in left])
    labels = clusters(vectors, room)
    sizes = np.bincount(labels)
    large = sorted((one for one in range(len(sizes)) if sizes[one] >= least), key=lambda one: (-sizes[one], one))
    names = _names([prompt.text for prompt in left], labels, large, {topic.name for topic in kept} | {OTHER})
    generation = 1 + max((topic.generation for topic in kept), default=0)
    born_now = [_topic(names[one], born, generation, vectors[labels == one]) for one in large]
    return Topics(encoder, (*kept, *born_now))


def clusters(vectors: Vectors, most: int) -> Labels:
    """A cluster for each unit vector, from 0, at most `most`; one for all where more of them are not apart."""
    one = np.zeros(len(vectors), dtype=np.intp)
    sample = vectors[:_SAMPLE]
    if most < 2 or len(sample) < 2 * _LEAST:
        return one
    tree = linkage(sample, "ward")
    best, centres = _STRUCTURE, None
    for number in range(2, most + 1):
        cut = np.asarray(fcluster(tree, number, "maxclust"), dtype=np.intp) - 1
        labels, found = _k_means(sample, _centres(sample, cut))
        value = silhouette(sample, labels, found)
        if value > best:
            best, centres = value, found
    return one if centres is None else _k_means(vectors, centres)[0]


def silhouette(vectors: Vectors, labels: Labels, centres: Vectors) -> float:
    """How much nearer to its own centre than to the next one a vector is on average, -1 to 1.

    Rounded, so that it decides alike on every machine.
    """
    if len(centres) < 2:
        return -1.0
    apart = 1 - vectors @ centres.T
    rows = np.arange(len(vectors))
    own = apart[rows, labels]
    apart[rows, labels] = np.inf
    nearest = apart.min(axis=1)
    larger = np.maximum(own, nearest)
    return round(float(np.mean((nearest - own) / np.where(larger > 0, larger, 1.0))), 4)


def _k_means(vectors: Vectors, centres: Vectors) -> tuple[Labels, Vectors]:
    """Clusters and their centres, from these centres on; clusters that lose all vectors are gone."""
    labels = np.full(len(vectors), -1, dtype=np.intp)
    for _ in range(_ROUNDS):
        before, labels = labels, np.asarray((vectors @ centres.T).argmax(axis=1), dtype=np.intp)
        labels = np.unique(labels, return_inverse=True)[1].astype(np.intp)
        centres = _centres(vectors, labels)
        if np.array_equal(before, labels):
            break
    return labels, centres


def _centres(vectors: Vectors, labels: Labels) -> Vectors:
    return unit(np.stack([vectors[labels == one].sum(axis=0) for one in range(int(labels.max()) + 1)]))


def _topic(name: str, born: str, generation: int, vectors: Vectors) -> Topic:
    centre = unit(vectors.sum(axis=0))
    floor = float(np.quantile(vectors @ centre, _FLOOR, method="lower"))
    return Topic(name, born, generation, stored_centre(centre), round(floor, 4), len(vectors))


def _names(texts: Sequence[str], labels: Labels, large: Sequence[int], taken: set[str]) -> Mapping[int, str]:
    """A name for each of the large clusters, none of those that are taken."""
    said = {
        one: _said([text for text, label in zip(texts, labels, strict=True) if label == one])
        for one in set(labels.tolist())
    }
    everywhere: Counter[str] = Counter()
    for counted in said.values():
        everywhere.update(counted)
    average = sum(everywhere.values()) / max(len(said), 1)
    names: dict[int, str] = {}
    for one in large:
        weights = {word: n * np.log1p(average / everywhere[word]) for word, n in said[one].items() if n >= _SAID_BY}
        words = sorted(weights, key=lambda word: (-round(float(weights[word]), 6), -len(word), word))[:_WORDS]
        name = first = "+".join(words) or "unnamed"
        number = 1
        while name in taken:
            number += 1
            name = f"{first} {number}"
        taken.add(name)
        names[one] = name
    return names


def _said(texts: Sequence[str]) -> Counter[str]:
    """In how many of the texts each word is that could tell something."""
    counted: Counter[str] = Counter()
    for text in texts:
        words = {word[:_LONGEST_WORD] for word in _WORD.findall(_MASK.sub(" ", text.casefold()))}
        counted.update(words - STOP_WORDS)
    return counted
