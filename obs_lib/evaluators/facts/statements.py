"""One sentence as what it says: its words, amounts, dates, names and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from obs_lib.evaluators.facts.figures import read_figures
from obs_lib.evaluators.facts.moments import Moment
from obs_lib.evaluators.facts.names import Name, read_names
from obs_lib.evaluators.facts.polarity import denials
from obs_lib.evaluators.facts.quantifiers import Quantifier, read_quantifiers
from obs_lib.evaluators.facts.quantities import Quantity
from obs_lib.evaluators.facts.stems import content, shared

_CITATION = re.compile(r"\[\d{1,3}\]")
_LISTED = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*•])\s")
_CLAUSE = re.compile(
    r"[;:—()]|\s[-–]\s|,(?!\d)|\b(?:and|but|while|whereas|although|though|because|which|who|where|so|if|unless|or)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\W*(?:and |or |but )?(?:if|whether|unless|when|whenever|until|once)\b", re.IGNORECASE)
_VERBS = "is|are|was|were|be|been|can|could|will|would|must|may|should|has|have|had|do|does|did|cannot"
_VERB = re.compile(rf"\b(?:{_VERBS})\b|n['’]t\b", re.IGNORECASE)


class Clause(NamedTuple):
    """A stretch of a sentence. stems : of its words of content, without amounts and dates. denials : how often it denies."""

    start: int
    end: int
    text: str
    stems: tuple[str, ...]
    denials: int

    @property
    def supposes(self) -> bool:
        """Whether it begins with a condition."""
        return bool(_CONDITION.match(self.text))

    @property
    def has_verb(self) -> bool:
        """Whether one of the commonest verbs is in it."""
        return bool(_VERB.search(self.text))

    def covered_by(self, stems: AbstractSet[str]) -> float:
        """Share of its words that `stems` has, in [0, 1]; 0 for none."""
        return len(shared(self.stems, stems)) / len(self.stems) if self.stems else 0.0


class Statement(NamedTuple):
    """A sentence and what it says. whole : all of it as one clause; clauses : it in pieces, the whole where there is one."""

    text: str
    whole: Clause
    clauses: tuple[Clause, ...]
    quantities: tuple[Quantity, ...]
    moments: tuple[Moment, ...]
    quantifiers: tuple[Quantifier, ...]
    names: tuple[Name, ...]

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.text.rstrip().endswith("?")

    def piece_at(self, place: int) -> Clause:
        """The clause around a place, however short."""
        return next((each for each in self.clauses if each.start <= place < each.end), self.whole)

    def clause_at(self, place: int) -> Clause:
        """The clause around a place that has two words or more beside it; else the whole."""
        around = (each for each in self.clauses if each.start <= place < each.end and len(each.stems) > 1)
        return next(around, self.whole)


def read_statement(sentence: str, known: AbstractSet[str] = frozenset()) -> Statement:
    """What one sentence says. known : words that the texts also write small, which begin no name."""
    text = _blank(_LISTED, _blank(_CITATION, sentence))
    quantities, moments, bare = read_figures(text)
    whole = _clause(text, bare, 0, len(text))
    clauses = tuple(_clauses(text, bare))
    return Statement(
        sentence,
        whole,
        clauses or (whole,),
        quantities,
        moments,
        tuple(read_quantifiers(bare)),
        tuple(read_names(text, known)),
    )


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """Spaces in place of what is no part of the sentence, so that places stay."""
    return pattern.sub(lambda match: " " * len(match[0]), text)


def _clause(text: str, bare: str, start: int, end: int) -> Clause:
    return Clause(start, end, text[start:end], tuple(dict.fromkeys(content(bare[start:end]))), denials(text[start:end]))


def _clauses(text: str, bare: str) -> Iterator[Clause]:
    start = 0
    for match in _CLAUSE.finditer(text):
        if text[start : match.start()].strip():
            yield _clause(text, bare, start, match.start())
        start = match.start()
    if start and text[start:].strip():
        yield _clause(text, bare, start, len(text))
