"""Texts made by grammar: sentences with slots, of a kind and a label each. The sets stand in training/made/*.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml

FOLDER = Path(__file__).parent / "made"


class Frame(NamedTuple):
    """A kind for the model card, whether it is what the head looks for, and the text with its slots."""

    kind: str
    positive: bool
    text: str


class Grammar(NamedTuple):
    """Frames in their order, and what may stand in a slot, by the slot's name."""

    frames: tuple[Frame, ...]
    slots: dict[str, list[str]]


def read_grammar(name: str, positive: str, negative: str) -> Grammar:
    """One set. positive, negative : under which keys its frames stand, by kind."""
    content = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return Grammar(
        tuple(
            Frame(kind, label, text)
            for label, key in ((True, positive), (False, negative))
            for kind, texts in content[key].items()
            for text in texts
        ),
        content["slots"],
    )
