"""Patterns such as `{Hello|Hi} there`, and random numbers that depend on nothing but what they are for."""

from __future__ import annotations

import hashlib
import re

import numpy as np

_CHOICE = re.compile(r"\{([^{}]*)\}")


def seeded(*parts: object) -> np.random.Generator:
    """A generator that these parts name: equal parts give equal numbers, in whatever order they are asked for."""
    name = "\x00".join(map(str, parts)).encode()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:16], "little"))


def expand(pattern: str, rng: np.random.Generator) -> str:
    """One text of a pattern; each `{a|b}` becomes one of its parts, innermost first.

    >>> expand("{Hello|Hello} there", seeded(1))
    'Hello there'
    """
    while _CHOICE.search(pattern):
        pattern = _CHOICE.sub(lambda choice: pick(choice[1].split("|"), rng), pattern)
    return pattern.strip()


def pick(items: list[str] | tuple[str, ...], rng: np.random.Generator) -> str:
    """One of the items, each equally likely."""
    return items[int(rng.integers(len(items)))]
