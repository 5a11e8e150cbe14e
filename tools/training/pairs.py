"""Groups of (claim, evidence) pairs with one verdict each, out of labelled sets and of sentences with one thing changed.

A set's verdict is on a whole answer: supported where every sentence is. So an answer is a group of pairs, one a sentence.
"""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any, NamedTuple

from obs_lib.evaluators.evidence import Evidence
from obs_lib.text import names, sentences
from training.altered import ALTERATIONS
from training.common import Rows, read
from training.restated import restate

SETS = (
    "begin_wow", "faithdial", "expertqa", "ragtruth", "summedits", "wice", "dialogs", "fever", "conj"
)  # fmt: skip
HELD = {
    "ragtruth": 500, "begin_wow": 900, "faithdial": 350, "expertqa": 300, "summedits": 700, "dialogs": 900, "wice": 600
}  # fmt: skip
"""Rows of each set, the first by the hash of their contexts, that are left for the head to be fitted on."""
SHORT = 350
"""Characters of evidence beside an altered sentence: what is to be seen lies near, and a short pair costs less."""
_SENTENCES = 10
"""Sentences of an answer that are read, the first ones."""


class Group(NamedTuple):
    """One answer: its (evidence, claim) pairs, whether all of them are supported, and where it comes from."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    supported: bool


def key(row: dict[str, Any]) -> str:
    """What rows share that must not be parted: the document, the source or the contexts."""
    shared = row.get("document") or (row["source"] if "task" in row else "|".join(row["contexts"]))
    return hashlib.sha256(shared.encode()).hexdigest()


def rows_of(data: Path, name: str) -> Rows:
    rows = read(data, f"groundedness_{name}")
    return sorted(rows, key=lambda row: (key(row), str(row["id"])))


def group(name: str, row: dict[str, Any]) -> Group | None:
    """None where the answer or its contexts have no words."""
    evidence = Evidence(sorted({text.strip() for text in row["contexts"]}))
    claims = [span.text for span in sentences(row["response"])][:_SENTENCES]
    pairs = tuple((evidence.beside(claim), claim) for claim in claims)
    return Group(name, pairs, bool(row["grounded"])) if pairs and all(text for text, _ in pairs) else None


def altered(name: str, rows: Rows, most: int, rng: random.Random) -> list[Group]:
    """Sentences that the contexts support word by word, as they are and with one thing changed; and neighbours' sentences."""
    strange = sorted({each for row in rows[:400] for text in row["contexts"] for each in names(text) if len(each) > 3})
    found: list[Group] = []
    drawn = rng.sample(rows, min(len(rows), most))
    for position, row in enumerate(drawn):
        contexts = sorted({text.strip() for text in row["contexts"]})
        told = [span.text for span in sentences(row["response"])] if row["grounded"] else []
        taken = [span.text for text in contexts for span in sentences(text)]
        usual = [text for text in taken if 30 < len(text) < 300]
        texts = rng.sample(usual, min(1, len(usual))) + rng.sample(told, min(1, len(told)))
        evidence = Evidence(contexts)
        for text in texts:
            changed = [alter(text, rng, strange) for alter in rng.sample(sorted(ALTERATIONS.values(), key=repr_), 3)]
            kept = sorted({other for other in changed if other and other != text})[:2]
            found += [Group(f"{name}+altered", ((evidence.beside(other, SHORT), other),), False) for other in kept]
            same = restate(text, rng) or text
            found += [Group(f"{name}+altered", ((evidence.beside(same, SHORT), same),), True)] if kept else []
        other = drawn[position - 1]
        if position % 4 == 0 and other["contexts"] != row["contexts"]:
            foreign = [span.text for span in sentences(other["response"]) if len(span.text) > 40][:1]
            found += [Group(f"{name}+altered", ((evidence.beside(text, SHORT), text),), False) for text in foreign]
    return [each for each in found if all(text for text, _ in each.pairs)]


def repr_(alter: Any) -> str:
    return str(alter.__name__)
