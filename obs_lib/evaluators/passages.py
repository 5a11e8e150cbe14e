"""The contexts of an interaction as a set: what an evaluator makes of them must not depend on their order."""

from __future__ import annotations

import json

from obs_lib.evaluators.text import content_stems

_CHECKED = 2_000
"""Contexts of one interaction that are looked at, by their text; a log may hold any number."""


def context_set(raw: str | None) -> list[str]:
    """The distinct texts of the contexts, sorted; empty for none.

    ValueError when contexts are not the JSON list that `interactions` promises.

    >>> context_set('[{"text": "b"}, "a", {"text": " b "}, {"id": 1}]')
    ['a', 'b']
    """
    listed = json.loads(raw) if raw else []
    if not isinstance(listed, list):
        raise ValueError("contexts are not a JSON list")
    texts = [item.get("text") if isinstance(item, dict) else item for item in listed]
    return sorted({text.strip() for text in texts if isinstance(text, str) and text.strip()})


def nearest(passages: list[str], answer: str, most: int) -> list[str]:
    """Of a set of passages at most `most`, those that share most content words with the answer; equal ones by their text.

    >>> nearest(["cats sleep", "dogs bark", "the moon"], "A dog barks at cats that sleep", 1)
    ['cats sleep']
    """
    asked = set(content_stems(answer))
    shared = {passage: len(asked & set(content_stems(passage))) for passage in passages[:_CHECKED]}
    return sorted(shared, key=lambda passage: (-shared[passage], passage))[:most]


def within(passages: list[str], characters: int) -> list[str]:
    """The first passages that fit into so many characters together; the last of them is cut.

    >>> within(["abc", "defg", "h"], 5)
    ['abc', 'de']
    """
    kept = []
    for passage in passages:
        if characters <= 0:
            break
        kept.append(passage[:characters])
        characters -= len(passage)
    return kept
