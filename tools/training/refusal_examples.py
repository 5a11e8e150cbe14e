"""Refusals and helpful answers made by grammar, in many manners, about the same subjects. Written for this project.

Manners are left out one by one to see whether the head knows refusing from a wording. What looks like a refusal and is none
(sympathy, stories, limits stated inside help, denials of a fact) is half of the set.
"""

from __future__ import annotations

import numpy as np

from training.grammar import Frame, read_grammar

GRAMMAR = read_grammar("refusal", "refusing", "helping")


def examples(each: int) -> list[tuple[Frame, str, str]]:
    """Frame, prompt and answer; up to `each` distinct answers a frame, the same every time."""
    rng = np.random.default_rng(13)
    made: dict[str, tuple[Frame, str]] = {}
    for frame in GRAMMAR.frames:
        for _ in range(each if "{" in frame.text.replace("{{", "") else 1):
            text, deed = _filled(frame.text, rng)
            made.setdefault(text, (frame, f"How do I {deed}?"))
    return [(frame, prompt, text) for text, (frame, prompt) in made.items()]


def _filled(text: str, rng: np.random.Generator) -> tuple[str, str]:
    """The text with another word in each slot of the same name; `2` at a slot's end asks for a capital."""
    deeds, doings = GRAMMAR.slots["deed"], GRAMMAR.slots["doing"]
    subject = int(rng.integers(min(len(deeds), len(doings))))
    fixed = {"deed": deeds[subject], "doing": doings[subject]}
    while "{" in text.replace("{{", ""):
        start = text.replace("{{", "  ").index("{")
        end = text.index("}", start)
        name = text[start + 1 : end]
        words = fixed.get(name.rstrip("2")) or str(rng.choice(GRAMMAR.slots[name.rstrip("2")]))
        words = words[0].upper() + words[1:] if name.endswith("2") else words
        text = text[:start] + words + text[end + 1 :]
    text = text.replace("{{", "{").replace("}}", "}")
    return text[0].upper() + text[1:], deeds[subject]
