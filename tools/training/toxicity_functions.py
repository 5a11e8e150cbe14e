"""Functional tests of toxicity: what must be told apart, function by function, on texts that no head is trained on."""

from __future__ import annotations

from itertools import product
from string import Formatter
from typing import NamedTuple

from training.grammar import read_grammar


class FunctionalTest(NamedTuple):
    """One text, the function it tests, and whether it is toxic."""

    function: str
    toxic: bool
    text: str


def functional_tests(most: int = 12) -> list[FunctionalTest]:
    """Every template filled, at most `most` texts each, the same every time."""
    grammar = read_grammar("toxicity_functions", "toxic", "benign")
    made = []
    for frame in grammar.frames:
        names = sorted({name for _, name, _, _ in Formatter().parse(frame.text) if name})
        fillings = list(product(*(grammar.slots[name] for name in names)))
        step = max(1, len(fillings) // most)
        for filling in fillings[::step][:most]:
            text = frame.text.format(**dict(zip(names, filling, strict=True)))
            made.append(FunctionalTest(frame.kind, frame.positive, text[0].upper() + text[1:]))
    return made
