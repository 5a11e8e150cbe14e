"""What the riders' handbook of the invented bike-share service Velora says: the knowledge behind the route `docs-rag`.

A topic has facts; a fact has a question (Q), the handbook's sentence (C), the answer that rests on it (A) and an answer
that is made up (X). `{a|b}` stands for one of its parts.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Fact(NamedTuple):
    """One fact of a topic; `question`, `answer` and `invented` are patterns, `context` is plain text."""

    topic: str
    question: str
    context: str
    answer: str
    invented: str


def _parse(text: str) -> tuple[Fact, ...]:
    facts, topic, parts = [], "", []
    for line in text.strip().splitlines():
        if line.startswith("# "):
            topic = line[2:]
            continue
        parts.append(line[3:])
        if line.startswith("X: "):
            facts.append(Fact(topic, *parts))
            parts = []
    return tuple(facts)


FACTS: tuple[Fact, ...] = _parse((Path(__file__).parent / "texts" / "handbook.txt").read_text(encoding="utf-8"))
TOPICS: tuple[str, ...] = tuple(dict.fromkeys(fact.topic for fact in FACTS))


def passage(topic: str) -> str:
    """The handbook's section on a topic: its facts' sentences one after another."""
    return " ".join(fact.context for fact in FACTS if fact.topic == topic)
