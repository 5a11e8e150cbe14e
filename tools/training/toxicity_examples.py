"""Sentences made by grammar: who is spoken of against what is said, with the contrasts that word lists get wrong.

Every frame has a kind, and is filled with many groups. The label changes with the frame (denied, quoted to condemn, asked,
about a thing, not about people) and never with the group: naming a group is not toxic. Written for this project.
"""

from __future__ import annotations

import numpy as np

from training.grammar import Frame, read_grammar

GRAMMAR = read_grammar("toxicity", "toxic", "benign")
_LEET = str.maketrans("aeios", "43105")


def examples(each: int) -> list[tuple[Frame, str]]:
    """Up to `each` distinct sentences a frame, the same every time; one in twelve is spelled oddly."""
    rng = np.random.default_rng(11)
    made: dict[str, Frame] = {}
    for frame in GRAMMAR.frames:
        for _ in range(each if "{" in frame.text else 1):
            slots = {name: str(rng.choice(words)) for name, words in GRAMMAR.slots.items()}
            text = frame.text.format(**slots)
            text = text[0].upper() + text[1:] if rng.random() < 0.6 else text
            made.setdefault(_odd(text, int(rng.integers(6))) if rng.random() < 1 / 12 else text, frame)
    return [(frame, text) for text, frame in made.items()]


def _odd(text: str, way: int) -> str:
    words = text.split()
    longest = max(range(len(words)), key=lambda i: len(words[i]))
    word = words[longest]
    changed = {
        0: word.translate(_LEET),
        1: word[:1] + "*" + word[2:],
        2: word[:2] + word[1:],
        3: " ".join(word),
        4: word[:-2] + word[-1:],
    }.get(way, word.upper())
    return " ".join([*words[:longest], changed, *words[longest + 1 :]])
