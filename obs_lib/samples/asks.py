"""What riders ask the chat assistant of the invented bike-share service Velora, and how it answers: route `assistant`.

`{a|b}` stands for one of its parts, so that the same question is answered in many ways, as a real model does.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml

_FOLDER = Path(__file__).parent / "texts"


class Ask(NamedTuple):
    """Something that riders ask, and its answer; both are patterns. No answer: it is always declined."""

    question: str
    answer: str | None


def _parse(text: str) -> tuple[Ask, ...]:
    asks: list[Ask] = []
    for line in text.strip().splitlines():
        if line.startswith("Q: "):
            asks.append(Ask(line[3:], None))
        else:
            asks[-1] = asks[-1]._replace(answer=line[3:])
    return tuple(asks)


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_ASKED = _parse(_read("asks.txt"))
ASKS: tuple[Ask, ...] = tuple(ask for ask in _ASKED if ask.answer is not None)
DECLINED: tuple[Ask, ...] = tuple(ask for ask in _ASKED if ask.answer is None)

_CODE = [line[3:] for line in _read("code.txt").splitlines()]
CODE_ASK: str = _CODE[0]
CODE_ANSWERS: tuple[str, ...] = tuple(answer.replace("|", "\n") for answer in _CODE[1:])

_PATTERNS = yaml.safe_load(_read("patterns.yaml"))
REFUSAL: str = _PATTERNS["refusal"]
INSULT: str = _PATTERNS["insult"]
NOTE: str = _PATTERNS["note"]
PLACES: tuple[str, ...] = tuple(_PATTERNS["places"])
DAMAGES: tuple[str, ...] = tuple(_PATTERNS["damages"])
