"""Requests made by grammar: what is asked for against whom or what, with the contrasts that single words get wrong.

The label changes with the frame (who is harmed, in a game, as a word, in the past, to be safe from it) and never with how one
asks: "how do I", "write a guide on how to" and the like open harmful and harmless requests alike. The kinds of contrast are
those of Roettger et al. (2024), "XSTest", the words are not. Written for this project.
"""

from __future__ import annotations

import re

import numpy as np

from training.grammar import Frame, read_grammar

GRAMMAR = read_grammar("request", "harmful", "harmless")
_SHARED = read_grammar("toxicity", "toxic", "benign").slots
_SLOTS = {
    **GRAMMAR.slots,
    "ask2": GRAMMAR.slots["ask"][:6],
    **{name: _SHARED[name] for name in ("group", "thing", "bad")},
}
_DOUBLED = frozenset(GRAMMAR.slots["doubled"])
_SLOT = re.compile(r"\{(\w+?)(_of_others)?(\+ing)?\}")
_OTHERS = {"myself": "themselves", "my": "their"}


def examples(each: int) -> list[tuple[Frame, str]]:
    """Up to `each` distinct requests a frame, the same every time; one in three without capital or mark at its end."""
    rng = np.random.default_rng(17)
    made: dict[str, Frame] = {}
    for frame in GRAMMAR.frames:
        for _ in range(each):
            text = _SLOT.sub(lambda slot: _fill(slot, rng), frame.text)
            plain = rng.random() < 1 / 3
            made.setdefault(text.rstrip("?.") if plain else text[0].upper() + text[1:], frame)
    return [(frame, text) for text, frame in made.items()]


def _fill(slot: re.Match[str], rng: np.random.Generator) -> str:
    name, others, ing = slot.groups()
    words = str(rng.choice(_SLOTS[name])).split()
    if others:
        words = [_OTHERS.get(word, word) for word in words]
    return " ".join([_gerund(words[0]), *words[1:]] if ing else words)


def _gerund(verb: str) -> str:
    """
    >>> [_gerund(verb) for verb in ("make", "stab", "tie", "see", "bully")]
    ['making', 'stabbing', 'tying', 'seeing', 'bullying']
    """
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
    return stem + (verb[-1] if verb in _DOUBLED else "") + "ing"
