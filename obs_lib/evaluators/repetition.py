"""Repetition: did the answer fall into a loop and say the same words over and over? Exact, no model.

A loop is a unit of words (or one character) that is written again and again right behind itself, as models do that decode
greedily (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"). Shares of duplicated n-grams (Welleck et al.
2020; the rules of Gopher and RefinedWeb) also count code, tables, lists of like lines and songs, whose repetitions come with
something else between them or with another number in each; standing right behind each other is what tells loops apart.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.anchors import SHIPPED
from obs_lib.evaluators.formats.fences import fences
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, scored, skipped
from obs_lib.evaluators.rule import Rule
from obs_lib.records import Metric

LEAST_WORDS = 24
"""Words of a whole loop: people too say "no, no, no"."""
ROUNDS, ROUNDS_OF_LONG, LONG = 4, 3, 20
"""How often a unit is said at least; from LONG words on fewer rounds are enough."""
LONGEST_UNIT = 200
"""Words of the longest unit that is looked for."""
LEAST_CHARACTERS = 50
"""How often a single character is written at least."""
_WORD = re.compile(r"\w+|[^\w\s]")
_TABLE = re.compile(r"^\s*(?:\|.*|[^|\n]*\|[^|\n]*\|.*)$", re.MULTILINE)
_CHARACTER = re.compile(r"([^\s\-=_*#~.·─━═+|/\\0-9])\1{" + str(LEAST_CHARACTERS - 1) + ",}")
"""What people draw lines and leaders with, and digits, are none."""
_ASKED = re.compile(
    r"\b(?:repeat\w*|again and again|over and over|forever|(?:\d{2,}|hundred|thousand) times|chant|mantra)\b"
)


class Loop(NamedTuple):
    """A unit and how often it is said in a row; the last round may be cut."""

    unit: str
    rounds: float


class Repetition(Rule):
    """1 - 1 / rounds of the longest loop, 0 without one: every loop lies above 0.5."""

    declaration = Score(
        name="repetition",
        needs=frozenset({"prompt", "response", "error"}),
        metrics=(
            Metric(
                "repetition_rate",
                "Answers caught in a loop",
                "share",
                "lower_is_better",
                None,
                "share of answers that say the same words at least three times in a row, over at least 24 words",
                evaluator="repetition",
                aggregation="share_above",
                smallest_effect=0.01,
                severe_effect=0.05,
                complaint="Answers repeat themselves without end",
            ),
        ),
        labels=("looping",),
        anchors=SHIPPED / "repetition.jsonl",
        rare=True,
    )
    describe = (
        f"Exact: 1 - 1 / rounds of the longest loop, a unit of up to {LONGEST_UNIT} words that is said at least {ROUNDS} times "
        f"right behind itself ({ROUNDS_OF_LONG} from {LONG} words on), outside of code and tables."
    )

    def __init__(self, options: EvaluatorOptions) -> None:
        super().__init__(options)
        self.version = f"1-{self._limit}"

    def _verdict(self, case: Case, response: str) -> Outcome:
        if case.prompt and _ASKED.search(case.prompt[-self._limit :].lower()):
            return skipped("the prompt asks for repetition")
        loop = longest_loop(response[-self._limit :])  # a loop runs to the answer's end
        if loop is None:
            return scored(0.0)
        return scored(1.0 - 1.0 / loop.rounds, {"unit": loop.unit, "rounds": round(loop.rounds, 1)})


def longest_loop(text: str) -> Loop | None:
    """The loop with the most words; None where there is none.

    >>> longest_loop("Well. " + "I am not sure. " * 20)
    Loop(unit='I am not sure.', rounds=20.0)
    """
    prose = _TABLE.sub(" ", _without_code(text))
    run = _CHARACTER.search(prose)
    if run:
        return Loop(run[1], float(len(run[0])))
    words = [(match.start(), match.end()) for match in _WORD.finditer(prose)]
    if len(words) < LEAST_WORDS:
        return None
    known: dict[str, int] = {}
    codes = np.array([known.setdefault(prose[start:end].lower(), len(known)) for start, end in words], dtype=np.int32)
    letters = np.array([prose[start].isalpha() for start, _ in words])
    best: tuple[int, int, int] | None = None  # words in the loop, its start, its unit's words
    for size in range(1, min(LONGEST_UNIT, len(words) // ROUNDS_OF_LONG) + 1):
        start, length = _longest_run(codes[size:] == codes[:-size])
        whole, rounds = length + size, ROUNDS_OF_LONG if size >= LONG else ROUNDS
        if whole < max(LEAST_WORDS, rounds * size) or not letters[start : start + size].any():
            continue
        if best is None or whole > best[0] + size:  # a multiple of the unit says nothing new
            best = whole, start, size
    if best is None:
        return None
    whole, start, size = best
    lead = int(np.argmax(letters[start : start + size]))  # the full stop before the loop belongs to what is before
    whole, start = whole - lead, start + lead
    return Loop(prose[words[start][0] : words[start + size - 1][1]][:300], whole / size)


def _longest_run(same: np.ndarray) -> tuple[int, int]:
    """Where the longest run of True begins, and its length; 0, 0 without one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    longest = int(np.argmax(lengths))
    return int(edges[::2][longest]), int(lengths[longest])


def _without_code(text: str) -> str:
    lines = text.split("\n")
    for fence in reversed(fences(text)):
        del lines[fence.opening - 1 : fence.closing or len(lines)]
    return "\n".join(lines)
