"""The contexts of an interaction, in order or as a set where what is made of them must not depend on their order."""

from __future__ import annotations

import json

from obs_lib.text import content_stems

_CHECKED = 2_000
"""Contexts of one interaction that are looked at, by their text; a log may hold any number."""


def read_texts(raw: str | None) -> list[tuple[str | None, str]]:
    """Id (None where it has none) and text of each context that has a text, in order; empty for none.

    ValueError when contexts are not the JSON list that `interactions` promises.

    >>> read_texts('[{"id": 7, "text": " b "}, "a", {"id": 1}]')
    [('7', 'b'), (None, 'a')]
    """
    listed = json.loads(raw) if raw else []
    if not isinstance(listed, list):
        raise ValueError("contexts are not a JSON list")
    given = [item if isinstance(item, dict) else {"text": item} for item in listed]
    texts = [(item.get("id"), item["text"].strip()) for item in given if isinstance(item.get("text"), str)]
    return [(None if name is None else str(name), text) for name, text in texts if text]


def context_set(raw: str | None) -> list[str]:
    """The distinct texts of the contexts, sorted; empty for none.

    ValueError when contexts are not the JSON list that `interactions` promises.

    >>> context_set('[{"text": "b"}, "a", {"text": " b "}, {"id": 1}]')
    ['a', 'b']
    """
    return sorted({text for _, text in read_texts(raw)})


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
